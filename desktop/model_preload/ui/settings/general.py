"""The page of what concerns the whole program."""

from model_preload.core.texts import text
from model_preload.system.autostart import Autostart
from model_preload.ui.forms.autostart import AutostartField
from model_preload.ui.forms.choices import LANGUAGE_CHOICES, ChoiceField
from model_preload.ui.forms.field import SwitchField
from model_preload.ui.preferences import Preferences
from model_preload.ui.settings.page import Page

_WHEN = (("ask", text("Ask me")), ("go-on", text("Go on")), ("wait", text("Wait")))


class GeneralPage(Page):
    """Args: autostart: this system's."""

    def __init__(self, autostart: Autostart) -> None:
        super().__init__(text("General"), "settings")
        self.add(ChoiceField("language", text("&Language"), LANGUAGE_CHOICES))
        self.add(
            ChoiceField(
                "theme",
                text("&Theme"),
                (("system", text("The system's")), ("light", text("Light")), ("dark", text("Dark"))),
            )
        )
        self.add_heading(text("Start and notifications"))
        self.add_form()
        self._autostart = AutostartField(autostart)
        self.add(self._autostart)
        self.add(SwitchField("resume", text("&Go on by itself with what was not finished")))
        self.add(SwitchField("notifications", text("Show &notifications of what ended, failed or needs me")))
        self.add_heading(text("Before large models are fetched"))
        self.add_form()
        self.add(ChoiceField("when_metered", text("On a &metered line"), _WHEN))
        self.add(ChoiceField("when_on_battery", text("On &battery"), _WHEN))

    def refresh(self) -> None:
        self._autostart.look()

    def apply(self, preferences: Preferences) -> None:
        """Raises AutostartRefused too; the settings of the page hold then."""
        super().apply(preferences)
        self._autostart.apply()
