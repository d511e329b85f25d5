"""The way in: `model-preload`, or `python -m model_preload`."""

import sys

from model_preload.cli import main

if __name__ == "__main__":
    sys.exit(main())
