"""Puts a lesson on record: what was held, who was there, what was asked and answered, what was flagged."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from protocol.identity import Identity
from protocol.messages import LessonTerms, Lock, TextMessage
from tutor_app.classroom import events
from tutor_app.classroom.classroom import Flag, Order
from tutor_app.classroom.student import Presence, Student
from tutor_app.records.problems import RecordsError
from tutor_app.records.values import (
    Attendance,
    CommandAnswered,
    CommandAsked,
    CommandUnderstood,
    Flagged,
    FlagWithdrawn,
    LessonEnded,
    LessonStarted,
    Record,
)

ATTENDANCE_EVERY: Final = 60.0  # seconds: what a crash may cost of somebody's attendance


class Journal(Protocol):
    """Where records are written; see `tutor_app.records.records.Records`."""

    def write(self, record: Record) -> None:
        """Queue a record; raises RecordsError when it finds no room."""
        ...


class Recorder:
    """Writes one lesson's records; a record that finds no room is told through `on_problem`, never lost silently."""

    def __init__(
        self, journal: Journal, lesson: LessonTerms, tutor: Identity, on_problem: Callable[[str], None]
    ) -> None:
        self._journal, self._lesson, self._tutor, self._on_problem = journal, lesson, tutor, on_problem
        self._attendance_at = 0.0

    def started(self, now: float) -> None:
        """The lesson began."""
        lesson = self._lesson
        self._write(
            LessonStarted(
                id=lesson.id,
                name=lesson.name,
                group=lesson.group,
                room=lesson.room,
                tutor_id=self._tutor.id,
                tutor_name=self._tutor.name,
                started_at=now,
                ends_at=lesson.ends_at,
                rules=lesson.rules,
            )
        )

    def ended(self, students: Iterable[Student], expected: frozenset[str], now: float) -> None:
        """The lesson ended: everybody's attendance as it stands, then the end."""
        self._attendances(students, expected, now)
        self._write(LessonEnded(lesson=self._lesson.id, ended_at=now))

    def asked(self, orders: Iterable[Order], now: float) -> None:
        """Commands went out."""
        for order in orders:
            command = order.command
            text = command.text if isinstance(command, TextMessage) else ""
            text = command.sentence if isinstance(command, Lock) else text
            action = {Lock: "lock", TextMessage: "message"}.get(type(command), "unlock")
            self._write(
                CommandAsked(
                    lesson=self._lesson.id, device=order.device, id=command.id, action=action, text=text, asked_at=now
                )
            )

    def happened(self, event: events.Event) -> None:
        """Answers of devices and students."""
        match event:
            case events.CommandAnswered():
                self._write(
                    CommandAnswered(
                        lesson=self._lesson.id,
                        device=event.device,
                        id=event.command,
                        result=event.result,
                        detail=event.detail,
                        answered_at=event.at,
                    )
                )
            case events.MessageUnderstood():
                self._write(
                    CommandUnderstood(
                        lesson=self._lesson.id, device=event.device, id=event.command, understood_at=event.at
                    )
                )
            case _:
                pass

    def flagged(self, flags: Iterable[Flag], students: Mapping[str, Student]) -> None:
        """Behaviour was flagged. No picture is kept."""
        for flag in flags:
            student = students[flag.device]
            self._write(
                Flagged(
                    id=flag.id,
                    lesson=self._lesson.id,
                    device=flag.device,
                    student=student.name,
                    user=student.user,
                    host=student.host,
                    category=flag.category,
                    note=flag.note,
                    by_id=self._tutor.id,
                    by_name=self._tutor.name,
                    at=flag.at,
                )
            )

    def withdrawn(self, flags: Iterable[Flag], now: float) -> None:
        """Flags were taken back."""
        for flag in flags:
            self._write(FlagWithdrawn(flag=flag.id, at=now, by_id=self._tutor.id, by_name=self._tutor.name))

    def tick(self, students: Iterable[Student], expected: frozenset[str], now: float) -> None:
        """Write attendance down once a minute."""
        if now - self._attendance_at >= ATTENDANCE_EVERY:
            self._attendances(students, expected, now)

    def _attendances(self, students: Iterable[Student], expected: frozenset[str], now: float) -> None:
        self._attendance_at = now
        for student in students:
            self._write(attendance_of(student, self._lesson.id, student.device in expected, now))

    def _write(self, record: Record) -> None:
        try:
            self._journal.write(record)
        except RecordsError as error:
            self._on_problem(str(error))


def attendance_of(student: Student, lesson: str, expected: bool, now: float) -> Attendance:
    """Return a student's attendance as it stands at `now`."""
    live = student.seconds_live
    if student.presence is Presence.LIVE:
        live += max(0.0, now - student.last_seen_at)
    missing = student.why or "not seen" if student.missing else ""
    return Attendance(
        lesson=lesson,
        device=student.device,
        name=student.name,
        expected=expected,
        first_seen_at=student.first_seen_at or None,
        last_seen_at=(now if student.linked else student.last_seen_at) if student.first_seen_at else None,
        seconds_live=live,
        missing=missing,
        recorded_at=now,
    )
