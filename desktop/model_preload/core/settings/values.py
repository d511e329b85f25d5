"""What there is to set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = "settings.toml"
HUBS = ("huggingface", "modelscope", "url")
"""What `hubs` may name, as the catalog file calls them."""
THEMES = ("system", "light", "dark")
WHEN = ("ask", "go-on", "wait")
"""What to do on a metered line, or on battery."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose.

    Attributes:
        language: gettext name; "" follows the system.
        endpoint: of the Hugging Face API, a mirror's for those who need one (`HF_ENDPOINT`).
        modelscope_endpoint: of the ModelScope API (`MODELSCOPE_ENDPOINT`).
        platform: the platform's folder, None if not known (`MODEL_PRELOAD_PLATFORM`).
        connections: at most open at once, 1 to 64.
        limit: bytes a second over all connections, 0 for none.
        reserve: bytes that stay free on each drive.
        packages: versions that the engines are taken to have, by name, whatever the platform's Python has.
        proxy: an address without a login; "none" for the direct way; "" for what environment and system say.
        hubs: of `HUBS`, those to ask first, in this order; empty leaves each model the catalog's order.
        theme: one of `THEMES`.
        notifications: whether to tell of what ended, failed, or needs a person.
        resume: whether the queue goes on by itself when the program starts.
        when_metered: one of `WHEN`, on a line that is paid by volume.
        when_on_battery: one of `WHEN`.
        first_run_done: the first start's questions were answered or skipped.
    """

    language: str = ""
    endpoint: str = "https://huggingface.co"
    modelscope_endpoint: str = "https://modelscope.cn"
    platform: Path | None = None
    connections: int = 32
    limit: int = 0
    reserve: int = 500_000_000
    packages: Mapping[str, str] = field(default_factory=dict)
    proxy: str = ""
    hubs: tuple[str, ...] = ()
    theme: str = "system"
    notifications: bool = True
    resume: bool = True
    when_metered: str = "ask"
    when_on_battery: str = "ask"
    first_run_done: bool = False
