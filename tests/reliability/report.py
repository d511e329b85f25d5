"""Runs cases side by side and writes the table of docs/reliability.md."""

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reliability.cases import CASES
from reliability.judge import Outcome, play
from reliability.scene import Case

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
AT_ONCE = 10
"""Most of a case is waiting, so more than there are processors."""
_BEGIN, _END = "<!-- results: dev.py reliability -->", "<!-- end of results -->"


def play_all(cases: Iterable[Case]) -> list[Outcome]:
    """Each in its turn, those that wait long first; a line for each as it ends."""

    def one(case: Case) -> Outcome:
        outcome = play(case)
        print(outcome, flush=True)
        return outcome

    runnable = [case for case in cases if not (case.posix and sys.platform == "win32")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, sorted(runnable, key=lambda case: not case.slow)))


def table(outcomes: Sequence[Outcome]) -> str:
    """In the order of the cases."""
    order = {case.name: number for number, case in enumerate(CASES)}
    lines = ["| case | what is done | outcome | s | peak MB | waste MiB |", "|---|---|---|--:|--:|--:|"]
    for one in sorted(outcomes, key=lambda outcome: order[outcome.case.name]):
        outcome = one.outcome if not one.findings else f"**failed:** {'; '.join(one.findings)}"
        told = " | ".join((f"`{one.case.name}`", _escaped(one.case.told), _escaped(outcome)))
        lines.append(f"| {told} | {one.seconds:.1f} | {one.peak_mb:.0f} | {one.waste_mib:.1f} |")
    return "\n".join(lines)


def listed(document: str) -> list[tuple[str, str]]:
    """Cases as the document has them: name and what is done."""
    rows = document.partition(_BEGIN)[2].partition(_END)[0].splitlines()
    cells = [row.replace("\\|", "\0").split("|") for row in rows if row.startswith("| `")]
    return [(row[1].strip().strip("`"), row[2].strip().replace("\0", "\\|")) for row in cells]


def expected() -> list[tuple[str, str]]:
    """The same of the cases in the code."""
    return [(case.name, _escaped(case.told)) for case in CASES]


def rewrite(outcomes: Sequence[Outcome]) -> None:
    """Put the table into the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n{table(outcomes)}\n{_END}{after}", encoding="utf-8", newline="\n")


def main(names: Sequence[str]) -> int:
    """All cases, and the document rewritten; or only those whose name begins with one of `names`."""
    outcomes = play_all(case for case in CASES if not names or case.name.startswith(tuple(names)))
    if not names:
        rewrite(outcomes)
    failed = sum(bool(outcome.findings) for outcome in outcomes)
    print(f"{len(outcomes)} cases, {failed} failed")
    return 1 if failed else 0


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("<", "&lt;")
