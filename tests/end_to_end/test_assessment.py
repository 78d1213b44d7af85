"""An assessment on a real screen: the code of the invigilator's sheet frees a laptop that no tutor can reach."""

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from protocol.messages import AssessmentTerms
from protocol.role import Role
from student_client.agent.state import RECEIPTS
from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import Campus, Laptop, Lesson, hold_lesson, until

SECRET = bytes(range(20))
CODE = HOTP(SECRET, 8, SHA1()).generate(0).decode()
PANEL_KEY = "ctrl+alt+shift+l"


@pytest.fixture
def screen(glass: Callable[[str], Glass], xvfb: str) -> Glass:
    return glass(xvfb)


@pytest.fixture
def client(laptop: Callable[[str], Laptop], xvfb: str) -> Laptop:
    return laptop(xvfb)


@pytest.fixture
def assessment(campus: Campus, client: Laptop) -> Iterator[Lesson]:
    """An assessment under way on the laptop, and the invigilator's lesson."""
    lesson = hold_lesson(campus.identity("exams", "Exam office", Role.INVIGILATOR), dial=[client.address])
    try:
        lesson.until(lambda: lesson.live(client.device))
        now = time.time()
        terms = AssessmentTerms(
            id=uuid4().hex, name="Maths mock", rules="assessment", starts_at=now, ends_at=now + 1800, secret=SECRET
        )
        lesson.network.send(lesson.classroom.start_assessment({client.device: terms}, now)[0])
        lesson.until(lambda: (student := lesson.student(client.device)) and student.assessment)
        yield lesson
    finally:
        lesson.stop()


def released(client: Laptop) -> bool:
    return '"released"' in (client.state / RECEIPTS).read_text()


def shows(screen: Glass, title: str) -> str:
    return screen.run("xdotool", "search", "--onlyvisible", "--name", f"^{title}$")


def test_the_sheets_code_typed_into_the_panel_frees_a_laptop_without_a_tutor(
    screen: Glass, client: Laptop, assessment: Lesson
) -> None:
    assessment.stop()
    until(lambda: not client.status.permits, what=client.words)
    screen.run("xdotool", "key", PANEL_KEY)
    until(lambda: shows(screen, "Lessonlight"), what=client.words)

    def freed() -> bool:
        screen.run("xdotool", "key", "Tab", *CODE, "Return")
        return released(client)

    until(freed, what=client.words)


def test_the_sheets_code_typed_on_a_lock_ends_both(screen: Glass, client: Laptop, assessment: Lesson) -> None:
    assessment.lock(client.device)
    assert shows(screen, "Your screen is locked")
    screen.run("xdotool", "key", *CODE)
    until(lambda: released(client), what=client.words)
    until(lambda: not shows(screen, "Your screen is locked"), what=client.words)
    assessment.until(lambda: (student := assessment.student(client.device)) and not student.lock)
