"""`fleet`: how the cost of one tutor's window grows from ten laptops to a campus of a thousand."""

import math
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.meter import Stretch, memory
from benchmarks.report import Report, Table, number
from benchmarks.room import SCREEN, Partner, TutorsPlace, end_tutor, start_tutor, until_live
from tutor_app.demo.college import DemoCollege, make_college
from tutor_app.demo.folder import demo_folder
from tutor_app.demo.processes import Child, Children, DemoError, start_xvfb
from tutor_app.demo.stage import needed, own_environment

SIZES: Final = (10, 100, 300, 1000)
IN_ONE_PROCESS: Final = 250
SECONDS: Final = 10.0
SCROLLS: Final = 6.0
SETTLES: Final = 4.0
READY_WITHIN: Final = 120.0
MEMORY: Final = Path("/dev/shm")

ABOUT: Final = (
    "Simulated laptops (the client's real agents, TLS and protocol; a screen that changes once a second, but no X "
    "server and no rules to hold) at one tutor's window of 1920×1080. Every laptop sends a tile a second, also those "
    "out of sight, of which the product itself asks one only every 15 s."
)

Found = dict[str, Any]


def measure(sizes: Sequence[int] = SIZES) -> Report:
    """Run it for each number of laptops."""
    report = Report("fleet", ABOUT)
    for size in sizes:
        try:
            report.data[str(size)] = measure_size(size)
        except DemoError as error:
            report.notes.append(f"{size} laptops were not measured: {error}")
    report.notes.append(
        "The tutor's process has one core of its own, which is all it may use; the laptops share the others. Where "
        "those are near 100 % busy, it is the laptops that set the pace of the tiles and of the lock, not the window."
    )
    _tabulate(report)
    return report


@contextmanager
def fleet(size: int, every_tile: bool = True) -> Iterator[tuple[Children, Partner, list[Child], float]]:
    """Yield children, tutor, simulators, and the seconds it took until all were live.

    `every_tile`: those out of sight are asked for a tile a second, too.
    """
    # Each real laptop has a disk of its own; a thousand of them must not wait for one.
    with demo_folder(MEMORY if MEMORY.is_dir() else None) as folder:
        (folder / "logs").mkdir()
        children = Children(folder / "logs")
        try:
            college = make_college(folder, size)
            display = start_xvfb(children, "screen of the tutor", needed("Xvfb"), SCREEN)
            tutors, laptops = kept_apart()
            simulators, dial = _simulate(children, folder, college, laptops)
            place = TutorsPlace(
                folder=folder,
                environ=own_environment(display, folder / "tutor"),
                dial=dial,
                enter=tutors,
                every_tile=every_tile,
                stalls=True,
                # A campus dials from many places at once, and behind one address here stand all laptops.
                limits={
                    "candidates": 2 * size,
                    "dials_a_second": 500.0,
                    "dials_in_a_burst": 64,
                    "dials_an_address": 64,
                },
            )
            tutor = start_tutor(children, college, place)
            taken = until_live(tutor, size)
            yield children, tutor, simulators, taken
            end_tutor(children, tutor)
        finally:
            children.end()


def kept_apart() -> tuple[list[str], list[str]]:
    """Return what the argv of the tutor and of the laptops begins with, so that neither takes the other's core.

    Empty on a computer of one core. The tutor gets one core, which is also the most it may use.
    """
    first, *others = map(str, sorted(os.sched_getaffinity(0)))
    if not others:
        return [], []
    taskset = needed("taskset")
    return [taskset, "--cpu-list", first], [taskset, "--cpu-list", ",".join(others)]


def measure_size(size: int) -> Found:
    """Return what was found with so many laptops."""
    with fleet(size) as (_, tutor, simulators, taken):
        time.sleep(SETTLES)
        pids = [child.process.pid for child in simulators]
        tutor.ask("sample", "sample")
        stretch = Stretch({"tutor": [tutor.tutor.process.pid], "laptops": pids})
        time.sleep(SECONDS)
        lasted, cpu, sample = stretch.seconds, stretch.cpu(), tutor.ask("sample", "sample")
        scrolled = tutor.ask("scroll", "scrolled", seconds=SCROLLS)
        locked = lock_all(tutor, pids)
        return {
            "all_live_s": round(taken, 2),
            "cpu": cpu["tutor"],
            "mib": memory([tutor.tutor.process.pid]),
            "tiles_a_second": sum(sample["tiles"].values()) / lasted,
            "ages": sample["ages"],
            "stall_ms": sample["stall_ms"],
            "scroll_stall_ms": scrolled["stall_ms"] if scrolled["room"] else math.nan,
            "locked_s": locked["seconds"],
            "locks_confirmed": locked["confirmed"],
            "lock_stall_ms": locked["stall_ms"],
            "laptop_cpu": cpu["laptops"] / size,
            "laptops_cpu": cpu["laptops"],
            "lock_cpu": locked["cpu"],
            "laptop_mib": memory(pids) / size,
        }


