"""A store of tokens that lives as long as a test: `PYTHON_KEYRING_BACKEND=helpers.token_store.MemoryStore`."""

from keyring.backend import KeyringBackend

KEPT: dict[tuple[str, str], str] = {}
BACKEND = f"{__name__}.MemoryStore"


class MemoryStore(KeyringBackend):
    """As keyring makes it, from its name in the environment."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        return KEPT.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        KEPT[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del KEPT[service, username]
