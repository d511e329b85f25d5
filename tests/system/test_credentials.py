"""Tokens: from where they come, kept in the system's store only, and shown nowhere."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

from model_preload.core.errors import CredentialStoreUnusable, SettingsProblem, TokenUnfit
from model_preload.system import credentials as credentials_module
from model_preload.system.credentials import SERVICE, SystemCredentials, TokenOrigin, TokenState, variable_of

pytestmark = pytest.mark.windows
TOKEN = "hf_secretSecretSecret"
HUGGINGFACE = "huggingface"


class Memory(KeyringBackend):
    """A store that lives as long as a test."""

    priority = 1.0
    kept: dict[tuple[str, str], str] = {}  # noqa: RUF012  keyring makes the instance

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Locked(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked


class Odd(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError(f"can't keep {password}")


class Foreign(Odd):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise ValueError(password)


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], str]]:
    use(monkeypatch, "Memory")
    Memory.kept.clear()
    yield Memory.kept
    Memory.kept.clear()


def use(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    module = "test_credentials"
    monkeypatch.setitem(sys.modules, module, sys.modules[__name__])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend if "." in backend else f"{module}.{backend}")


def credentials(home: Path, **environ: str) -> SystemCredentials:
    return SystemCredentials(environ, home)


def origin(state: TokenState) -> tuple[TokenOrigin, bool]:
    return state.origin, state.kept


def test_a_token_is_kept_and_forgotten(tmp_path: Path, memory: dict[tuple[str, str], str]) -> None:
    own = credentials(tmp_path)
    assert own.token(HUGGINGFACE) is None
    own.store(HUGGINGFACE, f" {TOKEN}\n")
    assert memory == {(SERVICE, HUGGINGFACE): TOKEN}
    assert own.token(HUGGINGFACE) == credentials(tmp_path).token(HUGGINGFACE) == TOKEN
    assert own.token("modelscope") is None
    own.store(HUGGINGFACE, "another")
    assert own.token(HUGGINGFACE) == "another"
    for _ in range(2):
        own.forget(HUGGINGFACE)
        assert (memory, own.token(HUGGINGFACE)) == ({}, None)


def test_the_state_tells_where_a_token_comes_from_and_never_the_token(tmp_path: Path) -> None:
    own = credentials(tmp_path)
    assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.NONE, False)
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.LOGIN, False)
    assert origin(own.state("modelscope")) == (TokenOrigin.NONE, False)
    own.store(HUGGINGFACE, TOKEN)
    assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.STORE, True)
    outer = credentials(tmp_path, HUGGING_FACE_HUB_TOKEN=TOKEN, MODELSCOPE_API_TOKEN=" ").state(HUGGINGFACE)
    assert (origin(outer), outer.variable) == ((TokenOrigin.ENVIRONMENT, True), "HUGGING_FACE_HUB_TOKEN")
    assert "HUGGING_FACE_HUB_TOKEN" in str(outer.told)
    assert TOKEN not in repr((outer, own.state(HUGGINGFACE), own))


def test_what_can_be_no_token_is_shown_as_set_and_refused_when_used(tmp_path: Path) -> None:
    own = credentials(tmp_path, HF_TOKEN="two words")
    assert own.state(HUGGINGFACE).origin is TokenOrigin.ENVIRONMENT
    with pytest.raises(SettingsProblem):
        own.token(HUGGINGFACE)


@pytest.mark.parametrize("typed", ["", "  ", "two words", "tokén", "a\nb"])
def test_what_can_be_no_token_is_not_kept(typed: str, tmp_path: Path, memory: dict[tuple[str, str], str]) -> None:
    with pytest.raises(TokenUnfit) as refused:
        credentials(tmp_path).store(HUGGINGFACE, typed)
    assert memory == {}
    assert not typed.strip() or typed not in str(refused.value)


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("Locked", "it is locked"),
        ("Odd", "PasswordSetError"),
        ("Foreign", "ValueError"),
        ("keyring.backends.fail.Keyring", "this system has none"),
        ("keyring.backends.null.Keyring", "it keeps nothing"),
    ],
)
def test_a_store_that_does_not_take_it_is_a_circumstance(
    backend: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    use(monkeypatch, backend)
    own = credentials(tmp_path)
    with pytest.raises(CredentialStoreUnusable) as refused:
        own.store(HUGGINGFACE, TOKEN)
    assert reason in str(refused.value)
    assert "HF_TOKEN" in str(refused.value.next_step)
    assert TOKEN not in f"{refused.value} {refused.value.next_step} {caplog.text}"
    assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.NONE, False)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="systems that have a store")
def test_a_system_without_a_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    own = credentials(tmp_path)
    with pytest.raises(CredentialStoreUnusable, match="this system has none") as refused:
        own.store("modelscope", TOKEN)
    assert "MODELSCOPE_API_TOKEN" in str(refused.value.next_step)
    with pytest.raises(CredentialStoreUnusable, match="this system has none"):
        own.forget("modelscope")


@pytest.mark.skipif(sys.platform != "win32", reason="the Credential Manager")
def test_the_credential_manager_keeps_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr(credentials_module, "SERVICE", f"model-preload-tests-{os.getpid()}")  # the user's own stays
    own = credentials(tmp_path)
    assert type(credentials_module._keyring()).__name__ == "WinVaultKeyring"
    assert (own.obstacle(HUGGINGFACE), own.token(HUGGINGFACE)) == (None, None)
    try:
        for token in (TOKEN, "x" * 1000):
            own.store(HUGGINGFACE, token)
            assert credentials(tmp_path).token(HUGGINGFACE) == token
        own.store("modelscope", TOKEN)
        assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.STORE, True)
    finally:
        for hub in (HUGGINGFACE, "modelscope"):
            own.forget(hub)
    assert (own.token(HUGGINGFACE), own.token("modelscope")) == (None, None)
    assert origin(own.state(HUGGINGFACE)) == (TokenOrigin.NONE, False)


@pytest.mark.parametrize(
    ("backend", "reason"),
    [("Memory", None), ("Locked", "it is locked"), ("keyring.backends.fail.Keyring", "this system has none")],
)
def test_what_is_in_the_stores_way_is_told_before_a_token_is_typed(
    backend: str, reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, backend)
    obstacle = credentials(tmp_path).obstacle(HUGGINGFACE)
    assert (obstacle is None) == (reason is None)
    assert reason is None or reason in str(obstacle)


def test_what_sets_a_token_is_named() -> None:
    assert [variable_of(hub) for hub in (HUGGINGFACE, "modelscope")] == ["HF_TOKEN", "MODELSCOPE_API_TOKEN"]
