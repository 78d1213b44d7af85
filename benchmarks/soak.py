"""`soak`: ten minutes of lesson, in which nothing may grow."""

import time
from typing import Final

from benchmarks.meter import memory, slope
from benchmarks.peers.ours import Lessonlight
from benchmarks.report import Report, Table, number
from benchmarks.room import Room

SECONDS: Final = 600.0
EVERY: Final = 10.0
FOCUS_EVERY: Final = 30.0  # the focus view is opened and left in turn
WARMS_UP: Final = 270.0  # caches fill, and the allocator learns the size of a screen; what is measured begins after it
MOST: Final = 12.0  # MiB an hour: two in ten minutes is what noise looks like
DOING: Final = ("idle", "typing", "browsing", "video")

ABOUT: Final = (
    f"Four laptops, one activity each, the wall at a tile a second, and the video opened large for {FOCUS_EVERY:.0f} s "
    f"in every {2 * FOCUS_EVERY:.0f}. Memory every {EVERY:.0f} s while the wall is shown; the slope is that of a line "
    f"through all after the first {WARMS_UP:.0f} s."
)


def measure(seconds: float = SECONDS) -> Report:
    """Hold the lesson and watch the memory."""
    report = Report("soak", ABOUT)
    with Room.open(len(DOING)) as room:
        program = Lessonlight(room)
        for laptop, activity in zip(room.laptops, DOING, strict=True):
            laptop.paint(activity)
        program.show_wall()
        points = _watch(program, seconds)
        program.stop()
    report.data["mib"] = points
    rows = []
    for name, known in points.items():
        late = [(at, mib) for at, mib in known if at >= min(WARMS_UP, seconds / 2)]
        rise = slope(late) * 3600
        rows.append([name, *(number(one) for one in (known[0][1], known[-1][1], max(mib for _, mib in known), rise))])
        report.at_most(f"{name}, growth", rise, MOST, "MiB/h")
    heads = ("", "first MiB", "last MiB", "most MiB", "slope, MiB an hour")
    report.tables.append(Table(f"Memory over {seconds / 60:.0f} minutes", heads, rows))
    return report


def _watch(program: Lessonlight, seconds: float) -> dict[str, list[tuple[float, float]]]:
    laptops = program.room.laptops
    groups = {f"student, {activity}": program.student(one) for one, activity in zip(laptops, DOING, strict=True)}
    groups["tutor"] = program.tutor()
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in groups}
    began, large = time.monotonic(), False
    while (at := time.monotonic() - began) < seconds:
        wanted = at // FOCUS_EVERY % 2 == 1
        if wanted != large:
            large = wanted
            if large:
                program.partner.order("focus", device=laptops[-1].device)
            else:
                program.partner.order("wall")
        if not large:  # like is compared with like: a large picture takes memory for as long as it is shown
            for name, pids in groups.items():
                points[name].append((round(at, 1), round(memory(pids), 2)))
        time.sleep(max(0.0, began + (at // EVERY + 1) * EVERY - time.monotonic()))
    return points
