"""The agent put together: every part, every task, and the order in which they start and end."""

import asyncio
import contextlib
import logging
import math
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from protocol.identity import Credentials, read_certificate, valid_between
from protocol.policy import rules
from protocol.presence import DEFAULT_PORT
from student_client.agent.clock import DeviceClock, load_clock, save_clock
from student_client.agent.desktop import Desktop
from student_client.agent.device import Device
from student_client.agent.enforcement import Decide
from student_client.agent.enrolled import Enrolment
from student_client.agent.gate import CLOCK_SENTENCE, CLOCK_TOLERANCE
from student_client.agent.machine_thread import MachineThread
from student_client.agent.receipts import Receipts
from student_client.agent.server import Server
from student_client.agent.state import AlreadyRunning, Guard, StateError, StateFolder
from student_client.agent.status import StatusBoard
from student_client.backends.machine import Machine

T = TypeVar("T")

log = logging.getLogger(__name__)

COVERED_WITHIN: Final = 5.0  # seconds a restored lock may take before the agent listens all the same
CLOCK_EVERY: Final = 300.0  # seconds between two notes of the last time seen
CLOCK_EVERY_LOCKED: Final = 10.0  # what a lock may gain by a clock set back and a restart
RECEIPTS_EVERY: Final = 5.0  # seconds between two writings of ends and repetitions; beginnings are written at once
LOOK_EVERY: Final = 5.0  # a suspended laptop's timers are late; its clock is not
LOOK_EVERY_LOCKED: Final = 1.0
SAVE_AFTER: Final = 0.2  # seconds in which changes of the status gather
RETRY_EVERY: Final = 2.0
GUARD_TRIES: Final = 5
GUARD_PAUSE: Final = 0.05
STEADY_AFTER: Final = 10.0  # seconds after which a part that had failed is well again


@dataclass(frozen=True)
class Options:
    """How the agent was started. An empty host is every address."""

    host: str = ""
    port: int = DEFAULT_PORT
    mdns: bool = True


