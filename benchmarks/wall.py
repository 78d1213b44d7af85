"""`wall`: what a class on the tutor's wall costs each laptop, its cable and the tutor's computer.

All laptops do the same, one activity after another; painters that are not counted do it for them.
"""

import math
import time
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.meter import Stretch, median, memory
from benchmarks.peers import Program
from benchmarks.peers.ours import Lessonlight
from benchmarks.peers.veyon import Veyon
from benchmarks.report import Report, Table, number, ratio
from benchmarks.room import Room
from tutor_app.demo.processes import DemoError

STUDENTS: Final = 4
SECONDS: Final = 12.0
SETTLES: Final = 2.5
TILE: Final = 320  # pixels wide: a class of thirty on a 1080p screen
ACTIVITIES: Final = ("idle", "typing", "browsing", "video")
LARGE: Final = "video, tiles 640 wide"

ABOUT: Final = (
    f"{STUDENTS} students, screens 1920×1080, a tile a second, tiles {TILE} pixels wide. Idle: nothing changes. "
    "Typing: a line of text twice a second. Browsing: long pages scrolled every 2.4 s. Video: 960×540 at 25/s."
)

Found = dict[str, Any]


def measure(seconds: float = SECONDS) -> Report:
    """Run it for ours and, where it is installed, Veyon."""
    report = Report("wall", ABOUT)
    with Room.open(STUDENTS) as room:
        programs: list[Program] = [Lessonlight(room), Veyon(room)]
        for program in programs:
            why_not = program.missing()
            try:
                if not why_not:
                    report.data[program.name] = _measure_one(program, seconds)
            except DemoError as error:
                why_not = str(error)
            if why_not:
                report.notes.append(f"{program.name} was not measured: {why_not}")
        if not room.cabled:
            report.notes.append("Without root there are no network namespaces: bytes on the cable are not known.")
    _tabulate(report)
    return report


def _measure_one(program: Program, seconds: float) -> dict[str, Found]:
    for laptop in program.room.laptops:
        laptop.paint("idle")
    try:
        program.show_wall()
        if isinstance(program, Lessonlight):
            program.partner.order("tiles", width=TILE)
        found = {activity: _phase(program, activity, seconds) for activity in ACTIVITIES}
        if isinstance(program, Lessonlight):
            program.partner.order("tiles", width=0)
            found[LARGE] = _phase(program, "video", seconds)
    finally:
        for laptop in program.room.laptops:
            laptop.painter.ask("stop", "painted")
        program.stop()
    return found


def _phase(program: Program, activity: str, seconds: float) -> Found:
    room = program.room
    for laptop in room.laptops:
        laptop.paint(activity)
    time.sleep(SETTLES)
    groups = {laptop.device: program.student(laptop) for laptop in room.laptops}
    screens = {f"X {laptop.device}": [laptop.screen.process.pid] for laptop in room.laptops}
    stretch = Stretch({"tutor": program.tutor(), **groups, **screens})
    sent = {laptop.device: laptop.bytes_out() for laptop in room.laptops}
    before = _counted(program)
    time.sleep(seconds)
    lasted, cpu, after = stretch.seconds, stretch.cpu(), _counted(program)
    students = [
        {
            "cable_bytes_a_second": (laptop.bytes_out() - sent[laptop.device]) / lasted,
            "picture_bytes_a_second": (after["bytes"][laptop.device] - before["bytes"][laptop.device]) / lasted
            if after
            else math.nan,
            "tiles_a_second": after["tiles"].get(laptop.device, 0) / lasted if after else math.nan,
            "cpu": cpu[laptop.device],
            "x_cpu": cpu[f"X {laptop.device}"],
            "mib": memory(program.student(laptop)),
        }
        for laptop in room.laptops
    ]
    return {
        "students": students,
        "tutor": {"cpu": cpu["tutor"], "mib": memory(program.tutor())},
    }


def _counted(program: Program) -> Mapping[str, Any]:
    """Return what our tutor's window has counted since the last time; of others nothing is known."""
    return program.partner.ask("sample", "sample") if isinstance(program, Lessonlight) else {}


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────


def middle(phase: Found, what: str) -> float:
    """Return the median of the students."""
    return median(student[what] for student in phase["students"])


def _tabulate(report: Report) -> None:
    heads = (
        "",
        "cable kB/s",
        "pictures kB/s",
        "tiles/s",
        "student CPU",
        "of X there",
        "student MiB",
        "tutor CPU",
        "tutor MiB",
    )
    for name, phases in report.data.items():
        rows = [_row(activity, phase) for activity, phase in phases.items()]
        report.tables.append(Table(f"{name}, per student (median of {STUDENTS})", heads, rows))
    ours, theirs = report.data.get(Lessonlight.name), report.data.get(Veyon.name)
    if ours and theirs:
        report.tables.append(_ratios(ours, theirs))
        for activity in ("browsing", "video"):
            times = middle(theirs[activity], "cable_bytes_a_second") / middle(ours[activity], "cable_bytes_a_second")
            report.at_least(f"{activity}, network: times less than Veyon", times, 20, "×")
    if ours:
        _hold_to_goals(report, ours)


def _hold_to_goals(report: Report, ours: Mapping[str, Found]) -> None:
    report.at_most("idle, bytes of pictures", middle(ours["idle"], "picture_bytes_a_second"), 0, "B/s")
    report.at_most("idle, student's CPU", middle(ours["idle"], "cpu"), 0.1, "%")
    for activity in ("browsing", "video"):
        report.at_most(f"{activity}, student's CPU", middle(ours[activity], "cpu"), 1, "%")
    report.at_most("student's memory", max(middle(phase, "mib") for phase in ours.values()), 150, "MiB")


def _row(activity: str, phase: Found) -> list[str]:
    kilobytes = [number(middle(phase, what) / 1000) for what in ("cable_bytes_a_second", "picture_bytes_a_second")]
    cpu = [f"{number(middle(phase, what))} %" for what in ("cpu", "x_cpu")]
    tutor = phase["tutor"]
    tiles = number(middle(phase, "tiles_a_second"))
    return [
        activity,
        *kilobytes,
        tiles,
        *cpu,
        number(middle(phase, "mib")),
        f"{number(tutor['cpu'])} %",
        number(tutor["mib"]),
    ]


def _ratios(ours: Mapping[str, Found], theirs: Mapping[str, Found]) -> Table:
    heads = ("", "network", "student CPU", "student memory", "tutor CPU", "tutor memory")
    rows = []
    for activity in ACTIVITIES:
        one, other = ours[activity], theirs[activity]
        students = [ratio(middle(other, what), middle(one, what)) for what in ("cable_bytes_a_second", "cpu", "mib")]
        tutors = [ratio(other["tutor"][what], one["tutor"][what]) for what in ("cpu", "mib")]
        rows.append([activity, *students, *tutors])
    return Table("Veyon needs so many times as much", heads, rows)
