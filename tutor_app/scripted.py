"""A lesson held by a script instead of the window: the same network and classroom, for a few seconds."""

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Event as Bell
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from protocol.messages import LessonTerms, Shown
from tutor_app.classroom.classroom import Asked, Classroom, Flag
from tutor_app.classroom.rules import Edit
from tutor_app.classroom.student import Action, Answer, Presence, Student
from tutor_app.network.network import Network
from tutor_app.network.wishes import WatchAsk
from tutor_app.records.recorder import Journal, Recorder
from tutor_app.signin import SignedIn

LOOK_EVERY: Final = 0.2  # seconds between looks at the clock; what the network tells is looked at when it comes
ANSWERED_WITHIN: Final = 8.0  # seconds: the classroom gives up on an answer before that


class ScriptedLesson:
    """Asks for permits when entered, ends the lesson when left. With a journal it stands in the records."""

    def __init__(
        self,
        who: SignedIn,
        terms: LessonTerms,
        *,
        dial: Iterable[str] = (),
        mdns: bool = True,
        journal: Journal | None = None,
        on_problem: Callable[[str], None],
    ) -> None:
        """Raises ValueError for an address to dial that is none; `on_problem` gets sentences about the records."""
        self.terms = terms
        self.classroom = Classroom(terms, who.places, time.time(), lambda: uuid4().hex, who.policy)
        self._bell = Bell()
        self._network = Network(who.credentials, who.bundle, mdns=mdns, dial=dial, on_wake=self._bell.set)
        tutor, noted = who.credentials.identity, self._network.noted
        self._recorder = Recorder(journal, terms, tutor, on_problem, noted) if journal else None
        self._shown: Shown | None = None

    def __enter__(self) -> Self:
        if self._recorder:
            self._recorder.started(self.terms.starts_at)
        self._network.start()
        self._network.begin(self.terms)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._network.end("The script has ended")
        self._network.stop()
        self._look()  # answers that came at the last moment
        if self._recorder:
            self._recorder.ended((), frozenset(), time.time())

    # ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def until(self, done: Callable[[], bool], within: float) -> bool:
        """Let things happen until `done`; False when so many seconds have passed first."""
        ends = time.monotonic() + within
        while True:
            self._bell.clear()
            self._look()
            if done():
                return True
            left = ends - time.monotonic()
            if left <= 0:
                return False
            self._bell.wait(min(left, LOOK_EVERY))

    def meet(self, devices: Sequence[str] | None, within: float) -> None:
        """Wait until each of these devices (None: all the register expects) has let us in or said why not."""
        if devices is not None or self.classroom.expected:
            self.until(lambda: all(map(self._met, self._expected(devices))), within)
        else:
            self.until(lambda: False, within)

    def find(self, name: str) -> Student | None:
        """Return the student whose device has this id or name, in whatever letters."""
        students = self.classroom.students
        wanted = name.casefold()
        named = (one for one in students.values() if wanted in (one.device.casefold(), one.name.casefold()))
        return students.get(name) or next(named, None)

    # ── what a script does ──────────────────────────────────────────────────────────────────────────────────────────

    def act(self, action: Action, devices: Iterable[str], text: str = "") -> list[Student]:
        """Lock, unlock or message; returns the students once every answer is there, or is no longer expected."""
        chosen, now = list(devices), time.time()
        match action:
            case Action.LOCK:
                asked = self.classroom.lock(chosen, text, now)
            case Action.UNLOCK:
                asked = self.classroom.unlock(chosen, now)
            case Action.MESSAGE:
                asked = self.classroom.message(chosen, text, now)
            case _:
                raise ValueError(f"{action} is no action of its own here")
        self._answered(asked, chosen)
        if action is not Action.MESSAGE:
            locked = action is Action.LOCK  # the status that says so comes just after the answer
            self.until(lambda: all(self._lock_told(device, locked) for device in chosen), 1.0)
        return [self.classroom.students[device] for device in chosen]

    def change_rule(self, edit: Edit, devices: Sequence[str] | None) -> list[Student]:
        """Allow or block something for these devices, or for all (None); returns the students, as `act` does."""
        chosen = list(self.classroom.students) if devices is None else list(devices)
        return self._answered(self.classroom.change_rule(edit, devices, time.time()), chosen)

    def set_rules(self, rules: str) -> list[Student]:
        """Hold the lesson under another rule set; returns the students, as `act` does."""
        return self._answered(self.classroom.set_rules(rules, time.time()), list(self.classroom.students))

    def lower_hands(self, devices: Sequence[str]) -> list[Student]:
        """Lower these hands; returns the students, as `act` does."""
        return self._answered(self.classroom.lower_hands(devices, time.time()), devices)

    def flag(self, device: str, category: str, note: str) -> Flag:
        """Flag a student's behaviour."""
        (flag,), _ = self.classroom.flag([device], category, note, time.time())
        if self._recorder:
            self._recorder.flagged([flag], self.classroom.students)
        return flag

    def picture(self, device: str, ask: WatchAsk, within: float) -> Shown | None:
        """Return one picture of a device, or None where none came within so many seconds."""
        self._shown = None
        self._network.watch(device, ask)
        self.until(lambda: self._shown is not None, within)
        return self._shown

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        for event in self._network.events():
            self.classroom.apply(event)
            if self._recorder:
                self._recorder.happened(event, self.classroom.students)
        for picture in self._network.mailbox.drain():
            self._shown = self._shown or picture.shown  # of the focus view only the first is whole
        self.classroom.tick(time.time())
        self._order(self.classroom.due(time.time()))

    def _answered(self, asked: Asked, devices: Sequence[str]) -> list[Student]:
        self._order(asked)
        self.until(lambda: not any(map(self._awaited, devices)), ANSWERED_WITHIN)
        return [self.classroom.students[device] for device in devices]

    def _order(self, asked: Asked) -> None:
        orders, _ = asked
        if orders and self._recorder:
            self._recorder.asked(orders, time.time())
        self._network.send(orders)

    def _expected(self, devices: Sequence[str] | None) -> list[Student | None]:
        if devices is None:
            return list(self.classroom.students.values())
        return [self.find(device) for device in devices]

    @staticmethod
    def _met(student: Student | None) -> bool:
        return student is not None and (
            student.presence is Presence.REFUSED or (student.linked and bool(student.host or student.user))
        )

    def _awaited(self, device: str) -> bool:
        asked = self.classroom.students[device].asked
        return asked is not None and asked.answer is Answer.ASKED

    def _lock_told(self, device: str, locked: bool) -> bool:
        student = self.classroom.students[device]
        told = (student.lock is not None) == locked
        return told or student.asked is None or student.asked.answer is not Answer.CONFIRMED
