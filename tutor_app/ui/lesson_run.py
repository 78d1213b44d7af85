"""One lesson being held: the classroom, the network and the records kept in step. Views listen and ask."""

import time
from collections.abc import Callable, Iterable
from typing import Final
from uuid import uuid4

from PySide6.QtCore import QObject, QTimer, Signal

from protocol.identity import Identity
from protocol.messages import AssessmentTerms, LessonTerms, PauseAssessment, StartAssessment, StopAssessment
from protocol.policy.document import Policy
from tutor_app.classroom.classroom import Changes, Classroom, Order, Place
from tutor_app.classroom.events import (
    BreachTold,
    CommandAnswered,
    Event,
    MessageUnderstood,
    NetworkProblem,
    Permitted,
    PictureShown,
    TileSeen,
)
from tutor_app.classroom.phrases import LAST_MINUTES
from tutor_app.classroom.rules import Edit
from tutor_app.records.recorder import Journal, Recorder
from tutor_app.ui.ports import Wire

_LATE: Final = (BreachTold, CommandAnswered, MessageUnderstood, NetworkProblem)  # what counts after the lesson's end
FIVE_MINUTES: Final = "Five minutes left. Please finish and save your work."
RENEW_EVERY: Final = 5  # seconds between looks at the lock leases


class LessonRun(QObject):
    """From the first dial to the last record. `clock` returns Unix seconds."""

    changed = Signal(Changes)
    happened = Signal(list)
    """Events that the classroom has taken in."""
    pictured = Signal(list)
    """Devices whose tile has a new picture."""
    ticked = Signal()
    over = Signal()
    """The lesson ended, by the tutor or by the clock."""
    problem = Signal(str)

    def __init__(
        self,
        lesson: LessonTerms,
        register: Iterable[Place],
        tutor: Identity,
        wire: Wire,
        journal: Journal,
        *,
        clock: Callable[[], float] = time.time,
        policy: Policy | None = None,
    ) -> None:
        super().__init__()
        self._wire, self._clock = wire, clock
        self.lesson, self.tutor = lesson, tutor
        self.classroom = Classroom(lesson, register, clock(), lambda: uuid4().hex, policy)
        self._expected = frozenset(self.classroom.students)
        self._recorder = Recorder(journal, lesson, tutor, self.problem.emit, wire.noted)
        self.is_over = False
        self.reminds: Callable[[], bool] = lambda: True
        """Whether the tutor wants students to be told when five minutes are left."""
        self._reminded = False
        self._begun_at = clock()
        self._ticks = 0
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self.tick)

    def begin(self) -> None:
        """Hold the lesson."""
        self._recorder.started(self._clock())
        self._wire.begin(self.lesson)
        self._timer.start()

    def end(self, reason: str = "") -> None:
        """End the lesson on every device, once. Whatever is locked is unlocked first: no lock outlives its lesson."""
        if self.is_over:
            return
        standing = self.classroom.to_unlock
        if standing:
            self.unlock(standing)
        self.is_over = True
        self._timer.stop()
        self._wire.end(reason)
        now = self._clock()
        changes = self.classroom.end(now)
        self._recorder.ended(self.classroom.students.values(), self._expected, now)
        self.changed.emit(changes)
        self.over.emit()

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, events: list[Event]) -> None:
        """Take in what the network tells; once the lesson is over only what was answered, flagged or is wrong."""
        changes = Changes()
        for event in events:
            if self.is_over and not isinstance(event, _LATE):
                continue
            changes |= self.classroom.apply(event)
            self._recorder.happened(event, self.classroom.students)
        self.happened.emit(events)
        if changes:
            self.changed.emit(changes)
        if not self.is_over and any(isinstance(event, Permitted) for event in events):
            self._order(self.classroom.due(self._clock()))

    def take_shown(self, shown: list[TileSeen]) -> None:
        """Take in which tiles have a new picture."""
        now = self._clock()
        first = Changes()
        for seen in shown:
            student = self.classroom.students.get(seen.device)
            changes = self.classroom.apply(PictureShown(**seen._asdict(), at=now))
            if student and not student.first_picture_at:
                first |= changes
        if first:
            self.changed.emit(first)
        self.pictured.emit([seen.device for seen in shown])

    def tick(self) -> None:
        """Let a second pass."""
        now = self._clock()
        changes = self.classroom.tick(now)
        if changes:
            self.changed.emit(changes)
        self._order(self.classroom.due(now))
        self._ticks += 1
        if self._ticks % RENEW_EVERY == 0:
            self._wire.send(self.classroom.renewals(now))
        self._remind(now)
        self._recorder.tick(self.classroom.students.values(), self._expected, now)
        self.ticked.emit()
        if now >= self.lesson.ends_at:
            self.end("The lesson's time is over.")

    # ── what the tutor does ─────────────────────────────────────────────────────────────────────────────────────────

    def lock(self, devices: Iterable[str], sentence: str = "") -> None:
        """Lock these screens."""
        self._order(self.classroom.lock(devices, sentence, self._clock()))

    def unlock(self, devices: Iterable[str]) -> None:
        """Unlock these screens."""
        self._order(self.classroom.unlock(devices, self._clock()))

    def message(self, devices: Iterable[str], text: str) -> None:
        """Show these students a text."""
        self._order(self.classroom.message(devices, text, self._clock()))

    def eyes_on_me(self, sentence: str, minutes: int | None) -> None:
        """Lock everybody for so many minutes, or until `release`."""
        self._order(self.classroom.eyes_on_me(sentence, self._clock(), minutes))

    def release(self) -> None:
        """End "Eyes on me"."""
        self._order(self.classroom.release(self._clock()))

    def lower_hands(self, devices: Iterable[str]) -> None:
        """These students have been seen to."""
        self._order(self.classroom.lower_hands(devices, self._clock()))

    def set_rules(self, rules: str, title: str) -> None:
        """Hold the lesson under another rule set."""
        self._order(self.classroom.set_rules(rules, self._clock(), title))

    def change_rule(self, edit: Edit, devices: Iterable[str] | None) -> None:
        """Allow or block a site or program for these students, or for everybody (None)."""
        self._order(self.classroom.change_rule(edit, devices, self._clock()))

    def drop_change(self, change: str) -> None:
        """End a change of the rules."""
        self._order(self.classroom.drop_change(change, self._clock()))

    def flag(self, devices: Iterable[str], category: str, note: str, label: str = "") -> None:
        """Flag these students' behaviour; `label` is what people call the category."""
        flags, changes = self.classroom.flag(devices, category, note, self._clock(), label=label)
        self._recorder.flagged(flags, self.classroom.students)
        self.changed.emit(changes)

    def undo(self, number: int) -> None:
        """Take back a line of the activity list."""
        now = self._clock()
        orders, withdrawn, changes = self.classroom.undo(number, now)
        self._recorder.withdrawn(withdrawn, now)
        self._order((orders, changes))

    # ── for the assessment, which answers for what it asks ──────────────────────────────────────────────────────────

    def ask_assessment(self, orders: Iterable[Order], words: str = "") -> list[Order]:
        """Ask this of its devices, a line of the activity list for each kind; returns what went out, with its ids."""
        now, sent = self._clock(), list[Order]()
        starts, pauses, stops = _sorted_by_kind(orders)
        if starts:
            sent += self._order(self.classroom.start_assessment(starts, now, words))
        for (assessment, paused), ends in pauses.items():
            sent += self._order(self.classroom.pause_assessment(assessment, ends, paused, now, words))
        for assessment, devices in stops.items():
            sent += self._order(self.classroom.stop_assessment(assessment, devices, now, words))
        return sent

    def send_again(self, orders: Iterable[Order]) -> None:
        """Send what a device does not show yet once more; there is a line for it already."""
        self._wire.send(tuple(orders))

    def _remind(self, now: float) -> None:
        """Tell students once that five minutes are left, in a lesson that is long enough for it to be news."""
        left = self.lesson.ends_at - now
        long_enough = self.lesson.ends_at - self._begun_at > 2 * LAST_MINUTES
        if self._reminded or not 0 < left <= LAST_MINUTES or not long_enough:
            return
        self._reminded = True
        here = [student.device for student in self.classroom.students.values() if student.linked]
        if here and self.reminds():
            self._order(self.classroom.message(here, FIVE_MINUTES, now, "“Five minutes left” → everybody here"))

    def _order(self, asked: tuple[list[Order], Changes]) -> list[Order]:
        orders, changes = asked
        self._recorder.asked(orders, self._clock())
        if orders:
            self._wire.send(orders)
        if changes:
            self.changed.emit(changes)
        return orders


def _sorted_by_kind(
    orders: Iterable[Order],
) -> tuple[dict[str, AssessmentTerms], dict[tuple[str, bool], dict[str, float]], dict[str, list[str]]]:
    """Return the starts by device, the pauses by assessment and kind, the stops by assessment."""
    starts: dict[str, AssessmentTerms] = {}
    pauses: dict[tuple[str, bool], dict[str, float]] = {}
    stops: dict[str, list[str]] = {}
    for order in orders:
        match order.command:
            case StartAssessment(assessment=terms):
                starts[order.device] = terms
            case PauseAssessment(assessment=assessment, paused=paused, ends_at=ends_at):
                pauses.setdefault((assessment, paused), {})[order.device] = ends_at
            case StopAssessment(assessment=assessment):
                stops.setdefault(assessment, []).append(order.device)
    return starts, pauses, stops
