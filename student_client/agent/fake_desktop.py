"""A desktop without a process or a display, in the agent's own event loop: for tests and large simulations.

It speaks the same local messages, encoded and decoded, and plays a script of the `fake` platform.
"""

import asyncio
import platform
from collections.abc import Iterable

from protocol.messages import Message, MonitorFacts, Patch, ScreenState, Stream
from student_client.agent.desktop import Desktop
from student_client.backends.base import Encoded
from student_client.backends.fake import FakeScreen, Script
from student_client.local import (
    TO_AGENT,
    TO_DESKTOP,
    Capture,
    DesktopFacts,
    DesktopReady,
    LockScreen,
    MessageShown,
    NextPicture,
    Picture,
    Quit,
    Refresh,
    ScreenLocked,
    ScreenPatches,
    ScreenUnlocked,
    ShowMessage,
    StopCapture,
    UnlockScreen,
)


class _Course:
    """One channel being played."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.last = b""
        self.due_at = 0.0
        self.in_flight = False


class FakeDesktop(Desktop):
    """Confirms everything at once and sends pictures that change as its script says."""

    def __init__(self, script: Script | None = None, user: str = "student", host: str = "") -> None:
        super().__init__()
        self._screen = FakeScreen(script or Script())
        self._user, self._host = user, host or platform.node()
        self._courses: dict[int, _Course] = {}
        self._woken = asyncio.Event()
        self._up = False

    @property
    def up(self) -> bool:
        """Whether `run` is at work."""
        return self._up

    def send(self, message: Message) -> None:
        """Take a message as the desktop process would."""
        if self._up:
            self.obey(TO_DESKTOP.decode(TO_DESKTOP.encode(message)))

    def hurry(self, locked: bool) -> None:
        """There is no process to start again."""

    async def run(self) -> None:
        """Play the script until cancelled."""
        self._up = True
        self._courses.clear()
        self.listener.desktop_up()
        self.say(DesktopReady(user=self._user, host=self._host))
        self.say(DesktopFacts(application="", monitors=self._monitors(), screen=ScreenState.LIVE, reason=""))
        try:
            while True:
                self._woken.clear()
                wait = self._play(asyncio.get_running_loop().time())
                await self._sleep(wait)
        finally:
            self._up = False
            self.screen, self.reason = ScreenState.NO_DISPLAY, "The screen has ended."
            self.listener.desktop_down()

    def say(self, message: Message) -> None:
        """Tell the agent something."""
        self.listener.desktop_said(TO_AGENT.decode(TO_AGENT.encode(message)))

    def obey(self, message: Message) -> None:
        """Do what the agent says, and answer; from the loop's next turn, as a process would."""
        for answer in self._answers(message):
            asyncio.get_running_loop().call_soon(self._say_if_up, answer)

    def _say_if_up(self, message: Message) -> None:
        if self._up:
            self.say(message)

    def _answers(self, message: Message) -> Iterable[Message]:
        match message:
            case Capture():
                self._open(message)
            case StopCapture():
                self._courses.pop(message.channel, None)
            case NextPicture():
                self._credit(message.channel)
            case Refresh():
                self._forget(message.channel)
            case LockScreen():
                return [ScreenLocked(id=message.id, held=True)]
            case UnlockScreen():
                return [ScreenUnlocked()]
            case ShowMessage():
                return [MessageShown(id=message.id)]
            case Quit():
                self._courses.clear()
            case _:
                pass
        return []

    def _open(self, capture: Capture) -> None:
        course = self._courses.setdefault(capture.channel, _Course(capture))
        course.capture, course.last = capture, b""
        self._woken.set()

    def _credit(self, channel: int) -> None:
        if course := self._courses.get(channel):
            course.in_flight = False
            self._woken.set()

    def _forget(self, channel: int) -> None:
        if course := self._courses.get(channel):
            course.last = b""
            self._woken.set()

    def _play(self, now: float) -> float | None:
        """Send what is due; return in how many seconds to look again, None where an order must come first."""
        waits: list[float] = []
        for course in list(self._courses.values()):
            if course.in_flight:
                continue
            if course.due_at <= now:
                self._paint(course, now)
            if not course.in_flight:
                waits.append(course.due_at - now)
        return min(waits, default=None)

    def _paint(self, course: _Course, now: float) -> None:
        asked = course.capture
        course.due_at = now + asked.interval_ms / 1000
        encoded = self._screen.encoded(*self._size(asked), asked.monitor)
        if encoded.jpeg == course.last:
            return
        course.last, course.in_flight = encoded.jpeg, True
        asyncio.get_running_loop().call_soon(self._say_if_up, _message(asked, encoded))

    def _size(self, asked: Capture) -> tuple[int, int]:
        width, height = self._screen.cue().sizes[0]
        scale = min(1.0, asked.width / width, asked.height / height)
        return max(1, int(width * scale)), max(1, int(height * scale))

    def _monitors(self) -> tuple[MonitorFacts, ...]:
        sizes = self._screen.cue().sizes
        return tuple(
            MonitorFacts(index=index, name=f"FAKE-{index}", width=width, height=height)
            for index, (width, height) in enumerate(sizes, 1)
        )

    async def _sleep(self, wait: float | None) -> None:
        try:
            async with asyncio.timeout(wait):
                await self._woken.wait()
        except TimeoutError:
            return


def _message(asked: Capture, encoded: Encoded) -> Picture | ScreenPatches:
    """Return the picture of a tile; a focus view is one patch, always whole."""
    if asked.stream is Stream.FOCUS:
        patch = Patch(x=0, y=0, width=encoded.width, height=encoded.height, jpeg=encoded.jpeg)
        return ScreenPatches(
            channel=asked.channel,
            captured_at=encoded.captured_at,
            screen_width=encoded.width,
            screen_height=encoded.height,
            whole=True,
            patches=(patch,),
        )
    return Picture(
        channel=asked.channel,
        captured_at=encoded.captured_at,
        width=encoded.width,
        height=encoded.height,
        screen_width=encoded.screen_width,
        screen_height=encoded.screen_height,
        jpeg=encoded.jpeg,
    )
