"""The one thread that reads the facts of this machine, changes what rules block, and ends programs.

The event loop never waits for it.

`MachineWork` is what it does, `MachineThread` how the event loop asks for it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from protocol.policy.facts import BluetoothFacts, NetworkFacts, Program
from protocol.policy.rule import Subject
from protocol.policy.rules import WebRules
from student_client.agent.journal import Journal, JournalError
from student_client.agent.needs import Look
from student_client.agent.state import StateError, StateFolder
from student_client.backends.base import Unsupported
from student_client.backends.machine import Bluetooth, FileChange, Machine, MachineError, Usb

T = TypeVar("T")

ANSWERS_WITHIN: Final = 10.0  # seconds the machine may take before that is said; what it was asked goes on


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be blocked on this machine."""

    web: WebRules = field(default_factory=WebRules)
    usb_storage: bool = False
    bluetooth: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nothing is."""
        return self.web.is_open and not self.usb_storage and not self.bluetooth


@dataclass(frozen=True, slots=True)
class Blocked:
    """What came of a plan: why each subject is not blocked, what else went wrong, what browsers cannot be held to.

    `unlisted` are the categories of sites that nobody here has a list of.
    """

    problems: dict[Subject, str]
    failure: str = ""
    unlisted: tuple[str, ...] = ()
    shortfall: str = ""
    notes: tuple[str, ...] = ()


class _AbsentError(MachineError):
    """The platform does not have this ability at all."""


class MachineWork:
    """All that touches the machine. One thread makes and uses it."""

    def __init__(self, machine: Machine, state: StateFolder) -> None:
        self._machine, self._state = machine, state
        self._made: dict[Hashable, Any] = {}
        self._journal: Journal | None = None
        self._problems: dict[Subject, str] = {}
        self._absent: set[Subject] = set()

    def look(self, needs: frozenset[Subject], on_site: tuple[str, ...]) -> Look:
        """Read the facts of these subjects, and forget what reads those of no rule."""
        self._problems = {}
        programs = None
        if needs & {Subject.APPLICATION, Subject.SIGNAL, Subject.SITE}:
            programs = self._read(
                Subject.APPLICATION, needs, lambda: self._object(self._machine.programs).running(), None
            )
        look = Look(
            programs=programs,
            usb_storage=self._read(Subject.USB_STORAGE, needs, lambda: self._object(self._machine.usb).attached(), ()),
            network=self._read(
                Subject.NETWORK, needs, lambda: self._object(self._machine.networks).facts(on_site), NetworkFacts()
            ),
            bluetooth=self._read(Subject.BLUETOOTH, needs, self._bluetooth, BluetoothFacts()),
            signals=self._read(
                Subject.SIGNAL, needs, lambda: self._object(self._machine.signals).seen(programs or ()), ()
            ),
            problems=self._problems,
            absent=frozenset(self._absent),
        )
        if Subject.USB_STORAGE not in needs:
            self._forget(self._machine.usb)
        if Subject.BLUETOOTH not in needs:
            self._forget(self._machine.bluetooth)
        return look

    def usb_news(self) -> int:
        """Return the descriptor that turns readable with news of USB, -1 where nobody listens for any."""
        usb = self._made.get(cast("Hashable", self._machine.usb))
        return usb.news().fileno() if isinstance(usb, Usb) else -1

    def begin(self) -> None:
        """A lesson begins: what is connected now is nothing new."""
        with contextlib.suppress(MachineError):  # said where the facts are read
            self._object(self._machine.networks).begin()

    def block(self, plan: Plan) -> Blocked:
        """Make the machine block exactly this; what no longer is comes back byte for byte."""
        self._problems = {}
        changes: list[FileChange] = []
        if not plan.web.is_open:
            changes += self._changes(Subject.SITE, lambda: self._object(self._machine.web).changes(plan.web))
        if plan.usb_storage:
            changes += self._changes(Subject.USB_STORAGE, lambda: self._object(self._machine.usb).blocking())
        if plan.bluetooth:
            changes += self._changes(Subject.BLUETOOTH, lambda: self._object(self._machine.bluetooth).switching_off())
        try:
            notes = self._the_journal().hold(changes)
            return Blocked(self._problems, unlisted=self._unlisted(plan), shortfall=self._shortfall(plan), notes=notes)
        except (JournalError, StateError) as error:
            return Blocked(self._problems | dict.fromkeys(_blocking(plan), str(error)), failure=str(error))

    def end(self, pids: tuple[int, ...], kill: bool) -> str:
        """End programs; return why one of them could not be, or ""."""
        why = ""
        for pid in pids:
            try:
                self._object(self._machine.programs).end(pid, kill=kill)
            except MachineError as error:
                why = str(error)
        return why

    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:
        """Return the browsers that obey only once they were started again."""
        try:
            return self._object(self._machine.web).must_restart(programs, since)
        except MachineError:
            return ()  # said where the rules themselves are made to hold

    def address_in_front(self, front: Program, within: float) -> str:
        """Return the address that was visited last in the browser in front, "" where nobody knows."""
        try:
            return self._object(self._machine.web).address_in_front(front, within)
        except MachineError:
            return ""

    def close(self) -> None:
        """Listen to nothing any more. What is blocked stays so: a lease may outlive this process."""
        self._forget(self._machine.usb)
        self._forget(self._machine.bluetooth)
        self._made.clear()

    def _object(self, ability: Callable[[], T] | Unsupported) -> T:
        """Return the object of an ability, made once; raises MachineError where the platform has none."""
        if isinstance(ability, Unsupported):
            raise _AbsentError(ability.why)
        if ability not in self._made:
            self._made[ability] = ability()
        return cast("T", self._made[ability])

    def _read(self, subject: Subject, needs: frozenset[Subject], read: Callable[[], T], otherwise: T) -> T:
        if subject not in needs and not (subject is Subject.APPLICATION and needs):
            return otherwise
        try:
            return read()
        except MachineError as error:
            if subject in needs:
                self._problems[subject] = str(error)
            if isinstance(error, _AbsentError):
                self._absent.add(subject)
            return otherwise

    def _bluetooth(self) -> BluetoothFacts:
        bluetooth = self._object(self._machine.bluetooth)
        facts = bluetooth.facts()
        if why := bluetooth.shortfall():
            self._problems[Subject.BLUETOOTH] = why
        return facts

    def _changes(
        self, subject: Subject, make: Callable[[], tuple[FileChange, ...] | Unsupported]
    ) -> tuple[FileChange, ...]:
        try:
            changes = make()
        except MachineError as error:
            self._problems[subject] = str(error)
            return ()
        if isinstance(changes, Unsupported):
            self._problems[subject] = changes.why
            return ()
        return changes

    def _unlisted(self, plan: Plan) -> tuple[str, ...]:
        if plan.web.is_open or Subject.SITE in self._problems:
            return ()
        return self._object(self._machine.web).unlisted(plan.web)

    def _shortfall(self, plan: Plan) -> str:
        if plan.web.is_open or Subject.SITE in self._problems:
            return ""
        return self._object(self._machine.web).shortfall(plan.web)

    def _the_journal(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(self._state)
        return self._journal

    def _forget(self, ability: Callable[[], Usb | Bluetooth] | Unsupported) -> None:
        """Have it give back what it holds; whoever asks again makes it anew."""
        made = self._made.pop(cast("Hashable", ability), None)
        if made:
            made.close()


class MachineThread:
    """Runs the work, one thing after the other. The thread starts with the first."""

    def __init__(self, machine: Machine, state: StateFolder) -> None:
        self._work = MachineWork(machine, state)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="machine")

    async def ask(self, what: Callable[[MachineWork], T]) -> T:
        """Return what the work gives; raises TimeoutError where the machine does not answer."""
        async with asyncio.timeout(ANSWERS_WITHIN):
            return await asyncio.get_running_loop().run_in_executor(self._thread, what, self._work)

    async def close(self) -> None:
        """Finish what is under way, then end the thread."""
        try:
            await self.ask(MachineWork.close)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)


def _blocking(plan: Plan) -> tuple[Subject, ...]:
    blocking = {
        Subject.SITE: not plan.web.is_open,
        Subject.USB_STORAGE: plan.usb_storage,
        Subject.BLUETOOTH: plan.bluetooth,
    }
    return tuple(subject for subject, wanted in blocking.items() if wanted)
