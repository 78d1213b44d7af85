"""The network's one door: everything here may be called from the window's thread and returns at once."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread
from time import monotonic, time

from protocol.identity import Credentials
from protocol.messages import LessonTerms, Stream
from protocol.policy.bundle import StaffBundle
from tutor_app.classroom.classroom import Order
from tutor_app.classroom.events import Event, NetworkProblem
from tutor_app.network.candidates import parse_address
from tutor_app.network.discovery import Discovery, Ears
from tutor_app.network.event_queue import EventQueue
from tutor_app.network.fleet import Fleet
from tutor_app.network.limits import Limits
from tutor_app.network.mailbox import Mailbox, Picture
from tutor_app.network.traffic import Tiles, Traffic
from tutor_app.network.wishes import WatchAsk

THREAD = "lessonlight-network"

log = logging.getLogger(__name__)


class Network:
    """One named thread with its own event loop. `start` it before anything else, `stop` it once."""

    def __init__(
        self,
        credentials: Credentials,
        staff_bundle: StaffBundle,
        *,
        mdns: bool = True,
        dial: Iterable[str] = (),
        on_wake: Callable[[], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`dial` lists HOST:PORT to try beside what multicast finds; raises ValueError for one that is none.

        `on_wake` is called in the network's thread, at most once each until `events` and until `mailbox.drain` is
        called; it must not block.
        """
        self.mailbox = Mailbox(on_wake, self._drained)
        self._queue = EventQueue(on_wake)
        self._traffic = Traffic()
        self._credentials = credentials
        self._staff_bundle = staff_bundle
        self._mdns = mdns
        self._addresses = [parse_address(text) for text in dial]
        self._limits = limits or Limits()
        self._thread = Thread(target=self._run, name=THREAD, daemon=True)
        self._started = Flag()
        self._inside: _Inside | None = None

    # ── for the window ──────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the thread: devices are looked for from now on, dialled once a lesson begins."""
        self._thread.start()
        self._started.wait()

    def stop(self, timeout: float = 7.0) -> bool:
        """End the lesson, close every link at once, end the thread; False when it took longer than `timeout`."""
        if self._thread.ident is None:
            return True  # it was never started
        self._post(lambda inside: inside.stopping.set())
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def use(self, staff_bundle: StaffBundle) -> None:
        """Go by this college file from the next lesson on."""
        self._staff_bundle = staff_bundle
        self._post(lambda inside: inside.fleet.use(staff_bundle))

    def begin(self, lesson: LessonTerms) -> None:
        """Ask every device of the lesson's group for a permit, until `end`."""
        self._post(lambda inside: inside.do(inside.fleet.begin(lesson)))

    def end(self, reason: str = "") -> None:
        """Tell every device that the lesson has ended, and close the links."""
        self._post(lambda inside: inside.do(inside.fleet.end(reason)))

    def watch(self, device: str, ask: WatchAsk) -> None:
        """Wish to see this of one device, now and after every reconnection."""

        def wish(inside: _Inside) -> None:
            inside.fleet.wishes.wish(device, ask)
            inside.fleet.wished(device)

        self._post(wish)

    def unwatch(self, device: str, stream: Stream) -> None:
        """Wish to see no more of one device's stream."""

        def wish(inside: _Inside) -> None:
            inside.fleet.wishes.wish_none(device, stream)
            inside.fleet.wished(device)

        self._post(wish)

    def watch_all(self, ask: WatchAsk) -> None:
        """Wish this of every device, also later ones; replaces what was asked of single devices for the stream."""

        def wish(inside: _Inside) -> None:
            inside.fleet.wishes.wish_all(ask)
            inside.fleet.wished()

        self._post(wish)

    def send(self, orders: Iterable[Order]) -> None:
        """Send commands; each is answered by a CommandAnswered event unless the link breaks meanwhile."""
        chosen = tuple(orders)
        self._post(lambda inside: inside.fleet.order(chosen))

    def noted(self, device: str, breaches: Iterable[str]) -> None:
        """Tell a device that these breaches are on record. May be called from any thread."""
        chosen = tuple(breaches)
        self._post(lambda inside: inside.fleet.noted(device, chosen))

    def events(self) -> list[Event]:
        """Take what has happened since the last call, oldest first."""
        return self._queue.take()

    def bytes_in(self) -> dict[str, int]:
        """Return the bytes received from each device since the start."""
        return self._traffic.bytes_in()

    def tiles(self) -> dict[str, Tiles]:
        """Return the tiles received from each device since the start."""
        return self._traffic.tiles()

    def bytes_a_second(self) -> float:
        """Return the bytes a second over the last five seconds, all devices together."""
        return self._traffic.rate(monotonic())

    # ── in the thread ───────────────────────────────────────────────────────────────────────────────────────────────

    def _drained(self, pictures: Sequence[Picture]) -> None:
        self._post(lambda inside: inside.fleet.drained(pictures))

    def _post(self, work: Callable[["_Inside"], None]) -> None:
        inside = self._inside
        if inside is None:
            return
        with suppress(RuntimeError):  # the loop has ended meanwhile: nobody is there to be told
            inside.loop.call_soon_threadsafe(work, inside)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("The network thread has ended by a fault")
            sentence = "The connection to the laptops has failed. Close Lessonlight and open it again."
            self._queue.put(NetworkProblem(sentence=sentence, at=time()))
        finally:
            self._inside = None
            self._started.set()

    async def _main(self) -> None:
        fleet = Fleet(
            self._credentials,
            self._staff_bundle,
            mailbox=self.mailbox,
            traffic=self._traffic,
            tell=self._queue.put,
            limits=self._limits,
        )
        async with asyncio.TaskGroup() as group:
            inside = _Inside(asyncio.get_running_loop(), fleet, group, asyncio.Event())
            inside.do(fleet.run(), "dial", endless=True)
            if self._mdns:
                inside.do(self._discovery(fleet).run(), "discovery", endless=True)
            for address in self._addresses:
                fleet.announce(str(address), [address], kept=True)
            self._inside = inside
            self._started.set()
            try:
                await inside.stopping.wait()
            finally:
                await fleet.end("Lessonlight was closed")
                inside.cancel_endless()

    def _discovery(self, fleet: Fleet) -> Discovery:
        def problem(sentence: str) -> None:
            if sentence:
                fleet.problems.say("discovery", sentence)
            else:
                fleet.problems.over("discovery")

        ears = Ears(found=fleet.announce, again=fleet.heard_again, lost=fleet.withdraw, problem=problem)
        return Discovery(self._credentials.identity.college, ears)


@dataclass
class _Inside:
    """What lives in the network's thread, and is touched there alone."""

    loop: asyncio.AbstractEventLoop
    fleet: Fleet
    group: asyncio.TaskGroup
    stopping: asyncio.Event
    endless: list[asyncio.Task[None]] = field(default_factory=list)

    def do(self, work: Coroutine[None, None, None], name: str = "request", *, endless: bool = False) -> None:
        """Do this beside the rest; what fails here brings the thread down and is said."""
        task = self.group.create_task(work, name=f"network {name}")
        if endless:
            self.endless.append(task)

    def cancel_endless(self) -> None:
        """Cancel what would run for ever."""
        for task in self.endless:
            task.cancel()
