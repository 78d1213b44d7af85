"""The classroom: events and actions in, changes and commands out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from protocol.messages import (
    Command,
    LessonTerms,
    Lock,
    Reason,
    Result,
    Right,
    ScreenState,
    Status,
    TextMessage,
    Unlock,
)
from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.events import (
    CommandAnswered,
    Event,
    LinkLost,
    LinkUp,
    MessageUnderstood,
    NetworkProblem,
    NotPermitted,
    Permitted,
    PictureShown,
    StatusTold,
    TileAsked,
)
from tutor_app.classroom.student import SCREEN_WORDS, Action, Answer, Asked, Presence, Proof, Student

RECONNECT_FOR = 30.0  # seconds a lost tile keeps its last picture before it counts as missing
ANSWER_WITHIN = 6.0  # the device answers within 5 s, or fails the command itself
LEASE = 600  # seconds, DESIGN §6
ACTIVITY_LINES = 500  # a long day's worth; the records keep everything

_AFTER = {
    Reason.SHUTTING_DOWN: Presence.RECONNECTING,
    Reason.OVER: Presence.PAUSED,
    Reason.ENDED_BY_TUTOR: Presence.PAUSED,
}
_ANSWER = {Result.OK: Answer.CONFIRMED, Result.REFUSED: Answer.REFUSED, Result.FAILED: Answer.FAILED}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of the register: a device this group is expected to bring."""

    device: str
    name: str
    group: str


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A tutor's note on a student's behaviour."""

    id: str
    device: str
    category: str
    note: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Order:
    """One command for one device."""

    device: str
    command: Command


@dataclass
class Changes:
    """What a view has to read again."""

    devices: set[str] = field(default_factory=set)
    roster: bool = False
    activity: bool = False

    def __or__(self, other: "Changes") -> "Changes":
        return Changes(self.devices | other.devices, self.roster or other.roster, self.activity or other.activity)

    def __ior__(self, other: "Changes") -> "Changes":
        """Take in the other's; a thousand devices may be gathered one by one."""
        self.devices |= other.devices
        self.roster |= other.roster
        self.activity |= other.activity
        return self

    def __bool__(self) -> bool:
        return bool(self.devices) or self.roster or self.activity


_OfStudent = (
    Permitted | NotPermitted | StatusTold | PictureShown | TileAsked | LinkLost | CommandAnswered | MessageUnderstood
)


