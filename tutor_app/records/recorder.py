"""Puts a lesson on record: what was held, who was there, what was asked and answered, what was flagged."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from protocol.identity import Identity
from protocol.messages import (
    ChangeRule,
    Command,
    LessonTerms,
    Lock,
    PauseAssessment,
    SetRules,
    StartAssessment,
    TextMessage,
)
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

_ANSWERS: Final = (events.CommandAnswered, events.MessageUnderstood)
OLDEST_BREACH: Final = 14 * 86_400.0  # seconds; for so long a laptop keeps what nobody has noted
ATTENDANCE_EVERY: Final = 60.0  # seconds: what a crash may cost of somebody's attendance


class Journal(Protocol):
    """Where records are written; see `tutor_app.records.records.Records`."""

    def write(self, record: Record, stored: Callable[[], None] | None = None) -> None:
        """Queue a record; raises RecordsError for want of room. `stored` is called, on any thread, when durable."""
        ...


Noted = Callable[[str, tuple[str, ...]], None]
"""Tells a device (first) that these breaches are on record; called from the journal's thread, too."""


class Recorder:
    """Writes one lesson's records; a record that finds no room is told through `on_problem`, never lost silently.

    A breach is `noted` once its flag is durable, and again whenever the device tells it again.
    """

    def __init__(
        self,
        journal: Journal,
        lesson: LessonTerms,
        tutor: Identity,
        on_problem: Callable[[str], None],
        noted: Noted,
    ) -> None:
        self._journal, self._lesson, self._tutor, self._on_problem = journal, lesson, tutor, on_problem
        self._noted = noted
        self._attendance_at = 0.0
        self._asked: set[tuple[str, str]] = set()
        self._breaches: dict[str, bool] = {}  # whether it is durable

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
        """Commands went out; one that is sent again, to a device that came back, is on record already."""
        for order in orders:
            command, key = order.command, (order.device, order.command.id)
            if key in self._asked:
                continue
            self._asked.add(key)
            self._write(
                CommandAsked(
                    lesson=self._lesson.id,
                    device=order.device,
                    id=command.id,
                    action=action_of(command),
                    text=text_of(command),
                    asked_at=now,
                )
            )

    def happened(self, event: events.Event, students: Mapping[str, Student]) -> None:
        """Answers of devices and students, and what the rules of their laptops flagged.

        An answer to what nobody asked is no record: a laptop could fill the disk with them.
        """
        if isinstance(event, _ANSWERS) and (event.device, event.command) not in self._asked:
            return
        match event:
            case events.BreachTold() if event.device in students:
                self._breach(event, students[event.device])
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
            self._write(self._flagged(flag, students[flag.device]))

    def withdrawn(self, flags: Iterable[Flag], now: float) -> None:
        """Flags were taken back."""
        for flag in flags:
            self._write(FlagWithdrawn(flag=flag.id, at=now, by_id=self._tutor.id, by_name=self._tutor.name))

    def tick(self, students: Iterable[Student], expected: frozenset[str], now: float) -> None:
        """Write attendance down once a minute."""
        if now - self._attendance_at >= ATTENDANCE_EVERY:
            self._attendances(students, expected, now)

    def _breach(self, event: events.BreachTold, student: Student) -> None:
        breach, device = event.breach, event.device
        durable = self._breaches.get(breach.id)
        if durable:
            self._noted(device, (breach.id,))
        if durable is not None:
            return
        # A laptop whose clock is wrong, or lies, must not date a flag where no retention finds it.
        at = max(event.at - OLDEST_BREACH, min(breach.at, event.at))
        flag = Flag(id=breach.id, device=device, category=breach.category, note="", at=at, breach=breach)

        def stored() -> None:
            self._breaches[breach.id] = True
            self._noted(device, (breach.id,))

        self._breaches[breach.id] = False
        if not self._write(self._flagged(flag, student), stored):
            del self._breaches[breach.id]  # the device tells it again

    def _flagged(self, flag: Flag, student: Student) -> Flagged:
        breach = flag.breach
        return Flagged(
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
            source="rule" if breach else "tutor",
            rule=breach.rule if breach else "",
            sentence=breach.sentence if breach else "",
            detail=breach.detail if breach else "",
        )

    def _attendances(self, students: Iterable[Student], expected: frozenset[str], now: float) -> None:
        self._attendance_at = now
        for student in students:
            self._write(attendance_of(student, self._lesson.id, student.device in expected, now))

    def _write(self, record: Record, stored: Callable[[], None] | None = None) -> bool:
        """Whether the journal took it."""
        try:
            self._journal.write(record, stored)
        except RecordsError as error:
            self._on_problem(str(error))
            return False
        return True


def action_of(command: Command) -> str:
    """Return the protocol's word for a command."""
    return str(type(command).__struct_config__.tag)


def text_of(command: Command) -> str:
    """Return what a command says or sets, in a few words."""
    match command:
        case TextMessage():
            return command.text
        case Lock():
            return command.sentence
        case SetRules():
            return command.rules
        case ChangeRule():
            return f"{command.verb} {command.subject} {command.value} for {command.lease} s"
        case StartAssessment(assessment=terms):
            return f"{terms.name} ({terms.rules})"
        case PauseAssessment():
            return "pause" if command.paused else "go on"
        case _:
            return ""


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
