"""Who asks for help, longest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from tutor_app.classroom.student import Student


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A raised hand: since when, and the student's words ("" for none)."""

    device: str
    name: str
    since: float
    text: str


def queue(students: Iterable[Student], begun_at: float, now: float) -> tuple[Raised, ...]:
    """Return the raised hands in the order to see to them; a laptop's wrong clock cannot jump the lesson's start."""
    raised = [
        Raised(
            device=student.device,
            name=student.name,
            since=min(max(student.hand.since, begun_at), now),
            text=student.hand.text,
        )
        for student in students
        if student.hand and student.asks_for_help
    ]
    return tuple(sorted(raised, key=lambda one: (one.since, one.name)))