class Classroom:
    """One lesson of one group. `new_id` returns a fresh UUID4 as 32 hexadecimal digits."""

    def __init__(self, lesson: LessonTerms, register: Iterable[Place], now: float, new_id: Callable[[], str]) -> None:
        self.lesson = lesson
        self.problem = ""
        self._new_id = new_id
        self._students = {
            place.device: Student(device=place.device, name=place.name, group=place.group, since=now)
            for place in register
            if place.group == lesson.group
        }
        self._expected = frozenset(self._students)
        self._lines: list[Line] = []
        self._numbers = 0
        self._line_of: dict[str, int] = {}
        self._flags: dict[str, Flag] = {}
        self._locks: dict[str, Lock] = {}
        self._note(now, Kind.LESSON, "Lesson started")

    @property
    def students(self) -> Mapping[str, Student]:
        """All students by device, in the register's order, then in order of appearance."""
        return self._students

    @property
    def activity(self) -> tuple[Line, ...]:
        """The activity list, newest last."""
        return tuple(self._lines)

    @property
    def not_seen(self) -> tuple[Student, ...]:
        """Expected by the register and never seen in this lesson."""
        return tuple(s for s in self._students.values() if s.device in self._expected and not s.first_seen_at)

    @property
    def expected(self) -> int:
        """How many devices the register expects."""
        return len(self._expected)

    @property
    def locked(self) -> tuple[Student, ...]:
        """Students whose screens are locked, as far as their devices have told."""
        return tuple(s for s in self._students.values() if s.lock)

    # ── what the network tells ──────────────────────────────────────────────────────────────────────────────────────

    def apply(self, event: Event) -> Changes:
        """Take in one event; an event of a device that isn't in this lesson changes nothing."""
        match event:
            case NetworkProblem():
                return self._problem(event)
            case LinkUp():
                return self._link_up(event)
        student = self._students.get(event.device)
        return self._happened(student, event) if student else Changes()

    def _happened(self, student: Student, event: _OfStudent) -> Changes:
        match event:
            case Permitted():
                return self._permitted(student, event)
            case NotPermitted():
                return self._not_permitted(student, event)
            case StatusTold():
                return self._status(student, event)
            case PictureShown():
                return self._picture(student, event)
            case TileAsked():
                return self._asked_tile(student, event)
            case LinkLost():
                return self._lost(student, event)
            case CommandAnswered():
                return self._answer(student, event.command, _ANSWER[event.result], event.detail, event.at)
            case MessageUnderstood():
                return self._put(replace(student, understood_at=event.at))

    def tick(self, now: float) -> Changes:
        """Let time pass: reconnecting becomes missing, a command nobody answered becomes unheard."""
        changes = Changes()
        for student in tuple(self._students.values()):
            if student.presence is Presence.RECONNECTING and now - student.since >= RECONNECT_FOR:
                student = replace(student, presence=Presence.MISSING)  # noqa: PLW2901 - what follows builds upon it
                changes |= self._put(student)
            asked = student.asked
            if asked and asked.answer is Answer.ASKED and now - asked.at >= ANSWER_WITHIN:
                changes |= self._answer(student, asked.command, Answer.UNHEARD, "no answer", now)
            if student.lock and student.lock.until <= now:
                changes |= self._put(replace(self._students[student.device], lock=None))
                changes |= self._stand({student.device: None})
        return changes

    # ── what the tutor does ─────────────────────────────────────────────────────────────────────────────────────────

    def lock(self, devices: Iterable[str], sentence: str, now: float) -> tuple[list[Order], Changes]:
        """Lock these screens for a lease that is renewed while the lesson runs."""
        lease = self._lease(now)
        return self._ask(Action.LOCK, devices, now, lambda id_: Lock(id=id_, lease=lease, sentence=sentence))

    def unlock(self, devices: Iterable[str], now: float) -> tuple[list[Order], Changes]:
        """Unlock these screens."""
        return self._ask(Action.UNLOCK, devices, now, lambda id_: Unlock(id=id_))

    def message(self, devices: Iterable[str], text: str, now: float) -> tuple[list[Order], Changes]:
        """Show a text to these students."""
        return self._ask(Action.MESSAGE, devices, now, lambda id_: TextMessage(id=id_, text=text))

    def renewals(self, now: float) -> list[Order]:
        """Return the lock leases that are due for renewal: more than half used up, and the lesson goes on."""
        orders = []
        for device, lock in self._locks.items():
            student = self._students[device]
            left = student.lock.until - now if student.lock else 0
            lease = self._lease(now)
            if student.linked and student.lock and left < LEASE / 2 and lease > left + 1:
                orders.append(Order(device=device, command=Lock(id=lock.id, lease=lease, sentence=lock.sentence)))
        return orders

    def flag(
        self, devices: Iterable[str], category: str, note: str, now: float, *, label: str = ""
    ) -> tuple[list[Flag], Changes]:
        """Flag these students; returns the flags for the records. `label` is what people call the category."""
        flags = [
            Flag(id=self._new_id(), device=device, category=category, note=note, at=now)
            for device in devices
            if device in self._students
        ]
        changes = Changes()
        for flag in flags:
            self._flags[flag.id] = flag
            student = self._students[flag.device]
            changes |= self._put(replace(student, flags=student.flags + 1))
        names = tuple(flag.device for flag in flags)
        text = f"{self._who(names)} flagged: {label or category}"
        return flags, changes | self._note(now, Kind.FLAG, text, devices=names, flags=tuple(f.id for f in flags))

    def undo(self, number: int, now: float) -> tuple[list[Order], list[Flag], Changes]:
        """Take back line `number`: orders that unlock, flags to withdraw. Nothing where it cannot be undone."""
        line = next((line for line in self._lines if line.number == number), None)
        if line is None or not line.can_undo:
            return [], [], Changes()
        self._replace_line(replace(line, undone=True))
        if line.action is Action.LOCK:
            orders, changes = self.unlock([device for device in line.devices if device in line.standing], now)
            return orders, [], changes | Changes(activity=True)
        withdrawn = [self._flags.pop(flag) for flag in line.flags if flag in self._flags]
        changes = Changes(activity=True)
        for flag in withdrawn:
            student = self._students[flag.device]
            changes |= self._put(replace(student, flags=student.flags - 1))
        return [], withdrawn, changes

    def end(self, now: float) -> Changes:
        """The lesson is over: nothing is renewed any more and every tile is paused."""
        self._stand(dict.fromkeys(self._locks))
        changes = self._note(now, Kind.LESSON, "Lesson ended")
        for student in tuple(self._students.values()):
            if student.first_seen_at and student.presence is not Presence.PAUSED:
                changes |= self._put(self._left(student, Presence.PAUSED, "The lesson has ended", now))
        return changes

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _lease(self, now: float) -> int:
        return max(1, min(LEASE, int(self.lesson.ends_at - now)))

    def _ask(
        self, action: Action, devices: Iterable[str], now: float, command: Callable[[str], Command]
    ) -> tuple[list[Order], Changes]:
        chosen = tuple(device for device in dict.fromkeys(devices) if device in self._students)
        answers = dict.fromkeys(chosen, Answer.ASKED)
        text = _VERB[action] + f" → {self._who(chosen)}"
        changes = self._note(now, Kind.COMMAND, text, action=action, devices=chosen, answers=answers)
        orders: list[Order] = []
        for device in chosen:
            order = Order(device=device, command=command(self._new_id()))
            asked = Asked(command=order.command.id, action=action, at=now)
            student = self._students[device]
            self._line_of[asked.command] = self._numbers
            changes |= self._put(replace(student, asked=asked))
            refusal = _refusal(student, action)
            if refusal:
                answer = Answer.REFUSED if student.linked else Answer.UNREACHED
                changes |= self._answer(self._students[device], asked.command, answer, refusal, now)
                continue
            orders.append(order)
        if action is not Action.MESSAGE:
            commands = ((order.device, order.command) for order in orders)
            self._stand({device: one if isinstance(one, Lock) else None for device, one in commands})
        return orders, changes

    def _stand(self, locks: Mapping[str, Lock | None]) -> Changes:
        """From now on these locks stand on the devices, or none."""
        begun, over = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
        for device, lock in locks.items():
            before = self._locks.pop(device, None)
            if lock:
                self._locks[device] = lock
            for one, lines in ((before, over), (lock, begun)):
                if one and one.id in self._line_of:
                    lines[self._line_of[one.id]].add(device)
        for line in [line for line in self._lines if line.number in begun or line.number in over]:
            standing = line.standing - over[line.number] | begun[line.number]
            self._replace_line(replace(line, standing=standing))
        return Changes(activity=bool(begun or over))

    def _problem(self, event: NetworkProblem) -> Changes:
        if event.sentence == self.problem:
            return Changes()
        self.problem = event.sentence
        return self._note(event.at, Kind.NETWORK, event.sentence) if event.sentence else Changes(activity=True)

    def _link_up(self, event: LinkUp) -> Changes:
        student = self._students.get(event.device)
        if student is None:
            if event.group != self.lesson.group:
                return Changes()
            student = Student(device=event.device, name=event.name, group=event.group)
            self._students[event.device] = student
            return Changes(roster=True) | self._connecting(student, event)
        return self._connecting(student, event)

    def _connecting(self, student: Student, event: LinkUp) -> Changes:
        refused = student.presence is Presence.REFUSED  # stays on the tile until the device lets us in
        return self._put(
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

    def _permitted(self, student: Student, event: Permitted) -> Changes:
        return self._put(
            replace(
                student,
                presence=Presence.NO_PICTURE,
                why=SCREEN_WORDS[ScreenState.STARTING],
                since=event.at,
                may=event.may,
                permit_until=event.until,
            )
        )

    def _not_permitted(self, student: Student, event: NotPermitted) -> Changes:
        presence = _AFTER.get(event.reason, Presence.REFUSED)
        left = self._left(student, presence, event.detail, event.at)
        return self._put(replace(left, refusal=event.reason))

    def _status(self, student: Student, event: StatusTold) -> Changes:
        status = event.status
        live = status.screen is ScreenState.LIVE
        presence = Presence.LIVE if live else Presence.NO_PICTURE
        return self._put(
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
                inputs=status.inputs,
                proof=_proof_after(student, status, event.at),
            )
        )

    def _picture(self, student: Student, event: PictureShown) -> Changes:
        return self._put(
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

    def _asked_tile(self, student: Student, event: TileAsked) -> Changes:
        asked, proof = event.every, student.proof
        if asked is not None and (proof.every is None or asked < proof.every):
            proof = replace(
                proof, since=event.at, inputs=student.inputs
            )  # the time it was not looked at proves nothing
        return self._put(replace(student, proof=replace(proof, every=asked)))

    def _lost(self, student: Student, event: LinkLost) -> Changes:
        if student.presence in (Presence.REFUSED, Presence.PAUSED):
            return Changes()  # the device said why it closes; that says more than the close
        return self._put(self._left(student, Presence.RECONNECTING, event.why, event.at))

    def _left(self, student: Student, presence: Presence, why: str, at: float) -> Student:
        live = _live_until(student, at)
        seen = at if student.linked else student.last_seen_at
        return replace(
            student, presence=presence, why=why, since=at, last_seen_at=seen, seconds_live=student.seconds_live + live
        )

    def _answer(self, student: Student, command: str, answer: Answer, detail: str, at: float) -> Changes:
        asked = student.asked
        changes = self._answered_in_line(command, student.device, answer)
        lock = self._locks.get(student.device)
        if lock and lock.id == command and answer in (Answer.REFUSED, Answer.FAILED):
            changes |= self._stand({student.device: None})
        if asked is None or asked.command != command or asked.answer is answer:
            return changes  # a renewed lease is confirmed anew every few minutes; that is no news
        return changes | self._put(replace(student, asked=replace(asked, answer=answer, detail=detail, answered_at=at)))

    def _answered_in_line(self, command: str, device: str, answer: Answer) -> Changes:
        line = self._line_with(command)
        if line is None:
            return Changes()
        self._replace_line(line.answered(device, answer))
        return Changes(activity=True)

    def _line_with(self, command: str) -> Line | None:
        place = self._place(self._line_of.get(command, 0))
        return self._lines[place] if place >= 0 else None

    def _replace_line(self, line: Line) -> None:
        self._lines[self._place(line.number)] = line

    def _place(self, number: int) -> int:
        """Return where a line stands, negative for one that is gone: they are numbered without gaps."""
        return number - self._lines[0].number

    def _note(
        self,
        at: float,
        kind: Kind,
        text: str,
        *,
        action: Action | None = None,
        devices: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
        answers: dict[str, Answer] | None = None,
    ) -> Changes:
        self._numbers += 1
        line = Line(
            number=self._numbers,
            at=at,
            kind=kind,
            text=text,
            action=action,
            devices=devices,
            flags=flags,
            answers=answers or {},
        )
        self._lines = [*self._lines[-ACTIVITY_LINES + 1 :], line]
        return Changes(activity=True)

    def _who(self, devices: tuple[str, ...]) -> str:
        if len(devices) == 1:
            return self._students[devices[0]].name
        return "everybody" if devices and len(devices) == len(self._students) else f"{len(devices)} students"

    def _put(self, student: Student) -> Changes:
        self._students[student.device] = student
        return Changes({student.device})


def _proof_after(student: Student, status: Status, at: float) -> Proof:
    """Return what a picture is judged by after a status: anew where counting began anew, or the screen came back."""
    came_back = status.screen is ScreenState.LIVE and student.presence is not Presence.LIVE
    unlocked = student.lock is not None and status.lock is None
    if status.inputs < student.proof.inputs or came_back or unlocked:
        return replace(student.proof, since=at, inputs=status.inputs)
    return student.proof


_VERB = {Action.LOCK: "Lock", Action.UNLOCK: "Unlock", Action.MESSAGE: "Message"}
_RIGHT = {Action.LOCK: Right.LOCK, Action.UNLOCK: Right.LOCK, Action.MESSAGE: Right.MESSAGE}


def _refusal(student: Student, action: Action) -> str:
    """Return why a command cannot even be sent, or nothing."""
    if not student.linked:
        return "not connected"
    if _RIGHT[action] not in student.may:
        return "your role may not do this"
    return ""


def _live_until(student: Student, at: float) -> float:
    return max(0.0, at - student.last_seen_at) if student.presence is Presence.LIVE else 0.0
