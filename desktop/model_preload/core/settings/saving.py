"""Changes to the file, so that everything else in it stays as its author wrote it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from model_preload.core.errors import SettingsProblem
from model_preload.core.settings.reading import from_environment, load, parse
from model_preload.core.settings.rules import check, plain
from model_preload.core.settings.values import FILE, Settings
from model_preload.core.texts import text


class _Disk(Protocol):
    """What is needed of `core.files.Disk`, which stands above this room."""

    def read_bytes(self, path: Path) -> bytes | None: ...

    def write_text(self, path: Path, content: str) -> None: ...


def save(
    home: Path, disk: _Disk, changes: Mapping[str, Any], environ: Mapping[str, str], *, overridden: bool = False
) -> Settings:
    """Write some settings, atomically, and return all as they are now.

    Args:
        changes: values by field of `Settings`; None takes a setting out of the file, which means its default.
        overridden: write also what the environment sets, to count once it does not any more; else it is left out.

    Raises:
        SettingsProblem: the file as it is, or a value, can't be used; nothing was written.
        DiskProblem.
    """
    path = home / FILE
    decided = () if overridden else from_environment(environ)
    wanted = {name: plain(value) for name, value in changes.items() if name not in decided}
    for name, value in wanted.items():
        wrong = None if value is None else check(name, value)
        if wrong is not None:
            raise SettingsProblem(path, wrong)
    before = _text(path, disk)
    values = parse(path, before.removeprefix("\ufeff"))
    changed = {name: value for name, value in wanted.items() if plain(values.get(name)) != value}
    if changed:
        disk.write_text(path, _with(before, changed))
    return load(home, environ)


def _text(path: Path, disk: _Disk) -> str:
    content = disk.read_bytes(path)
    try:
        return "" if content is None else content.decode()
    except UnicodeDecodeError as error:
        raise SettingsProblem(path, text("{reason}", reason=error)) from error


def _with(before: str, changes: Mapping[str, Any]) -> str:
    import tomlkit

    mark = "\ufeff" if before.startswith("\ufeff") else ""
    document = tomlkit.parse(before.removeprefix(mark))
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        elif isinstance(value, Mapping):
            table = tomlkit.inline_table()
            table.update(value)
            document[name] = table
        else:
            document[name] = value
    return mark + tomlkit.dumps(document)
