"""Starting with the session: the real entry, and what the system's own switch does to it."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from model_preload.system.autostart import (
    AutostartRefused,
    DesktopEntry,
    autostart,
    own_command,
    run_line,
    switched_off,
)

pytestmark = pytest.mark.windows
on_windows = pytest.mark.skipif(sys.platform != "win32", reason="the registry")
elsewhere = pytest.mark.skipif(sys.platform == "win32", reason="XDG")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "autostart" / "model-preload.desktop"


@elsewhere
def test_entry_is_made_and_taken_out(tmp_path: Path, path: Path) -> None:
    start = autostart({"XDG_CONFIG_HOME": str(tmp_path / "config")}, ("/opt/Model Preload/run", "--tray"))
    assert not start.enabled()
    start.enable()
    assert start.enabled()
    assert start.overruled() is None
    lines = path.read_text().splitlines()
    assert lines[0] == "[Desktop Entry]"
    assert {"Type=Application", "Name=Model Preload", 'Exec="/opt/Model Preload/run" "--tray"'} <= set(lines)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    start.disable()
    start.disable()
    assert not path.exists()


@elsewhere
def test_entry_is_in_the_home_folder_where_no_other_is_named() -> None:
    autostart({"XDG_CONFIG_HOME": "relative, which the specification ignores"}, ("run",)).enable()
    assert (Path.home() / ".config/autostart/model-preload.desktop").is_file()


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("plain", '"plain"'),
        ("two words", '"two words"'),
        ("100%", '"100%%"'),
        ('a "quote"', r'"a \\"quote\\""'),
        ("$HOME `x`", r'"\\$HOME \\`x\\`"'),
        ("back\\slash", r'"back\\\\slash"'),
    ],
)
def test_arguments_are_written_as_the_specification_asks(path: Path, argument: str, written: str) -> None:
    DesktopEntry(path, (argument,)).enable()
    assert f"Exec={written}" in path.read_text().splitlines()


@pytest.mark.parametrize("switch", ["Hidden=true", "Hidden = True", "X-GNOME-Autostart-enabled=false"])
def test_switch_of_the_desktop_counts(path: Path, switch: str) -> None:
    entry = DesktopEntry(path, ("run",))
    entry.enable()
    path.write_text(path.read_text() + switch + "\n")
    assert not entry.enabled()
    entry.enable()
    assert entry.enabled()


@elsewhere
@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="root may write everywhere")
def test_refusal_is_told(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o500)
    with pytest.raises(AutostartRefused, match="can't be changed"):
        DesktopEntry(path, ("run",)).enable()


def test_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    entry = DesktopEntry(tmp_path / "config" / "autostart" / "x.desktop", ("run",))
    assert not entry.enabled()
    with pytest.raises(AutostartRefused) as refused:
        entry.enable()
    assert "organisation" in str(refused.value.next_step)


def test_command_starts_this_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_command("--tray")[1:] == ("-m", "model_preload", "--tray")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    for name in ("ModelPreload.exe", "model-preload.exe"):  # the windowed one, whichever of the two asks
        monkeypatch.setattr(sys, "executable", str(Path("folder") / name))
        assert own_command("--tray") == (str(Path("folder") / "ModelPreload.exe"), "--tray")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ((r"C:\Program Files\Model Preload\app.exe", "--tray"), r'"C:\Program Files\Model Preload\app.exe" --tray'),
        ((r"C:\app.exe",), r'"C:\app.exe"'),
        ((r"C:\app.exe", "two words"), r'"C:\app.exe" "two words"'),
    ],
)
def test_program_is_always_quoted(command: tuple[str, ...], line: str) -> None:
    assert run_line(command) == line


@pytest.mark.parametrize(
    ("switch", "off"),
    [
        (b"\x02" + bytes(11), False),
        (b"\x06" + bytes(11), False),
        (b"\x03" + bytes(11), True),
        (b"\x07", True),
        (b"", False),
    ],
)
def test_switch_of_windows(switch: bytes, off: bool) -> None:
    assert switched_off(switch) is off


if sys.platform == "win32":
    import winreg

    from model_preload.system import autostart as autostart_module
    from model_preload.system.autostart import _APPROVED, _RUN

    @pytest.fixture
    def name(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """Of an entry of the test's own: the user's stays as it is."""
        own = f"Model Preload tests {os.getpid()}"
        monkeypatch.setattr(autostart_module, "NAME", own)
        yield own
        for path in (_RUN, _APPROVED):
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, path) as key, suppress(FileNotFoundError):
                winreg.DeleteValue(key, own)

    def test_run_key_and_task_managers_switch(name: str) -> None:
        start = autostart(os.environ, (r"C:\Model Preload\app.exe", "--tray"))
        assert not start.enabled()
        start.enable()
        assert start.enabled()
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            assert winreg.QueryValueEx(key, name) == (r'"C:\Model Preload\app.exe" --tray', winreg.REG_SZ)
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _APPROVED) as key:
            winreg.SetValueEx(key, name, 0, winreg.REG_BINARY, bytes([3] + [0] * 11))
        start.enable()
        assert not start.enabled()
        assert "Task Manager" in str(start.overruled())
        start.disable()
        start.disable()
        assert start.overruled() is None
