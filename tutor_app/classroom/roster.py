"""Who is in the lesson, and what their devices tell of themselves."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from protocol.messages import LessonTerms, Reason, ScreenState, Status
from tutor_app.classroom.events import LinkLost, LinkUp, NotPermitted, Permitted, PictureShown, StatusTold, TileAsked
from tutor_app.classroom.student import SCREEN_WORDS, Presence, Proof, Student
from tutor_app.classroom.values import Changes, Place

RECONNECT_FOR = 30.0  # seconds a lost tile keeps its last picture before it counts as missing

_AFTER = {
    Reason.SHUTTING_DOWN: Presence.RECONNECTING,
    Reason.OVER: Presence.PAUSED,
    Reason.ENDED_BY_TUTOR: Presence.PAUSED,
}


class Roster:
    """The students of one lesson by device, in the register's order, then in order of appearance."""

    def __init__(self, lesson: LessonTerms, register: Iterable[Place], now: float) -> None:
        self._group = lesson.group
        self._students = {
            place.device: Student(device=place.device, name=place.name, group=place.group, since=now)
            for place in register
            if place.group == lesson.group
        }
        self.expected = frozenset(self._students)

    @property
    def students(self) -> Mapping[str, Student]:
        """All students by device."""
        return self._students

    def get(self, device: str) -> Student | None:
        """Return the student on a device of this lesson."""
        return self._students.get(device)

    def __getitem__(self, device: str) -> Student:
        return self._students[device]

    def chosen(self, devices: Iterable[str]) -> tuple[str, ...]:
        """Return those of the devices that are in the lesson, each once."""
        return tuple(device for device in dict.fromkeys(devices) if device in self._students)

    def who(self, devices: Iterable[str]) -> str:
        """Return whom a line is about: "Student 06", "3 students", "everybody"."""
        named = tuple(devices)
        if len(named) == 1:
            return self._students[named[0]].name
        return "everybody" if named and len(named) == len(self._students) else f"{len(named)} students"

    def put(self, student: Student) -> Changes:
        """Put a student in the place of the one with the same device."""
        self._students[student.device] = student
        return Changes({student.device})

    # ── what devices tell ───────────────────────────────────────────────────────────────────────────────────────────

    def link_up(self, event: LinkUp) -> Changes:
        """A device of the group proved who it is; one that the register lacks joins the roster."""
        student = self._students.get(event.device)
        if student:
            return self._connecting(student, event)
        if event.group != self._group:
            return Changes()
        student = Student(device=event.device, name=event.name, group=event.group)
        return Changes(roster=True) | self._connecting(student, event)

    def permitted(self, student: Student, event: Permitted) -> Changes:
        """The device let the tutor in."""
        return self.put(
            replace(
                student,
                presence=Presence.NO_PICTURE,
                why=SCREEN_WORDS[ScreenState.STARTING],
                since=event.at,
                may=event.may,
                permit_until=event.until,
            )
        )

    def not_permitted(self, student: Student, event: NotPermitted) -> Changes:
        """The device refused, or ended the permit."""
        presence = _AFTER.get(event.reason, Presence.REFUSED)
        return self.put(replace(_left(student, presence, event.detail, event.at), refusal=event.reason))

    def status(self, student: Student, event: StatusTold) -> Changes:
        """The device told how it stands."""
        status = event.status
        live = status.screen is ScreenState.LIVE
        presence = Presence.LIVE if live else Presence.NO_PICTURE
        return self.put(
            replace(
                student,
                presence=presence,
                why="" if live else status.reason or SCREEN_WORDS[status.screen],
                since=student.since if student.presence is presence else event.at,
                seconds_live=student.seconds_live + _live_until(student, event.at),
                last_seen_at=event.at,
                user=status.user,
                host=status.host,
                application=status.application,
                monitors=status.monitors,
                screen=status.screen,
                lock=status.lock,
                rules=status.rules,
                assessment=status.assessment,
                hand=status.hand,
                covered=status.covered,
                inputs=status.inputs,
                proof=_proof_after(student, status, event.at),
            )
        )

    def picture(self, student: Student, event: PictureShown) -> Changes:
        """A tile was shown."""
        return self.put(
            replace(
                student,
                first_picture_at=student.first_picture_at or event.at,
                last_picture_at=event.at,
                inputs=max(student.inputs, event.inputs),
                proof=replace(student.proof, since=event.at, inputs=max(student.inputs, event.inputs)),
                blank=event.blank,
                blank_since=student.blank_since if student.blank is event.blank else event.at,
            )
        )

    def asked_tile(self, student: Student, event: TileAsked) -> Changes:
        """A tile is due in another interval."""
        asked, proof = event.every, student.proof
        if asked is not None and (proof.every is None or asked < proof.every):
            proof = replace(
                proof, since=event.at, inputs=student.inputs
            )  # the time it was not looked at proves nothing
        return self.put(replace(student, proof=replace(proof, every=asked)))

    def lost(self, student: Student, event: LinkLost) -> Changes:
        """The connection is gone."""
        if student.presence in (Presence.REFUSED, Presence.PAUSED):
            return Changes()  # the device said why it closes; that says more than the close
        return self.put(_left(student, Presence.RECONNECTING, event.why, event.at))

    # ── what time does ──────────────────────────────────────────────────────────────────────────────────────────────

    def tick(self, student: Student, now: float) -> Changes:
        """Reconnecting becomes missing."""
        if student.presence is Presence.RECONNECTING and now - student.since >= RECONNECT_FOR:
            return self.put(replace(student, presence=Presence.MISSING))
        return Changes()

    def end(self, now: float) -> Changes:
        """The lesson is over: whoever was seen is paused."""
        changes = Changes()
        for student in tuple(self._students.values()):
            if student.first_seen_at and student.presence is not Presence.PAUSED:
                changes |= self.put(_left(student, Presence.PAUSED, "The lesson has ended", now))
        return changes

    def _connecting(self, student: Student, event: LinkUp) -> Changes:
        refused = student.presence is Presence.REFUSED  # stays on the tile until the device lets us in
        return self.put(
            replace(
                student,
                presence=student.presence if refused else Presence.CONNECTING,
                why=student.why if refused else "",
                since=event.at,
                address=event.address,
                first_seen_at=student.first_seen_at or event.at,
                last_seen_at=event.at,
            )
        )


def _left(student: Student, presence: Presence, why: str, at: float) -> Student:
    live = _live_until(student, at)
    seen = at if student.linked else student.last_seen_at
    return replace(
        student, presence=presence, why=why, since=at, last_seen_at=seen, seconds_live=student.seconds_live + live
    )


def _proof_after(student: Student, status: Status, at: float) -> Proof:
    """Return what a picture is judged by after a status: anew where counting began anew, or the screen came back."""
    came_back = status.screen is ScreenState.LIVE and student.presence is not Presence.LIVE
    uncovered = (student.lock is not None and status.lock is None) or (student.covered and not status.covered)
    if status.inputs < student.proof.inputs or came_back or uncovered:
        return replace(student.proof, since=at, inputs=status.inputs)
    return student.proof


def _live_until(student: Student, at: float) -> float:
    return max(0.0, at - student.last_seen_at) if student.presence is Presence.LIVE else 0.0
