"""``python -m benchmarks [wall] [focus] [fleet] [lock] [soak]``: measure, print, write JSON; see README.md."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks import fleet, focus, lock, soak, wall
from benchmarks.meter import Others
from benchmarks.report import Report, results_page

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
OUT: Final = Path("bench-out")

BENCHMARKS: Final[dict[str, Callable[[], Report]]] = {
    "wall": wall.measure,
    "focus": focus.measure,
    "fleet": fleet.measure,
    "lock": lock.measure,
    "soak": soak.measure,
}


def main() -> int:
    """Run what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Lessonlight on this computer.")
    parser.add_argument("which", nargs="*", choices=[*BENCHMARKS, []], help="which ones; all but soak if none is named")
    parser.add_argument("--keep", action="store_true", help="keep as the last honest run, in benchmarks/RESULTS.md")
    options = parser.parse_args()
    console = Console(width=max(140, Console().width))
    folder = RESULTS if options.keep else OUT
    for name in options.which or [name for name in BENCHMARKS if name != "soak"]:
        console.rule(name)
        began, others = time.monotonic(), Others()
        report = BENCHMARKS[name]()
        report.seconds = time.monotonic() - began
        report.others = others.share()
        report.show(console)
        console.print(f"{report.seconds:.0f} s · {report.save(folder)}")
    if options.keep:
        _write_results()
    return 0


def _write_results() -> None:
    saved = [
        json.loads((RESULTS / f"{name}.json").read_bytes())
        for name in BENCHMARKS
        if (RESULTS / f"{name}.json").exists()
    ]
    head = (HERE / "RESULTS.head.md").read_text(encoding="utf-8")
    (HERE / "RESULTS.md").write_text(results_page(head, saved), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
