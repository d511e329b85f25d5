"""The way in: `model-preload`, or `python -m model_preload`."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

_TRAY_WORDS = frozenset({"--tray", "--quit"})
"""Without a command, what is left is the tray app, which does not wait for the command line to be loaded."""


def main() -> NoReturn:
    """Run it and end the process at once: to take the interpreter apart costs a tenth of a second."""
    words = sys.argv[1:]
    signal.signal(signal.SIGINT, _ended_early)  # until a command listens: nothing is begun, and nothing to be told
    if _TRAY_WORDS.issuperset(words):
        code = _app(words)
    else:
        from model_preload import cli
        from model_preload.system import quit_event

        quit_event.listen()
        code = cli.main(words, _demo)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # a pipe that nobody reads any more, or no console
            stream.flush()
    os._exit(code)


def _ended_early(_number: int, _frame: object) -> NoReturn:
    os._exit(130)


def _app(words: Sequence[str]) -> int:
    try:
        from model_preload import app
    except ImportError as error:
        from model_preload import cli

        return cli.without_windows(words, error)
    return app.main(words)


def _demo(language: str) -> int:
    from model_preload import app

    return app.demo(language)


if __name__ == "__main__":
    main()
