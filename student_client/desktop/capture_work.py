"""What the capture thread does: it alone holds the Capture and Facts backends.

It takes a picture only while the Qt thread keeps confirming that the indicator is on the screen (SECURITY rule 10):
a confirmation is good for INDICATOR_LEASE seconds, so a hidden badge and a hung Qt thread both stop the pictures.
"""

import logging
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from protocol.messages import MonitorFacts, ScreenState, Stream
from protocol.text import plain
from student_client.backends.base import Backends, Capture, Encoded, Facts, Raw, Unsupported
from student_client.desktop.decide import Channel, Decider
from student_client.desktop.encode import EncodeError, scale_and_encode
from student_client.desktop.mailbox import Bell, Outbox
from student_client.local import Capture as OpenChannel
from student_client.local import DesktopFacts, NextPicture, Picture, StopCapture

INDICATOR_LEASE = 1.0
FACTS_INTERVAL = 1.0
RETRY_AFTER = 3.0
INDICATOR_SENTENCE = "The Lessonlight indicator is hidden on this laptop, so its screen is not shown."
LARGEST = 16384  # protocol.messages.Pixels
MOST_MONITORS = 16

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndicatorSeen:
    """Whether the student could see the indicator just now."""

    on_screen: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """Whether a lesson is on: only then the application in front is anybody's business."""

    on: bool


Order = OpenChannel | StopCapture | NextPicture | IndicatorSeen | Lesson


class CaptureWork:
    """One turn at a time. Raises CaptureError, to be handed to `fail`; `stopping` is asked before each picture."""

    def __init__(self, backends: Backends, outbox: Outbox, stopping: Callable[[], bool]) -> None:
        self._backends = backends
        self._outbox = outbox
        self._stopping = stopping
        self._decider = Decider()
        self._last: dict[int, bytes] = {}  # the last JPEG of each channel: one that equals it stays here
        self._capture: Capture | None = None
        self._retry_at = 0.0
        self._trouble = ""
        self._hidden = False
        self._seen_until = 0.0
        self._desk = _Desk(backends)
        self._told: DesktopFacts | None = None

    def obey(self, order: Order) -> None:
        """Take one order."""
        match order:
            case OpenChannel():
                self._last.pop(order.channel, None)
                self._decider.open(_channel(order))
            case StopCapture():
                self._last.pop(order.channel, None)
                self._decider.close(order.channel)
            case NextPicture():
                self._decider.credit(order.channel)
            case IndicatorSeen():
                self._see_indicator(order.on_screen)
            case Lesson():
                self._desk.follow(order.on)

    def turn(self) -> float | None:
        """Do all that is due; return how long there is nothing to do unless something happens (None: for ever)."""
        self._open_capture()
        if self._capture is not None:
            self._desk.ask(self._capture, time.monotonic())
        self._tell()  # the tile says what it is before its picture comes
        if self._may_capture():
            self._take_pictures()
            self._tell()
        return self._pause(time.monotonic())

    def sleep(self, pause: float | None, bell: Bell) -> None:
        """Sleep so long, or until the bell rings; also until the screen changes, where a picture would follow."""
        capture = self._capture
        if capture is None or not self._may_capture():
            select.select([bell], [], [], pause)
        elif capture.wait_change(pause, bell):  # also while a slow channel waits for its time: it is not the only one
            self._decider.screen_changed()

    def fail(self, why: str) -> None:
        """Give the capture up for a while, and say why."""
        if why != self._trouble:
            logger.warning("capture: %s", why)
        self._trouble = why
        self._retry_at = time.monotonic() + RETRY_AFTER
        if self._capture is not None:
            self._capture.close()
            self._capture = None
        self._tell()

    def close(self) -> None:
        """Give everything back."""
        self._desk.close()
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def _see_indicator(self, on_screen: bool) -> None:
        self._hidden = not on_screen
        self._seen_until = time.monotonic() + INDICATOR_LEASE if on_screen else 0.0
        if self._hidden:
            for channel in self._outbox.drop_pictures():
                self._last.pop(channel, None)
                self._decider.credit(channel)
            self._decider.screen_changed()

    def _may_capture(self) -> bool:
        return self._capture is not None and not self._decider.idle and time.monotonic() < self._seen_until

    def _open_capture(self) -> None:
        if self._capture is not None or time.monotonic() < self._retry_at:
            return
        if isinstance(self._backends.capture, Unsupported):
            self._trouble = self._backends.capture.why
            return
        self._capture = self._backends.capture()
        self._decider.screen_changed()
        if self._decider.idle:
            self._trouble = ""

    def _take_pictures(self) -> None:
        assert self._capture is not None
        while channels := self._decider.due(time.monotonic()):
            if self._stopping() or not self._may_capture():
                return
            raw = self._capture.grab(channels[0].monitor)
            self._trouble = ""
            if raw.changed:
                self._decider.screen_changed()
            for channel in channels:
                self._decider.taken([channel], time.monotonic(), sent=self._send(channel, raw))

    def _send(self, channel: Channel, raw: Raw) -> bool:
        """Leave the picture for the Qt thread; False when it stays here: nothing new on it, or it cannot be made."""
        try:
            encoded = scale_and_encode(raw, channel.width, channel.height, channel.stream)
        except EncodeError as error:
            logger.warning("capture: %s", error)
            return False
        if self._last.get(channel.id) == encoded.jpeg:
            return False
        self._last[channel.id] = encoded.jpeg
        self._outbox.put_picture(_picture(channel, encoded))
        return True

    def _pause(self, now: float) -> float | None:
        times: list[float] = []
        if self._capture is None and not isinstance(self._backends.capture, Unsupported):
            times.append(max(0.0, self._retry_at - now))
        elif (next_facts := self._desk.next_at) is not None:
            times.append(max(0.0, next_facts - now))
        if self._may_capture() and (due := self._decider.next_due(now)) is not None:
            times.append(due)
        return min(times, default=None)

    def _tell(self) -> None:
        state, reason = self._state()
        facts = DesktopFacts(
            application=self._desk.application, monitors=self._desk.monitors, screen=state, reason=plain(reason, 280)
        )
        if facts != self._told:
            self._told = facts
            self._outbox.put_facts(facts)

    def _state(self) -> tuple[ScreenState, str]:
        if self._hidden:
            return ScreenState.INDICATOR_HIDDEN, INDICATOR_SENTENCE
        if self._trouble:
            return ScreenState.CAPTURE_FAILED, self._trouble
        return (ScreenState.STARTING if self._capture is None else ScreenState.LIVE), ""


