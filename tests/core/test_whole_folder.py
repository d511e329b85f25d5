"""The folder that takes its place as a whole: what the engine sees before, between and after, and after each crash."""

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from helpers.disks import Copying
from helpers.wine import WINE, lacks
from model_preload.core import errors
from model_preload.core.caches.mineru import MinerUConfig
from model_preload.core.caches.whole import WholeFolderCache
from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.values import Digest, ListedFile, Published

pytestmark = pytest.mark.windows
FILES = {"config.json": "{}", "weights/模型.bin": "weights", "tokens.txt": "a b c"}


class Killed(Exception):
    """The process ends here."""


class Dying(Disk):
    """A disk whose process is killed at the n-th rename of a folder, before or after it."""

    def __init__(self, at: int, *, after: bool) -> None:
        self._left = at
        self._after = after

    def replace(self, source: Path, target: Path) -> Published:
        if not source.is_dir():
            return super().replace(source, target)
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        found = super().replace(source, target)
        if self._left == 0:
            raise Killed
        return found


def listed(path: str, content: str | None = None) -> ListedFile:
    written = (FILES[path] if content is None else content).encode()
    return ListedFile(path, len(written), Digest("sha256", hashlib.sha256(written).hexdigest()))


ALL = [listed(path) for path in FILES]


def cache(folder: Path, disk: Disk | None = None, model: str = "m", listing: str = "1") -> WholeFolderCache:
    return WholeFolderCache(folder, model, listing, disk=disk or Disk())


def publish(place: WholeFolderCache, paths: Iterable[str] = FILES) -> None:
    for path in paths:
        part = place.staging / "x.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(FILES[path], encoding="utf-8")
        (published,) = place.publish(part, listed(path), Control())
        assert published.path == place.destination(listed(path))


def tree(folder: Path) -> dict[str, str]:
    """Contents; links are left out."""
    found = [path for path in Disk().tree(folder) if not (folder / path).is_symlink()]
    return {path: (folder / path).read_text(encoding="utf-8") for path in found}


