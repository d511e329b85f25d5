"""The way in: `model-preload`, or `python -m model_preload`."""

import os
import sys
from contextlib import suppress
from typing import NoReturn

from model_preload import cli


def main() -> NoReturn:
    """Run the command line and end the process at once: to take the interpreter apart costs a tenth of a second."""
    code = cli.main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a pipe that nobody reads any more
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
