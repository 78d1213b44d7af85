"""What the capture thread does: it alone holds the Capture and Facts backends.

It takes a picture only while the Qt thread keeps confirming that the indicator is on the screen (SECURITY rule 10):
a confirmation is good for INDICATOR_LEASE seconds, so a hidden badge and a hung Qt thread both stop the pictures. While
the screen rests nobody confirms: what would be captured next is asked for first (`Outbox.ask_look`).
"""

import logging
import select
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from protocol.messages import Cursor, ScreenState, Stream
from protocol.text import plain
from student_client.backends.base import Away, Backends, Capture, Encoded, Unsupported
from student_client.desktop.decide import Channel, Decider
from student_client.desktop.desk import LARGEST, Desk
from student_client.desktop.encode import EncodeError
from student_client.desktop.mailbox import Bell, Outbox
from student_client.desktop.patches import Made, PatchMaker, ScreenMovedError
from student_client.desktop.tiles import AreaOf, Grab, TileMaker
from student_client.local import Capture as OpenChannel
from student_client.local import DesktopFacts, NextPicture, Picture, Refresh, ScreenPatches, StopCapture
from student_client.regions import Rect

INDICATOR_LEASE = 1.0
INPUTS_INTERVAL = 5.0  # seconds between two facts that differ by the inputs alone
RETRY_AFTER = 3.0
INDICATOR_SENTENCE = "The Lessonlight indicator is hidden on this laptop, so its screen is not shown."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndicatorSeen:
    """Whether the student could see the indicator just now."""

    on_screen: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """Whether a lesson or its rules are on: only then the application in front is anybody's business."""

    on: bool


@dataclass(frozen=True, slots=True)
class PicturesAgain:
    """The hold of the outbox with this number is over. Whatever was grabbed before this order comes has been lost."""

    hold: int


Order = OpenChannel | StopCapture | NextPicture | Refresh | IndicatorSeen | Lesson | PicturesAgain


