"""What is said on one link, from `Hello` to the lesson's end: permit, watches, credits, commands."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import time

from protocol.link import Link, LinkClosed
from protocol.messages import (
    VERSION,
    Breach,
    Command,
    Credit,
    EndLesson,
    Frame,
    Hello,
    LessonTerms,
    Message,
    Noted,
    Outcome,
    Patches,
    PermitEnded,
    PermitGranted,
    PermitRequest,
    PolicyOffer,
    Reason,
    Refused,
    Result,
    Shown,
    Status,
    Stream,
    Understood,
    Unwatch,
    Welcome,
)
from protocol.pictures import picture_bytes
from protocol.policy.bundle import StaffBundle
from protocol.session import WATCH_RIGHT, CloseCode, LocalProtocolError, RemoteProtocolError, State
from tutor_app.classroom.events import (
    BreachTold,
    CommandAnswered,
    Event,
    MessageUnderstood,
    NotPermitted,
    Permitted,
    StatusTold,
)
from tutor_app.network.mailbox import Mailbox
from tutor_app.network.problems import Problems
from tutor_app.network.program import PROGRAM
from tutor_app.network.told import Told
from tutor_app.network.traffic import Traffic
from tutor_app.network.wishes import WatchAsk, Wishes

ANSWERS_WITHIN = 2.0  # seconds a lesson's end waits for the answers to what was ordered just before
NOTED_AT_ONCE = 64  # breaches in one message, by the protocol
ORDERS = 64  # waiting for one device: more than a tutor can click while a link is slow
_BREACHES = {1002, 1003, 1007, 1009}  # RFC 6455 §7.4.1: what websockets itself closes for

NOT_CONNECTED = "not connected"
OLD_POLICY = (
    "Your copy of the college’s policy is older than the laptops’. Ask the network manager for a new college.bundle."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a conversation ended: `why` in words, `refused` where the device said no, `breach` where it misbehaved."""

    why: str
    refused: bool = False
    breach: bool = False


@dataclass(frozen=True)
class Shared:
    """What all conversations have in common."""

    staff: StaffBundle
    wishes: Wishes
    mailbox: Mailbox
    traffic: Traffic
    problems: Problems
    told: Told
    tell: Callable[[Event], None]


