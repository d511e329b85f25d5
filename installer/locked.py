"""What of requirements.lock a Windows Python needs: for the bundle what the program asks for, for its tests the rest.

By the lock's notes, which say of each package who asked for it.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "model-preload (pyproject.toml)"
"""How the lock names what the program itself asks for; a group's has `:group` inside the brackets."""
TEST_GROUPS = ("test", "gui-test")
LEFT_OUT = frozenset({"hf-xet", "secretstorage", "starlette", "uvicorn"})
"""hf-xet: huggingface_hub's own transfer, which is not used; secretstorage: keyring's Linux; else the extra `api`."""


def for_bundle(lock: str | None = None) -> dict[str, str]:
    """The blocks of the lock that the bundle needs, by name; markers are left to who installs them."""
    return _needed(lock, {OURS})


def for_tests(lock: str | None = None) -> dict[str, str]:
    """In the same way what the tests need, and the bundle doesn't have."""
    ours = for_bundle(lock)
    groups = {OURS.replace(")", f":{group})") for group in TEST_GROUPS}
    return {name: block for name, block in _needed(lock, groups).items() if name not in ours}


def _needed(lock: str | None, askers: set[str]) -> dict[str, str]:
    """The blocks of what those ask for, and of what that asks for."""
    blocks = _blocks(lock or (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    wanted: set[str] = set()
    found = askers
    while found:
        found = {name for name, (_, parents) in blocks.items() if parents & found} - wanted - LEFT_OUT
        wanted |= found
    return {name: blocks[name][0] for name in sorted(wanted)}


def _blocks(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Name to (text, who asked for it); the lock is as uv writes it, with its notes."""
    blocks = {}
    for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        notes = [line.strip(" #") for line in block.splitlines() if line.lstrip().startswith("#")]
        parents = frozenset(note.removeprefix("via").strip() for note in notes) - {""}
        blocks[block.partition("==")[0]] = (block, parents)
    return blocks
