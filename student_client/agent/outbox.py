"""What one connection still has to say: answers in order, the newest status, pictures by credit. All bounded."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from protocol.link import Link, LinkClosed
from protocol.messages import Breach, Frame, Message, Patches, Status, Stream, Watch
from protocol.session import CloseCode, LocalProtocolError
from student_client.agent.screens import Screens, Shot
from student_client.local import ScreenPatches

ANSWERS: Final = 64  # a peer may give 40 commands a second; one that does not read the answers is cut off
STATUS_EVERY: Final = 0.25  # seconds; windows that flicker must not use up the 40 messages a second
BREACH_EVERY: Final = 0.25  # seconds; after a long cut there may be hundreds, beside status and pictures
SENT_WITHIN: Final = 5.0  # seconds a peer may take to make room, as in SECURITY rule 5


@dataclass(frozen=True)
class Ending:
    """How the connection is to be closed once everything is said."""

    code: CloseCode
    reason: str


class Outbox:
    """The only writer of one link; also its `Watcher`. A slow peer keeps nobody waiting but itself."""

    def __init__(self, link: Link, screens: Screens, abort: Callable[[], None]) -> None:
        self._link, self._screens, self._abort = link, screens, abort
        self._loop = asyncio.get_running_loop()
        self._answers: deque[Message] = deque()
        self._status: Status | None = None
        self._status_sent: Status | None = None
        self._status_after = 0.0
        self._breaches: dict[str, Breach] = {}
        self._breach_after = 0.0
        self._ending: Ending | None = None
        self._woken = asyncio.Event()
        self.on_frame: Callable[[], None] = lambda: None

    def say(self, message: Message) -> None:
        """Queue an answer; cuts a peer off that leaves too many unread."""
        if len(self._answers) >= ANSWERS:
            self._abort()
            return
        self._answers.append(message)
        self.wake()

    def status(self, status: Status) -> None:
        """Say how the device is, if that is news; only the newest is kept."""
        self._status = status
        self.wake()

    def owe(self, breaches: Iterable[Breach]) -> None:
        """Tell these in their own time; the spool they come from bounds them."""
        self._breaches |= {breach.id: breach for breach in breaches}
        self.wake()

    def end(self, code: CloseCode, reason: str, last: Message | None = None) -> None:
        """Say what is queued, then `last`, and close. No picture leaves after this call; the first call counts."""
        if self._ending:
            return
        self._ending, self._status = Ending(code, reason), None
        self._breaches.clear()
        if last:
            self.say(last)
        self.wake()

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def may_send(self, stream: Stream) -> bool:
        """Whether the peer has given credit for a picture of this stream."""
        return self._link.session.may_send(stream)

    async def run(self) -> None:
        """Send until the end that was asked for, or the link's own."""
        try:
            while await self._send_next():
                pass
        except LinkClosed:
            return
        except TimeoutError:
            self._abort()

    async def _send_next(self) -> bool:
        self._woken.clear()
        message, wait = self._next()
        if message:
            await self._send(message)
        elif self._ending:
            async with asyncio.timeout(SENT_WITHIN):
                await self._link.close(self._ending.code, self._ending.reason)
            return False
        else:
            await self._sleep(wait)
        return True

    async def _send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(SENT_WITHIN):
                await self._link.send(message)
        except LocalProtocolError:
            # A picture that grew over its bounds, or an answer overtaken by the end of the permit.
            if isinstance(message, Patches):
                self._screens.missed(self, Stream.FOCUS)

    async def _sleep(self, wait: float | None) -> None:
        try:
            async with asyncio.timeout(wait):
                await self._woken.wait()
        except TimeoutError:
            return

    def _next(self) -> tuple[Message | None, float | None]:
        """Return what to send now, or for how long to sleep (None: until woken)."""
        if self._answers:
            return self._answers.popleft(), None
        if self._ending:
            return None, None
        now = self._loop.time()
        waits: list[float] = []
        if self._status and self._status != self._status_sent:
            if now >= self._status_after:
                self._status_sent, self._status_after = self._status, now + STATUS_EVERY
                return self._status_sent, None
            waits.append(self._status_after - now)
        if self._breaches:
            if now >= self._breach_after:
                self._breach_after = now + BREACH_EVERY
                return self._breaches.pop(next(iter(self._breaches))), None
            waits.append(self._breach_after - now)
        for stream in Stream:
            due = self._screens.due(self, stream, now)
            if due == 0.0:
                return self._shown(*self._screens.take(self, stream, now)), None
            if due is not None:
                waits.append(due)
        return None, min(waits, default=None)

    def _shown(self, watch: Watch, picture: Shot) -> Frame | Patches:
        sequence = self._link.session.next_sequence(watch.stream)
        if isinstance(picture, ScreenPatches):
            return Patches(
                watch=watch.watch,
                sequence=sequence,
                captured_at=picture.captured_at,
                screen_width=picture.screen_width,
                screen_height=picture.screen_height,
                inputs=picture.inputs,
                cursor=picture.cursor,
                patches=picture.patches,
            )
        return Frame(
            watch=watch.watch,
            sequence=sequence,
            captured_at=picture.captured_at,
            width=picture.width,
            height=picture.height,
            screen_width=picture.screen_width,
            screen_height=picture.screen_height,
            inputs=picture.inputs,
            jpeg=picture.jpeg,
        )