class Conversation:
    """One link's whole life after the identity was checked. Belongs to the network's loop."""

    def __init__(self, link: Link, lesson: LessonTerms, shared: Shared) -> None:
        self.link = link
        self.device = link.peer.id
        self.permitted = False
        self._lesson = lesson
        self._shared = shared
        self._tell = shared.tell
        self._counted = 0
        self._refused: NotPermitted | None = None
        self._watches = 0
        self._asked: dict[Stream, WatchAsk] = {}
        self._in_flight: dict[Stream, Shown] = {}
        self._credits: dict[Stream, Shown] = {}
        self._orders: deque[Command] = deque()
        self._unanswered: set[str] = set()
        self._breaches: set[str] = set()
        self._noted: list[str] = []
        self._work = asyncio.Event()
        self._farewell: str | None = None

    async def hold(self) -> Ending:
        """Go through the whole conversation; returns how it ended. The link is closed then."""
        try:
            await self._ask_permit()
            if self.permitted:
                await self._talk()
            await self.link.close()
        except LinkClosed as closed:
            return self._ending(closed)
        return self._ending(LinkClosed(CloseCode.DONE, ""))

    # ── what the owner asks, in the loop's thread ────────────────────────────────────────────────────────────────────

    def order(self, command: Command) -> None:
        """Send a command; its answer is an event."""
        if not self.permitted:
            self._tell(unsent(self.device, command, NOT_CONNECTED))
        elif len(self._orders) >= ORDERS:
            self._tell(unsent(self.device, command, "the laptop is not listening"))
        else:
            self._orders.append(command)
            self._work.set()

    def noted(self, breaches: Iterable[str]) -> None:
        """These breaches are on record: the device need not tell them again."""
        self._noted.extend(breaches)
        self._work.set()

    def wished(self) -> None:
        """The wishes for this device may have changed."""
        self._work.set()

    def drained(self, stream: Stream, shown: Shown) -> None:
        """The window took this picture; one of an earlier connection counts for nothing."""
        if self._in_flight.get(stream) is shown:
            del self._in_flight[stream]
            self._credits[stream] = shown
            self._work.set()

    def say_farewell(self, reason: str) -> bool:
        """End the lesson: what was ordered is still sent and answered, then `EndLesson`, then the close.

        False before a permit. A laptop that does not answer is waited for `ANSWERS_WITHIN`.
        """
        self._farewell = reason
        self._work.set()
        return self.permitted

    @property
    def is_waiting(self) -> bool:
        """Whether an order is on its way, or its answer."""
        return bool(self._orders or self._unanswered)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask_permit(self) -> None:
        version = self._shared.staff.bundle.version
        await self.link.send(Hello(version=VERSION, program=PROGRAM, policy_version=version))
        answer = await self._receive()
        if isinstance(answer, Welcome) and version > answer.policy_version:
            await self.link.send(PolicyOffer(bundle=self._shared.staff.raw))
            answer = await self._receive()
        elif isinstance(answer, Welcome) and version < answer.policy_version:
            self._shared.problems.say("old policy", OLD_POLICY)
        if not isinstance(answer, Refused):
            await self.link.send(PermitRequest(lesson=self._lesson))
            answer = await self._receive()
        self._take_in(answer)

    async def _talk(self) -> None:
        """Read and write until the link is closed; raises how the reader saw it, who knows more than the writer."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(), name=f"write {self.device}")
            closed = await self._read()
            writer.cancel()
        raise closed

    async def _read(self) -> LinkClosed:
        try:
            while True:
                message = await self._receive()
                if isinstance(message, Breach):
                    await self._breach(message)
                else:
                    self._take_in(message)
        except LinkClosed as closed:
            return closed

    async def _receive(self) -> Message:
        message = await self.link.receive()
        size, self._counted = self.link.bytes_in - self._counted, self.link.bytes_in
        self._shared.traffic.add(self.device, size, asyncio.get_running_loop().time())
        return message

    def _take_in(self, message: Message) -> None:
        at = time()
        match message:
            case Frame() | Patches():
                self._picture(message)
            case Status():
                self._tell(StatusTold(device=self.device, status=message, at=at))
            case Outcome():
                self._unanswered.discard(message.id)
                self._work.set()
                self._answer(message.id, message.result, message.detail)
            case Understood():
                self._tell(MessageUnderstood(device=self.device, command=message.id, at=at))
            case PermitGranted():
                self.permitted = True
                may = frozenset(message.may)
                self._tell(Permitted(device=self.device, until=message.until, may=may, at=at))
                self._work.set()
            case Refused() | PermitEnded():
                why = message.detail or str(message.reason)
                self._refused = NotPermitted(device=self.device, reason=message.reason, detail=why, at=at)
                self._tell(self._refused)

    async def _breach(self, breach: Breach) -> None:
        """Pass a breach on, once on this link; a device that tells them without end is cut off."""
        if not self._shared.told.take(self.device, breach.id):
            error = RemoteProtocolError("more breaches than a lesson can have", CloseCode.TOO_FAST)
            await self.link.close(error.code, str(error))
            raise LinkClosed(error.code, str(error)) from error
        if breach.id not in self._breaches:
            self._breaches.add(breach.id)
            self._tell(BreachTold(device=self.device, breach=breach, at=time()))

    def _picture(self, shown: Shown) -> None:
        stream = Stream.TILE if isinstance(shown, Frame) else Stream.FOCUS
        if stream is Stream.TILE:
            self._shared.traffic.add_tile(self.device, picture_bytes(shown))
        self._in_flight[stream] = shown
        self._shared.mailbox.put(self.device, stream, shown)

    async def _write(self) -> None:
        with suppress(LinkClosed):
            while True:
                await self._work.wait()
                self._work.clear()
                while self._orders:
                    await self._say_order(self._orders.popleft())
                await self._say_noted()
                for stream in Stream:
                    await self._follow_wish(stream)
                await self._give_credits()
                if self._farewell is not None:
                    await self._leave(self._farewell)

    async def _say_order(self, command: Command) -> None:
        try:
            self._unanswered.add(command.id)
            await self.link.send(command)
        except LocalProtocolError as error:
            self._unanswered.discard(command.id)
            self._answer(command.id, Result.REFUSED, str(error))

    async def _say_noted(self) -> None:
        while self._noted and self._open:
            some, self._noted = self._noted[:NOTED_AT_ONCE], self._noted[NOTED_AT_ONCE:]
            await self.link.send(Noted(breaches=tuple(some)))

    async def _follow_wish(self, stream: Stream) -> None:
        wish, asked = self._shared.wishes.of(self.device, stream), self._asked.get(stream)
        if wish == asked or WATCH_RIGHT[stream] not in self.link.session.may or not self._open:
            return
        self._in_flight.pop(stream, None)
        self._credits.pop(stream, None)
        if wish is None:
            del self._asked[stream]
            await self.link.send(Unwatch(stream=stream))
            self._shared.mailbox.forget(self.device, stream)
        else:
            self._asked[stream] = wish
            self._watches += 1
            await self.link.send(wish.numbered(self._watches))

    async def _give_credits(self) -> None:
        while self._credits and self._open:
            _, shown = self._credits.popitem()
            await self.link.send(Credit(watch=shown.watch, sequence=shown.sequence))

    async def _leave(self, reason: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN):
                while self._unanswered and self._open:
                    self._work.clear()
                    await self._work.wait()
        if self._open:
            await self.link.send(EndLesson())
        await self.link.close(CloseCode.DONE, reason)

    @property
    def _open(self) -> bool:
        return self.link.session.state is State.PERMITTED

    def _answer(self, command: str, result: Result, detail: str) -> None:
        self._tell(CommandAnswered(device=self.device, command=command, result=result, detail=detail, at=time()))

    def _ending(self, closed: LinkClosed) -> Ending:
        breach = isinstance(closed.__cause__, RemoteProtocolError) or closed.code in _BREACHES
        if breach:
            log.warning("%s broke the protocol: %s", self.device, closed.reason)
        if self._refused:
            # A client that restarts is back in a moment; a refusal stands until something changes.
            return Ending(why=self._refused.detail, refused=self._refused.reason is not Reason.SHUTTING_DOWN)
        if self._farewell is not None:
            return Ending(why="The lesson has ended")
        return Ending(why=_words(closed, breach), breach=breach)


def unsent(device: str, command: Command, why: str) -> CommandAnswered:
    """Return the answer to a command that never left."""
    return CommandAnswered(device=device, command=command.id, result=Result.FAILED, detail=why, at=time(), sent=False)


def _words(closed: LinkClosed, breach: bool) -> str:
    if breach and closed.code != CloseCode.TOO_SLOW:
        return "The laptop sent what it must not, and was cut off"
    return _WHY.get(closed.code, "The connection broke")


_WHY = {
    CloseCode.DONE: "The laptop left",
    CloseCode.GOING_AWAY: "The laptop is shutting down",
    1011: "The laptop stopped answering",
    CloseCode.TOO_SLOW: "The laptop stopped answering",
    CloseCode.REPLACED: "Another connection took this one's place",
}
