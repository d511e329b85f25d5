"""The one text catalogue: every sentence a person reads goes through here.

Sentences are written in English in the code, marked by `text` or `plural`, and looked up with
gettext when they are shown, so that a value can be made in one language setting and shown in another.
The language is a setting of the process, as a locale is: `use` sets it, front ends call it once.
"""

import gettext
import locale
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from model_preload.core import paths

DOMAIN = "model_preload"
LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""The languages that are complete, by gettext name, each in its own words."""

_active: gettext.NullTranslations = gettext.NullTranslations()


@dataclass(frozen=True, slots=True)
class Text:
    """A marked sentence and its values; `str()` gives it in the language in use.

    Attributes:
        msgid: the English sentence, a `str.format` template.
        params: name and value of each field; a value may itself be a `Text`.
        plural: the English plural template, if the sentence counts something.
        count: what is counted, also there as the field `{n}`.
    """

    msgid: str
    params: tuple[tuple[str, object], ...] = ()
    plural: str | None = None
    count: int = 0

    def __str__(self) -> str:
        if self.plural is None:
            template = _active.gettext(self.msgid)
        else:
            template = _active.ngettext(self.msgid, self.plural, self.count)
        return template.format(**dict(self.params)) if self.params else template


def text(msgid: str, /, **params: object) -> Text:
    """Mark one sentence; extraction looks for calls of this name.

    A sentence without fields is not formatted, so braces in it stand for themselves.
    """
    return Text(msgid, tuple(params.items()))


def plural(singular: str, plural_: str, count: int, /, **params: object) -> Text:
    """Mark a sentence that counts; both templates may use `{n}`."""
    return Text(singular, (("n", count), *params.items()), plural_, count)


def lines(texts: Iterable[Text], indent: str = "") -> Text:
    """One below the other."""
    params = tuple((f"line_{number}", line) for number, line in enumerate(texts))
    return Text("\n".join(f"{indent}{{{name}}}" for name, _ in params), params)


def size(bytes_: float) -> str:
    """A number of bytes for people, in decimal units as hubs and drives are labelled: `1.3 GB`."""
    value = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def use(language: str | None = None) -> str:
    """Set the language of the process and return its gettext name.

    Args:
        language: `en`, `zh` or a locale name such as `zh_CN.UTF-8`; None takes the system's.
            What is not in `LANGUAGES` becomes English.
    """
    global _active
    name = known(language or _system_language()) or "en"
    if name == "en":
        _active = gettext.NullTranslations()
    else:
        _active = gettext.translation(DOMAIN, paths.resource("i18n"), [name], fallback=True)
    return name


def known(language: str) -> str | None:
    """The gettext name of a language by any of its names, such as `zh`, `zh-CN` or `zh_CN.UTF-8`; None for others."""
    tag = language.replace("-", "_").split(".", 1)[0].lower()
    names = {"zh": "zh_CN", "chinese": "zh_CN", "en": "en", "english": "en"}
    return names.get(re.split("[_ ]", tag)[0])


def _system_language() -> str:
    if sys.platform == "win32":
        try:
            return locale.getlocale()[0] or "en"
        except ValueError:  # Python knows fewer names than systems have
            return "en"
    else:  # as gettext(3); a locale need not be generated for its language to be spoken
        return next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "en")
