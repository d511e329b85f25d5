"""The first start: three questions, each with an answer that does when it is skipped."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QSize, Qt, QTimeZone
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from model_preload.core.errors import Circumstance
from model_preload.core.settings import Settings
from model_preload.core.texts import Text, text
from model_preload.downloads.background import Background
from model_preload.system.autostart import Autostart
from model_preload.ui.forms.autostart import AutostartField
from model_preload.ui.forms.choices import HUGGINGFACE_CHOICES, LANGUAGE_CHOICES, ChoiceField, HubField
from model_preload.ui.forms.field import Field
from model_preload.ui.forms.note import Note
from model_preload.ui.forms.platform import PlatformField
from model_preload.ui.icons import app_icon
from model_preload.ui.preferences import Preferences

log = logging.getLogger("model_preload.ui")

_MIRROR = HUGGINGFACE_CHOICES[1][0]
_ZONES = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC")


def is_in_china(language: str, zone: str) -> bool:
    """Whether a computer is set up for mainland China, where a mirror is what can be reached.

    Args:
        language: the system's, as `QLocale.name` gives it.
        zone: the time zone's IANA name.
    """
    return language in ("zh", "zh_CN") or zone in _ZONES


def is_here_china() -> bool:
    """The same of this computer; no network is asked."""
    return is_in_china(QLocale.system().name(), bytes(QTimeZone.systemTimeZoneId().data()).decode())


@dataclass(frozen=True)
class _Typed:
    """What is in the fields and not kept yet, so that it outlives a change of language; None is as it was."""

    endpoint: str | None = None
    platform: str | None = None
    autostart: bool | None = None


class FirstRun(QDialog):
    """Each page is kept by *Next*; *Skip* leaves this page and those after it as they were, and so does Escape.

    The language is kept at once: who follows `Preferences.changed` has switched to it when the texts are made anew.
    At its end, whichever way, `first_run_done` is kept and `finished` (of QDialog) is told.

    Args:
        autostart: this system's.
        background: looks for the platform, and tests addresses.
        mirror: whether to propose the mirror (`is_here_china`).
    """

    def __init__(
        self,
        preferences: Preferences,
        autostart: Autostart,
        background: Background,
        *,
        mirror: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._autostart = autostart
        self._background = background
        self._typed = _Typed(endpoint=_MIRROR if mirror and self._value.endpoint == Settings().endpoint else None)
        self._row = 0
        self._looked = False
        self._inside = QWidget()
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.addWidget(self._inside)
        self._render()
        self.resize(self.sizeHint().boundedTo(self.screen().availableSize()))

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Where the screen has room for it."""
        letter = self.fontMetrics()
        return QSize(letter.averageCharWidth() * 84, letter.height() * 22)

    @property
    def _value(self) -> Settings:
        return self._preferences.value

    def _render(self) -> None:
        """Make everything in the language in use, with what was typed so far."""
        self.setWindowTitle(str(text("Welcome to Model Preload")))
        old, self._inside = self._inside, QWidget()
        self._make_fields()
        self._make_buttons()
        self._arrange()
        self._whole.replaceWidget(old, self._inside)
        old.deleteLater()
        self._next.setDefault(True)
        self._connect()
        self._turn(self._row)

    def _make_fields(self) -> None:
        variables, typed = self._preferences.from_environment, self._typed
        self._language = ChoiceField("language", text("&Language"), LANGUAGE_CHOICES)
        self._endpoint = HubField(
            "endpoint", text("&Models come from"), HUGGINGFACE_CHOICES, "huggingface", self._background
        )
        self._platform = PlatformField(text("&Platform's folder"), self._background)
        self._start = AutostartField(self._autostart)
        for setting in (self._language, self._endpoint, self._platform):
            setting.show_value(getattr(self._value, setting.name), variables.get(setting.name, ""))
        self._start.look()
        proposed: Sequence[tuple[Field, object]] = (
            (self._endpoint, typed.endpoint),
            (self._platform, typed.platform),
            (self._start, typed.autostart),
        )
        for field, value in proposed:
            if value is not None and field.name not in variables:
                field.propose(value)

    def _make_buttons(self) -> None:
        self._problem = Note()
        self._step = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._skip = QPushButton(str(text("S&kip")), autoDefault=False)
        self._back = QPushButton(str(text("< &Back")), autoDefault=False)
        self._next = QPushButton()
        told = text("Ends this. Everything can be set later under Settings.")
        self._skip.setToolTip(str(told))
        self._skip.setAccessibleDescription(str(told))

    def _arrange(self) -> None:
        self._stack = QStackedWidget()
        self._pages: Sequence[tuple[Field, ...]] = (
            (self._language, self._endpoint),
            (self._platform,),
            (self._start,),
        )
        heads = (
            (
                text("Models are there before they are needed"),
                text(
                    "Model Preload brings the AI models of your platform, and proves that they are whole and where "
                    "the engines look for them. If Hugging Face can't be reached from where you are, as in mainland "
                    "China, choose the mirror."
                ),
            ),
            (
                text("Where is the platform?"),
                text(
                    "It is the folder of MinerU Tianshu, the one with “backend” in it. Some engines read their models "
                    "below it. Without the platform, leave it empty."
                ),
            ),
            (
                text("Start with the computer?"),
                text(
                    "Then Model Preload goes on by itself with what was not finished. It sits in the notification "
                    "area. “Preload all” in its menu brings everything that is missing."
                ),
            ),
        )
        for (head, told), fields in zip(heads, self._pages, strict=True):
            self._stack.addWidget(self._make_page(head, told, fields))
        buttons = QHBoxLayout()
        buttons.addWidget(self._step, 1)
        for button in (self._skip, self._back, self._next):
            buttons.addWidget(button)
        column = QVBoxLayout(self._inside)
        margin = self.fontMetrics().height() * 3 // 2
        column.setContentsMargins(margin, margin, margin, margin)
        column.addWidget(self._stack, 1)
        column.addWidget(self._problem)
        column.addLayout(buttons)

    def _make_page(self, head: Text, told: Text, fields: Sequence[Field]) -> QWidget:
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_LargeIconSize)
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(size, size))
        title = QLabel(str(head), textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        title.setFont(font)
        top = QHBoxLayout()
        top.addWidget(picture)
        top.addWidget(title, 1)
        words = QLabel(str(told), textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        form = QFormLayout(fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setVerticalSpacing(self.fontMetrics().height())
        for field in fields:
            if field.label is None:
                form.addRow(field)
            else:
                form.addRow(field.label, field)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.fontMetrics().height())
        column.addLayout(top)
        column.addWidget(words)
        column.addLayout(form)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self._language.edited.connect(self._speak)
        for fields in self._pages:
            for field in fields:
                field.edited.connect(self._fit)
        self._skip.clicked.connect(self.reject)
        self._back.clicked.connect(lambda: self._turn(self._row - 1))
        self._next.clicked.connect(self._keep_page)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        super().showEvent(event)
        self._pages[self._row][0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn(self, row: int) -> None:
        self._row = row
        last = len(self._pages) - 1
        self._problem.clear()
        self._endpoint.stop()
        self._stack.setCurrentIndex(row)
        self._step.setText(str(text("Step {number} of {count}", number=row + 1, count=last + 1)))
        self._back.setEnabled(row > 0)
        self._next.setText(str(text("&Finish")) if row == last else str(text("&Next >")))
        self._pages[row][0].setFocus(Qt.FocusReason.OtherFocusReason)
        if self._pages[row] == (self._platform,) and not self._looked and not self._platform.value:
            self._looked = True
            self._platform.look_for()
        self._fit()

    def _fit(self) -> None:
        self._next.setEnabled(all(field.is_fit for field in self._pages[self._row]))

    def _speak(self) -> None:
        """Keep the language, and say everything in it."""
        self._typed = _Typed(
            *(field.value if field.is_changed else None for field in (self._endpoint, self._platform, self._start))
        )
        if self._does(lambda: self._preferences.save(language=self._language.value)):
            self._endpoint.stop()
            self._platform.stop()
            self._render()

    def _keep_page(self) -> None:
        if not self._does(self._keep):
            return
        if self._row == len(self._pages) - 1:
            self.accept()
        else:
            self._turn(self._row + 1)

    def _keep(self) -> None:
        """Keep the answers of the page. Raises Circumstance."""
        changed = [field for field in self._pages[self._row] if field.is_changed]
        if changed == [self._start]:
            self._start.apply()
        elif changed:
            self._preferences.save(**{field.name: field.value for field in changed})
            for field in changed:
                field.show_value(getattr(self._value, field.name))

    def _does(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Circumstance as problem:
            self._problem.tell(problem)
            return False
        return True

    def done(self, result: int) -> None:
        """However it ends, it is not asked again."""
        self._endpoint.stop()
        self._platform.stop()
        try:
            self._preferences.save(first_run_done=True)
        except Circumstance as problem:  # then it is asked again next time, which is better than not to let go
            log.warning("%s", problem)
        super().done(result)
