"""Taking out of texts what is nobody else's business: user names, tokens, logins."""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

USER, SECRET, LOGIN = "<user>", "<secret>", "<login>"
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|PWD|(?:^|_)KEY|CREDENTIAL|COOKIE", re.IGNORECASE)
_FOLDERS = {"PWD", "OLDPWD"}
"""Of a shell; their names look like those of passwords."""
_GAP = r"(?:[\\/]|%(?:25)*(?:2F|5C))+"
"""What parts the steps of a path, also doubled or as an address writes it."""
_WORD_BEGINS = re.compile(r"(?:^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2}|\\[nrtbf])\Z")
"""What stands before a word, also where an address or JSON writes a sign in letters."""
_AFTER = r"(?![A-Za-z0-9])"

_ALWAYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (
            r"(?<![^\s\"'=(\[])[^\s/:@\"'=<>]{1,200}:(?!//)[^\s\"']{1,200}@(?=(?:[\w.-]+|\[[0-9a-f:.]+\]):\d)",
            f"{LOGIN}@",
        ),
        (r"\b(Bearer|Basic)\s+[\w.~+/=-]{4,}", rf"\1 {SECRET}"),
        (r"\b(?:hf|api_org)_[A-Za-z0-9]{10,}", SECRET),
        (r"\bms-[0-9a-f-]{16,}", SECRET),
        (r"(\bm_session_id=)[^;\s\"']+", rf"\1{SECRET}"),
        (r"((?:[?&]|&amp;|\\u0026)[\w.~%+\[\]-]+=)(?:\\(?![\"'])|[^&\s\"'<>\\])+", rf"\1{SECRET}"),
    )
)
"""What is taken out whoever the user is."""
_ADDRESS = re.compile(r"://((?:\\(?!\")|[^\s\"\\])*)")
_QUERY = re.compile(r"[?#]")
_BETWEEN = re.compile(r"(&amp;|\\u0026|[&;#])", re.IGNORECASE)
"""What parts the values of a query, also as HTML and JSON write it."""
_CLOSING = "')>]}.,:;"
"""What follows an address in a text."""
_HOMES = re.compile(
    rf"((?:Users|home|Documents(?:%20|[ +])and(?:%20|[ +])Settings){_GAP})[^\\/%\s\"'<>|:*?,;)]+", re.IGNORECASE
)


class Redaction:
    """A function of texts. Any thread may call.

    Args:
        users: names of this user: of the account, of the home folder. Each goes wherever it stands as a word, in
            letters of either case, in an address's escapes and in Windows's short form of a folder's name.
        secrets: tokens and passwords, which go wherever they stand, also in the escapes of an address or a string.
    """

    def __init__(self, users: Iterable[str], secrets: Iterable[str]) -> None:
        self._secrets = _any_of(map(_written, sorted(filter(None, secrets), key=len, reverse=True)))
        self._users = _any_of(
            map(_user, sorted({user for user in users if len(user) > 1}, key=len, reverse=True)), re.IGNORECASE
        )

    def __call__(self, told: str) -> str:
        """The same without them."""
        if self._secrets:
            told = self._secrets.sub(SECRET, told)
        told = _ADDRESS.sub(_without_secrets, told)
        for pattern, instead in _ALWAYS:
            told = pattern.sub(instead, told)
        if self._users:
            told = self._users.sub(_named, told)  # after the logins, which are told by their form
        return _HOMES.sub(rf"\1{USER}", told)


def secrets_in(values: Mapping[str, str]) -> set[str]:
    """What variables hold that is secret: by their names, and the logins in addresses."""
    found = {value.strip() for name, value in values.items() if _SECRET_NAME.search(name) and name not in _FOLDERS}
    for value in values.values():
        if "@" in value and "//" in value:
            found |= _login(value)
    return {secret for secret in found if len(secret) > 3}


def _login(address: str) -> set[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return set()
    return {password, unquote(password)}


def _written(secret: str) -> str:
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))


def _user(name: str) -> str:
    """A name in all its forms; one of ASCII only where it is no part of a longer word."""
    forms = {name, quote(name), quote(name, safe=""), quote_plus(name), quote(quote(name))}
    forms |= {name.encode("unicode_escape").decode(), name.encode("ascii", "backslashreplace").decode()}
    forms |= {form.replace("\\", "\\\\") for form in forms}
    alternatives = [re.escape(form) for form in sorted(forms, key=len, reverse=True)]
    short = re.sub(r"[ .]", "", name)[:6]
    if short != name and short.isascii() and len(short) > 2:
        alternatives.insert(0, re.escape(re.sub(r"[+,;=\[\]]", "_", short)) + r"~\d+")
    joined = "|".join(alternatives)
    return f"(?:{joined}){_AFTER}" if name.isascii() else joined


def _any_of(patterns: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str] | None:
    all_ = [f"(?:{pattern})" for pattern in patterns]
    return re.compile("|".join(all_), flags) if all_ else None


def _without_secrets(found: re.Match[str]) -> str:
    """The login goes up to the last `@`, since a password may hold what parts an address elsewhere."""
    login, at, place = found[1].rpartition("@")
    front, *query = _QUERY.split(login, maxsplit=1)
    if at and query and (":" in front or "@" in front):
        return f"://{LOGIN}"  # the `?` may be the password's, and the `@` the query's
    if at and not query:
        return f"://{LOGIN}@{_without_values(place)}"
    return f"://{_without_values(found[1])}"


def _without_values(address: str) -> str:
    """Any value may be a key, whatever its name."""
    begin = _QUERY.search(address)
    if begin is None:
        return address
    end = max(begin.end(), len(address.rstrip(_CLOSING)))
    pieces = _BETWEEN.split(address[begin.end() : end])
    pieces[::2] = map(_without_value, pieces[::2])
    return address[: begin.end()] + "".join(pieces) + address[end:]


def _without_value(piece: str) -> str:
    name, equals, _ = piece.partition("=")
    return f"{name}={SECRET}" if equals else piece and SECRET


def _named(found: re.Match[str]) -> str:
    """The mark, unless it is a mark already, as someone may be called, or the end of a longer word."""
    (start, end), whole = found.span(), found.string
    if whole[start - 1 : end + 1] in (USER, SECRET, LOGIN):
        return found[0]
    is_word = found[0][0].isascii() and found[0][0].isalnum()
    begins = not is_word or _WORD_BEGINS.search(whole, max(0, start - 3), start)
    return USER if begins else found[0]
