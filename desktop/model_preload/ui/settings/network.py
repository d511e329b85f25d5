"""The page of the ways to the hubs."""

from model_preload.core.texts import text
from model_preload.ui.forms.choices import OwnChoiceField
from model_preload.ui.forms.numbers import NumberField, RateField
from model_preload.ui.settings.page import Page


class NetworkPage(Page):
    """Proxy, connections, rate."""

    def __init__(self) -> None:
        super().__init__(text("Network"), "down")
        proxy = OwnChoiceField(
            "proxy",
            text("&Proxy"),
            (("", text("As the system has it")), ("none", text("None, always directly"))),
            text("An address of your own"),
            "http://proxy.example:8080",
        )
        proxy.entered.connect(self.entered)
        self.add(proxy)
        self.add(NumberField("connections", text("&Connections at once"), 1, 64))
        self.add(RateField("limit", text("Li&mit of the rate")))