class Agent:
    """One agent on one state folder, which it holds alone."""

    def __init__(
        self,
        state: StateFolder,
        options: Options,
        desktop: Desktop,
        machine: Machine,
        decide: Decide = rules.decide,
    ) -> None:
        self._state, self._options, self._desktop = state, options, desktop
        self.clock: DeviceClock = load_clock(state)
        self.board = StatusBoard(state, self.clock.now)
        receipts = Receipts(state)
        receipts.load(self.clock.last_seen)
        self._machine = MachineThread(machine, state)
        self.device = Device(state, self.clock, self.board, receipts, desktop, machine=self._machine, decide=decide)
        self._changed = asyncio.Event()
        self.board.changed = self._changed.set
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Work until cancelled, then end every permit, capture and task; a lock stays stored."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, work in self._work().items():
                    tasks.create_task(self._supervised(name, work), name=name)
        finally:
            self._close()
            await self._machine.close()

    def _work(self) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
        return {
            "desktop": self._desktop.run,
            "rules": self.device.enforcement.run,
            "network": self._serve,
            "time": self._keep_time,
            "status": self._keep_status,
        }

    async def _supervised(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a part again that fails; the others go on."""
        about = f"part {name}"
        while True:
            steady = asyncio.get_running_loop().call_later(STEADY_AFTER, self.board.solved, about)
            try:
                await work()
            except Exception as error:
                log.exception("%s failed", name)
                self.board.problem(about, f"A part of Lessonlight ({name}) failed and is started again: {error}.")
                await asyncio.sleep(RETRY_EVERY)
            else:
                return
            finally:
                steady.cancel()

    # ── the parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _serve(self) -> None:
        """Listen for as long as there is a valid identity; a lock from before the restart comes first."""
        await self.device.locker.wait_covered(COVERED_WITHIN)
        enrolment = Enrolment(self._state, self.board, self.clock.wall)
        while True:
            credentials = await enrolment.usable()
            self._certified(credentials)
            self.device.enrolled(credentials)
            server = Server(self.device, self.board, self._options.host, self._options.port)
            async with server.listening(credentials) as port:
                await self._be_found(credentials, port, enrolment.changed())
            if not self._state.enrolled:
                self.device.unenrolled()

    def _certified(self, credentials: Credentials) -> None:
        """Hold the clock to this certificate; where it falls, locks end, which the old time could keep for ever."""
        ends_at = valid_between(read_certificate(credentials.certificate, "the certificate"))[1]
        if self.clock.certified(credentials.identity.serial, ends_at):
            self.device.locker.expire(math.inf)
            self.device.keeper.forget()
            self._save_clock(self.clock.now())

    async def _be_found(self, credentials: Credentials, port: int, end: Coroutine[Any, Any, None]) -> None:
        """Advertise until `end` returns."""
        if not self.port.done():
            self.port.set_result(port)
        async with asyncio.TaskGroup() as tasks:
            advert = tasks.create_task(self._advertise(credentials, port), name="mdns")
            await end
            advert.cancel()

    async def _advertise(self, credentials: Credentials, port: int) -> None:
        if self._options.mdns:
            from student_client.agent.advert import Advertiser  # noqa: PLC0415 - 5 MiB a simulation can do without

            advertiser = Advertiser(self.board, credentials.identity.college, self._options.host, port)
            await self._supervised("mdns", advertiser.run)

    async def _keep_time(self) -> None:
        """End what is over, in time; write what happened, and the last time seen."""
        saved_at = written_at = 0.0
        while True:
            self.device.poked.clear()
            left, now = self.device.tick(), self.clock.now()
            locked = self.device.holds_hard
            every, look = (CLOCK_EVERY_LOCKED, LOOK_EVERY_LOCKED) if locked else (CLOCK_EVERY, LOOK_EVERY)
            if now - saved_at >= every:
                self._save_clock(now)
                self.device.tidy()
                saved_at = now
            if self.device.receipts.unsaved and now - written_at >= RECEIPTS_EVERY:
                self.device.receipts.flush()
                written_at = now
            self._check_clock(now)
            waits = [every, *([left, look] if left is not None else [])]
            waits += [RECEIPTS_EVERY] if self.device.receipts.unsaved else []
            await self._sleep(min(waits))

    async def _sleep(self, wait: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self.device.poked.wait()

    def _save_clock(self, now: float) -> None:
        try:
            save_clock(self._state, now)
        except StateError as error:
            self.board.problem("clock-file", str(error))
        else:
            self.board.solved("clock-file")

    def _check_clock(self, now: float) -> None:
        if self.clock.wall() < now - CLOCK_TOLERANCE:
            self.board.problem("clock", CLOCK_SENTENCE)
        else:
            self.board.solved("clock")

    async def _keep_status(self) -> None:
        """Write the status a moment after it changes, and show the newest problem on the panel."""
        while True:
            self._changed.clear()
            self.device.changed()
            self._save_status()
            await self._changed.wait()
            await asyncio.sleep(SAVE_AFTER)

    def _save_status(self) -> None:
        with contextlib.suppress(StateError):  # told by whoever writes what matters more
            self.board.save()

    def _close(self) -> None:
        now = self.clock.now()
        self.device.receipts.end_all(now)
        self._save_clock(now)
        self.board.set(pid=0, listening="", discoverable=False)
        self._save_status()


async def retried(attempt: Callable[[], T]) -> T:
    """Return what `attempt` does once the state folder lets it, saying every reason why it does not, once."""
    said = ""
    while True:
        try:
            return attempt()
        except StateError as error:
            if str(error) != said:
                log.error("%s Trying again every %.0f s.", error, RETRY_EVERY)
            said = str(error)
        await asyncio.sleep(RETRY_EVERY)


async def _guard(state: StateFolder) -> Guard:
    """Take the folder; `status` holds it for an instant, so one refusal is not the last word."""
    for _ in range(GUARD_TRIES):
        with contextlib.suppress(AlreadyRunning):
            return await retried(state.guard)
        await asyncio.sleep(GUARD_PAUSE)
    return state.guard()


async def run_agent(
    path: Path, options: Options, make_desktop: Callable[[StateFolder], Desktop], machine: Machine
) -> None:
    """Run one agent until SIGTERM or SIGINT; raises AlreadyRunning where another holds the folder."""
    this = asyncio.current_task()
    assert this
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        state = StateFolder(path)
        await retried(state.open)
        with contextlib.closing(await _guard(state)):
            agent = await retried(lambda: Agent(state, options, make_desktop(state), machine))
            await agent.run()
