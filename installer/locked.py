"""What of requirements.lock a Windows Python needs: for the bundle what the program asks for, for its tests the rest.

By the lock's notes, which say of each package who asked for it.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "model-preload (pyproject.toml)"
"""How the lock names what the program itself asks for; a group's has `:group` inside the brackets."""
LEFT_OUT = frozenset(
    {
        *("hf-xet", "fsspec", "click"),  # huggingface_hub's own transfer, its file system and its command line
        *("markdown-it-py", "pygments"),  # rich's Markdown and coloured code
        "secretstorage",  # keyring's Linux
        *("starlette", "uvicorn"),  # the extra `api`
    }
)
"""What the program never imports, though a package that it uses asks for it."""
TEST_GROUPS = ("test", "gui-test")


def for_bundle(lock: str | None = None) -> dict[str, str]:
    """The blocks of the lock that the bundle needs, by name; markers are left to who installs them."""
    return _needed(lock, {OURS}, LEFT_OUT)


def for_tests(lock: str | None = None) -> dict[str, str]:
    """In the same way what the tests import, and the bundle doesn't have: what is left out of that too."""
    ours = for_bundle(lock)
    askers = {OURS, *(OURS.replace(")", f":{group})") for group in TEST_GROUPS)}
    return {name: block for name, block in _needed(lock, askers, frozenset({"hf-xet"})).items() if name not in ours}


def _needed(lock: str | None, askers: set[str], without: frozenset[str]) -> dict[str, str]:
    """The blocks of what those ask for, and of what that asks for."""
    blocks = _blocks(lock or (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    wanted: set[str] = set()
    found = askers
    while found:
        found = {name for name, (_, parents) in blocks.items() if parents & found} - wanted - without
        wanted |= found
    return {name: _without_notes(blocks[name][0]) for name in sorted(wanted)}


def pinned(lock: Path, name: str) -> str:
    """The version that another lock pins a package to."""
    return version_of(_blocks(lock.read_text(encoding="utf-8"))[name][0])


def version_of(block: str) -> str:
    """The version that a block of the lock pins."""
    return re.split(r"[ ;\\\n]", block.partition("==")[2], maxsplit=1)[0]


def _without_notes(block: str) -> str:
    """Who else asks for a package is no reason to build anew."""
    return "".join(line for line in block.splitlines(keepends=True) if not line.lstrip().startswith("#"))


def _blocks(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Name to (text, who asked for it); the lock is as uv writes it, with its notes."""
    blocks = {}
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        notes = [line.strip(" #") for line in block.splitlines() if line.lstrip().startswith("#")]
        parents = frozenset(note.removeprefix("via").strip() for note in notes) - {""}
        blocks[block.partition("==")[0]] = (block, parents)
    return blocks
