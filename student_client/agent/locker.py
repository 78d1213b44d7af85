"""Keeps the screen covered while a lease is in force, through restarts of the desktop and of the agent itself."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from protocol.messages import Lock, LockFacts, Message
from protocol.policy.permit import Permit
from student_client.agent.desktop import Desktop
from student_client.agent.leases import LONGEST, Leases, read_leases, write_leases
from student_client.agent.state import LEASES, StateError, StateFolder
from student_client.agent.status import StatusBoard
from student_client.local import LockScreen, ScreenLocked, ScreenUnlocked, UnlockScreen

log = logging.getLogger(__name__)

BY_RULE: Final = "The rules of this lesson"
RENEW_BELOW: Final = 300.0  # seconds a rule's lock may have left before it is renewed


class Locker:
    """The lock leases and the cover that shows them. `changed` is called when what a tutor is told has changed."""

    def __init__(self, state: StateFolder, desktop: Desktop, board: StatusBoard, now: float) -> None:
        self._state, self._desktop, self._board = state, desktop, board
        self._covered_for = ""
        self._held = False
        self._ruled: set[str] = set()
        self._waiters: set[asyncio.Event] = set()
        self.changed: Callable[[], None] = lambda: None
        self.leases = self._load(now)
        desktop.hurry(bool(self.leases.held))

    @property
    def covered(self) -> bool:
        """Whether the desktop says that every monitor is covered."""
        return bool(self._covered_for)

    @property
    def facts(self) -> LockFacts | None:
        """What a tutor is told of the lock."""
        return self.leases.facts(self.covered)

    async def lock(self, lock: Lock, permit: Permit, lesson: str, now: float, within: float) -> str:
        """Lock, or renew; return "" when covered and held, else why it is not. Raises LeaseRefused."""
        self._keep(self.leases.with_lock(lock, permit, lesson, now))
        self._show()
        await self._until(lambda: self._done() or not self._holds(lock.id), within)
        if not self._holds(lock.id):
            return "The lock was ended again before the screen was covered."
        if self._done():
            return ""
        if not self._desktop.up:
            return f"{self._desktop.reason} The lock holds, and covers the screen as soon as there is one."[:280]
        if self.covered:
            return "The screen is covered, but keyboard and pointer could not be taken yet."
        return "The screen did not say that it is covered."

    async def unlock(self, within: float) -> str:
        """End every lease; return "" when nothing is covered any more, else why not."""
        self.end()
        if not self._desktop.up or await self._until(lambda: not self.covered or bool(self.leases.held), within):
            return ""
        return "The lock has ended, but the screen did not say that it is uncovered."

    def end(self) -> None:
        """End every lease, and wait for nothing."""
        self._keep(Leases())
        self._desktop.send(UnlockScreen())

    def lock_for_rules(self, locks: Mapping[str, str], until: float, now: float) -> None:
        """Keep locked for exactly these broken rules (id → sentence), for a lease's time and not past `until`.

        What a tutor has unlocked stays so while that breach lasts.
        """
        until = min(now + LONGEST, until)
        leases = self.leases.without_rules(locks)
        for identifier, sentence in locks.items():
            held = next((lease for lease in leases.held if lease.id == identifier), None)
            if (held and held.until < min(now + RENEW_BELOW, until)) or (not held and identifier not in self._ruled):
                leases = leases.with_rule(identifier, BY_RULE, sentence, until)
        self._ruled = set(locks)
        self._change(leases)

    def expire(self, now: float) -> None:
        """End what is over."""
        self._change(self.leases.at(now))

    def _change(self, leases: Leases) -> None:
        if leases != self.leases:
            shown = self.leases.shown()
            self._keep(leases)
            if leases.shown() != shown:
                self._show()

    def desktop_up(self) -> None:
        """A new desktop covers nothing yet: the lock comes first of all it is told."""
        self._uncovered()
        if self.leases.held:
            self._show()

    def desktop_down(self) -> None:
        """Without a desktop nothing is covered."""
        self._uncovered()

    def heard(self, message: Message) -> None:
        """Take what the desktop says of its cover."""
        match message:
            case ScreenLocked():
                if not self.covered:
                    log.info("the screen is covered")
                self._covered_for, self._held = message.id, message.held
            case ScreenUnlocked():
                self._uncovered()
            case _:
                return
        self._tell()

    async def wait_covered(self, within: float) -> None:
        """Wait, at a start with a lease in force, until the screen is covered; not longer than `within` seconds."""
        await self._until(lambda: self.covered or not self.leases.held, within)

    def _holds(self, identifier: str) -> bool:
        return any(lease.id == identifier for lease in self.leases.held)

    def _done(self) -> bool:
        shown = self.leases.shown()
        return shown is not None and self._covered_for == shown.id and self._held

    def _show(self) -> None:
        lease = self.leases.shown()
        if lease is None:
            self._desktop.send(UnlockScreen())
        else:
            until = max(one.until for one in self.leases.held)
            self._desktop.send(LockScreen(id=lease.id, by=lease.by, sentence=lease.sentence, until=until))

    def _uncovered(self) -> None:
        if self.covered:
            self._covered_for, self._held = "", False
            self._tell()

    def _keep(self, leases: Leases) -> None:
        self.leases = leases
        self._desktop.hurry(bool(leases.held))
        try:
            self._state.write(LEASES, write_leases(leases))
        except StateError as error:
            self._board.problem("leases", str(error))
        else:
            self._board.solved("leases")
        self._tell()

    def _load(self, now: float) -> Leases:
        try:
            return read_leases(self._state.read(LEASES), now)
        except (ValueError, StateError) as error:
            self._board.problem("leases", f"A lock from before the restart could not be restored: {error}.")
            return Leases()

    def _tell(self) -> None:
        self.changed()
        for waiter in self._waiters:
            waiter.set()

    async def _until(self, true: Callable[[], bool], within: float) -> bool:
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(within):
                while not true():
                    waiter.clear()
                    await waiter.wait()
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True
