"""Windows's taskbar: progress on the button of a window, and whether the bar is dark. Nothing of it elsewhere."""

import ctypes
import logging
import sys
from enum import IntEnum

log = logging.getLogger("model_preload.taskbar")


class TaskbarState(IntEnum):
    """How the progress looks; the values are the system's (TBPFLAG)."""

    INDETERMINATE = 1
    NORMAL = 2
    ERROR = 4
    PAUSED = 8


if sys.platform == "win32":
    _CLASS = "{56FDF344-FD6D-11D0-958A-006097C9A090}"
    _INTERFACE = "{EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF}"
    _INPROC_SERVER = 1
    _RELEASE, _HR_INIT, _SET_VALUE, _SET_STATE = 2, 3, 9, 10
    """Places in ITaskbarList3's table: IUnknown has 3, ITaskbarList 5, ITaskbarList2 one."""

    class _TaskbarList:
        """ITaskbarList3, called through its table; without effect where the shell has none."""

        def __init__(self) -> None:
            self._this: ctypes.c_void_p | None = None
            made = ctypes.c_void_p()
            result = ctypes.windll.ole32.CoCreateInstance(
                _guid(_CLASS), None, _INPROC_SERVER, _guid(_INTERFACE), ctypes.byref(made)
            )
            if result or not made.value:
                log.info("the taskbar shows no progress: it can't be reached (0x%08x)", result & 0xFFFFFFFF)
                return
            self._this = made
            failed = self._call(_HR_INIT)
            if failed:
                log.info("the taskbar shows no progress: it does not begin (0x%08x)", failed & 0xFFFFFFFF)
                self.release()

        def set_value(self, window: int, done: int, total: int) -> None:
            handle, long = ctypes.c_void_p, ctypes.c_ulonglong
            self._call(_SET_VALUE, (handle, long, long), window, done, total)

        def set_state(self, window: int, state: int) -> None:
            self._call(_SET_STATE, (ctypes.c_void_p, ctypes.c_int), window, state)

        def release(self) -> None:
            self._call(_RELEASE)
            self._this = None

        def _call(self, place: int, types: tuple[type, ...] = (), *arguments: int) -> int:
            if self._this is None:
                return 0
            table = ctypes.cast(self._this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
            method = ctypes.WINFUNCTYPE(ctypes.c_long, ctypes.c_void_p, *types)(table[place] or 0)
            return int(method(self._this, *arguments))

    def _guid(written: str) -> ctypes.Array[ctypes.c_char]:
        made = ctypes.create_string_buffer(16)
        ctypes.windll.ole32.CLSIDFromString(ctypes.c_wchar_p(written), made)
        return made


class Taskbar:
    """Progress on taskbar buttons. GUI thread: COM was made ready there by Qt. Nothing here ever raises."""

    def __init__(self) -> None:
        if sys.platform == "win32":
            self._list = _TaskbarList()

    def set_progress(self, window: int, permille: int | None, state: TaskbarState = TaskbarState.NORMAL) -> None:
        """Show how far it is.

        Args:
            window: the handle (`int(widget.winId())`) of a window that has a taskbar button.
            permille: 0 to 1000; None takes the progress off, unless the state is INDETERMINATE.
            state: its look.
        """
        if sys.platform == "win32":
            if state is TaskbarState.INDETERMINATE:
                self._list.set_state(window, state)
            elif permille is None:
                self._list.set_state(window, 0)
            else:
                self._list.set_state(window, state)
                self._list.set_value(window, max(0, min(1000, permille)), 1000)

    def close(self) -> None:
        """Give the system's object back; nothing is shown afterwards."""
        if sys.platform == "win32":
            self._list.release()


def taskbar_is_dark() -> bool | None:
    """Whether the taskbar, and with it the tray, is dark; None where that is not known."""
    if sys.platform == "win32":
        import winreg

        key = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
                return not winreg.QueryValueEx(opened, "SystemUsesLightTheme")[0]
        except OSError:
            return None
    return None