class CaptureWork:
    """One turn at a time. Raises CaptureError, to be handed to `fail`; `stopping` is asked before each picture."""

    def __init__(self, backends: Backends, outbox: Outbox, stopping: Callable[[], bool]) -> None:
        self._backends = backends
        self._outbox = outbox
        self._stopping = stopping
        self._decider = Decider()
        self._maker = PatchMaker()
        self._tiles = TileMaker()
        self._last: dict[int, bytes] = {}  # the last JPEG of each tile: one that equals it stays here
        self._cursors: dict[int, Cursor | None] = {}  # the last of each focus view
        self._pointer = (0, 0)
        self._news = True
        self._capture: Capture | None = None
        self._retry_at = 0.0
        self._trouble = ""
        self._hidden = False
        self._seen_until = 0.0
        self._asked = False  # for a confirmation that has not come yet
        self._desk = Desk(backends)
        self._told: DesktopFacts | None = None
        self._said: tuple[object, ...] = ()
        self._told_at = 0.0

    def obey(self, order: Order) -> None:
        """Take one order."""
        match order:
            case OpenChannel():
                self._last.pop(order.channel, None)
                self._decider.open(_channel(order))
            case StopCapture():
                self._close_channel(order.channel)
            case NextPicture():
                self._decider.credit(order.channel, time.monotonic())
            case Refresh():
                self._decider.refresh(order.channel)
            case IndicatorSeen():
                self._see_indicator(order.on_screen)
            case Lesson():
                self._desk.follow(order.on)
            case PicturesAgain():
                self._start_again(self._outbox.let_go(order.hold))

    def turn(self) -> float | None:
        """Do all that is due; return how long there is nothing to do unless something happens (None: for ever)."""
        self._open_capture()
        self._stir()
        if self._capture is not None:
            self._desk.ask(self._capture, time.monotonic())
        self._tell()  # the tile says what it is before its picture comes
        if self._may_capture():
            assert self._capture is not None
            self._take_pictures(self._capture)
            self._tell()
        elif self._wants_confirmation():
            self._asked = True
            self._outbox.ask_look()
        self._stir()
        return self._pause(time.monotonic())

    def sleep(self, pause: float | None, bell: Bell) -> None:
        """Sleep so long, or until the bell rings; until the screen changes only where a picture would follow."""
        if self._capture is None or not self._hears:
            select.select([bell], [], [], pause)
        elif self._capture.wait_change(pause, bell):
            self._news = True

    def fail(self, why: str) -> None:
        """Give the capture up for a while, and say why."""
        if why != self._trouble:
            logger.warning("capture: %s", why)
        self._trouble = why
        self._retry_at = time.monotonic() + RETRY_AFTER
        if self._capture is not None:
            self._capture.close()
            self._capture = None
        self._tiles.forget()
        self._tell()

    def close(self) -> None:
        """Give everything back."""
        self._maker.close()
        self._desk.close()
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def _close_channel(self, channel: int) -> None:
        for known in (self._last, self._cursors):
            known.pop(channel, None)
        self._maker.forget(channel)
        self._decider.close(channel)
        if self._decider.idle:
            self._tiles.forget()

    def _see_indicator(self, on_screen: bool) -> None:
        self._hidden, self._asked = not on_screen, False
        self._seen_until = time.monotonic() + INDICATOR_LEASE if on_screen else 0.0
        if self._hidden:
            self._start_again(self._outbox.drop_pictures())

    def _start_again(self, lost: Iterable[int]) -> None:
        """Make whole pictures for these channels: their last ones went nowhere."""
        for channel in lost:
            self._last.pop(channel, None)
            self._decider.credit(channel)
            self._decider.refresh(channel)
        self._decider.screen_changed()

    def _may_capture(self) -> bool:
        return self._capture is not None and not self._decider.idle and time.monotonic() < self._seen_until

    @property
    def _hears(self) -> bool:
        """Whether a change of the screen wakes this thread: where a picture would follow, if it is confirmed."""
        return self._capture is not None and not self._hidden and self._decider.listening

    def _wants_confirmation(self) -> bool:
        if self._capture is None or self._hidden or self._asked or self._decider.idle:
            return False
        return self._news or self._decider.next_due(time.monotonic()) == 0

    def _stir(self) -> None:
        if self._news or not self._hears:
            self._desk.stir()

    def _open_capture(self) -> None:
        if self._capture is not None or time.monotonic() < self._retry_at:
            return
        if isinstance(self._backends.capture, Unsupported):
            self._trouble = self._backends.capture.why
            return
        self._capture = self._backends.capture()
        self._news = True  # its first damage is all of the desktop
        if self._decider.idle:
            self._trouble = ""

    def _take_pictures(self, capture: Capture) -> None:
        if self._news or self._decider.next_due(time.monotonic()) == 0:
            self._take_news(capture)
        while channels := self._decider.due(time.monotonic()):
            if self._stopping() or not self._may_capture():
                return
            tiles = [channel for channel in channels if channel.stream is Stream.TILE]
            for channel in channels:
                if channel.stream is Stream.FOCUS:
                    self._send_patches(channel, capture)
            if tiles:
                grab = cache(capture.grab)  # once for all of them
                for channel in tiles:
                    self._decider.taken([channel], time.monotonic(), sent=self._send(channel, capture.area, grab))
            self._trouble = ""

    def _take_news(self, capture: Capture) -> None:
        """Hear what was drawn, and where the monitors and the pointer are; what comes after it is news again."""
        self._news = False
        damage = capture.take_damage()
        self._decider.lay_out(capture.area)
        self._decider.screen_changed(damage)
        self._tiles.draw(damage, capture.area)
        capture.follow_pointer(self._decider.close_up)
        if self._decider.close_up and (pointer := capture.pointer()) != self._pointer:
            self._pointer = pointer
            self._decider.pointer_moved()

    def _send_patches(self, channel: Channel, capture: Capture) -> None:
        """Leave what has changed of a focus view, and the cursor, for the Qt thread; nothing where nothing has."""
        started = time.monotonic()
        plan, quality = self._decider.plan(channel, started)
        try:
            made = self._maker.make(channel, plan, quality, capture.grab)
        except ScreenMovedError:
            self._decider.refresh(channel.id)
            self._decider.lay_out(capture.area)
            return
        except EncodeError as error:
            logger.warning("capture: %s", error)
            self._decider.taken([channel], started, sent=False)
            self._decider.refresh(channel.id)  # what was asked for has not been sent
            return
        cursor = _cursor(self._pointer, capture.area(channel.monitor), made)
        moved = cursor != self._cursors.get(channel.id)
        self._decider.taken([channel], started, sent=moved or bool(made.patches))
        if moved or made.patches:
            self._cursors[channel.id] = cursor
            self._outbox.put_picture(_patches(channel, made, cursor, self._desk.inputs))
            self._decider.sent(channel, made.pieces, made.size, started, time.monotonic() - started)
        if (made.width, made.height, made.whole) != (plan.width, plan.height, plan.whole):
            self._decider.keep_in_one(channel.id)

    def _send(self, channel: Channel, area_of: AreaOf, grab: Grab) -> bool:
        """Leave the picture for the Qt thread; False when it stays here: nothing new on it, or it cannot be made."""
        try:
            encoded = self._tiles.make(channel, area_of, grab)
        except EncodeError as error:
            logger.warning("capture: %s", error)
            return False
        if self._last.get(channel.id) == encoded.jpeg:
            return False
        self._last[channel.id] = encoded.jpeg
        self._outbox.put_picture(_picture(channel, encoded, self._desk.inputs))
        return True

    def _pause(self, now: float) -> float | None:
        times: list[float] = []
        if self._capture is None and not isinstance(self._backends.capture, Unsupported):
            times.append(max(0.0, self._retry_at - now))
        elif (next_facts := self._desk.next_at) is not None:
            times.append(max(0.0, next_facts - now))
        waits = self._hidden or self._asked  # for the Qt thread's word, and that rings
        if self._capture is not None and not waits and (due := self._decider.next_due(now)) is not None:
            times.append(due)
        return min(times, default=None)

    def _tell(self) -> None:
        """Leave the facts for the Qt thread when they are new; asked at every turn, so it has to cost nothing then."""
        desk, now = self._desk, time.monotonic()
        said = (desk.application, desk.front, desk.monitors, *self._state())
        if said == self._said and now < self._told_at + INPUTS_INTERVAL:
            return
        application, front, monitors, state, reason = said
        facts = DesktopFacts(
            application=application,
            monitors=monitors,
            screen=state,
            reason=plain(reason, 280),
            inputs=desk.inputs,
            front=front,
        )
        self._said, self._told_at = said, now
        if facts != self._told:
            self._told = facts
            self._outbox.put_facts(facts)

    def _state(self) -> tuple[ScreenState, str]:
        if self._hidden:
            return ScreenState.INDICATOR_HIDDEN, INDICATOR_SENTENCE
        if self._trouble:
            return ScreenState.CAPTURE_FAILED, self._trouble
        if self._desk.away is not Away.NOT:
            return ScreenState.OTHER_SESSION, self._desk.away.value
        return (ScreenState.STARTING if self._capture is None else ScreenState.LIVE), ""