def lock_all(tutor: Partner, laptops: Sequence[int]) -> Found:
    """Lock all and free them again; return the answer with the longest stall and what both sides used meanwhile."""
    tutor.ask("sample", "sample")
    stretch = Stretch({"tutor": [tutor.tutor.process.pid], "laptops": laptops})
    locked = tutor.ask("lock", "locked")
    cpu, sample = stretch.cpu(), tutor.ask("sample", "sample")
    tutor.ask("unlock", "unlocked")
    return locked | {"stall_ms": sample["stall_ms"], "cpu": cpu}


def _simulate(
    children: Children, folder: Path, college: DemoCollege, enter: Sequence[str]
) -> tuple[list[Child], list[str]]:
    joins = list(college.joins.values())
    partners = []
    for begin in range(0, len(joins), IN_ONE_PROCESS):
        own = folder / f"laptops-{begin}"
        own.mkdir()
        for join in joins[begin : begin + IN_ONE_PROCESS]:
            shutil.move(join, own / join.name)
        argv = [*enter, sys.executable, "-m", "benchmarks.devices", str(own)]
        environ = own_environment("", own / "environment")
        partners.append(Partner(children.start(f"laptops {begin}", argv, environ, pipes=True)))
    ports = [partner.until("ready", READY_WITHIN)["ports"] for partner in partners]
    dial = [f"127.0.0.1:{port}" for some in ports for port in some.values()]
    return [partner.tutor for partner in partners], dial


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────


def _tabulate(report: Report) -> None:
    heads = (
        *("laptops", "all live after", "tutor CPU", "a laptop", "tutor MiB", "a laptop", "tiles/s"),
        *("tile age, median", "99 %", "worst", "stall", "stall scrolling", "stall in a lock", "all locked after"),
        *("confirmed", "laptops CPU", "in the lock: tutor", "laptops"),
    )
    found = {int(size): one for size, one in report.data.items()}
    rows = [_row(size, one, found[min(found)]) for size, one in found.items()]
    report.tables.append(Table("One tutor's window", heads, rows))
    campus = found.get(1000)
    if campus:
        report.at_most("1,000 laptops, tutor's CPU", campus["cpu"], 100, "%")
        report.at_most("1,000 laptops, tutor's memory", campus["mib"], 700, "MiB")
        report.at_most("1,000 laptops, longest stall while scrolling", campus["scroll_stall_ms"], 50, "ms")
        report.at_most("1,000 laptops, oldest tile", campus["ages"]["worst"], 2, "s")
        report.at_most("1,000 laptops, longest stall in a lock", campus["lock_stall_ms"], 100, "ms")


def _row(size: int, found: Found, least: Found) -> list[str]:
    per_laptop = (found["mib"] - least["mib"]) / (size - 10) if size > 10 else math.nan
    ages = found["ages"]
    return [
        str(size),
        f"{number(found['all_live_s'])} s",
        f"{number(found['cpu'])} %",
        f"{number(found['cpu'] / size)} %",
        number(found["mib"]),
        number(per_laptop),
        number(found["tiles_a_second"]),
        *(f"{number(ages[what])} s" for what in ("median", "p99", "worst")),
        f"{number(found['stall_ms'])} ms",
        f"{number(found['scroll_stall_ms'])} ms",
        f"{number(found['lock_stall_ms'])} ms",
        f"{number(found['locked_s'] * 1000)} ms" if found["locks_confirmed"] == size else "–",
        str(found["locks_confirmed"]),
        f"{number(found['laptops_cpu'])} %",
        *(f"{number(found['lock_cpu'][who])} %" for who in ("tutor", "laptops")),
    ]
