"""An assessment on a real screen: the code of the invigilator's sheet frees a laptop that no tutor can reach."""

import time
from collections.abc import Callable
from uuid import uuid4

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from protocol.messages import AssessmentTerms
from protocol.role import Role
from student_client.agent.state import RECEIPTS
from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import Campus, Laptop, hold_lesson, until

SECRET = bytes(range(20))
PANEL_KEY = "ctrl+alt+shift+l"


def test_the_sheets_code_typed_into_the_panel_frees_a_laptop_without_a_tutor(
    campus: Campus, laptop: Callable[[str], Laptop], glass: Callable[[str], Glass], xvfb: str
) -> None:
    screen, client = glass(xvfb), laptop(xvfb)
    identity = campus.identity("exams", "Exam office", Role.INVIGILATOR)
    lesson = hold_lesson(identity, dial=[client.address])
    try:
        lesson.until(lambda: lesson.live(client.device))
        now = time.time()
        terms = AssessmentTerms(
            id=uuid4().hex, name="Maths mock", rules="assessment", starts_at=now, ends_at=now + 1800, secret=SECRET
        )
        lesson.network.send(lesson.classroom.start_assessment({client.device: terms}, now)[0])
        lesson.until(lambda: (student := lesson.student(client.device)) and student.assessment)
    finally:
        lesson.stop()
    until(lambda: not client.status.permits, what=client.words)

    screen.run("xdotool", "key", PANEL_KEY)
    until(lambda: screen.run("xdotool", "search", "--onlyvisible", "--name", "^Lessonlight$"), what=client.words)
    code = HOTP(SECRET, 8, SHA1()).generate(0).decode()

    def freed() -> bool:
        screen.run("xdotool", "key", "Tab", *code, "Return")
        return '"released"' in (client.state / RECEIPTS).read_text()

    until(freed, what=client.words)
