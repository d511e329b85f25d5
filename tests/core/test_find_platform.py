"""The platform is found where people put such things, and only there."""

import sys
from pathlib import Path

import pytest

from model_preload.core.events import Cancelled, Control
from model_preload.core.files import Disk
from model_preload.core.tasks.find_platform import SIGN, find_platform, is_platform, spots

pytestmark = pytest.mark.windows


def put(*folders: Path) -> None:
    for folder in folders:
        (folder / SIGN).parent.mkdir(parents=True)
        (folder / SIGN).touch()


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("spot", True),  # the spot itself
        ("spot/anything", True),
        ("spot/mineru-tianshu-main/mineru-tianshu-main", True),  # an archive unpacked into its own folder
        ("spot/Tianshu 2/inner", True),
        ("spot/anything/inner", False),
        ("spot/mineru/a/b", False),
        ("elsewhere", False),
    ],
)
def test_it_is_found_in_or_just_below_a_spot(at: str, found: bool, tmp_path: Path) -> None:
    put(tmp_path / at)
    expected = (tmp_path / at,) if found else ()
    assert find_platform((tmp_path / "not there", tmp_path / "spot"), Disk(), Control()) == expected


def test_all_of_them_are_told_once_in_the_order_of_the_spots(tmp_path: Path) -> None:
    wanted = (tmp_path / "b", tmp_path / "a" / "one", tmp_path / "a" / "two")
    put(*wanted)
    places = (tmp_path / "b", tmp_path / "a", tmp_path)
    assert find_platform(places, Disk(), Control()) == wanted


def test_a_folder_in_the_signs_place_is_no_platform(tmp_path: Path) -> None:
    (tmp_path / SIGN).mkdir(parents=True)
    assert not is_platform(tmp_path, Disk())
    assert not is_platform(tmp_path / "not there", Disk())


@pytest.mark.skipif(sys.platform == "win32", reason="rights of a POSIX folder")
def test_what_can_not_be_read_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "spot" / "good")
    closed = tmp_path / "spot" / "closed"
    closed.mkdir(mode=0)
    assert find_platform((closed, tmp_path / "spot"), Disk(), Control()) == (tmp_path / "spot" / "good",)
    closed.chmod(0o700)


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        find_platform((tmp_path,), Disk(), control)


def test_spots_are_few_and_no_drive_is_searched() -> None:
    home = Path("/home/anna")
    here = spots({}, home, windows=False)
    there = spots({"SystemDrive": "X:"}, home, windows=True)
    assert here[0] == there[0] == home
    assert Path("/opt") in here
    assert {Path("X:/"), Path("D:/"), home / "Downloads"} <= set(there)
    assert Path("C:/") not in there
    assert len(there) == len(set(there)) < 30
