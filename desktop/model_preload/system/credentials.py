"""Tokens: from the environment, the system's own store, or an existing hf login; in that order, read only."""

import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from model_preload.core.errors import SettingsProblem
from model_preload.core.texts import Text, text

log = logging.getLogger("model_preload.credentials")

SERVICE = "Model Preload"
"""The name under which the system's store (Windows Credential Manager) keeps our entries."""
_VARIABLES = {"huggingface": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), "modelscope": ("MODELSCOPE_API_TOKEN",)}
_STORES = {"win32": "keyring.backends.Windows.WinVaultKeyring", "darwin": "keyring.backends.macOS.Keyring"}
_OTHER_STORE = "keyring.backends.SecretService.Keyring"
_TOKEN = re.compile(r"[!-~]+")
"""What an HTTP header can carry."""


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
        if self.token(hub) is None:
            return None
        for variable in _VARIABLES.get(hub, ()):
            if self._environ.get(variable, "").strip():
                return text("the environment ({variable})", variable=variable)
        if _from_keyring(hub):
            return text("the system's credential store")
        return text("the login of hf ({path})", path=self._login)

    def _from_environment(self, hub: str) -> str | None:
        for variable in _VARIABLES.get(hub, ()):
            found = self._environ.get(variable, "").strip()
            if found:
                return _checked(found, variable)
        return None

    def _from_login(self, hub: str) -> str | None:
        if hub != "huggingface":
            return None
        try:
            found = self._login.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None
        return _checked(found, self._login) if found else None

    @property
    def _login(self) -> Path:
        return Path(self._environ.get("HF_TOKEN_PATH") or self._hf_home / "token")


def _checked(found: str, origin: str | Path) -> str:
    if not _TOKEN.fullmatch(found):
        raise SettingsProblem(Path(origin), text("a token has no blanks and no characters but those of ASCII"))
    return found


def _from_keyring(hub: str) -> str | None:
    from keyring import core
    from keyring.errors import KeyringError, NoKeyringError

    try:
        # The user's choice, else this system's own: keyring's search would load every backend that there is.
        store = core.load_env() or core.load_config()
        if store is None:
            if sys.platform not in _STORES and "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
                raise NoKeyringError
            store = core.load_keyring(_STORES.get(sys.platform, _OTHER_STORE))
        return store.get_password(SERVICE, hub) or None
    except (KeyringError, RuntimeError) as error:
        # No store on this machine, or it is locked: the environment has to do.
        log.info("the system's credential store can't be asked (%s)", type(error).__name__)
        return None
