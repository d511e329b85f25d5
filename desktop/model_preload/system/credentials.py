"""Tokens: from the environment, the system's own store, or an existing hf login; kept in that store only."""

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from model_preload.core.errors import CredentialStoreUnusable, SettingsProblem, TokenUnfit, VariableProblem
from model_preload.core.texts import Text, text

log = logging.getLogger("model_preload.credentials")

SERVICE = "Model Preload"
"""The name under which the system's store (Windows Credential Manager) keeps our entries."""
_VARIABLES = {"huggingface": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), "modelscope": ("MODELSCOPE_API_TOKEN",)}
_STORES = {"win32": "keyring.backends.Windows.WinVaultKeyring", "darwin": "keyring.backends.macOS.Keyring"}
_OTHER_STORE = "keyring.backends.SecretService.Keyring"
_TOKEN = re.compile(r"[!-~]+")
"""What an HTTP header can carry."""


class TokenOrigin(Enum):
    """Where a token comes from."""

    NONE = "none"
    ENVIRONMENT = "environment"
    STORE = "store"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is to be shown of a token, never the token.

    Attributes:
        told: the origin in words.
        kept: the system's store has one, whatever else goes before it.
        variable: what sets it, if the environment does.
    """

    origin: TokenOrigin
    told: Text
    kept: bool
    variable: str = ""


class SystemCredentials:
    """`core.tasks.services.Credentials` for this user.

    Args:
        environ: the environment.
        hf_home: where the hf command keeps its `token` file.
    """

    def __init__(self, environ: Mapping[str, str], hf_home: Path) -> None:
        self._environ = environ
        self._hf_home = hf_home
        self._known: dict[str, str | None] = {}

    def token(self, hub: str) -> str | None:
        """The token for a hub, looked up once; None if there is none. Raises SettingsProblem for what can't be one."""
        if hub not in self._known:
            self._known[hub] = self._from_environment(hub) or _from_keyring(hub) or self._from_login(hub)
        return self._known[hub]

    def origin(self, hub: str) -> Text | None:
        """Where that token comes from, for people; None if there is none. Raises SettingsProblem as `token`."""
        return None if self.token(hub) is None else self.state(hub).told

    def state(self, hub: str) -> TokenState:
        """Whether there is a token and where it comes from, looked up anew; what is wrong with it `token` tells."""
        kept = _from_keyring(hub) is not None
        for variable in _VARIABLES.get(hub, ()):
            if self._environ.get(variable, "").strip():
                told = text("the environment ({variable})", variable=variable)
                return TokenState(TokenOrigin.ENVIRONMENT, told, kept, variable)
        if kept:
            return TokenState(TokenOrigin.STORE, text("the system's credential store"), kept)
        if hub == "huggingface" and self._login_file():
            return TokenState(TokenOrigin.LOGIN, text("the login of hf ({path})", path=self._login), kept)
        return TokenState(TokenOrigin.NONE, text("not set"), kept)

    def store(self, hub: str, token: str) -> None:
        """Keep a token in the system's store, and use it from now on unless the environment has one.

        Raises:
            TokenUnfit: it can't be one.
            CredentialStoreUnusable: there is no store, or it did not take it.
        """
        wanted = token.strip()
        if not is_token(wanted):
            raise TokenUnfit
        with _told(hub):
            store = _keyring()
            store.set_password(SERVICE, hub, wanted)
            kept = store.get_password(SERVICE, hub) == wanted
        if not kept:  # keyring's null backend takes everything and keeps nothing
            raise CredentialStoreUnusable(text("it keeps nothing"), _VARIABLES[hub][0])
        self._known.pop(hub, None)

    def obstacle(self, hub: str) -> CredentialStoreUnusable | None:
        """Why the system's store could not keep a token, as far as that shows before it is asked to."""
        try:
            with _told(hub):
                _keyring().get_password(SERVICE, hub)
        except CredentialStoreUnusable as problem:
            return problem
        return None

    def forget(self, hub: str) -> None:
        """Take the token out of the system's store; one that is not there is fine. Raises CredentialStoreUnusable."""
        with _told(hub):
            store = _keyring()
            if store.get_password(SERVICE, hub) is not None:
                store.delete_password(SERVICE, hub)
        self._known.pop(hub, None)

    def _from_environment(self, hub: str) -> str | None:
        for variable in _VARIABLES.get(hub, ()):
            found = self._environ.get(variable, "").strip()
            if found:
                return _checked(found, variable)
        return None

    def _from_login(self, hub: str) -> str | None:
        if hub != "huggingface":
            return None
        found = self._login_file()
        return _checked(found, self._login) if found else None

    def _login_file(self) -> str:
        try:
            return self._login.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return ""

    @property
    def _login(self) -> Path:
        return Path(self._environ.get("HF_TOKEN_PATH") or self._hf_home / "token")


def is_token(written: str) -> bool:
    """Whether it can be one, by its form."""
    return _TOKEN.fullmatch(written) is not None


def variable_of(hub: str) -> str:
    """What sets a hub's token in the environment."""
    return _VARIABLES[hub][0]


def hf_home(environ: Mapping[str, str]) -> Path:
    """Where the hf command keeps its login; a cache elsewhere (HF_HUB_CACHE) does not move it."""
    from model_preload.core.caches.huggingface import default_root

    without_cache = {name: value for name, value in environ.items() if not name.endswith("_HUB_CACHE")}
    return default_root(without_cache, Path.home()).parent


def _checked(found: str, origin: str | Path) -> str:
    if not is_token(found):
        finding = text("a token has no blanks and no characters but those of ASCII")
        raise SettingsProblem(origin, finding) if isinstance(origin, Path) else VariableProblem(origin, finding)
    return found


def _keyring() -> Any:
    """The store: the user's choice, else this system's own. Raises NoKeyringError.

    Keyring's search would load every backend that there is.
    """
    from keyring import core
    from keyring.errors import NoKeyringError

    store = core.load_env() or core.load_config()
    if store is None:
        if sys.platform not in _STORES and "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
            raise NoKeyringError
        store = core.load_keyring(_STORES.get(sys.platform, _OTHER_STORE))
    return store


def _from_keyring(hub: str) -> str | None:
    from keyring.errors import KeyringError

    try:
        return _keyring().get_password(SERVICE, hub) or None
    except (KeyringError, RuntimeError) as error:
        # No store on this machine, or it is locked: the environment has to do.
        log.info("the system's credential store can't be asked (%s)", type(error).__name__)
        return None


@contextmanager
def _told(hub: str) -> Iterator[None]:
    """Turn what a store raises into the circumstance."""
    from keyring.errors import KeyringLocked, NoKeyringError

    try:
        yield
    except NoKeyringError:
        raise CredentialStoreUnusable(text("this system has none"), _VARIABLES[hub][0]) from None
    except KeyringLocked:
        raise CredentialStoreUnusable(text("it is locked"), _VARIABLES[hub][0]) from None
    except Exception as error:  # each backend has its own; their words may name what was to be kept
        raise CredentialStoreUnusable(type(error).__name__, _VARIABLES[hub][0]) from error
