"""`lock`: from the tutor's order to a covered screen, and to a thousand confirmations."""

import math
import random
import time
from typing import Any, Final

from benchmarks.fleet import SETTLES, fleet, lock_all
from benchmarks.glass import near, wait_until
from benchmarks.meter import median, percentile
from benchmarks.painter import MARK, Painter
from benchmarks.report import Report, Table, number
from benchmarks.room import SCREEN, Room
from benchmarks.x11 import Display
from tutor_app.demo.processes import DemoError

TIMES: Final = 20
COVERED_WITHIN: Final = 5.0
FLEETS: Final = (100, 1000)
LAPS: Final = 3
SPOTS: Final = ((20, 20), (1900, 20), (960, 540), (20, 1060), (1900, 1060))

ABOUT: Final = (
    "Covered: from the moment the tutor's window gives the order to the moment the last of five points of a real X "
    "screen of 1920×1080 shows the lock. Confirmed: until the tutor's wall knows it. Fleets are simulated laptops, all "
    "ordered at once, while they send what the product asks for: a tile a second of those in view, one in 15 s of the "
    "others. `fleet` locks them, too, while all send a tile a second."
)


def measure(times: int = TIMES) -> Report:
    """Lock one real screen again and again, then whole fleets."""
    report = Report("lock", ABOUT)
    with Room.open(1) as room:
        report.data["real"] = _lock_screen(room, times)
    for size in FLEETS:
        try:
            report.data[str(size)] = _lock_fleet(size)
        except DemoError as error:
            report.notes.append(f"{size} laptops were not measured: {error}")
    _tabulate(report)
    return report


def _lock_screen(room: Room, times: int) -> dict[str, list[float]]:
    laptop, chance = room.laptops[0], random.Random(times)
    laptop.paint("idle")
    tutor = room.begin_lesson()
    painter, glass = Painter(laptop.environ["DISPLAY"], second=True), Display(laptop.environ["DISPLAY"])
    painter.display.set_background(painter.window, MARK)
    painter.mark()
    covered, confirmed, uncovered = [], [], []
    painted = near(MARK)
    try:
        for _ in range(times):
            time.sleep(chance.uniform(0.3, 0.7))
            began = tutor.ask("lock", "locking")["at"]
            seen = [wait_until(glass, spot, lambda colour: not painted(colour), COVERED_WITHIN) for spot in SPOTS]
            covered.append((max(seen) - began) * 1000)
            confirmed.append(tutor.until("locked", COVERED_WITHIN)["seconds"] * 1000)
            time.sleep(chance.uniform(0.3, 0.7))
            began = tutor.ask("unlock", "unlocking")["at"]
            uncovered.append((wait_until(glass, SPOTS[2], painted, COVERED_WITHIN) - began) * 1000)
            tutor.until("unlocked", COVERED_WITHIN)
    finally:
        painter.display.close()
        glass.close()
        room.end_lesson()
    return {"covered_ms": covered, "confirmed_ms": confirmed, "uncovered_ms": uncovered}


def _lock_fleet(size: int) -> dict[str, Any]:
    with fleet(size, every_tile=False) as (_, tutor, simulators, _):
        time.sleep(SETTLES)
        pids, laps = [child.process.pid for child in simulators], []
        for _ in range(LAPS):
            laps.append(lock_all(tutor, pids))
            time.sleep(1.0)
        return {"laps": laps}


def _tabulate(report: Report) -> None:
    names = {"covered_ms": "order → covered", "confirmed_ms": "order → confirmed", "uncovered_ms": "order → free again"}
    real = report.data["real"]
    rows = [
        [name, *(number(one) for one in (median(real[key]), percentile(real[key], 90), max(real[key])))]
        for key, name in names.items()
    ]
    report.tables.append(Table(f"One real screen, ms ({SCREEN[0]}×{SCREEN[1]})", ("", "median", "p90", "worst"), rows))
    fleets = {int(size): found["laps"] for size, found in report.data.items() if size != "real"}
    rows = [[str(size), str(time_), *_lap(lap)] for size, laps in fleets.items() for time_, lap in enumerate(laps, 1)]
    heads = ("laptops", "time", "the last confirmed", "confirmed", "window's stall", "tutor CPU", "laptops CPU")
    report.tables.append(Table("A whole fleet locked", heads, rows))
    report.at_most("order → covered, p90", percentile(real["covered_ms"], 90), 100, "ms")
    if 1000 in fleets:
        laps = fleets[1000]
        unheard = any(lap["confirmed"] < 1000 for lap in laps)  # once not all confirmed, there is no such time
        middle = math.nan if unheard else median(lap["seconds"] for lap in laps)
        report.at_most("1,000 laptops confirmed, median", middle, 1, "s")
        report.at_most("1,000 laptops, longest stall in a lock", max(lap["stall_ms"] for lap in laps), 100, "ms")


def _lap(lap: dict[str, Any]) -> list[str]:
    all_did = lap["confirmed"] == lap["of"]
    return [
        f"{number(lap['seconds'] * 1000)} ms" if all_did else "–",
        str(lap["confirmed"]),
        f"{number(lap['stall_ms'])} ms",
        *(f"{number(lap['cpu'][who])} %" for who in ("tutor", "laptops")),
    ]
