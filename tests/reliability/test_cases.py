"""Each case of the table by the common rule, and the document's list by the table. `dev.py reliability` has figures."""

from collections.abc import Callable, Mapping
from typing import cast

import pytest

from helpers.hub import fetch
from reliability import report
from reliability.cases import CASES
from reliability.judge import Outcome, play
from reliability.scene import BIG, MIB, TOKEN, Case, Scene


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Mapping[str, Outcome]:
    """All cases that this session asks for, played side by side: most of their time is waiting."""
    asked = [
        cast("Case", item.callspec.params["case"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.function is test_case
    ]
    return {outcome.case.name: outcome for outcome in report.play_all(asked)}


@pytest.mark.timeout(420)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(outcomes: Mapping[str, Outcome], case: Case, record_property: Callable[[str, object], None]) -> None:
    if case.name not in outcomes:
        pytest.skip("Windows gives links to administrators only")
    record_property("outcome", str(outcomes[case.name]))
    assert outcomes[case.name].findings == ()


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


def test_the_document_lists_the_cases() -> None:
    document = report.DOCUMENT.read_text(encoding="utf-8")
    assert report.listed(document) == report.expected(), "run `python3 dev.py reliability`"


# The judge itself: a rule that nothing breaks would be none


def _spoil(path: str) -> Callable[[Scene], object]:
    def spoil(scene: Scene) -> None:
        (found,) = [one for one in scene.base.glob(path) if one.is_file() and one.stat().st_size > MIB]
        with found.open("r+b") as file:
            file.write(b"wrong")

    return spoil


def _new(path: str) -> Callable[[Scene], object]:
    return lambda scene: (scene.base / path).write_bytes(b"new")


def _leak(scene: Scene) -> None:
    fetch(scene.other.endpoint, authorization=f"Bearer {TOKEN}")


SPOILED: dict[str, tuple[Callable[[Scene], object], str]] = {
    "right": (lambda _: None, ""),
    "blob": (_spoil(f"home/hf/hub/models--*/snapshots/*/{BIG}"), "wrong bytes in"),
    "lost": (lambda scene: next(scene.cache.glob("snapshots/*/config.json")).unlink(), "config.json is not there"),
    "outside": (_new("outside/evil.bin"), "something new at outside/evil.bin"),
    "outside-changed": (_new("outside/guarded.bin"), "a file outside was written to"),
    "beside": (_new("home/hf/evil.bin"), "something new at home/hf/evil.bin"),
    "unlisted": (lambda scene: next(scene.cache.glob("snapshots/*")).joinpath("x").write_bytes(b""), "nobody listed"),
    "token": (_leak, "the token went to the foreign server"),
    "token-logged": (lambda scene: (scene.home / "state" / "x.log").write_text(TOKEN), "the token is in x.log"),
    "logged": (lambda scene: (scene.home / "state" / "x.log").write_text("Traceback (most"), "a stack trace in x.log"),
    "waste": (lambda scene: fetch(scene.hub.file_url("f")), "MiB wasted"),
    "end": (lambda scene: scene.preload("nosuch"), "ended as unknown-model"),
}


def test_the_judge_sees_every_breach() -> None:
    def spoiled(change: Callable[[Scene], object]) -> Callable[[Scene], None]:
        def played(scene: Scene) -> None:
            scene.hub.put_file("f", bytes(2 * MIB))
            scene.preload()
            change(scene)

        return played

    for name, (change, told) in SPOILED.items():
        outcome = play(Case(f"judge-{name}", "", spoiled(change), frozenset({"ready"}), 1))
        assert told in "; ".join(outcome.findings), (name, outcome)
        assert bool(told) == bool(outcome.findings), outcome
