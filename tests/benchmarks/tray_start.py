"""From the start of the process to the icon in the notification area, beside the least PySide6 program with an icon.

python3 dev.py bench tray_start [RUNS]
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from _desktop import Icons, bare, load, missing, ours, running, screen

RUNS = 15
TARGET = 2.0


def main() -> None:
    """In turn; the first of each does not count, since it finds the system's memory cold."""
    if lacking := missing():
        print(f"  left out: {', '.join(lacking)} not on this machine")
        return
    runs = int(sys.argv[1]) if sys.argv[1:] else RUNS
    sides = {"model-preload": ours("--tray"), "bare": bare()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with screen(home) as shown:
            icons = Icons(shown)
            for number in range(runs + 1):
                for name, command in sides.items():
                    began = time.monotonic()
                    with running(command, shown, home):
                        seconds = icons.seconds_until(name, began)
                    if number:
                        taken[name].append(seconds)
    print(f"\nuntil the icon shows ({runs} runs each, in turn; {load()})")
    for name, each in taken.items():
        median = statistics.median(each)
        print(f"  {name:<14} {1000 * median:5.0f} ms  ({1000 * min(each):.0f} to {1000 * max(each):.0f})")
    ratio = statistics.median(taken["model-preload"]) / statistics.median(taken["bare"])
    print(f"  ours is {ratio:.2f} of it, target {TARGET}")


if __name__ == "__main__":
    main()
