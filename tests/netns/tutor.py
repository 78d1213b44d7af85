"""A tutor's machine: the whole tutor's core in a namespace, saying what its wall would show.

``tutor.py IDENTITY`` begins a lesson, and says ``{"tile": device, "presence": …, "pictures": n, "at": …}`` whenever a
tile changes or shows a new picture, ``{"event": name, "device": …}`` for every event, ``{"ready": true}`` once.
"""

import sys
import time
from pathlib import Path
from typing import Any

from tests.end_to_end.stage import hold_lesson, say
from tutor_app.classroom.events import PictureShown, StatusTold


def main() -> None:
    """Hold a lesson until killed."""
    lesson = hold_lesson(Path(sys.argv[1]), mdns=True)
    say(ready=True)
    pictures: dict[str, int] = {}
    told: dict[str, tuple[Any, ...]] = {}
    heard = 0
    last_tick = 0.0
    while True:
        before = dict(lesson.frames)
        lesson.turn()
        for event in lesson.events[heard:]:
            if not isinstance(event, PictureShown | StatusTold):
                say(event=type(event).__name__, device=getattr(event, "device", ""), why=getattr(event, "why", ""))
        heard = len(lesson.events)
        for key, frame in lesson.frames.items():
            if before.get(key) is not frame:
                pictures[key[0]] = pictures.get(key[0], 0) + 1
        if time.time() - last_tick >= 1.0:
            last_tick = time.time()
            lesson.classroom.tick(last_tick)
        for student in lesson.classroom.students.values():
            shown = (str(student.presence), pictures.get(student.device, 0), student.address)
            if told.get(student.device) != shown:
                told[student.device] = shown
                presence, count, address = shown
                say(
                    tile=student.device, presence=presence, pictures=count, address=address,
                    why=student.why, at=time.time(),
                )  # fmt: skip
        time.sleep(0.01)


if __name__ == "__main__":
    main()