def _channel(order: OpenChannel) -> Channel:
    return Channel(
        order.channel, Stream(order.stream), order.monitor, order.width, order.height, order.interval_ms / 1000
    )


def _picture(channel: Channel, encoded: Encoded, inputs: int) -> Picture:
    return Picture(
        channel=channel.id,
        captured_at=encoded.captured_at,
        width=encoded.width,
        height=encoded.height,
        screen_width=min(encoded.screen_width, LARGEST),
        screen_height=min(encoded.screen_height, LARGEST),
        inputs=inputs,
        jpeg=encoded.jpeg,
    )


def _patches(channel: Channel, made: Made, cursor: Cursor | None, inputs: int) -> ScreenPatches:
    return ScreenPatches(
        channel=channel.id,
        captured_at=made.captured_at,
        screen_width=made.width,
        screen_height=made.height,
        inputs=inputs,
        whole=made.whole,
        cursor=cursor,
        patches=made.patches,
    )


def _cursor(pointer: tuple[int, int], area: Rect, made: Made) -> Cursor | None:
    """Return the pointer's place on the picture, None where it is on another monitor."""
    x, y = pointer[0] - area.x, pointer[1] - area.y
    if not (0 <= x < area.width and 0 <= y < area.height):
        return None
    return Cursor(x=x * made.width // area.width, y=y * made.height // area.height)
