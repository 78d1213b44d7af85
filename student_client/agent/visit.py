"""One staff member's connection, from `Hello` to the end of the permit."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

from protocol.link import Link, LinkClosed
from protocol.messages import (
    VERSION,
    Command,
    Credit,
    EndLesson,
    Hello,
    LessonTerms,
    Lock,
    Message,
    Noted,
    Outcome,
    PermitEnded,
    PermitGranted,
    PermitRequest,
    PolicyOffer,
    PolicyTaken,
    Reason,
    Refused,
    Result,
    Stream,
    TextMessage,
    Unlock,
    Unwatch,
    Watch,
    Welcome,
)
from protocol.policy.permit import Permit, Refusal
from protocol.session import CloseCode, RemoteProtocolError
from student_client.agent.device import Device
from student_client.agent.door import Attempt
from student_client.agent.leases import LeaseRefused
from student_client.agent.orders import obey
from student_client.agent.outbox import Outbox
from student_client.agent.panel import LessonNow
from student_client.agent.receipts import Someone, What
from student_client.local import Viewer

log = logging.getLogger(__name__)

PROGRAM: Final = "lessonlight-student"
DONE_WITHIN: Final = 5.0  # seconds until a command that is not confirmed has failed
COMMANDS_AT_ONCE: Final = 48  # a tutor tells whoever comes late all that was changed; all their answers find room
MESSAGE_TOO_BIG: Final = 1009  # RFC 6455 §7.4.1: websockets' own answer to a message over the session's limit
MESSAGES_KEPT: Final = 64  # texts whose "Understood" still finds its way back


class Visit:
    """One connection. `permit` is None before it is granted and after it has ended."""

    def __init__(self, link: Link, device: Device, attempt: Attempt, abort: Callable[[], None]) -> None:
        self.peer = link.peer
        self.permit: Permit | None = None
        self.lesson: LessonTerms | None = None
        self.watching: dict[Stream, float] = {}
        self.outbox = Outbox(link, device.screens, abort)
        self._link, self._device, self._attempt = link, device, attempt
        self._receipts: dict[What, int] = {}
        self._messages: deque[str] = deque(maxlen=MESSAGES_KEPT)
        self._commands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Attend to the peer until the connection is over."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                writer = self._tasks.create_task(self.outbox.run(), name=f"outbox {self.peer.id}")
                await self._listen()
                for task in (writer, *self._commands):
                    task.cancel()
        finally:
            self._leave()

    async def _listen(self) -> None:
        try:
            while True:
                self._heard(await self._link.receive())
        except LinkClosed as closed:
            self._log_end(closed)

    def end(self, reason: Reason, detail: str) -> None:
        """End the permit, if there is one, and the connection."""
        if self.permit:
            self._leave()
            self.outbox.end(CloseCode.DONE, detail, PermitEnded(reason=reason, detail=detail[:280]))
        else:
            self.outbox.end(CloseCode.GOING_AWAY, detail)

    def narrow(self, permit: Permit) -> None:
        """Hold the permit to what a newer policy gives. Both sides know its rights, so that fewer end it."""
        if self.permit is None:
            return
        if not set(self.permit.may) <= set(permit.may):
            self.end(Reason.ROLE, "The college’s policy no longer gives you all the rights of this permit.")
        else:
            self.permit = replace(self.permit, until=min(self.permit.until, permit.until))
            self._device.keeper.narrowed(self.permit)

    def replaced(self) -> None:
        """Make way for a newer connection of the same person and lesson."""
        self._leave()
        self.outbox.end(CloseCode.REPLACED, "replaced by a newer connection")

    @property
    def viewer(self) -> Viewer | None:
        """What the indicator says of this person, None where they do not view."""
        if not self.permit or not self.lesson or not self.watching:
            return None
        return Viewer(
            name=self.peer.name,
            lesson=self.lesson.name,
            since=min(self.watching.values()),
            full=Stream.FOCUS in self.watching,
        )

    @property
    def lesson_now(self) -> LessonNow | None:
        """The lesson this person's permit is for, None without one."""
        return LessonNow(self.lesson, self.peer.name, self.permit.until) if self.permit and self.lesson else None

    def understood(self, message: str) -> bool:
        """Whether a text was this person's; from then on it no longer is."""
        mine = message in self._messages
        if mine:
            self._messages.remove(message)
        return mine

    def _heard(self, message: Message) -> None:
        match message:
            case Hello():
                self._greet()
            case PolicyOffer():
                self._take_policy(message.bundle)
            case PermitRequest():
                self._decide(message.lesson)
            case Watch():
                self._watch(message)
            case Unwatch():
                self._unwatch(message.stream)
            case Credit():
                self.outbox.wake()
            case Noted():
                self._noted(message)
            case EndLesson():
                self._end_lesson()
                self.outbox.end(CloseCode.DONE, "the lesson is over")
            case _ if isinstance(message, Command):
                self._command(message)
            case _:
                raise AssertionError(f"the session lets {type(message).__name__} through")

    def _greet(self) -> None:
        version = self._device.gate.policy_version
        clock = self._device.clock.wall()
        self.outbox.say(Welcome(version=VERSION, program=PROGRAM, policy_version=version, clock=clock))

    def _take_policy(self, bundle: bytes) -> None:
        refusal = self._device.take_policy(bundle)
        if refusal:
            self._refuse(refusal)
        else:
            self.outbox.say(PolicyTaken(policy_version=self._device.gate.policy_version))

    def _decide(self, lesson: LessonTerms) -> None:
        decision = self._device.decide(self, lesson)
        if isinstance(decision, Refusal):
            self._refuse(decision)
            return
        self._attempt.settled()
        self.permit, self.lesson = decision, lesson
        log.info("%s (%s) is let in for %s", self.peer.name, self.peer.id, lesson.name)
        self.outbox.say(PermitGranted(lesson=lesson.id, until=decision.until, may=decision.may))
        self._device.visitor_in(self, lesson, decision)

    def _end_lesson(self) -> None:
        """The tutor has ended the lesson, unlike a link that was lost: its rules end, too."""
        if self.permit:
            self._device.lesson_ended(self.permit)
        self._leave()

    def _noted(self, noted: Noted) -> None:
        if self.permit:
            self._device.breaches.noted(noted.breaches, self._device.keeper.owed_to(self.permit))

    def _refuse(self, refusal: Refusal) -> None:
        self._device.refused(Someone.known(self.peer), refusal.detail)
        self.outbox.end(CloseCode.REFUSED, refusal.reason, Refused(reason=refusal.reason, detail=refusal.detail[:280]))

    def _watch(self, watch: Watch) -> None:
        if self.permit is None:
            return  # ended, and the peer has not heard of it yet
        self.watching.setdefault(watch.stream, self._device.clock.now())
        self._begin(What.FULL if watch.stream is Stream.FOCUS else What.TILE)
        self._device.changed()  # the indicator first, the picture second
        self._device.screens.watch(self.outbox, watch)

    def _unwatch(self, stream: Stream) -> None:
        self._device.screens.unwatch(self.outbox, stream)
        if self.watching.pop(stream, None) is not None:
            self._finish(What.FULL if stream is Stream.FOCUS else What.TILE)
            self._device.changed()

    def _command(self, command: Command) -> None:
        if self.permit is None:
            return
        if len(self._commands) >= COMMANDS_AT_ONCE:
            self.outbox.say(Outcome(id=command.id, result=Result.REFUSED, detail="Too many commands at once."))
            return
        task = self._tasks.create_task(self._carry_out(command), name=f"{type(command).__name__} of {self.peer.id}")
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _carry_out(self, command: Command) -> None:
        try:
            why = await self._work(command)  # "" is done
            result = Result.FAILED if why else Result.OK
        except LeaseRefused as error:
            result, why = Result.REFUSED, str(error)
        if self.permit:
            self.outbox.say(Outcome(id=command.id, result=result, detail=why[:280]))

    def _work(self, command: Command) -> Coroutine[Any, Any, str]:
        assert self.permit
        device, now = self._device, self._device.clock.now()
        match command:
            case Lock():
                return device.lock(command, self.permit, self._lesson_name, DONE_WITHIN)
            case Unlock():
                return device.locker.unlock(DONE_WITHIN)
            case TextMessage():
                self._messages.append(command.id)
                device.receipts.note(What.MESSAGE, Someone.known(self.peer, self._lesson_name), now)
                return device.show(command, self.peer.name, DONE_WITHIN)
            case _:
                return obey(device, command, self.permit, DONE_WITHIN)

    @property
    def _lesson_name(self) -> str:
        return self.lesson.name if self.lesson else ""

    def _begin(self, what: What) -> None:
        if what not in self._receipts:
            who = Someone.known(self.peer, self._lesson_name)
            self._receipts[what] = self._device.receipts.begin(what, who, self._device.clock.now())

    def _finish(self, what: What) -> None:
        if what in self._receipts:
            self._device.receipts.end(self._receipts.pop(what), self._device.clock.now())

    def _leave(self) -> None:
        """End the permit on this side; from here on nothing is captured or sent for this person."""
        self._device.screens.forget(self.outbox)
        self.watching.clear()
        for what in list(self._receipts):
            self._finish(what)
        if self.permit:
            self.permit = None
            log.info("%s (%s) has left", self.peer.name, self.peer.id)
        self._device.visitor_out(self)

    def _log_end(self, closed: LinkClosed) -> None:
        ours = isinstance(closed.__cause__, RemoteProtocolError) or closed.code == MESSAGE_TOO_BIG
        if ours:
            log.warning("%s (%s) broke the protocol: %s", self.peer.name, self.peer.id, closed.reason)
        if ours and self.lesson is None:
            self._device.refused(Someone.known(self.peer), "its program did not speak as agreed")
