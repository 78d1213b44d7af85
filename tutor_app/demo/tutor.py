"""The tutor's window of the demo: the real application, signed in without typing, and an eye on its numbers.

``python -m tutor_app.demo.tutor PRESET.json``; what it says and hears is in `tutor_app.demo.talk`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from protocol.messages import LessonTerms, Patches
from tutor_app.app import Preset, TutorApp, run
from tutor_app.classroom.events import TileSeen
from tutor_app.demo.talk import FINISH
from tutor_app.ui.lesson_page import LessonPage

COUNT_EVERY: Final = 1000  # milliseconds
SHARP_AFTER: Final = 400  # milliseconds after its first picture: the focus view has faded in
FOCUS_WITHIN: Final = 8000


class Eye(QObject):
    """Watches the application from outside, through its public signals; takes the pictures at the end."""

    def __init__(self, app: TutorApp, preset: dict[str, Any]) -> None:
        super().__init__()
        self._app, self._preset = app, preset
        self._page: LessonPage | None = None
        self._tiles: dict[str, int] = {}
        self._ending = False
        self._ears = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self._ears.activated.connect(self._hear)
        self._counter = QTimer(self, interval=COUNT_EVERY)
        self._counter.timeout.connect(self._count)
        self._late = QTimer(self, singleShot=True, interval=FOCUS_WITHIN)
        self._late.timeout.connect(self._end)
        app.lesson_began.connect(self._began)
        app.feed.shown.connect(self._shown)
        app.stopped.connect(self._stopped)
        if preset["size"]:
            app.window.move(0, 0)
            app.window.resize(*preset["size"])

    def _began(self, page: LessonPage) -> None:
        self._page = page
        # From the next turn on: the first showing of the window is not the lesson's.
        QTimer.singleShot(0, self._ready)

    def _ready(self) -> None:
        self._app.stalls.start()
        self._counter.start()
        say({"is": "ready"})

    def _shown(self, shown: list[TileSeen]) -> None:
        now = time.time()
        for device, *_ in shown:
            if device not in self._tiles:
                say({"is": "live", "device": device, "at": now})
            self._tiles[device] = self._tiles.get(device, 0) + 1

    def _count(self) -> None:
        network = self._app.network
        if network:
            stall = round(self._app.stalls.longest * 1000, 1)
            say({"is": "count", "tiles": self._tiles, "bytes": network.bytes_in(), "stall_ms": stall})

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self) -> None:
        self._ears.setEnabled(False)
        told = os.read(sys.stdin.fileno(), 64)
        if told.startswith(FINISH) and self._preset["out"]:
            self._take_pictures(Path(self._preset["out"]))
        else:
            self._end()

    def _take_pictures(self, out: Path) -> None:
        assert self._page
        self._count()  # what was counted until now is the wall's; the focus view's bytes are not among it
        self._counter.stop()
        out.mkdir(parents=True, exist_ok=True)
        self._app.window.grab().save(str(out / "wall.png"))
        self._app.feed.focused.connect(self._focused)
        self._page.open_student(self._preset["focus"])
        self._late.start()

    def _focused(self, _device: str, _strips: object, _shown: Patches) -> None:
        self._app.feed.focused.disconnect(self._focused)
        QTimer.singleShot(SHARP_AFTER, self._take_focus)

    def _take_focus(self) -> None:
        self._app.window.grab().save(str(Path(self._preset["out"]) / "focus.png"))
        self._end()

    def _end(self) -> None:
        if not self._ending:
            self._ending = True
            self._late.stop()
            self._app.window.close()

    def _stopped(self) -> None:
        say({"is": "finished" if self._ending else "closed"})


def say(what: dict[str, Any]) -> None:
    """Say it to the demo; nobody there to hear it is no reason to fail."""
    try:
        os.write(sys.stdout.fileno(), json.dumps(what).encode() + b"\n")
    except BrokenPipeError:
        sys.exit(0)


def main() -> int:
    """Run the tutor's application on a preset."""
    preset = json.loads(Path(sys.argv[1]).read_bytes())
    eyes: list[Eye] = []
    return run(
        Preset(
            identity=Path(preset["identity"]),
            bundle=Path(preset["identity"]).with_name("college.bundle"),
            passphrase=preset["passphrase"],
            lesson=msgspec.convert(preset["lesson"], LessonTerms),
            dial=tuple(preset["dial"]),
            mdns=preset["mdns"],
            records=Path(preset["identity"]).with_name("records.sqlite"),
        ),
        on_start=lambda app: eyes.append(Eye(app, preset)),
    )


if __name__ == "__main__":
    sys.exit(main())