def fill(folder: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")


@pytest.fixture(params=["model", "中文 folder", "/".join(["deep" * 10] * 8)])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / "official_models" / str(request.param)


def test_nothing_is_under_the_final_name_before_all_of_it_is(folder: Path) -> None:
    place = cache(folder)
    for path in FILES:
        publish(place, [path])
        assert not folder.exists()
        assert not place.announced()
    moved = place.complete(ALL, Control())
    assert place.announced()
    assert tree(folder) == FILES
    assert sorted(after.relative_to(folder).as_posix() for _, after in moved) == sorted(FILES)
    assert all(not before.exists() and after.exists() for before, after in moved)
    assert [place.destination(listed(path)) for path in FILES] == [folder.joinpath(*path.split("/")) for path in FILES]
    assert Disk().tree(place.staging) == ()
    assert place.complete(ALL, Control()) == ()


def test_a_whole_folder_is_left_alone(folder: Path) -> None:
    fill(folder, FILES)
    before = {path: (folder / path).stat().st_ino for path in FILES}
    place = cache(folder)
    assert place.announced()
    assert place.complete(ALL, Control()) == ()
    assert {path: (folder / path).stat().st_ino for path in FILES} == before


@pytest.mark.parametrize(
    "found", [{}, {"config.json": "{}"}, {"config.json": "!!", "weights/模型.bin": ""}, {**FILES, "tokens.txt": "x"}]
)
def test_what_is_wrong_or_missing_is_exchanged_and_what_is_the_user_s_stays(
    folder: Path, found: dict[str, str]
) -> None:
    folder.mkdir(parents=True)
    fill(folder, {**found, "mine/notes.txt": "mine"})
    place = cache(folder)
    wrong = [path for path, content in FILES.items() if found.get(path) != content]
    publish(place, wrong)
    assert tree(folder) == {**found, "mine/notes.txt": "mine"}
    assert not place.announced()
    place.complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine/notes.txt": "mine"}
    assert Disk().tree(place.staging) == ()


def test_what_is_good_comes_over_without_a_copy(folder: Path) -> None:
    if WINE and len(str(folder)) > 250:
        pytest.skip("Wine gives no final name over 260 characters, and what has none is copied")
    fill(folder, {**FILES, "tokens.txt": "x"})
    before = (folder / "config.json").stat()
    place = cache(folder)
    publish(place, ["tokens.txt"])
    place.complete(ALL, Control())
    after = (folder / "config.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_empty_folder_is_in_nobody_s_way(folder: Path) -> None:
    folder.mkdir(parents=True)
    place = cache(folder)
    publish(place)
    place.complete(ALL, Control())
    assert tree(folder) == FILES


def test_a_file_in_its_place_is_not_taken_away(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("mine")
    place = cache(folder)
    publish(place)
    with pytest.raises(errors.NotAFolder):
        place.complete(ALL, Control())
    assert folder.read_text() == "mine"


def test_names_that_were_files_and_are_folders_now(folder: Path) -> None:
    fill(folder, {"weights": "old", "config.json/inner": "old"})
    place = cache(folder)
    publish(place)
    place.complete(ALL, Control())
    assert tree(folder) == FILES


def test_two_listings_do_not_mix(folder: Path) -> None:
    publish(cache(folder, listing="1"), ["tokens.txt"])
    place = cache(folder, listing="2")
    publish(place, ["config.json", "weights/模型.bin"])
    place.complete([listed("config.json"), listed("weights/模型.bin")], Control())
    assert set(tree(folder)) == {"config.json", "weights/模型.bin"}
    assert Disk().tree(place.staging) == ()


def test_two_models_of_one_folder_are_built_apart_and_lie_together(folder: Path) -> None:
    one, other = cache(folder, model="one"), cache(folder, model="other")
    publish(one, ["tokens.txt"])
    publish(other, ["config.json", "weights/模型.bin"])
    one.complete([listed("tokens.txt")], Control())
    assert tree(folder) == {"tokens.txt": FILES["tokens.txt"]}
    assert not other.announced()
    other.complete([listed("config.json"), listed("weights/模型.bin")], Control())
    assert tree(folder) == FILES
    assert Disk().tree(one.staging) == ()


# What is the user's


@pytest.fixture
def links(tmp_path: Path) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")


LINKS = {"mine": "../elsewhere", "mine.txt": "../elsewhere/config.json", "nowhere": "gone", "deep/up": "../config.json"}
"""The first three lead out of the folder, to a folder, a file and nothing."""


@pytest.mark.usefixtures("links")
def test_links_stay_links(folder: Path) -> None:
    fill(folder, {**FILES, "tokens.txt": "x", "deep/a.txt": "a"})
    fill(folder.parent / "elsewhere", FILES)
    for name, target in LINKS.items():
        (folder / name).symlink_to(target)
    place = cache(folder)
    publish(place, ["tokens.txt"])
    place.complete(ALL, Control())
    assert {name: (folder / name).readlink().as_posix() for name in LINKS} == LINKS
    assert (folder / "mine" / "tokens.txt").read_text() == FILES["tokens.txt"]
    assert {path: content for path, content in tree(folder).items() if path != "deep/a.txt"} == FILES
    assert tree(folder.parent / "elsewhere") == FILES
    assert Disk().tree(place.staging) == ()


@pytest.mark.usefixtures("links")
def test_a_listed_file_goes_before_a_link(folder: Path) -> None:
    fill(folder.parent / "elsewhere", {"模型.bin": "old"})
    fill(folder, {"mine.txt": "mine"})
    (folder / "weights").symlink_to("../elsewhere")
    (folder / "config.json").symlink_to("../elsewhere/模型.bin")
    place = cache(folder)
    publish(place)
    place.complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine.txt": "mine"}
    assert not [path for path in FILES if (folder / path).is_symlink()]
    assert tree(folder.parent / "elsewhere") == {"模型.bin": "old"}


class Writing(Disk):
    """A disk on which an engine writes into the folder just before it is renamed."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self._folder = folder
        self._files = files

    def replace(self, source: Path, target: Path) -> Published:
        if source == self._folder:
            for path in self._files:
                (self._folder / path).unlink(missing_ok=True)
            fill(self._folder, self._files)
        return super().replace(source, target)


def test_what_is_copied_into_the_new_folder_is_proven_before_the_exchange(folder: Path) -> None:
    before = {**FILES, "tokens.txt": "x", "mine.txt": "mine"}
    fill(folder, before)
    os.utime(folder / "mine.txt", ns=(1, 10**18))
    publish(cache(folder), ["tokens.txt"])
    with pytest.raises(errors.DiskFailed, match="a copy holds other bytes"):
        cache(folder, Copying(lambda part: part.write_bytes(b"spoiled"))).complete(ALL, Control())
    control = Control()
    with pytest.raises(Cancelled):
        cache(folder, Copying(lambda _: control.cancel())).complete(ALL, control)
    assert tree(folder) == before
    cache(folder, Copying()).complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine.txt": "mine"}
    assert (folder / "mine.txt").stat().st_mtime_ns == 10**18
    assert Disk().tree(cache(folder).staging) == ()


def test_what_is_written_during_the_exchange_is_kept_but_over_no_listed_file(folder: Path) -> None:
    mine = {"mine.txt": "old", "same.txt": "same"}
    fill(folder, {**FILES, "tokens.txt": "x", **mine})
    for path in mine:
        os.utime(folder / path, (1, 1))
    written = {"mine.txt": "new", "deep/late.txt": "late", "tokens.txt": "wrong", "weights/模型.bin/late": "wrong"}
    (folder / "weights" / "模型.bin").unlink()
    place = cache(folder, Writing(folder, written))
    publish(place, ["tokens.txt", "weights/模型.bin"])
    place.complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine.txt": "new", "same.txt": "same", "deep/late.txt": "late"}
    assert Disk().tree(place.staging) == ()


def test_a_folder_whose_files_changed_since_is_not_put_in_place(folder: Path) -> None:
    fill(folder, {**FILES, "tokens.txt": "x"})
    place = cache(folder)
    publish(place, ["tokens.txt"])
    with (folder / "config.json").open("w") as file:  # the new folder's, by hard link
        file.write("an engine was here")
    with pytest.raises(errors.DiskFailed, match="its size changed"):
        place.complete(ALL, Control())
    assert (folder / "tokens.txt").read_text() == "x"


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_a_link_stays_one(tmp_path: Path, folder: Path, there: bool) -> None:
    real = tmp_path / "other drive" / "model"
    if there:
        fill(real, {"tokens.txt": "x", "mine.txt": "mine"})
    folder.parent.mkdir(parents=True)
    folder.symlink_to(real, target_is_directory=True)
    place = cache(folder)
    assert (place.location, place.staging) == (folder, real.parent / ".model-preload")
    place.prepare()
    publish(place)
    assert all(before.is_relative_to(real.parent) for before, _ in place.complete(ALL, Control()))
    assert folder.is_symlink()
    assert tree(real) == tree(folder) == {**FILES, **({"mine.txt": "mine"} if there else {})}
    assert place.destination(ALL[0]) == folder / ALL[0].path


def test_a_folder_that_can_t_be_exchanged_is_refused(folder: Path) -> None:
    class Mounted(Disk):
        def is_writable(self, path: Path) -> bool:
            return path.is_relative_to(folder)

    cache(folder).prepare()
    with pytest.raises(errors.PlaceFixed, match="as a whole"):
        cache(folder, Mounted()).prepare()


# Crashes


@pytest.mark.parametrize(("there", "at"), [(False, 1), (True, 1), (True, 2)])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_in_the_exchange_is_healed_by_the_next_run(folder: Path, at: int, after: bool, there: bool) -> None:
    mine = {"mine.txt": "mine"} if there else {}
    if there:
        fill(folder, {**FILES, "tokens.txt": "xxxxx", **mine})
    place = cache(folder, Dying(at, after=after))
    publish(place, ["tokens.txt"] if there else FILES)
    with pytest.raises(Killed):
        place.complete(ALL, Control())
    assert not folder.exists() or tree(folder) in ({**FILES, **mine}, {**FILES, "tokens.txt": "xxxxx", **mine})
    again = cache(folder)
    for path in FILES:  # as the survey finds them: nothing is lost
        assert again.destination(listed(path)).exists()
    again.complete(ALL, Control())
    assert tree(folder) == {**FILES, **mine}
    assert again.announced()
    assert Disk().tree(again.staging) == ()


def test_a_kill_between_the_renames_and_a_newer_listing(folder: Path) -> None:
    fill(folder, {**FILES, "tokens.txt": "xxxxx", "mine.txt": "mine"})
    place = cache(folder, Dying(1, after=True))
    publish(place, ["tokens.txt"])
    with pytest.raises(Killed):
        place.complete(ALL, Control())
    newer = cache(folder, listing="2")
    for path in ("config.json", "weights/模型.bin"):
        (candidate,) = newer.candidates(listed(path))
        newer.adopt(candidate, listed(path), Control())
    publish(newer, ["tokens.txt"])
    newer.complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine.txt": "mine"}


@pytest.mark.parametrize("builds", [True, False], ids=["same listing", "no build left"])
def test_a_kill_between_the_renames_and_a_folder_that_the_engine_made_again(folder: Path, builds: bool) -> None:
    mine = {"mine.txt": "mine", "deep/more.txt": "more", "cache.bin": "old"}
    fill(folder, {**FILES, "tokens.txt": "xxxxx", **mine})
    os.utime(folder / "cache.bin", (1, 1))
    place = cache(folder, Dying(1, after=True))
    publish(place, ["tokens.txt"])
    with pytest.raises(Killed):
        place.complete(ALL, Control())
    fill(folder, {**FILES, "cache.bin": "new"} if not builds else {"config.json": "!!", "cache.bin": "new"})
    if not builds:
        Disk().remove_tree(place.destination(listed("tokens.txt")).parent)
    again = cache(folder)
    assert again.left_aside()
    if builds:
        publish(again, ["config.json", "weights/模型.bin"])
    again.complete(ALL, Control())
    assert tree(folder) == {**FILES, **mine, "cache.bin": "new"}
    assert not again.left_aside()
    assert Disk().tree(again.staging) == ()


def test_a_file_in_the_way_of_what_was_left_aside_is_named_and_nothing_is_lost(folder: Path) -> None:
    fill(folder, {**FILES, "tokens.txt": "xxxxx", "mine/a.txt": "mine"})
    place = cache(folder, Dying(1, after=True))
    publish(place, ["tokens.txt"])
    with pytest.raises(Killed):
        place.complete(ALL, Control())
    fill(folder, {"mine": "in the way"})
    with pytest.raises(errors.NotAFolder, match="mine"):
        cache(folder).complete(ALL, Control())
    assert cache(folder).left_aside()
    (folder / "mine").unlink()
    publish(cache(folder), ["config.json", "weights/模型.bin"])
    cache(folder).complete(ALL, Control())
    assert tree(folder) == {**FILES, "mine/a.txt": "mine"}


def test_a_rename_that_fails_leaves_the_folder_that_was_there(folder: Path) -> None:
    class Refusing(Disk):
        def replace(self, source: Path, target: Path) -> Published:
            if target == folder and "old" not in source.name:
                raise errors.AccessDenied(target, "held")
            return super().replace(source, target)

    found = {**FILES, "tokens.txt": "xxxxx"}
    fill(folder, found)
    place = cache(folder, Refusing())
    publish(place, ["tokens.txt"])
    with pytest.raises(errors.AccessDenied):
        place.complete(ALL, Control())
    assert tree(folder) == found
    cache(folder).complete(ALL, Control())
    assert tree(folder) == FILES


# MinerU's settings


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (None, {}),
        ("{}", {}),
        ('{"models-dir": 3}', {}),
        ('{"models-dir": {"vlm": "/v", "pipeline": "/other"}, "汉": [1]}', {"汉": [1]}),
    ],
)
def test_mineru_is_led_to_the_folder_last(
    tmp_path: Path, before: str | None, kept: dict[str, object], folder: Path
) -> None:
    config = tmp_path / "mineru.json"
    if before is not None:
        config.write_text(before, encoding="utf-8")
    announcement = MinerUConfig(config, folder, Disk())
    place = WholeFolderCache(folder, "mineru", "1", disk=Disk(), announcement=announcement)
    publish(place)
    assert not place.announced()
    assert (config.read_text(encoding="utf-8") if config.exists() else None) == before
    place.complete(ALL, Control())
    assert place.announced()
    found = json.loads(config.read_text(encoding="utf-8"))
    assert found["models-dir"]["pipeline"] == str(folder)
    assert {name: value for name, value in found.items() if name != "models-dir"} == kept
    if before and "vlm" in before:
        assert found["models-dir"]["vlm"] == "/v"


@pytest.mark.parametrize("wrong", ["", "[]", "{", '"x"', "[" * 5000])
def test_settings_that_are_no_settings_are_told_and_kept(tmp_path: Path, wrong: str) -> None:
    config = tmp_path / "mineru.json"
    config.write_text(wrong)
    announcement = MinerUConfig(config, tmp_path / "kit", Disk())
    assert not announcement.made()
    with pytest.raises(errors.NotJson):
        announcement.make()
    assert config.read_text() == wrong


@pytest.mark.parametrize(
    "wrong",
    ['{"models-dir": {"pipeline": "D:\\模型"}}'.encode("gb18030"), "{}".encode("utf-16"), b"{}" + b" " * 65536],
    ids=["GBK", "UTF-16", "too long"],
)
def test_settings_that_can_t_be_read_safely_are_told_and_kept(tmp_path: Path, wrong: bytes) -> None:
    config = tmp_path / "mineru.json"
    config.write_bytes(wrong)
    with pytest.raises((errors.NotUtf8, errors.FileTooLong), match="mineru"):
        MinerUConfig(config, tmp_path / "kit", Disk()).make()
    assert {path.name: path.read_bytes() for path in tmp_path.glob("mineru*")} == {"mineru.json": wrong}


def test_settings_with_a_mark_that_mineru_does_not_take_are_made_anew(tmp_path: Path) -> None:
    config = tmp_path / "mineru.json"
    before = json.dumps({"models-dir": {"pipeline": str(tmp_path / "kit")}, "汉": 1}, ensure_ascii=False)
    config.write_text(before, encoding="utf-8-sig")
    announcement = MinerUConfig(config, tmp_path / "kit", Disk())
    assert not announcement.made()
    announcement.make()
    assert announcement.made()
    assert json.loads(config.read_text(encoding="utf-8")) == json.loads(before)


def test_settings_keep_half_a_character_as_it_is_written(tmp_path: Path) -> None:
    config = tmp_path / "mineru.json"
    config.write_text('{"note": "\\ud83d", "汉": 1}', encoding="utf-8")
    announcement = MinerUConfig(config, tmp_path / "模型", Disk())
    announcement.make()
    assert announcement.made()
    kept = json.loads(config.read_text(encoding="utf-8"))
    assert kept == {"note": "\ud83d", "汉": 1, "models-dir": {"pipeline": str(tmp_path / "模型")}}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_settings_keep_their_permissions_and_the_former_ones_stay(tmp_path: Path) -> None:
    config, backup = tmp_path / "mineru.json", tmp_path / "mineru.json.bak"
    config.write_text('{"token": 1}')
    config.chmod(0o600)
    for folder in ("one", "other"):
        MinerUConfig(config, tmp_path / folder, Disk()).make()
        assert MinerUConfig(config, tmp_path / folder, Disk()).made()
        assert backup.read_text() == '{"token": 1}'
        assert [oct(path.stat().st_mode & 0o777) for path in (config, backup)] == ["0o600"] * 2


@pytest.mark.parametrize("there", [True, False])
def test_settings_behind_a_link_are_written_where_they_are(tmp_path: Path, there: bool) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")
    real, config = tmp_path / "dotfiles" / "real.json", tmp_path / "mineru.json"
    config.symlink_to(Path("dotfiles") / "real.json")
    if there:
        fill(tmp_path, {"dotfiles/real.json": "{}"})
    MinerUConfig(config, tmp_path / "kit", Disk()).make()
    assert config.is_symlink()
    assert json.loads(real.read_text())["models-dir"]["pipeline"] == str(tmp_path / "kit")
    assert sorted(path.name for path in real.parent.iterdir()) == ["real.json", "real.json.bak"][: 1 + there]


# The disk's part


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        pytest.param(lambda path: path.write_text("x"), marks=lacks("calls a file that is no folder an invalid name")),
    ],
)
def test_what_is_no_folder_has_no_files(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "x")
    assert Disk().tree(tmp_path / "x") == ()


def test_a_link_is_removed_without_what_it_leads_to(tmp_path: Path) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")
    fill(tmp_path / "real", FILES)
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    Disk().remove_tree(tmp_path / "link")
    assert not (tmp_path / "link").exists()
    assert tree(tmp_path / "real") == FILES
    Disk().remove_tree(tmp_path / "real")
    Disk().remove_tree(tmp_path / "real")
    assert not (tmp_path / "real").exists()


def test_links_in_a_folder_are_told_and_not_followed(tmp_path: Path) -> None:
    if not Disk().has_symlinks(tmp_path):
        pytest.skip("this user may not make symbolic links")
    fill(tmp_path / "real", FILES)
    fill(tmp_path / "top", {"deep/a.txt": "a"})
    for name, target in (("to folder", "../../real"), ("to file", "../../real/config.json"), ("to nowhere", "none")):
        (tmp_path / "top" / "deep" / name).symlink_to(target)
    assert Disk().tree(tmp_path / "top") == ("deep/a.txt", "deep/to file", "deep/to folder", "deep/to nowhere")


@pytest.mark.skipif(os.name != "nt", reason="Windows has junctions")
@lacks("makes no junctions")
def test_a_junction_is_a_link(tmp_path: Path) -> None:
    fill(tmp_path / "real", FILES)
    (tmp_path / "top").mkdir()
    for name in ("top/inside", "outside"):
        subprocess.run(["cmd", "/c", "mklink", "/J", str(tmp_path / name), str(tmp_path / "real")], check=True)
    assert Disk().tree(tmp_path / "top") == ("inside",)
    assert Disk().behind_links(tmp_path / "outside") == (tmp_path / "real").resolve()
    Disk().remove_tree(tmp_path / "outside")
    Disk().remove_tree(tmp_path / "top")
    assert tree(tmp_path / "real") == FILES


@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root is denied nothing")
def test_what_is_read_only_is_removed_too(tmp_path: Path) -> None:
    """On Windows by its own attribute, elsewhere by its folder's mode."""
    fill(tmp_path / "top", FILES)
    for path in ("weights/模型.bin", "weights", "tokens.txt", "."):
        (tmp_path / "top" / path).chmod(stat.S_IREAD | stat.S_IEXEC)
    Disk().remove_tree(tmp_path / "top")
    assert not (tmp_path / "top").exists()
