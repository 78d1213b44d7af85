"""The classroom: events and actions in, changes and commands out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from msgspec import structs

from protocol.messages import (
    AssessmentTerms,
    Breach,
    Command,
    DropChange,
    LessonTerms,
    Lock,
    LowerHand,
    PauseAssessment,
    Result,
    SetRules,
    StartAssessment,
    StopAssessment,
    TextMessage,
    Unlock,
)
from protocol.policy.document import Policy
from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.commands import Commands, refused
from tutor_app.classroom.events import (
    BreachTold,
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
from tutor_app.classroom.flags import Flags
from tutor_app.classroom.hands import Raised, queue
from tutor_app.classroom.lines import Lines
from tutor_app.classroom.locks import EyesOnMe, Locks
from tutor_app.classroom.roster import Roster
from tutor_app.classroom.rules import Change, Edit, Rules
from tutor_app.classroom.student import Action, Answer, Student
from tutor_app.classroom.values import Changes, Flag, Order, Place

__all__ = ["Asked", "Changes", "Classroom", "Flag", "Order", "Place"]

HAND_QUIET = 60.0  # seconds in which a hand that goes up again makes no second line

Asked = tuple[list[Order], Changes]
"""What to send, and what a view has to read again."""

_ANSWER = {Result.OK: Answer.CONFIRMED, Result.REFUSED: Answer.REFUSED, Result.FAILED: Answer.FAILED}
_OfStudent = (
    Permitted
    | NotPermitted
    | StatusTold
    | PictureShown
    | TileAsked
    | LinkLost
    | CommandAnswered
    | MessageUnderstood
    | BreachTold
)


class Classroom:
    """One lesson of one group. `new_id` returns a fresh UUID4 as 32 hexadecimal digits; `policy` lends its words."""

    def __init__(
        self,
        lesson: LessonTerms,
        register: Iterable[Place],
        now: float,
        new_id: Callable[[], str],
        policy: Policy | None = None,
    ) -> None:
        self.lesson = lesson
        self.problem = ""
        self._new_id = new_id
        self._lines = Lines()
        self._roster = Roster(lesson, register, now)
        self._commands = Commands(self._roster, self._lines, new_id)
        self._locks = Locks(self._roster, self._lines, lesson.ends_at)
        self._rules = Rules(lesson.rules)
        self._flags = Flags(self._roster, self._lines, new_id, policy)
        self._arrived: set[str] = set()
        self._hands_noted: dict[str, float] = {}
        self._lines.note(now, Kind.LESSON, "Lesson started")

    @property
    def students(self) -> Mapping[str, Student]:
        """All students by device, in the register's order, then in order of appearance."""
        return self._roster.students

    @property
    def activity(self) -> tuple[Line, ...]:
        """The activity list, newest last."""
        return self._lines.all

    @property
    def not_seen(self) -> tuple[Student, ...]:
        """Expected by the register and never seen in this lesson."""
        expected = self._roster.expected
        return tuple(s for s in self.students.values() if s.device in expected and not s.first_seen_at)

    @property
    def expected(self) -> int:
        """How many devices the register expects."""
        return len(self._roster.expected)

    @property
    def locked(self) -> tuple[Student, ...]:
        """Students whose screens are locked, as far as their devices have told."""
        return tuple(s for s in self.students.values() if s.lock)

    @property
    def to_unlock(self) -> tuple[str, ...]:
        """Devices on which a lock stands: asked for, or told by the device."""
        return tuple(s.device for s in self.students.values() if s.linked and (s.lock or s.device in self._locks))

    @property
    def eyes(self) -> EyesOnMe | None:
        """ "Eyes on me", while it holds."""
        return self._locks.eyes

    @property
    def rule_set(self) -> str:
        """The name of the rule set that the lesson is held under."""
        return self._rules.current

    @property
    def rule_changes(self) -> tuple[Change, ...]:
        """The changes of the rules in force, oldest first."""
        return self._rules.changes

    @property
    def rules_full(self) -> bool:
        """Whether a change has to end before there can be another."""
        return self._rules.full

    def hands(self, now: float) -> tuple[Raised, ...]:
        """Who asks for help, longest first."""
        return queue(self.students.values(), self.lesson.starts_at, now)

    # ── what the network tells ──────────────────────────────────────────────────────────────────────────────────────

    def apply(self, event: Event) -> Changes:
        """Take in one event; an event of a device that isn't in this lesson changes nothing."""
        match event:
            case NetworkProblem():
                return self._problem(event)
            case LinkUp():
                return self._roster.link_up(event)
        student = self._roster.get(event.device)
        return self._happened(student, event) if student else Changes()

    def _happened(self, student: Student, event: _OfStudent) -> Changes:
        match event:
            case Permitted():
                self._arrived.add(event.device)
                return self._roster.permitted(student, event)
            case NotPermitted():
                return self._roster.not_permitted(student, event)
            case StatusTold():
                return self._roster.status(student, event) | self._note_hand(student, event)
            case PictureShown():
                return self._roster.picture(student, event)
            case TileAsked():
                return self._roster.asked_tile(student, event)
            case LinkLost():
                return self._roster.lost(student, event)
            case CommandAnswered():
                return self._answered(student, event)
            case MessageUnderstood():
                return self._roster.put(structs.replace(student, understood_at=event.at))
            case BreachTold():
                return self._flags.told(event)

    def tick(self, now: float) -> Changes:
        """Let time pass: reconnecting becomes missing, a command nobody answered unheard, a lease runs out."""
        changes = self._commands.tick(now)
        for device in tuple(self.students):
            changes |= self._roster.tick(self._roster[device], now)
            student = self._roster[device]
            if student.lock and student.lock.until <= now:
                changes |= self._roster.put(structs.replace(student, lock=None)) | self._locks.gone(device)
        for change in self._rules.expire(now):
            changes |= self._lines.stands(change.id, self.students, False)
        return changes

    # ── what the clock asks for ─────────────────────────────────────────────────────────────────────────────────────

    def due(self, now: float) -> Asked:
        """Return what is to be sent without anybody's asking: to who came late or back, and when a time is over."""
        eyes = self.eyes
        orders, changes = self.release(now, "Time is up") if eyes and eyes.until <= now else ([], Changes())
        arrived, self._arrived = self._arrived, set()
        for device in arrived:
            for command in self._standing(device, now):
                if not refused(self.students[device], command):
                    changes |= self._commands.ask_again(device, command, now)
                    orders.append(Order(device=device, command=command))
                    self._rules.sent(device, command)
        return orders, changes

    def renewals(self, now: float) -> list[Order]:
        """Return the lock leases that are due for renewal: more than half used up, and the lesson goes on."""
        return self._locks.renewals(now)

    # ── what the tutor does ─────────────────────────────────────────────────────────────────────────────────────────

    def lock(self, devices: Iterable[str], sentence: str, now: float) -> Asked:
        """Lock these screens for a lease that is renewed while the lesson runs."""
        lease = self._locks.lease(now)
        orders, changes = self._commands.ask(
            Action.LOCK, devices, now, lambda _, id_: Lock(id=id_, lease=lease, sentence=sentence)
        )
        for order in orders:
            if isinstance(order.command, Lock):
                changes |= self._locks.stands(order.device, order.command)
        return orders, changes

    def unlock(self, devices: Iterable[str], now: float, words: str = "") -> Asked:
        """Unlock these screens."""
        orders, changes = self._commands.ask(Action.UNLOCK, devices, now, lambda _, id_: Unlock(id=id_), words)
        for order in orders:
            changes |= self._locks.let_go(order.device)
        return orders, changes

    def eyes_on_me(self, sentence: str, now: float, minutes: int | None = None) -> Asked:
        """Lock everybody, also who comes later, for so many minutes or until `release`; who is locked stays so."""
        until = min(self.lesson.ends_at, now + 60 * minutes) if minutes else self.lesson.ends_at
        lease = self._locks.lease(now, until)
        free = [device for device, student in self.students.items() if not student.lock]
        orders, changes = self._commands.ask(
            Action.LOCK,
            free,
            now,
            lambda _, id_: Lock(id=id_, lease=lease, sentence=sentence),
            f"Eyes on me → {self._roster.who(free)}" + (f", {minutes} min" if minutes else ""),
        )
        eyes = EyesOnMe(since=now, until=until, sentence=sentence, timed=bool(minutes), line=self.activity[-1])
        self._locks.start_eyes(eyes)
        for order in orders:
            if isinstance(order.command, Lock):
                changes |= self._locks.stands_by_eyes(order.device, order.command, eyes)
        return orders, changes

    def release(self, now: float, why: str = "Released") -> Asked:
        """End "Eyes on me": unlock whom it locked, and nobody else."""
        devices = self._locks.end_eyes()
        if not devices:
            return [], Changes(activity=True)
        return self.unlock(devices, now, f"{why}: unlock → {self._roster.who(devices)}")

    def message(self, devices: Iterable[str], text: str, now: float, words: str = "") -> Asked:
        """Show a text to these students."""
        return self._commands.ask(Action.MESSAGE, devices, now, lambda _, id_: TextMessage(id=id_, text=text), words)

    def lower_hands(self, devices: Iterable[str], now: float) -> Asked:
        """These students have been seen to."""
        return self._commands.ask(Action.LOWER_HAND, devices, now, lambda _, id_: LowerHand(id=id_))

    def set_rules(self, rules: str, now: float, title: str = "") -> Asked:
        """Hold the lesson under another rule set, also for who comes later; `title` is what people call it."""
        command = SetRules(id=self._new_id(), rules=rules)
        self._rules.use(command)
        words = f"Rules: {title or rules} → everybody"
        return self._commands.ask(Action.SET_RULES, self.students, now, lambda *_: command, words)

    def change_rule(self, edit: Edit, devices: Iterable[str] | None, now: float) -> Asked:
        """Allow or block a site or application for these students, or for everybody (None), also who comes later.

        Nothing while `rules_full`.
        """
        if self.rules_full:
            return [], Changes()
        until = min(self.lesson.ends_at, now + 60 * edit.minutes) if edit.minutes else self.lesson.ends_at
        only = None if devices is None else self._roster.chosen(devices)
        change = Change(id=self._new_id(), edit=edit, at=now, until=until, devices=only)
        self._rules.add(change)
        chosen = self.students if change.devices is None else change.devices
        whom = "everybody" if change.devices is None else self._roster.who(chosen)
        words = f"{change.words} for {whom}, {change.length}"
        orders, changes = self._commands.ask(Action.CHANGE_RULE, chosen, now, lambda *_: change.command(now), words)
        for order in orders:
            self._rules.sent(order.device, order.command)
        return orders, changes | self._lines.stands(change.id, chosen, True)

    def drop_change(self, change: str, now: float) -> Asked:
        """End a change of the rules before its time, wherever it has been sent."""
        dropped = self._rules.get(change)
        if dropped is None:
            return [], Changes()
        command = DropChange(id=self._new_id(), change=change)
        holders = self._rules.drop(command)
        here = [device for device, student in self.students.items() if device in holders and student.linked]
        words = f"Ended: {dropped.words} → {self._roster.who(here)}"
        orders, changes = self._commands.ask(Action.DROP_CHANGE, here, now, lambda *_: command, words)
        for order in orders:
            self._rules.sent(order.device, order.command)
        return orders, changes | self._lines.stands(change, self.students, False)

    def start_assessment(self, terms: Mapping[str, AssessmentTerms], now: float, words: str = "") -> Asked:
        """Start an assessment under each device's own terms, or move the end of the one with that id."""
        return self._commands.ask(
            Action.START_ASSESSMENT,
            terms,
            now,
            lambda device, id_: StartAssessment(id=id_, assessment=terms[device]),
            words,
        )

    def pause_assessment(
        self, assessment: str, ends_at: Mapping[str, float], paused: bool, now: float, words: str = ""
    ) -> Asked:
        """Stop the time of these devices, or let it go on until their new ends."""

        def pause(device: str, id_: str) -> Command:
            return PauseAssessment(id=id_, assessment=assessment, paused=paused, ends_at=ends_at[device])

        return self._commands.ask(Action.PAUSE_ASSESSMENT, ends_at, now, pause, words)

    def stop_assessment(self, assessment: str, devices: Iterable[str], now: float, words: str = "") -> Asked:
        """End an assessment on these devices."""
        return self._commands.ask(
            Action.STOP_ASSESSMENT, devices, now, lambda _, id_: StopAssessment(id=id_, assessment=assessment), words
        )

    def flag(
        self, devices: Iterable[str], category: str, note: str, now: float, *, label: str = ""
    ) -> tuple[list[Flag], Changes]:
        """Flag these students; returns the flags for the records. `label` is what people call the category."""
        flags = self._flags.flag(devices, category, note, now, label)
        return flags, Changes({flag.device for flag in flags}, activity=True)

    def undo(self, number: int, now: float) -> tuple[list[Order], list[Flag], Changes]:
        """Take back line `number`: orders that unlock or end a change, flags to withdraw; nothing where it cannot."""
        line = self._lines.numbered(number)
        if line is None or not line.can_undo:
            return [], [], Changes()
        self._lines.replace(replace(line, undone=True))
        orders, changes = self._undo_command(line, now)
        withdrawn = self._flags.withdraw(line)
        return orders, withdrawn, changes | Changes({flag.device for flag in withdrawn}, activity=True)

    def end(self, now: float) -> Changes:
        """The lesson is over: nothing is renewed any more and every tile is paused."""
        self._locks.end()
        self._lines.note(now, Kind.LESSON, "Lesson ended")
        return self._roster.end(now) | Changes(activity=True)

    def breaches(self, device: str) -> tuple[Breach, ...]:
        """Return what the rules of this device have told, oldest first."""
        return self._flags.breaches.of(device)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _undo_command(self, line: Line, now: float) -> Asked:
        standing = [device for device in line.devices if device in line.standing]
        if line.action is Action.LOCK:
            if self.eyes and self.eyes.line.number == line.number:
                return self.release(now)
            return self.unlock(standing, now)
        if line.action is Action.CHANGE_RULE:
            change = next((one for one in self.rule_changes if self._lines.tells(one.id, line)), None)
            return self.drop_change(change.id, now) if change else ([], Changes())
        return [], Changes()

    def _standing(self, device: str, now: float) -> list[Command]:
        """Return what a device with a new link is to be told: nobody knows what it has kept."""
        commands = self._rules.standing(device, now)
        lock = self._locks.standing(device, now, self._new_id)
        if lock and self.eyes:
            self._locks.stands_by_eyes(device, lock, self.eyes)
            commands.append(lock)
        return commands

    def _note_hand(self, student: Student, event: StatusTold) -> Changes:
        hand = event.status.hand
        if hand is None or student.hand or event.at - self._hands_noted.get(student.device, 0.0) < HAND_QUIET:
            return Changes()
        self._hands_noted[student.device] = event.at
        words = f": “{hand.text}”" if hand.text else ""
        self._lines.note(event.at, Kind.HELP, f"{student.name} asks for help{words}", devices=(student.device,))
        return Changes(activity=True)

    def _answered(self, student: Student, event: CommandAnswered) -> Changes:
        changes = self._commands.answer(student, event.command, _ANSWER[event.result], event.detail, event.at)
        if event.result is not Result.OK:
            changes |= self._locks.refused(student.device, event.command)
        return changes

    def _problem(self, event: NetworkProblem) -> Changes:
        if event.sentence == self.problem:
            return Changes()
        self.problem = event.sentence
        if event.sentence:
            self._lines.note(event.at, Kind.NETWORK, event.sentence)
        return Changes(activity=True)