class _Desk:
    """Monitors and the application in front, asked for every second of a lesson and not at all outside lessons."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._facts: Facts | None = None
        self._lesson = False
        self._next_at = 0.0
        self.application = ""
        self.monitors: tuple[MonitorFacts, ...] = ()

    @property
    def next_at(self) -> float | None:
        """When to ask again (monotonic), or None."""
        return self._next_at if self._lesson else None

    def follow(self, lesson: bool) -> None:
        """A lesson has begun or ended."""
        self._lesson, self._next_at = lesson, 0.0
        if not lesson:
            self.application = ""
            self.close()  # what the display tells would pile up unread

    def ask(self, capture: Capture, now: float) -> None:
        """Ask if it is time, and once at the start for the monitors; raises CaptureError."""
        if self.monitors and (not self._lesson or now < self._next_at):
            return
        self._next_at = now + FACTS_INTERVAL
        self.monitors = tuple(
            MonitorFacts(
                index=monitor.index,
                name=plain(monitor.name, 200),
                width=min(monitor.width, LARGEST),
                height=min(monitor.height, LARGEST),
            )
            for monitor in capture.monitors()[:MOST_MONITORS]
        )
        if self._lesson:
            self.application = self._in_front()

    def close(self) -> None:
        """Give the backend back."""
        if self._facts is not None:
            self._facts.close()
            self._facts = None

    def _in_front(self) -> str:
        if isinstance(self._backends.facts, Unsupported):
            return ""
        self._facts = self._facts or self._backends.facts()
        return plain(self._facts.active_application(), 200)


def _channel(order: OpenChannel) -> Channel:
    return Channel(
        order.channel, Stream(order.stream), order.monitor, order.width, order.height, order.interval_ms / 1000
    )


def _picture(channel: Channel, encoded: Encoded) -> Picture:
    return Picture(
        channel=channel.id,
        captured_at=encoded.captured_at,
        width=encoded.width,
        height=encoded.height,
        screen_width=min(encoded.screen_width, LARGEST),
        screen_height=min(encoded.screen_height, LARGEST),
        jpeg=encoded.jpeg,
    )
