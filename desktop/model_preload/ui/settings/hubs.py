"""The page of the hubs: where each is, which is asked first, and its token."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent

from model_preload.core.texts import text
from model_preload.downloads.background import Background
from model_preload.system.credentials import SystemCredentials
from model_preload.ui.forms.choices import HUGGINGFACE_CHOICES, MODELSCOPE_CHOICES, HubField
from model_preload.ui.forms.order import OrderField
from model_preload.ui.settings.page import Page
from model_preload.ui.settings.tokens import TokenRow

_NAMES = {
    "huggingface": text("Hugging Face, or its mirror"),
    "modelscope": text("ModelScope"),
    "url": text("Plain addresses"),
}


class HubsPage(Page):
    """Args: background: asks hubs, and the store of tokens.

    Signals:
        token_changed(): a token was set or removed.
    """

    token_changed = Signal()

    def __init__(self, credentials: SystemCredentials, background: Background) -> None:
        super().__init__(text("Hubs"), "link")
        self._addresses = (
            HubField("endpoint", text("&Hugging Face"), HUGGINGFACE_CHOICES, "huggingface", background),
            HubField("modelscope_endpoint", text("&ModelScope"), MODELSCOPE_CHOICES, "modelscope", background),
        )
        for field in self._addresses:
            field.entered.connect(self.entered)
            self.add(field)
        self.add_heading(text("Order"))
        self.add_form()
        self.add(OrderField("hubs", text("Ask hubs in this &order, whatever the catalog says"), _NAMES))
        self.add_heading(text("Tokens, for models that ask who you are"))
        self._form = self.add_form()
        self._tokens = (
            TokenRow("huggingface", text("Hugging Face"), credentials, background),
            TokenRow("modelscope", text("ModelScope"), credentials, background),
        )
        for row in self._tokens:
            self._form.addRow(row.label, row)
            row.changed.connect(self.token_changed)

    def refresh(self) -> None:
        for row in self._tokens:
            row.look()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802  Qt's name
        super().hideEvent(event)
        for field in self._addresses:
            field.stop()
