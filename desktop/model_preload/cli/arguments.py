"""The words of the command line."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from model_preload import __version__
from model_preload.core import errors, texts
from model_preload.core.texts import text

COMMANDS = (
    *("catalog", "plan", "preload", "repair", "status", "verify-engines", "apply-env", "remove-models", "doctor"),
    "demo",
)
LOG_LEVELS = ("debug", "info", "warning", "error")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?(?:/s)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_MOST = 1e15
"""Of bytes a second."""
_LONGEST = 1e6
"""Seconds that a wait can have on every system."""


class _Parser(argparse.ArgumentParser):
    """argparse, whose errors take the same way as all others. `--json` and `--lang` can't be shortened."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise errors.UsageProblem(text("{message}", message=message), text("See model-preload --help."))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Raises UsageProblem; `--help` and `--version` end the process."""
    return _parser().parse_args(arguments)


def language_of(arguments: Sequence[str]) -> str | None:
    """The value of `--lang`, looked up before everything else so that errors and help are in that language."""
    for position, word in enumerate(arguments):
        if word.startswith("--lang="):
            return word.partition("=")[2]
        if word == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
    return None


def language(written: str) -> str:
    """What `--lang` says. Raises UsageProblem."""
    if texts.known(written) is None:
        raise errors.UsageProblem(
            text("--lang is “{found}”; there are en and zh.", found=written), text("Write one of them.")
        )
    return written


def rate(written: str) -> int:
    """Bytes a second from `2M`, `500k`, `1.5MB/s` or a bare number. Raises UsageProblem."""
    found = _RATE.fullmatch(written.strip())
    value = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    if not 1 <= value <= _MOST:
        raise errors.UsageProblem(
            text("--limit is “{found}”; expected is a rate such as 2M or 500k.", found=written),
            text("The unit is bytes a second; k, M and G are 1,000, 1,000,000 and 1,000,000,000."),
        )
    return int(value)


def seconds(written: str) -> float:
    """A time from `120` or `1.5`. Raises UsageProblem."""
    try:
        value = float(written)
    except ValueError:
        value = 0.0
    if not 0 < value <= _LONGEST:
        raise errors.UsageProblem(
            text("--timeout is “{found}”; expected are seconds, more than 0.", found=written),
            text("Write a number such as 120."),
        )
    return value


def names(written: str) -> list[str]:
    """Keys of models from `a,b`. Raises UsageProblem: none would mean all of them."""
    found = [key.strip() for key in written.split(",") if key.strip()]
    if not found:
        raise errors.UsageProblem(
            text("--models names no model."), text("Name some, such as lama,mineru, or leave --models out for all.")
        )
    return found


def folder(written: str) -> Path:
    """The folder that `--output` names. Raises UsageProblem: an empty word would be the folder one is in."""
    if not written.strip():
        raise errors.UsageProblem(text("--output names no folder."), text("Name one, such as ./models-offline."))
    return Path(written).absolute()


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    group = common.add_argument_group(str(text("everywhere")))
    group.add_argument("--json", action="store_true", help=str(text("one JSON document on standard output")))
    group.add_argument("--quiet", action="store_true", help=str(text("say nothing but errors")))
    group.add_argument("--catalog", type=Path, metavar="FILE", help=str(text("another catalog than the built-in one")))
    group.add_argument("--lang", type=language, metavar="LANGUAGE", help=str(text("language of the texts: en or zh")))
    group.add_argument(
        "--log-level", choices=LOG_LEVELS, help=str(text("also write the log to standard error, from this level on"))
    )
    keys = _Parser(add_help=False)
    keys.add_argument("keys", nargs="*", metavar="KEY", help=str(text("models; without any, all")))

    parser = _Parser(
        prog="model-preload",
        description=str(text("Brings every model that a local AI platform needs, and proves that it is whole.")),
        epilog=str(
            text(
                "Without a command the tray app starts; --tray: without opening a window, --quit: ends the running one."
            )
        ),
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("catalog", parents=[common], help=str(text("the models, their sources and places")))
    commands.add_parser("plan", parents=[keys, common], help=str(text("what would be fetched; fetches nothing")))
    preload = commands.add_parser("preload", parents=[keys, common], help=str(text("bring models and prove them")))
    preload.add_argument("--models", type=names, default=[], metavar="A,B", help=str(text("models, as one word")))
    preload.add_argument("--required", action="store_true", help=str(text("only models that the platform requires")))
    preload.add_argument(
        "--force", action="store_true", help=str(text("ask the hub for updates and hash what is here again"))
    )
    preload.add_argument(
        "--output", metavar="DIR", help=str(text("into the platform's offline folder instead of the engines' places"))
    )
    repair = commands.add_parser(
        "repair", parents=[keys, common], help=str(text("hash every file and fetch again only what is damaged"))
    )
    for command in (preload, repair):
        command.add_argument(
            "--limit", type=rate, metavar="RATE", help=str(text("bytes a second at most, such as 2M or 500k"))
        )
    status = commands.add_parser("status", parents=[keys, common], help=str(text("is every model ready?")))
    status.add_argument("--required", action="store_true", help=str(text("only models that the platform requires")))
    status.add_argument("--deep", action="store_true", help=str(text("read and hash every file again")))
    verify = commands.add_parser(
        "verify-engines", parents=[keys, common], help=str(text("let the engines' own code say where they read"))
    )
    verify.add_argument(
        "--timeout", type=seconds, default=120.0, metavar="SECONDS", help=str(text("for each engine, 120 if not given"))
    )
    verify.add_argument(
        "--load", action="store_true", help=str(text("then have engines load what is proven; asks before it runs code"))
    )
    verify.add_argument("--yes", action="store_true", help=str(text("with --load: load without asking")))
    apply_env = commands.add_parser(
        "apply-env",
        parents=[common],
        help=str(text("show and change what in the platform's .env hides models from engines")),
    )
    way = apply_env.add_mutually_exclusive_group()
    way.add_argument("--yes", action="store_true", help=str(text("make the change that is shown; a backup is kept")))
    way.add_argument("--undo", action="store_true", help=str(text("put back what was there before the last change")))
    remove = commands.add_parser(
        "remove-models", parents=[common], help=str(text("show and delete what was brought; the uninstaller asks too"))
    )
    remove.add_argument("--yes", action="store_true", help=str(text("delete what is shown")))
    for command in (preload, repair, remove):
        command.add_argument(
            "--wait", action="store_true", help=str(text("wait for another run instead of being refused"))
        )
    commands.add_parser(
        "doctor", parents=[common], help=str(text("examine the machine: drives, network, hubs, token, graphics"))
    )
    demo = commands.add_parser(
        "demo", parents=[common], help=str(text("show it all with an embedded hub and temporary folders"))
    )
    demo.add_argument("--gui", action="store_true", help=str(text("in the tray and its windows")))
    return parser
