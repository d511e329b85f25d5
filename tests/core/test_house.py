"""The house stays as docs/architecture.md draws it: sizes, lock, versions, and what an installation brings."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import model_preload
from model_preload.core import paths

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)(?P<rest>.*(?:\n .*)*)", re.MULTILINE)

TOP_LEVEL = {
    *("desktop", "resources", "installer", "tests", "docs"),
    *("pyproject.toml", "requirements.lock", "dev.py", "hatch_build.py"),
    *("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"),
}
BUILT = {"build", "dist", "__pycache__"}


def test_modules_are_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "desktop").rglob("*.py")}
    assert lines
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > 450} == {}


def test_top_level_holds_only_what_belongs_there() -> None:
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert visible - TOP_LEVEL - BUILT == set()


def test_every_locked_requirement_has_hashes() -> None:
    locked = list(LOCKED.finditer(LOCK))
    assert len(locked) == len(re.findall(r"^[^\s#]", LOCK, re.MULTILINE)), "a line that is no requirement"
    assert [found["name"] for found in locked if "--hash=sha256:" not in found["rest"]] == []


def test_lock_names_no_index() -> None:
    assert re.findall(r"://|index-url|find-links|trusted-host|\bfile:", LOCK) == []


def test_lock_satisfies_the_project() -> None:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), *groups.values()]
    locked = {found["name"]: found["version"] for found in LOCKED.finditer(LOCK)}
    for wanted in {Requirement(line) for requirements in lists for line in requirements}:
        assert locked.get(canonicalize_name(wanted.name), "absent") in wanted.specifier, str(wanted)


def test_newest_changelog_heading_is_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == model_preload.__version__


def test_the_package_is_the_installed_one() -> None:
    distribution = importlib.metadata.distribution("model-preload")
    editable = '"editable"' in (distribution.read_text("direct_url.json") or "")
    home = ROOT / "desktop" if editable else Path(str(distribution.locate_file("")))
    assert Path(model_preload.__file__).resolve().is_relative_to(home.resolve())
    assert distribution.version == model_preload.__version__


def shipped() -> list[str]:
    """Every resource as a program asks for it; of a translation, the compiled one."""
    found = [path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix != ".md"]
    files = [path.relative_to(ROOT / "resources") for path in found]
    return sorted({path.with_suffix(".mo" if path.suffix == ".po" else path.suffix).as_posix() for path in files})


@pytest.mark.parametrize("name", shipped())
def test_resource_is_found(name: str) -> None:
    assert paths.resource(name).is_file()
