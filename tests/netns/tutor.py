"""A tutor's machine: the whole tutor's core in a namespace, saying what its wall would show.

``tutor.py IDENTITY [LOCKED-SECONDS]`` begins a lesson (of that many seconds, in which everybody is locked). It says
``{"ready": true}`` once, ``{"tile": device, "presence": …, "pictures": n, …}`` whenever a tile changes or shows a new
picture, and ``{"event": name, "device": …}`` for every event.
"""

import sys
import time
from pathlib import Path
from typing import Any

from tests.end_to_end.stage import hold_lesson, say
from tutor_app.classroom.events import PictureShown, StatusTold


def main() -> None:
    """Hold a lesson until killed."""
    locked_for = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    lesson = hold_lesson(Path(sys.argv[1]), mdns=True, seconds=locked_for or 3600)
    to_lock = set(lesson.classroom.students) if locked_for else set()
    say(ready=True)
    pictures: dict[str, int] = {}
    told: dict[str, dict[str, Any]] = {}
    heard = 0
    last_tick = 0.0
    while True:
        before = dict(lesson.frames)
        lesson.turn()
        for event in lesson.events[heard:]:
            if not isinstance(event, PictureShown | StatusTold):
                say(event=type(event).__name__, device=getattr(event, "device", ""), why=getattr(event, "why", ""))
        heard = len(lesson.events)
        for device, frame in lesson.frames.items():
            if before.get(device) is not frame:
                pictures[device] = pictures.get(device, 0) + 1
        if time.time() - last_tick >= 1.0:
            last_tick = time.time()
            lesson.classroom.tick(last_tick)
        for student in [one for one in lesson.classroom.students.values() if one.device in to_lock and one.linked]:
            to_lock.discard(student.device)
            lesson.network.send(lesson.classroom.lock([student.device], "Look up, please.", time.time())[0])
        for student in list(lesson.classroom.students.values()):
            shown = {
                "tile": student.device,
                "presence": str(student.presence),
                "pictures": pictures.get(student.device, 0),
                "address": student.address,
                "covered": student.lock.until if student.lock and student.lock.covered else 0,
            }
            if told.get(student.device) != shown:
                told[student.device] = shown
                say(**shown, why=student.why, at=time.time())
        time.sleep(0.01)


if __name__ == "__main__":
    main()
