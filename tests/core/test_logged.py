"""What ends a command stands in its log, unless it was the person."""

from pathlib import Path

import pytest

from conftest import ExpectedLog
from model_preload.cli.logged import logged
from model_preload.core import errors
from model_preload.core.events import Cancelled


@pytest.mark.parametrize(
    ("ending", "level", "said"),
    [
        (errors.PathGone(Path("gone")), "ERROR", "gone"),
        (ZeroDivisionError("by zero"), "CRITICAL", "a fault of the program"),
        (Cancelled(), "", ""),
    ],
)
def test_what_ends_a_command(
    tmp_path: Path, expected_log: ExpectedLog, ending: Exception, level: str, said: str
) -> None:
    if said:
        expected_log(said)
    with pytest.raises(type(ending)), logged(tmp_path, None):
        raise ending
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "logs").iterdir())
    assert (level in written, said in written) == (True, True)
    assert bool(written.strip()) == bool(said)


def test_a_log_that_can_not_be_written_is_told_or_gone_without(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder belongs")
    with pytest.raises(errors.DiskProblem), logged(tmp_path, None):
        pytest.fail("it began without its log")
    with logged(tmp_path, None, needed=False):
        pass
