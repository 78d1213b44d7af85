"""A tutor who changes rules and holds assessments: ``rules_tutor.py IDENTITY RULES``, orders on its input.

It says ``{"ready": true}`` once, ``{"breach": rule, "device": …, "detail": …}`` for every breach as it is told,
``{"answer": result, "device": …}`` for every command, and ``{"status": device, "live": …, "rules": …}`` on changes.
"""

import json
import sys
import threading
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from protocol.messages import AssessmentTerms, Changeable, Verb
from tests.end_to_end.stage import Lesson, hold_lesson, say
from tutor_app.classroom.events import BreachTold, CommandAnswered
from tutor_app.classroom.rules import Edit
from tutor_app.classroom.student import Student


def main() -> None:
    """Hold a lesson until killed."""
    lesson = hold_lesson(Path(sys.argv[1]), mdns=True, rules=sys.argv[2])
    orders: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=lambda: [orders.put(line) for line in sys.stdin], daemon=True, name="orders").start()
    say(ready=True)
    told: dict[str, dict[str, Any]] = {}
    heard = 0
    while True:
        lesson.turn()
        for event in lesson.events[heard:]:
            match event:
                case BreachTold():
                    say(breach=event.breach.rule, device=event.device, id=event.breach.id, detail=event.breach.detail)
                case CommandAnswered():
                    say(answer=str(event.result), device=event.device, detail=event.detail)
        heard = len(lesson.events)
        for student in lesson.classroom.students.values():
            if told.get(student.device) != (shown := _shown(student)):
                told[student.device] = shown
                say(**shown)
        try:
            _obey(lesson, **json.loads(orders.get(timeout=0.02)))
        except Empty:
            continue


def _shown(student: Student) -> dict[str, Any]:
    rules, assessment = student.rules, student.assessment
    return {
        "status": student.device,
        "live": student.linked,
        "rules": rules.rules if rules else "",
        "changes": rules.changes if rules else 0,
        "unheld": {one.rule: one.why for one in rules.unheld} if rules else {},
        "assessment": assessment.id if assessment else "",
        "ends_at": assessment.ends_at if assessment else 0,
    }


def _obey(lesson: Lesson, *, do: str, device: str = "", **what: Any) -> None:
    now, room = time.time(), lesson.classroom
    match do:
        case "change":
            edit = Edit(
                verb=Verb(what["verb"]),
                subject=Changeable(what["subject"]),
                value=what["value"],
                minutes=what.get("minutes"),
            )
            lesson.network.send(room.change_rule(edit, [device], now)[0])
        case "start":
            terms = AssessmentTerms(
                id=what["id"], name="Maths exam", rules=what["rules"], starts_at=now,
                ends_at=now + what["seconds"], secret=bytes.fromhex(what["secret"]),
            )  # fmt: skip
            lesson.network.send(room.start_assessment({device: terms}, now)[0])
        case "stop":
            lesson.network.send(room.stop_assessment(what["id"], [device], now)[0])
        case "note":
            lesson.network.noted(device, [what["id"]])
        case "end":
            lesson.network.end()


if __name__ == "__main__":
    main()
