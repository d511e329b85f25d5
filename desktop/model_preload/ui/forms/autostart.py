"""Whether the program starts with the user's session."""

from model_preload.core.texts import text
from model_preload.system.autostart import Autostart
from model_preload.ui.forms.field import SwitchField


class AutostartField(SwitchField):
    """Kept by the system, not in the settings."""

    def __init__(self, autostart: Autostart) -> None:
        super().__init__("autostart", text("&Start when I sign in to this computer"))
        self._autostart = autostart

    def _refusal(self) -> None:
        return None

    def _remark(self) -> None:
        overruled = self._autostart.overruled()
        if overruled is None:
            self.note.clear()
        else:
            self.note.warn(overruled)

    def look(self) -> None:
        """Show what holds now."""
        if not self.is_changed:
            self.show_value(self._autostart.enabled())

    def apply(self) -> None:
        """Raises AutostartRefused."""
        if self.is_changed:
            if self.value:
                self._autostart.enable()
            else:
                self._autostart.disable()
            self.show_value(self._autostart.enabled())
