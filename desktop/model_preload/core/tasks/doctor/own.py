"""The program's own things: settings, the environment that changes them, journal, another run."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from model_preload.core import errors
from model_preload.core.addresses import shown
from model_preload.core.files import Disk, ProcessLock
from model_preload.core.journal import FORMAT
from model_preload.core.journal.health import health
from model_preload.core.settings import FILE, load
from model_preload.core.tasks.doctor.finding import Finding, met, note, ok, problem, untested
from model_preload.core.tasks.own_catalog import own_models
from model_preload.core.texts import size, text

_HEALTH_SECONDS = 10.0
_TOLD = (
    *(
        "MODEL_PRELOAD_HOME",
        "MODEL_PRELOAD_PLATFORM",
        "HF_ENDPOINT",
        "HF_HOME",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
    ),
    *("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_SYMLINKS", "HF_TOKEN_PATH", "XDG_CACHE_HOME"),
    *("MODELSCOPE_ENDPOINT", "MODELSCOPE_CACHE", "PADDLE_PDX_CACHE_HOME", "TORCH_HOME"),
    *("TIANSHU_MODEL_CACHE_DIR", "TIANSHU_WATERMARK_CACHE_DIR", "SSL_CERT_FILE"),
)
_SECRET = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MODELSCOPE_API_TOKEN")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def settings(home: Path, environ: Mapping[str, str]) -> Finding:
    """Whether settings and own catalog can be used; where they can't, the doctor goes on without them."""
    try:
        load(home, environ)
    except errors.SettingsProblem as refused:
        return met("settings", refused)
    try:
        own_models(home)
    except errors.CatalogProblem as refused:
        return met("settings", refused)
    if (home / FILE).exists():
        return ok("settings", text("{path} can be used.", path=home / FILE))
    return ok("settings", text("There is no {path}; the defaults hold.", path=home / FILE))


def _told(name: str, value: str) -> str:
    is_address = "://" in value or name.endswith("_ENDPOINT") or name.lower() in _PROXIES
    return shown(value) if is_address else value  # a path may have any sign in it


def environment(environ: Mapping[str, str]) -> Iterable[Finding]:
    """Every variable that changes what this program or an engine does; secrets without their values."""
    told = [f"{name}={_told(name, environ[name])}" for name in _set(environ)]
    told += [f"{name}=***" for name in _SECRET if environ.get(name)]
    if told:
        yield note("environment", text("The environment sets {variables}", variables=", ".join(told)))
    else:
        yield ok("environment", text("The environment sets nothing that matters here."))
    if environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        yield note(
            "environment",
            text("HF_HUB_OFFLINE is set: engines ask no hub and read only what is here."),
            text("This program fetches all the same. Take the variable away if engines are to fetch by themselves."),
        )
    extra = environ.get("SSL_CERT_FILE")
    if extra and not Path(extra).is_file():
        yield problem(
            "environment",
            text("SSL_CERT_FILE names {path}, which is no file.", path=extra),
            text("Correct the variable, or take it away."),
        )


def _set(environ: Mapping[str, str]) -> list[str]:
    return [
        *(name for name in _TOLD if environ.get(name)),
        *(name for name in environ if name.lower() in _PROXIES and environ[name]),
    ]


def journal(home: Path, disk: Disk) -> Finding:
    """Whether every page of the journal can be read and is consistent, and this version knows its format."""
    path = home / "journal.sqlite3"
    try:
        found = health(path, disk, _HEALTH_SECONDS)
    except errors.Circumstance as refused:
        return met("journal", refused)
    except TimeoutError as error:
        return untested("journal", path, error)
    if found is None:
        return note("journal", text("There is no journal yet; the first run makes it."))
    return ok(
        "journal",
        text(
            "The journal {path} is consistent: {size}, format {found} of {known}.",
            path=path,
            size=size(found.bytes),
            found=found.format,
            known=FORMAT,
        ),
    )


def run(home: Path, disk: Disk) -> Finding:
    """Whether another run is at work, and which."""
    lock = ProcessLock(home / "run.lock", disk)
    try:
        free = lock.acquire("model-preload doctor")
    except errors.DiskProblem as refused:
        return untested("run", text("Another run"), refused.title)
    if free:
        lock.release()
        return ok("run", text("No run is at work."))
    return note(
        "run",
        text("A run is at work: {holder}.", holder=lock.holder() or text("it did not say which")),
        text("Another preload waits for it with --wait, or is refused."),
    )
