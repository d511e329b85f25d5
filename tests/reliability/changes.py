"""What changes while we fetch: contents, revisions, addresses, other programs, the hub itself."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from helpers import faults
from helpers.faults import BODY, LISTING, about
from helpers.hub import make_repository
from model_preload.demo.messages import Request
from model_preload.demo.repository import Content
from reliability.scene import BIG, MIB, REPO, Scene, contents
from reliability.table import Table, url_source, without_sizes

CASES = Table()
_case = CASES.add


# What changes while we fetch


def _swap(scene: Scene) -> None:
    """Other bytes under the same listing, from the third body of the big file on."""
    other = contents(100)[BIG]

    def swapped(request: Request, reply: Any) -> Any:
        return replace(reply, body=replace(reply.body, content=other))

    scene.hub.fail(about(BIG), lambda _, reply: reply, 2)
    scene.hub.fail(about(BIG), swapped)
    scene.preload()


def _url_changes(scene: Scene) -> None:
    url_source(scene)
    new = contents(100)[BIG]
    scene.truth["plain.bin"].append(new)
    scene.hub.fail(BODY, lambda _, reply: reply, 3)
    scene.hub.fail(BODY, faults.meanwhile(lambda: scene.hub.put_file("plain.bin", new), faults.cut(MIB)), 1)
    scene.preload()


def _url_changes_for_good(scene: Scene) -> None:
    """The sha256 of the catalog no longer holds."""
    url_source(scene, f'sha256 = "{contents()[BIG].sha256}"\nsize = {contents()[BIG].size}\n')
    scene.hub.put_file("plain.bin", contents(100)[BIG])
    scene.preload()


def _revision_moves(scene: Scene, *, forced: bool) -> None:
    old = make_repository(contents(), REPO)
    new = old.committed({**contents(), "config.json": Content(b'{"seed": "new"}')})
    scene.hub.fail(BODY, faults.meanwhile(lambda: scene.hub.put(new)), 1)
    scene.preload()
    if forced:
        scene.expect({"config.json": new.main.files["config.json"].content})
        scene.preload("--force")
        assert (scene.cache / "refs" / "main").read_text() == new.main.id


def _revision_vanishes(scene: Scene) -> None:
    """As after a forced push: the pinned commit is no more."""
    new = make_repository({**contents(), "config.json": b"{}"}, REPO)
    scene.hub.fail(BODY, faults.meanwhile(lambda: scene.hub.put(new)), 1)
    scene.preload()


def _revision_moves_while_listing(scene: Scene) -> None:
    old = make_repository(contents(), REPO)
    new = old.committed({"other.bin": b"of the new commit"})
    scene.hub.fail(LISTING, faults.meanwhile(lambda: scene.hub.put(new), faults.told(without_sizes)), 1)
    scene.preload()


def _links_expire(scene: Scene, seconds: float) -> None:
    scene.hub.link_seconds = seconds
    scene.hub.rate = 4 * MIB
    scene.settings = "connections = 2\n"
    scene.preload()


_case(
    "content-changes",
    "the hub serves other bytes under the same listing from the third range on",
    _swap,
    "digest-mismatch",
    waste=50,
)
_case(
    "url-changes",
    "a plain file without a digest is replaced between two ranges",
    _url_changes,
    "unverified",
    waste=30,
)
_case(
    "url-other-bytes",
    "a plain file is no longer the one of the catalog",
    _url_changes_for_good,
    "digest-mismatch",
    waste=42,
)
_case(
    "revision-moves", "the branch moves on while its files are fetched", partial(_revision_moves, forced=False), "ready"
)
_case("revision-moves-forced", "the same, and --force afterwards", partial(_revision_moves, forced=True), "ready")
_case(
    "revision-moves-while-listing",
    "the branch moves on between the two requests of a listing",
    _revision_moves_while_listing,
    "ready",
)
_case(
    "revision-vanishes",
    "the pinned commit is gone from the hub in the middle",
    _revision_vanishes,
    "hub-refused",
    "revision-missing",
    "ready",
    waste=8,
)
_case(
    "links-expire", "signed addresses hold for half a second, at 4 MiB/s", partial(_links_expire, seconds=0.5), "ready"
)
_case("links-expired", "signed addresses have always expired", partial(_links_expire, seconds=-1), "hub-refused")


# Two at once


def _twice(scene: Scene, *more: str, state: str = "") -> None:
    """Two programs, the second one begun while the first is at work; both end well, or the second is refused."""
    scene.hub.rate = 2 * MIB
    scene.settings = "connections = 2\n"
    first = scene.start()
    first.wait_until(lambda: scene.hub.bytes_served > MIB)
    if state:
        scene.environ["MODEL_PRELOAD_HOME"] = str(scene.home / "state" / state)
    if not more:
        scene.hub.rate = MIB // 32  # however long the second one takes to start, the first is still at work
    second = scene.start("preload", "--json", *more)
    if more:
        first.finish()
        second.finish()
        assert len(scene.runs) == 2
        assert scene.runs[0].done.code == 0, scene.runs[0].done
        return
    refused = second.finish()
    assert refused.codes == {"held"}, refused.done
    scene.hub.rate = None
    first.finish()


def _beside_hf(scene: Scene) -> None:
    scene.hub.rate = 8 * MIB
    environment = scene.program.with_environ(HF_HUB_DISABLE_XET="1").environment
    command = [str(Path(sys.executable).with_name("hf")), "download", REPO]
    scene.home.mkdir(exist_ok=True)
    with subprocess.Popen(
        command, env=environment, cwd=scene.home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as theirs:
        try:
            scene.preload()
            _, told = theirs.communicate(timeout=60)
        except BaseException:
            theirs.kill()
            raise
    assert theirs.returncode == 0, told.decode()[-800:]
    scene.preload()


_case("two-runs", "a second program preloads the same model meanwhile: it is refused", _twice, "ready")
_case(
    "two-runs-waiting",
    "the same with --wait: it goes on when the first is done",
    lambda scene: _twice(scene, "--wait"),
    "ready",
)
_case(
    "two-installations",
    "two programs with journals of their own have one cache: the second is refused",
    lambda scene: _twice(scene, state="second"),
    "ready",
)
_case(
    "two-installations-waiting",
    "the same with --wait: the second finds everything there",
    lambda scene: _twice(scene, "--wait", state="second"),
    "ready",
)
_case("beside-hf", "`hf download` of the same repository runs beside ours", _beside_hf, "ready", waste=30, slow=True)


# The hub goes away


def _gone_at_start(scene: Scene) -> None:
    scene.hub.close()
    scene.preload()
    scene.hub.start()


def _gone(scene: Scene, *, back: bool) -> None:
    scene.hub.rate = 4 * MIB
    run = scene.start()
    run.wait_until(lambda: scene.hub.bytes_served > 6 * MIB)
    scene.hub.close()
    if back:
        run.wait_until(_after(3.0))
        scene.hub.start()
    run.finish()
    if not back:
        scene.hub.start()


def _gone_then_again(scene: Scene) -> None:
    _gone(scene, back=False)
    assert scene.runs[-1].codes <= {"offline", "connection-lost"}, scene.runs[-1].done
    scene.hub.rate = None
    scene.preload()


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


_case("hub-gone-at-start", "nobody listens at the hub's address", _gone_at_start, "offline")
_case(
    "hub-gone",
    "the hub goes away in the middle and stays away",
    partial(_gone, back=False),
    "offline",
    "connection-lost",
    slow=True,
)
_case("hub-gone-and-back", "the hub is away for 3 seconds in the middle", partial(_gone, back=True), "ready", waste=8)
_case(
    "hub-gone-next-run",
    "the hub goes away; a later run goes on from there",
    _gone_then_again,
    "ready",
    waste=8,
    slow=True,
)
