"""A hub's token: shown as set or not, never itself."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.errors import Circumstance
from model_preload.core.texts import Text, text
from model_preload.downloads.background import Background
from model_preload.system.credentials import SystemCredentials, TokenOrigin, TokenState, is_token, variable_of
from model_preload.ui.forms.errands import Errands
from model_preload.ui.forms.note import Note

_PAGES = {
    "huggingface": "https://huggingface.co/settings/tokens",
    "modelscope": "https://modelscope.cn/my/myaccesstoken",
}


@dataclass(frozen=True, slots=True)
class _Known:
    state: TokenState
    obstacle: Circumstance | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """What is shown of a token's state.

    Attributes:
        told: in one sentence.
        more: what else is worth knowing; a warning if `warns`.
    """

    told: Text
    more: Text | None
    warns: bool
    can_set: bool
    can_remove: bool


def token_view(hub: str, state: TokenState, obstacle: Circumstance | None) -> TokenView:
    """What to show of where a token comes from, and of what keeps the system's store from keeping one."""
    is_set = state.origin is not TokenOrigin.NONE
    told = text("Set, by {origin}", origin=state.told) if is_set else text("Not set")
    if state.origin is TokenOrigin.ENVIRONMENT:
        more = text(
            "{variable} goes before what is kept here. To use another token, take the variable away.",
            variable=state.variable,
        )
        return TokenView(told, more, warns=False, can_set=False, can_remove=state.kept)
    if obstacle is not None:
        more = text(
            "{title} A token can only come from the environment then, by {variable}.",
            title=obstacle.title,
            variable=variable_of(hub),
        )
        return TokenView(told, more, warns=not is_set, can_set=False, can_remove=False)
    return TokenView(told, None, warns=False, can_set=True, can_remove=state.kept)


class TokenRow(QWidget):
    """One hub's. The store may take its time, so that it is asked in the background.

    Signals:
        changed(): it was set or removed.
    """

    changed = Signal()

    def __init__(self, hub: str, name: Text, credentials: SystemCredentials, background: Background) -> None:
        super().__init__()
        self._hub = hub
        self._name = name
        self._credentials = credentials
        self._errands = Errands(background, self)
        self.label = QLabel(str(name))
        self._told = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._set = QPushButton(str(text("Set…")))
        self._set.setAccessibleName(str(text("Set the token of {hub}", hub=name)))
        self._remove = QPushButton(str(text("Remove")))
        self._remove.setAccessibleName(str(text("Remove the token of {hub}", hub=name)))
        self.note = Note()
        row = QHBoxLayout()
        row.addWidget(self._told, 1)
        row.addWidget(self._set)
        row.addWidget(self._remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.note)
        self._set.clicked.connect(self._ask)
        self._remove.clicked.connect(self._confirm)
        self._wait()

    def look(self) -> None:
        """Ask anew where the token comes from."""
        self._do(lambda: None, self._show)

    def _do(self, work: Callable[[], None], done: Callable[[_Known], None]) -> None:
        credentials, hub = self._credentials, self._hub

        def job(*_: object) -> _Known:
            work()
            return _Known(credentials.state(hub), credentials.obstacle(hub))

        self._errands.start(job, done, self._fail)

    def _wait(self) -> None:
        self._told.setText(str(text("Looking …")))
        for button in (self._set, self._remove):
            button.setEnabled(False)

    def _show(self, known: _Known) -> None:
        view = token_view(self._hub, known.state, known.obstacle)
        self._told.setText(str(view.told))
        self._set.setEnabled(view.can_set)
        self._remove.setEnabled(view.can_remove)
        if view.more is None:
            self.note.clear()
        elif view.warns:
            self.note.warn(view.more)
        else:
            self.note.inform(view.more)

    def _changed(self, known: _Known) -> None:
        self._show(known)
        self.changed.emit()

    def _fail(self, problem: Circumstance) -> None:
        """What was wanted did not happen; what holds is as it was."""
        self._told.setText(str(text("Not changed")))
        self._set.setEnabled(True)
        self.note.tell(problem)

    def _ask(self) -> None:
        dialog = TokenDialog(self._hub, self._name, self.window())
        dialog.accepted.connect(lambda: self._keep(dialog.token()))
        dialog.open()

    def _keep(self, token: str) -> None:
        self._wait()
        self._do(lambda: self._credentials.store(self._hub, token), self._changed)

    def _confirm(self) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Question,
            "Model Preload",
            str(text("Remove the token of {hub} from the system's credential store?", hub=self._name)),
            parent=self.window(),
        )
        box.setInformativeText(str(text("Models that ask who you are can't be brought without it.")))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        remove = box.addButton(str(text("&Remove")), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(str(text("&Keep")), QMessageBox.ButtonRole.RejectRole))
        box.finished.connect(lambda: self._forget() if box.clickedButton() is remove else None)
        box.open()

    def _forget(self) -> None:
        self._wait()
        self._do(lambda: self._credentials.forget(self._hub), self._changed)


class TokenDialog(QDialog):
    """Asks for a token, and shows dots for it."""

    def __init__(self, hub: str, name: Text, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(str(text("Token of {hub}", hub=name)))
        label = QLabel(str(text("&Token, as made on {page}", page=_PAGES[hub])), wordWrap=True)
        self._field = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        label.setBuddy(self._field)
        self._field.setAccessibleName(str(text("Token")))
        letter = self.fontMetrics().averageCharWidth()
        self._field.setMinimumWidth(letter * 50)
        self._note = Note()
        told = QLabel(
            str(text("It is kept in the system's credential store and nowhere else. Reading is all it must allow.")),
            textFormat=Qt.TextFormat.PlainText,
            wordWrap=True,
        )
        buttons = QDialogButtonBox()
        self._keep = buttons.addButton(str(text("&Keep it")), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(str(text("Cancel")), QDialogButtonBox.ButtonRole.RejectRole)
        column = QVBoxLayout(self)
        for widget in (label, self._field, self._note, told, buttons):
            column.addWidget(widget)
        self._field.textChanged.connect(self._typed)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._typed()
        self._field.setFocus()

    def token(self) -> str:
        """What was typed."""
        return self._field.text().strip()

    def _typed(self) -> None:
        token = self.token()
        self._keep.setEnabled(is_token(token))
        if token and not is_token(token):
            self._note.warn(text("A token has no blanks and no characters but those of ASCII."))
        else:
            self._note.clear()
