"""The tutor's real application in a process of its own, doing what a benchmark says.

``python -m benchmarks.tutor FILE``, a JSON file (see `benchmarks.room`). Orders come one JSON object a line, each with
``do``:

    focus {device} · full · wall · tiles {width} · lock · unlock · scroll {seconds} · sample · quit

It says ``ready`` once, ``locking`` {at} and ``locked`` {seconds, confirmed, of}, the same for unlock, ``scrolled``
{stall_ms, steps, room} and ``sample`` {tiles, bytes, live, stall_ms, ages: {median, p99, worst}}: what was counted
since the sample before. The ages, in seconds, are those of the tiles in view (of all, where every laptop is asked as
if it were). Orders that have no answer are done when the next one is answered.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from benchmarks.meter import percentile
from protocol.messages import LessonTerms
from tutor_app.app import Preset, TutorApp, run
from tutor_app.classroom.events import TileSeen
from tutor_app.classroom.student import Action, Answer, Student
from tutor_app.demo.tutor import say
from tutor_app.network.limits import Limits
from tutor_app.ui import watching
from tutor_app.ui.lesson_page import LessonPage

AGES_EVERY: Final = 250  # ms
SCROLL_EVERY: Final = 16  # ms
SCROLL_STEP: Final = 40  # pixels
ANSWERED_EVERY: Final = 5  # ms; looking at a thousand tiles takes half of one
ANSWERED_WITHIN: Final = 20.0


class Hand(QObject):
    """Works the application through what its own widgets call."""

    def __init__(self, app: TutorApp, size: tuple[int, int], *, every_tile: bool, stalls: bool) -> None:
        super().__init__()
        self._app, self._every_tile, self._stalls = app, every_tile, stalls
        self._page: LessonPage | None = None
        self._pending = b""
        self._captured: dict[str, float] = {}
        self._tiles: dict[str, int] = {}
        self._ages: list[float] = []
        self._timers: list[QTimer] = []
        self._ears = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._ears.activated.connect(self._hear)
        app.lesson_began.connect(self._began)
        app.feed.shown.connect(self._shown)
        app.window.move(0, 0)
        app.window.resize(*size)

    def _began(self, page: LessonPage) -> None:
        self._page = page
        # From the next turn on: the first showing of the window is not the lesson's.
        if self._stalls:  # a look every 10 ms is itself a cost, which belongs into no other number
            QTimer.singleShot(0, self._app.stalls.start)
        self._every(AGES_EVERY, self._take_ages)
        say({"is": "ready"})

    def _shown(self, shown: list[TileSeen]) -> None:
        for tile in shown:
            self._captured[tile.device] = tile.captured_at
            self._tiles[tile.device] = self._tiles.get(tile.device, 0) + 1

    def _take_ages(self) -> bool:
        assert self._page
        now = time.time()
        visible = self._page.wall_page.wall.visible_devices() & self._captured.keys()
        watched = self._captured if self._every_tile else visible
        self._ages += [now - self._captured[device] for device in watched]
        return True

    # ── orders ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self) -> None:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self._quit()
            return
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            getattr(self, f"do_{order.pop('do')}")(**order)

    def do_focus(self, device: str) -> None:
        """Open one student large."""
        assert self._page
        self._page.open_student(device)

    def do_full(self) -> None:
        """Give the whole display to the student in view."""
        assert self._page
        self._page.focus_view.toggle_full_screen()

    def do_wall(self) -> None:
        """Go back to the wall."""
        assert self._page
        if self._page.focused:
            self._page.leave_student()

    def do_tiles(self, width: int) -> None:
        """Make tiles about this wide; 0 is as large as lets everybody be seen."""
        assert self._page
        self._page.wall_page.wall.set_tile_width(width or None)

    def do_lock(self) -> None:
        """Lock every screen; answers once every device has."""
        self._order(Action.LOCK)

    def do_unlock(self) -> None:
        """Unlock every screen; answers once every device has."""
        self._order(Action.UNLOCK)

    def do_scroll(self, seconds: float) -> None:
        """Scroll the wall up and down as a hand on the wheel does."""
        assert self._page
        bar = self._page.wall_page.wall.verticalScrollBar()
        self._app.stalls.start()
        end = time.monotonic() + seconds
        step, steps = SCROLL_STEP, 0

        def move() -> bool:
            nonlocal step, steps
            if not bar.minimum() <= bar.value() + step <= bar.maximum():
                step = -step
            bar.setValue(bar.value() + step)
            steps += 1
            if time.monotonic() < end:
                return True
            say({"is": "scrolled", "stall_ms": self._app.stalls.longest * 1000, "steps": steps, "room": bar.maximum()})
            return False

        self._every(SCROLL_EVERY, move)

    def do_sample(self) -> None:
        """Tell what was counted since the last sample."""
        assert self._page
        assert self._app.network
        live = sum(bool(one.linked and one.first_picture_at) for one in self._students())
        ages = {
            "median": percentile(self._ages, 50),
            "p99": percentile(self._ages, 99),
            "worst": max(self._ages, default=0),
        }
        said = {"tiles": self._tiles, "bytes": self._app.network.bytes_in(), "live": live, "ages": ages}
        say({"is": "sample", "stall_ms": self._app.stalls.longest * 1000, **said})
        self._tiles, self._ages = {}, []
        self._app.stalls.longest = 0.0

    def do_quit(self) -> None:
        """Close the window."""
        self._quit()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _order(self, action: Action) -> None:
        assert self._page
        run = self._page.run
        began = time.monotonic()
        devices = [student.device for student in self._students() if student.linked]
        say({"is": f"{action}ing", "at": began})
        if action is Action.LOCK:
            run.lock(devices, "Eyes on me, please.")
        else:
            run.unlock(devices)

        def look() -> bool:
            answered = [one for one in self._students() if one.asked and one.asked.answer is not Answer.ASKED]
            taken = time.monotonic() - began
            if len(answered) < len(devices) and taken < ANSWERED_WITHIN:
                return True
            confirmed = sum(bool(one.asked and one.asked.answer is Answer.CONFIRMED) for one in answered)
            say({"is": f"{action}ed", "seconds": taken, "confirmed": confirmed, "of": len(devices)})
            return False

        self._every(ANSWERED_EVERY, look)

    def _students(self) -> Iterable[Student]:
        assert self._page
        return self._page.run.classroom.students.values()

    def _every(self, milliseconds: int, work: Callable[[], bool]) -> None:
        """Do this again and again for as long as it returns True."""
        timer = QTimer(self, interval=milliseconds)
        self._timers.append(timer)

        def turn() -> None:
            if not work():
                timer.stop()
                self._timers.remove(timer)

        timer.timeout.connect(turn)
        timer.start()

    def _quit(self) -> None:
        self._ears.setEnabled(False)
        assert self._page
        self._page.run.end("the benchmark is over")
        self._app.window.close()


def main() -> int:
    """Run the tutor's application as the file says."""
    told = json.loads(Path(sys.argv[1]).read_bytes())
    if told["every_tile"]:
        watching.UNSEEN_EVERY = watching.SEEN_EVERY  # type: ignore[misc]
    hands: list[Hand] = []
    identity = Path(told["identity"])
    preset = Preset(
        identity=identity,
        bundle=identity.with_name("college.bundle"),
        passphrase=told["passphrase"],
        lesson=msgspec.convert(told["lesson"], LessonTerms),
        dial=tuple(told["dial"]),
        mdns=told["mdns"],
        records=identity.with_name("records.sqlite"),
        limits=Limits(**told["limits"]),
    )
    how = {"every_tile": told["every_tile"], "stalls": told["stalls"]}
    return run(preset, on_start=lambda app: hands.append(Hand(app, tuple(told["size"]), **how)))


if __name__ == "__main__":
    sys.exit(main())
