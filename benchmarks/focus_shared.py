"""The part of `focus` in which a second tutor looks, too: what it costs the student, and whether walls are starved."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from benchmarks.meter import Stretch, family
from benchmarks.report import Report, Table, number
from benchmarks.room import Laptop, Partner, Room, TutorsPlace, end_tutor, start_screen, start_tutor, until_live

SETTLES: Final = 3.0  # seconds
DEARER: Final = 1.2  # times the capturing process may cost with a second tutor: encoding again would cost 1.8 times
TILES: Final = 0.8  # a second: of the one that is asked for, on a computer that encodes and decodes whole screens


def measure_shared(seconds: float) -> dict[str, Any]:
    """Return what it costs one student to be looked at by one tutor and by two, and a wall's tiles during a film."""
    with Room.open(2) as room:
        filmed, other = room.laptops
        first = room.begin_lesson()
        try:
            first.order("focus", device=filmed.device)
            filmed.paint("video")
            one = _cost(room, filmed, seconds)
            with _second_tutor(room) as second:
                second.order("focus", device=filmed.device)
                two = _cost(room, filmed, seconds)
                second.order("wall")
                filmed.painter.ask("stop", "painted")
                filmed.paint("film")
                other.paint("video")
                tiles = _tiles(second, seconds)
            for laptop in room.laptops:
                laptop.painter.ask("stop", "painted")
        finally:
            room.end_lesson()
    return {
        "one": one,
        "two": two,
        "tiles": {"filmed": tiles.get(filmed.device, 0.0), "other": tiles.get(other.device, 0.0)},
    }


def tabulate_shared(report: Report, found: dict[str, Any]) -> None:
    """Add the tables and goals."""
    heads = ("looked at by", "capture and encoding", "agent", "MB/s")
    rows = [
        [name, f"{number(cost['desktop'])} %", f"{number(cost['agent'])} %", number(cost["bytes_a_second"] / 1e6)]
        for name, cost in (("one tutor", found["one"]), ("two tutors", found["two"]))
    ]
    report.tables.append(Table("Two tutors look at one student's 960×540 video: CPU at the student", heads, rows))
    rows = [
        ["the student whose film is large at another tutor", number(found["tiles"]["filmed"])],
        ["another student, with a 960×540 video", number(found["tiles"]["other"])],
    ]
    report.tables.append(Table("Tiles a second on a wall beside a whole-screen film", ("of", "tiles/s"), rows))
    dearer = found["two"]["desktop"] / found["one"]["desktop"]
    report.at_most("two tutors, what capture and encoding cost", dearer, DEARER, "× of one")
    for who, tiles in found["tiles"].items():
        report.at_least(f"whole-screen film, wall's tiles of the {who} student", tiles, TILES, "a second")


def _cost(room: Room, laptop: Laptop, seconds: float) -> dict[str, float]:
    time.sleep(SETTLES)
    agent, *desktop = family(laptop.pid)
    stretch, sent = Stretch({"desktop": desktop, "student": [agent]}), laptop.bytes_out()
    time.sleep(seconds)
    cpu, sent = stretch.cpu(), laptop.bytes_out() - sent
    rate = sent / stretch.seconds if room.cabled else 0.0
    return {"desktop": cpu["desktop"], "agent": cpu["student"] - cpu["desktop"], "bytes_a_second": rate}


def _tiles(tutor: Partner, seconds: float) -> dict[str, float]:
    time.sleep(SETTLES)
    tutor.ask("sample", "sample")
    began = time.monotonic()
    time.sleep(seconds)
    counted = tutor.ask("sample", "sample")["tiles"]
    lasted = time.monotonic() - began
    return {device: count / lasted for device, count in counted.items()}


@contextmanager
def _second_tutor(room: Room) -> Iterator[Partner]:
    """Hold a lesson of its own, at a screen of its own, with everybody live."""
    folder = room.folder / "second"
    folder.mkdir()
    for file in (room.college.identity, room.college.identity.with_name("college.bundle")):
        shutil.copy(file, folder)
    display, screen = start_screen(room.children, "screen of the second tutor")
    college = replace(room.college, identity=folder / room.college.identity.name)
    environ = room.tutors_environment("second") | {"DISPLAY": display}
    place = TutorsPlace(folder=folder, environ=environ, dial=room.dial, enter=room.on_tutors([]))
    tutor = start_tutor(room.children, college, place)
    try:
        until_live(tutor, len(room.laptops))
        yield tutor
    finally:
        end_tutor(room.children, tutor)
        room.children.end(screen)
