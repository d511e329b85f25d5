"""Settings of the platform that would make its engines miss their models: one rule each, with why and what instead.

A rule is a function of a `Situation`. Where no other source is named, it stands on reading and running the engines
themselves (MinerU 2.6.2 and 3.4, PaddleX 3.3 and 3.7, huggingface_hub 0.36).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from packaging.version import InvalidVersion, Version

from model_preload.core.engines.obstacle import Obstacle, is_in_container, mangled
from model_preload.core.engines.obstacles_mineru import download_source, mineru_config, mineru_folder, mineru_source
from model_preload.core.engines.situation import Situation
from model_preload.core.texts import Text, text

_FALSE = {"", "0", "FALSE"}
_PLACES = (
    *("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MODELSCOPE_CACHE", "PADDLE_PDX_CACHE_HOME"),
    *("TORCH_HOME", "LAMA_MODEL", "TIANSHU_MODEL_CACHE_DIR", "TIANSHU_WATERMARK_CACHE_DIR"),
    "MINERU_TOOLS_CONFIG_JSON",
)
"""What names a file or folder where an engine looks."""
_WATERMARK = "yolo11x_watermark.pt"


def obstacles(situation: Situation) -> tuple[Obstacle, ...]:
    """Everything that stands in the way. What the environment sets can't be changed in the `.env`, and says so."""
    return tuple(_possible(situation, found) for rule in _RULES for found in rule(situation))


def _possible(situation: Situation, found: Obstacle) -> Obstacle:
    outer = [name for name in found.changes if name in situation.environ]
    if not outer:
        return found
    wanted = ", ".join(f"{name}={found.changes[name] or ''}" for name in outer)
    step = text(
        "The environment itself sets {names}, which goes before the .env: set {wanted} there, or take it away.",
        names=", ".join(outer),
        wanted=wanted,
    )
    return replace(found, next_step=step, changes={})


def _not_utf8(situation: Situation) -> Iterable[Obstacle]:
    if not situation.dotenv.is_text:
        yield Obstacle(
            "encoding",
            "",
            blocks=True,
            told=text("The .env is not in UTF-8; python-dotenv can't read it, and the platform does not start."),
            next_step=text("Open it with an editor and save it as UTF-8."),
        )


def _byte_order_mark(situation: Situation) -> Iterable[Obstacle]:
    """Taken as part of the first name before python-dotenv 1.2.3 (its release notes)."""
    if not situation.dotenv.hides_first:
        return
    try:
        old = Version(situation.packages["python-dotenv"]) < Version("1.2.3")
    except (KeyError, InvalidVersion):
        return
    if old:
        yield Obstacle(
            "byte-order-mark",
            "",
            blocks=True,
            told=text(
                "The .env begins with a byte order mark, by which python-dotenv {version} loses its first setting.",
                version=situation.packages["python-dotenv"],
            ),
            next_step=text("Save it as UTF-8 without byte order mark (BOM), or begin it with a comment line."),
        )


def _unreadable(situation: Situation) -> Iterable[Obstacle]:
    lines = situation.dotenv.unreadable
    if lines:
        yield Obstacle(
            "unreadable-lines",
            "",
            blocks=False,
            told=text("The platform leaves out lines of the .env: {lines}.", lines=", ".join(map(str, lines))),
            next_step=text(
                "They are no settings, or a quote in them is not closed. Correct them, or begin them with #."
            ),
        )


def _going_offline(situation: Situation) -> tuple[Text, Mapping[str, str | None]]:
    """huggingface_hub then reads what is here and asks nothing, so all has to be here."""
    if situation.hub_models_ready:
        step = text("All models from Hugging Face are ready, so HF_HUB_OFFLINE=1 can be set.")
        return step, {"HF_HUB_OFFLINE": "1"}
    return text("Preload all models from Hugging Face; then HF_HUB_OFFLINE=1 can be set."), {}


def _offline_unread(situation: Situation) -> Iterable[Obstacle]:
    if not situation.is_on("HF_OFFLINE") or situation.offline:
        return
    told = text("HF_OFFLINE is read by nothing; engines go by HF_HUB_OFFLINE.")
    step, changes = _going_offline(situation)
    yield Obstacle("offline-unread", "HF_OFFLINE", blocks=False, told=told, next_step=step, changes=changes)


def _refused(situation: Situation) -> Iterable[Obstacle]:
    """huggingface_hub 0.36 gives up then, though its cache be whole."""
    if situation.refusal is None or situation.offline:
        return
    told = text(
        "Engines would ask {hub}, and then not even read what is here: {reason}",
        hub=situation.hub(),
        reason=situation.refusal,
    )
    step, changes = _going_offline(situation)
    yield Obstacle("hub-refused", "HF_ENDPOINT", blocks=True, told=told, next_step=step, changes=changes)


