"""Numbers, sizes, rates and times as the language in use writes them.

They go by the default `QLocale`, which `ui.language.use` sets, and by `core.texts`.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QDate, QLocale, QTime

from model_preload.core.texts import text


def number_text(number: int) -> str:
    """A count, with the language's separators."""
    return QLocale().toString(number)


def percent_text(permille: int) -> str:
    """Whole percents, rounded down: 100 is only said of what is done."""
    return str(text("{number} %", number=QLocale().toString(permille // 10)))


def size_text(bytes_: float) -> str:
    """Bytes in decimal units, as `core.texts.size`."""
    value = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{_rounded(value, 0 if unit == 'B' or value >= 99.5 else 1)} {unit}"
        value /= 1000
    return f"{_rounded(value, 1)} TB"


def list_text(words: Sequence[str], most: int) -> str:
    """Names one after the other, with the language's comma; of more than `most` the first, and an ellipsis."""
    shown = str(text(", ")).join(words[:most])
    return shown if len(words) <= most else str(text("{names}, …", names=shown))


def rate_text(bytes_per_second: float) -> str:
    """A speed, in the units of `size_text`."""
    return str(text("{size}/s", size=size_text(bytes_per_second)))


def duration_text(seconds: float) -> str:
    """How long, in the one or two units that matter; rounded up, so that nothing is left only when it is over."""
    whole = max(0, math.ceil(seconds))
    if whole < 60:
        return str(text("{seconds} s", seconds=whole))
    minutes = math.ceil(whole / 60)
    if minutes < 60:
        return str(text("{minutes} min", minutes=minutes))
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        if not minutes:
            return str(text("{hours} h", hours=hours))
        return str(text("{hours} h {minutes} min", hours=hours, minutes=minutes))
    days, hours = divmod(math.ceil(hours + minutes / 60), 24)
    if not hours:
        return str(text("{days} d", days=days))
    return str(text("{days} d {hours} h", days=days, hours=hours))


def time_text(moment: datetime, now: datetime | None = None) -> str:
    """A moment on the clock of this machine: `today 14:03`, else the day too.

    Args:
        moment: aware.
        now: aware; None takes the clock.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    here = moment.astimezone()
    today = (now or datetime.now().astimezone()).astimezone().date()
    short, locale = QLocale.FormatType.ShortFormat, QLocale()
    clock = locale.toString(QTime(here.hour, here.minute), short)
    age = (today - here.date()).days
    if age == 0:
        return str(text("today {time}", time=clock))
    if age == 1:
        return str(text("yesterday {time}", time=clock))
    return str(text("{date} {time}", date=locale.toString(QDate(here.year, here.month, here.day), short), time=clock))


def _rounded(value: float, digits: int) -> str:
    return QLocale().toString(value, "f", digits)
