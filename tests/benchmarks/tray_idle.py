"""What the tray app costs while nothing happens, beside the least PySide6 program: memory, processor time, wake-ups.

python3 dev.py bench tray_idle [SECONDS]

With no window open, and with the status window open while another program has the focus.
"""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
from _desktop import bare, load, missing, ours, running, screen, threads

from helpers.xserver import Screen, wait_for

SETTLED = 15
SECONDS = 60
TARGET = 60


@dataclass(frozen=True)
class Idle:
    """One program: MB that are its own, MB resident, threads; seconds of processors and wake-ups while it is idle."""

    own: float
    resident: float
    threads: int
    cpu: float
    wakeups: int


def main() -> None:
    """One after the other."""
    if lacking := missing():
        print(f"  left out: {', '.join(lacking)} not on this machine")
        return
    seconds = int(sys.argv[1]) if sys.argv[1:] else SECONDS
    cases = {"bare": bare(), "no window": ours("--tray"), "status window": ours()}
    found = {name: _measured(command, seconds) for name, command in cases.items()}
    print(f"\n{SETTLED} s after the start, then {seconds} idle seconds ({load()})")
    for name, idle in found.items():
        more = idle.own - found["bare"].own
        told = f"  {name:<14} own {idle.own:5.0f} MB, resident {idle.resident:5.0f} MB, {idle.threads} threads"
        told += f"  cpu {idle.cpu:.2f} s  {idle.wakeups} wake-ups"
        print(told if name == "bare" else f"{told}  {more:.0f} MB above, target {TARGET}")


def _measured(command: list[str], seconds: int) -> Idle:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ExitStack() as open_:
        home = Path(folder)
        shown = open_.enter_context(screen(home))
        process = open_.enter_context(running(command, shown, home))
        time.sleep(3)
        if command == ours():
            _take_the_focus(shown, home, open_)
        time.sleep(SETTLED - 3)
        program = psutil.Process(process.pid)
        memory = program.memory_full_info()
        before = program.cpu_times(), _wakeups(process)
        time.sleep(seconds)
        after = program.cpu_times(), _wakeups(process)
        cpu = sum(after[0][:2]) - sum(before[0][:2])
        return Idle(memory.uss / 1e6, memory.rss / 1e6, program.num_threads(), cpu, after[1] - before[1])


def _take_the_focus(shown: Screen, home: Path, open_: ExitStack) -> None:
    wait_for(lambda: shown.windows("^Status"), "the status window")
    other = home / "other"
    other.mkdir()
    open_.enter_context(running(bare("window"), shown, other))
    wait_for(lambda: shown.of_program("bare"), "another window")


def _wakeups(process: "subprocess.Popen[bytes]") -> int:
    """How often its threads went to sleep so far: an idle one does not."""
    count = 0
    for thread in threads(process.pid):
        lines = (thread / "status").read_text().splitlines()
        count += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
    return count


if __name__ == "__main__":
    main()
