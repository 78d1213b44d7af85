"""The fleet of links: whom to dial, who may stay, and one conversation with each device of the lesson."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from time import time

from protocol.identity import Credentials, Identity
from protocol.link import Link
from protocol.messages import LessonTerms, Reason
from protocol.policy.bundle import StaffBundle
from protocol.policy.document import same_group
from protocol.role import Role
from protocol.session import CloseCode
from protocol.tls import staff_context
from tutor_app.classroom.classroom import Order
from tutor_app.classroom.events import Event, LinkLost, LinkUp, NotPermitted
from tutor_app.network.candidates import Address, Candidate, Candidates
from tutor_app.network.conversation import ANSWERS_WITHIN, NOT_CONNECTED, Conversation, Ending, Shared, unsent
from tutor_app.network.limits import Limits
from tutor_app.network.mailbox import Mailbox, Picture
from tutor_app.network.problems import Problems
from tutor_app.network.reach import UNREACHABLE, Reach, is_expired, is_strange, is_turned_away
from tutor_app.network.told import Told
from tutor_app.network.traffic import Traffic
from tutor_app.network.wishes import Wishes

log = logging.getLogger(__name__)

FAREWELL_WITHIN = 1.5  # seconds: a close frame's way there and back, and websockets' close_timeout of 1 s
OUT_OF_DATE = (
    "The laptop at {where} has an identity that is out of date. Enrol it again, or check this computer’s clock."
)
TURNED_AWAY = "Laptops turn your identity away. It may have been revoked: ask the network manager."
TWICE = (
    "{name} answers at two addresses, {one} and {other}. The first is shown. If these are two laptops, one has copied"
    " the other’s identity: tell the network manager."
)


@dataclass(frozen=True)
class Held:
    """A conversation under way, whom it was dialled as, and the task that holds it."""

    conversation: Conversation
    candidate: Candidate
    address: Address
    task: asyncio.Task[None]


class Fleet:
    """Belongs to the network's loop; every method is called there."""

    def __init__(
        self,
        credentials: Credentials,
        staff: StaffBundle,
        *,
        mailbox: Mailbox,
        traffic: Traffic,
        tell: Callable[[Event], None],
        limits: Limits,
    ) -> None:
        self.wishes = Wishes()
        self.problems = Problems(tell)
        self._loop = asyncio.get_running_loop()
        self._college = credentials.identity.college
        self._tell = tell
        self._limits = limits
        self._shared = Shared(staff, self.wishes, mailbox, traffic, self.problems, Told(), tell)
        self._book = Candidates(limits, random.random)
        self._reach = Reach(staff_context(credentials), limits, self._loop.time())
        self._lesson: LessonTerms | None = None
        self._visits: dict[Candidate, asyncio.Task[None]] = {}
        self._held: dict[str, Held] = {}
        self._engaged: set[Address] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    # ── what is heard of devices ────────────────────────────────────────────────────────────────────────────────────

    def announce(self, name: str, addresses: Iterable[Address], *, kept: bool = False) -> None:
        """A device may be there."""
        known = self._book.get(name)
        before = known.addresses if known else ()
        candidate = self._book.announce(name, addresses, self._loop.time(), kept=kept)
        if candidate and before and set(before) != set(candidate.addresses):
            self._doubt(candidate)  # its old address stays in the advert for a second, so both may be there
        self._changed.set()

    def heard_again(self, name: str) -> None:
        """A device known already has announced itself again."""
        candidate = self._book.get(name)
        if candidate:
            self._book.hurry(candidate, self._loop.time())
            self._changed.set()

    def withdraw(self, name: str) -> None:
        """A device has said good-bye."""
        candidate = self._book.get(name)
        if candidate:
            self._doubt(candidate)
            self._book.withdraw(name)
            self.problems.over("duplicate", name)
            self.problems.over("expired", name)

    # ── what the tutor asks ─────────────────────────────────────────────────────────────────────────────────────────

    def use(self, staff: StaffBundle) -> None:
        """Go by this college file from the next conversation on."""
        self._shared = replace(self._shared, staff=staff)
        self.problems.over("old policy")

    async def begin(self, lesson: LessonTerms) -> None:
        """Dial everybody for this lesson; one under way ends first."""
        async with self._turn:
            if self._lesson:
                await self._end_all("Another lesson begins")
            self._lesson = lesson
            self._shared.told.clear()
            self._book.forgive(self._loop.time())
            self.problems.over("duplicate")
            self.problems.repeat()
            self._changed.set()

    async def end(self, reason: str) -> None:
        """Tell every device that the lesson is over and close all links.

        Takes three seconds at most, and `ANSWERS_WITHIN` more where something has just been ordered.
        """
        async with self._turn:
            await self._end_all(reason)
            await self._settled(self._errands)

    def wished(self, device: str | None = None) -> None:
        """The wishes changed, for one device or for all."""
        if device is None:
            concerned = list(self._held.values())
        else:
            concerned = [self._held[device]] if device in self._held else []
        for held in concerned:
            held.conversation.wished()

    def order(self, orders: Iterable[Order]) -> None:
        """Send commands; a device that isn't connected answers for itself: failed."""
        for order in orders:
            held = self._held.get(order.device)
            if held:
                held.conversation.order(order.command)
            else:
                self._tell(unsent(order.device, order.command, NOT_CONNECTED))

    def noted(self, device: str, breaches: Iterable[str]) -> None:
        """These breaches of the device are on record; one that has left is told so when it tells them again."""
        held = self._held.get(device)
        if held:
            held.conversation.noted(breaches)

    def drained(self, pictures: Iterable[Picture]) -> None:
        """The window took these pictures."""
        for picture in pictures:
            held = self._held.get(picture.device)
            if held:
                held.conversation.drained(picture.stream, picture.shown)

    @property
    def dials(self) -> int:
        """How many connections were tried since the start."""
        return self._reach.dials

    @property
    def candidates(self) -> int:
        """How many adverts are remembered."""
        return len(self._book)

    # ── dialling ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Dial whoever is due, for ever."""
        while True:
            self._changed.clear()
            wait = self._dial_due(self._loop.time()) if self._lesson else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()

    def _dial_due(self, now: float) -> float | None:
        """Begin what may begin; return the seconds until there is more to begin."""
        for candidate in self._book.due(now):
            if not candidate.addresses or self._engaged_at(candidate) or candidate.device in self._held:
                continue
            if self._reach.wait(now) > 0:
                return self._reach.wait(now)
            if self._reach.may_begin(candidate.addresses[0], now):
                self._book.dialled(candidate, now)
                task = asyncio.create_task(self._visit(candidate), name=f"visit {candidate.name}")
                self._visits[candidate] = task
        return self._book.next_due(now)

    def _engaged_at(self, candidate: Candidate) -> bool:
        return any(address in self._engaged for address in candidate.addresses)

    async def _visit(self, candidate: Candidate) -> None:
        try:
            link, address = await self._reach.first(candidate.addresses)
            self._changed.set()  # there is room to dial the next one
            try:
                await self._meet(candidate, link, address)
            except Exception:
                log.exception("A fault in the conversation with %s", candidate.name)
                self._book.failed(candidate, self._loop.time())
            finally:
                self._errand(link.close())
        except UNREACHABLE as error:
            self._unreached(candidate, error)
        finally:
            del self._visits[candidate]
            if candidate.busy:  # cancelled
                self._book.again(candidate, self._loop.time())
            self._changed.set()

    def _unreached(self, candidate: Candidate, error: BaseException) -> None:
        if is_strange(error):
            self._book.was_strange(candidate, self._loop.time())
            return
        self._book.failed(candidate, self._loop.time())
        name, where = candidate.name, candidate.addresses[0].host
        if is_expired(error):
            self.problems.say("expired", OUT_OF_DATE.format(where=where), name)
        elif is_turned_away(error):
            self.problems.say("turned away", TURNED_AWAY)

    # ── meeting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _meet(self, candidate: Candidate, link: Link, address: Address) -> None:
        peer = link.peer
        if peer.role is not Role.DEVICE or peer.college != self._college:
            self._book.was_strange(candidate, self._loop.time())
            await link.close(CloseCode.IDENTITY)
        elif self._lesson is None or not self._belongs(peer, self._lesson):
            self._book.put_aside(candidate)
            await link.close(CloseCode.DONE)
        elif await self._has_room(candidate, link, address):
            await self._converse(candidate, link, address, self._lesson)

    def _belongs(self, peer: Identity, lesson: LessonTerms) -> bool:
        if not same_group(peer.group, lesson.group):
            return False
        staff = self._shared.staff
        revoked = any(device.revoked and device.id == peer.id for device in staff.devices)
        if peer.serial not in staff.bundle.deny and not revoked:
            return True
        detail = "This laptop was revoked. Ask the network manager."
        self._tell(NotPermitted(device=peer.id, reason=Reason.REVOKED, detail=detail, at=time()))
        return False

    async def _has_room(self, candidate: Candidate, link: Link, address: Address) -> bool:
        """Make room where an older link of the same device is dead; False where it is alive, or the lesson over."""
        candidate.device = link.peer.id
        while old := self._held.get(link.peer.id):
            if await old.conversation.link.answers(self._limits.doubt):
                sentence = TWICE.format(name=link.peer.name, one=old.address, other=address)
                self.problems.say("duplicate", sentence, candidate.name)
                await link.close(CloseCode.REPLACED, "connected already")
                self._book.again(candidate, self._loop.time())
                return False
            await self._drop(old)
        return self._lesson is not None

    async def _converse(self, candidate: Candidate, link: Link, address: Address, lesson: LessonTerms) -> None:
        conversation = Conversation(link, lesson, self._shared)
        peer, began = link.peer, self._loop.time()
        task = asyncio.current_task()
        assert task is not None  # a coroutine that runs has one
        self._held[peer.id] = Held(conversation, candidate, address, task)
        self._engaged.add(address)
        self.problems.over("expired", candidate.name)
        self.problems.over("turned away")
        self._tell(LinkUp(device=peer.id, name=peer.name, group=peer.group, address=str(address), at=time()))
        ending = Ending(why="The connection was given up")
        try:
            ending = await conversation.hold()
        finally:
            del self._held[peer.id]
            self._engaged.discard(address)
            self._tell(LinkLost(device=peer.id, why=ending.why, at=time()))
            self._plan_next(candidate, ending, self._loop.time() - began)

    def _plan_next(self, candidate: Candidate, ending: Ending, held: float) -> None:
        now = self._loop.time()
        if ending.breach:
            self._book.punish(candidate, now)
        elif ending.refused:
            self._book.again(candidate, now + self._limits.ask_again)
        elif held >= self._limits.steady:
            candidate.failures = 0
            self._book.again(candidate, now)
        else:
            self._book.failed(candidate, now)

    # ── parting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _doubt(self, candidate: Candidate) -> None:
        """What was heard of this device makes its link doubtful; not more than once a second, whoever shouts."""
        held, now = self._held.get(candidate.device), self._loop.time()
        if held and held.candidate is candidate and now >= candidate.doubted_at + self._limits.doubt:
            candidate.doubted_at = now
            self._errand(self._drop_if_dead(held))

    async def _drop_if_dead(self, held: Held) -> None:
        if not await held.conversation.link.answers(self._limits.doubt):
            await self._drop(held)

    async def _drop(self, held: Held) -> None:
        held.task.cancel()
        await asyncio.wait({held.task})

    async def _end_all(self, reason: str) -> None:
        self._lesson = None
        visits = set(self._visits.values())
        polite = {held.task for held in self._held.values() if held.conversation.say_farewell(reason)}
        for visit in visits - polite:
            visit.cancel()
        waiting = any(held.conversation.is_waiting for held in self._held.values())
        await self._settled(visits, ANSWERS_WITHIN if waiting else 0.0)

    async def _settled(self, tasks: Iterable[asyncio.Task[None]], longer: float = 0.0) -> None:
        """Wait for these to end, not for long."""
        unsettled = set(tasks)
        for within in (FAREWELL_WITHIN + longer, None):
            if unsettled:
                _, unsettled = await asyncio.wait(unsettled, timeout=within)
            for task in unsettled:
                task.cancel()

    def _errand(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="network errand")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