def _paddle_home(situation: Situation) -> Iterable[Obstacle]:
    home, read = situation.value("PADDLEOCR_HOME"), situation.value("PADDLE_PDX_CACHE_HOME")
    if not home or read:
        return
    default = situation.path(situation.user_home, ".paddlex")
    told = text("PADDLEOCR_HOME is read by nothing; PaddleX looks in {folder}.", folder=default)
    filled = situation.there(str(default / "official_models"))
    usable = situation.path(home).is_absolute() and not mangled(situation, "PADDLEOCR_HOME")
    if usable and not filled:
        step = text("PADDLE_PDX_CACHE_HOME can name that folder instead; preload the models then.")
        changes = {"PADDLE_PDX_CACHE_HOME": home}
        yield Obstacle("paddle-home", "PADDLEOCR_HOME", blocks=False, told=told, next_step=step, changes=changes)
    else:
        step = text("To have the models elsewhere, set PADDLE_PDX_CACHE_HOME to a whole path, and preload them again.")
        yield Obstacle("paddle-home", "PADDLEOCR_HOME", blocks=False, told=told, next_step=step)


def _paddle_check(situation: Situation) -> Iterable[Obstacle]:
    name = "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"
    soon = situation.refusal is not None and situation.hub_models_ready
    if (situation.offline or situation.is_on("HF_OFFLINE") or soon) and (situation.value(name) or "").upper() in _FALSE:
        yield Obstacle(
            "paddle-check",
            name,
            blocks=False,
            told=text(
                "PaddleX asks its hosts at the start whether they are there, which costs time without the network."
            ),
            next_step=text("{name}=True leaves that out.", name=name),
            changes={name: "True"},
        )


def _escaped_paths(situation: Situation) -> Iterable[Obstacle]:
    """In double quotes python-dotenv takes `\\n`, `\\t` and the like for one character, and `\\\\` for one `\\`."""
    for name in (*_PLACES, "PADDLEOCR_HOME"):
        meant = mangled(situation, name)
        if meant:
            yield Obstacle(
                "escaped-path",
                name,
                blocks=True,
                told=text(
                    "{name} stands in double quotes, where a backslash is no plain one: the path is read wrongly.",
                    name=name,
                ),
                next_step=text("Without the quotes it is {path}", path=meant),
                changes={name: meant},
            )


def _container_paths(situation: Situation) -> Iterable[Obstacle]:
    for name in _PLACES:
        value = situation.value(name)
        if value and is_in_container(situation, value):
            yield Obstacle(
                "container-path",
                name,
                blocks=True,
                told=text(
                    "{name} is {path}, which is a folder of a container; Windows has no such one.",
                    name=name,
                    path=value,
                ),
                next_step=text(
                    "Without {name} the engine looks in its usual place. If containers read the same .env, set it in "
                    "docker-compose.yml instead.",
                    name=name,
                ),
                changes={name: None},
            )


def _watermark(situation: Situation) -> Iterable[Obstacle]:
    folder = situation.value("TIANSHU_MODEL_CACHE_DIR")
    if not folder or situation.value("TIANSHU_WATERMARK_CACHE_DIR") or is_in_container(situation, folder):
        return
    if mangled(situation, "TIANSHU_MODEL_CACHE_DIR") or situation.there(str(situation.path(folder, _WATERMARK))):
        return
    own = str(situation.path(folder, "watermark_models"))
    yield Obstacle(
        "watermark-place",
        "TIANSHU_MODEL_CACHE_DIR",
        blocks=False,
        told=text(
            "Without TIANSHU_WATERMARK_CACHE_DIR, {file} belongs right into {folder}.", file=_WATERMARK, folder=folder
        ),
        next_step=text("It can have a folder of its own: {folder}", folder=own),
        changes={"TIANSHU_WATERMARK_CACHE_DIR": own},
    )


def _token_moves(situation: Situation) -> Iterable[Obstacle]:
    known = any(situation.value(name) for name in ("HF_TOKEN", "HF_TOKEN_PATH"))
    if situation.dotenv.values.get("HF_HOME") and "HF_HOME" not in situation.environ and not known:
        yield Obstacle(
            "token-place",
            "HF_HOME",
            blocks=False,
            told=text("HF_HOME moves more than the models: the login of “hf” is looked for there too."),
            next_step=text("If engines need a token, log in with the same HF_HOME, or set HF_TOKEN."),
        )


_RULES: tuple[Callable[[Situation], Iterable[Obstacle]], ...] = (
    *(_not_utf8, _byte_order_mark, _unreadable, download_source, mineru_source, mineru_config, mineru_folder),
    *(_refused, _offline_unread, _paddle_home, _paddle_check),
    *(_escaped_paths, _container_paths, _watermark, _token_moves),
)
