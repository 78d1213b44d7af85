"""When to take which picture: pure, so every rule about it can be tested without a screen or a clock.

A channel is one asked size of one stream (see student_client.local). The caller tells what happens (`open`, `credit`,
`screen_changed`, `taken`), asks `due` what to grab now, and sleeps `next_due` seconds or until something happens. A
tile is sent whole or not at all; what to send of a focus view is for its `plan` to say.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from protocol.messages import Stream
from student_client.desktop.canvas import Canvas, Piece, Plan
from student_client.desktop.pace import BEST, Pace
from student_client.regions import Rect
from student_client.spacing import BURST, Spacing


@dataclass(frozen=True, slots=True)
class Channel:
    """What is asked for: pictures of `monitor` (0 = whole desktop), one in `interval` seconds (see `BURST`)."""

    id: int
    stream: Stream
    monitor: int
    width: int
    height: int
    interval: float


@dataclass(slots=True)
class _Course:
    """Where one channel stands. It is dirty while the screen may differ from the last picture sent.

    `area` is its monitor's place on the desktop; `canvas` is there for a focus view whose area is known.
    """

    channel: Channel
    dirty: bool = True
    in_flight: bool = False
    taken_at: float | None = field(default=None)
    busy: float = 0.0  # seconds from `taken_at` on that belong to the last picture, and to the student after it
    area: Rect | None = None
    canvas: Canvas | None = None
    pace: Pace = field(default_factory=Pace)
    spacing: Spacing = field(init=False)

    def __post_init__(self) -> None:
        self.spacing = Spacing(BURST[self.channel.stream])

    @property
    def changed(self) -> bool:
        return self.dirty or (self.canvas is not None and self.canvas.dirty)

    def ready_at(self) -> float | None:
        """Return the earliest time of the next picture (-inf: any), or None while there is no reason or no credit."""
        if self.in_flight:
            return None
        if self.changed:
            return self._spaced_at()
        repair_at = self.canvas.repair_at if self.canvas is not None else None
        # A repair never uses the last turn: what changes right after it is sent at once.
        return None if repair_at is None else max(self._spaced_at(spare=1), repair_at)

    def _spaced_at(self, spare: int = 0) -> float:
        if self.taken_at is None:
            return float("-inf")
        since = self.taken_at + max(self.busy, self.pace.delay(self.taken_at))
        return max(since, self.spacing.ready_at(self.channel.interval, spare))

    def lay_out(self, area: Rect) -> None:
        if area == self.area:
            return
        self.area, self.dirty = area, True
        if self.channel.stream is Stream.FOCUS:
            fits = area.width <= self.channel.width and area.height <= self.channel.height
            self.canvas = Canvas(area.width, area.height, in_parts=fits)

    def draw(self, damage: Iterable[Rect] | None) -> None:
        if damage is None or self.area is None:
            self.dirty = True
            if self.canvas is not None:
                self.canvas.refresh()
            return
        for rect in damage:
            if (part := rect.within(self.area)) is None:
                continue
            if self.canvas is None:
                self.dirty = True
            else:
                self.canvas.draw(part.moved(-self.area.x, -self.area.y))


class Decider:
    """Decides for all channels: the first picture at once, then only changed ones, one in flight, never too fast.

    A change after a rest is due at once; the interval only keeps what follows apart.
    """

    def __init__(self) -> None:
        self._courses: dict[int, _Course] = {}

    @property
    def idle(self) -> bool:
        """Whether nobody asks for pictures."""
        return not self._courses

    @property
    def close_up(self) -> bool:
        """Whether somebody asks for a focus view."""
        return any(course.channel.stream is Stream.FOCUS for course in self._courses.values())

    @property
    def listening(self) -> bool:
        """Whether a change would make something due that is not due already, or about to be."""
        return any(not course.in_flight and not course.changed for course in self._courses.values())

    def open(self, channel: Channel) -> None:
        """Take a new channel; of a known id, only the interval may change, which asks for no new picture."""
        known = self._courses.get(channel.id)
        if known is not None and _same_picture(known.channel, channel):
            known.channel = channel
        else:
            self._courses[channel.id] = _Course(channel)

    def close(self, channel_id: int) -> None:
        """Forget a channel; one that is not there is no mistake, for its picture may have crossed with the closing."""
        self._courses.pop(channel_id, None)

    def credit(self, channel_id: int, now: float | None = None) -> None:
        """The channel's last picture was taken over: another may be sent."""
        if (course := self._courses.get(channel_id)) is None:
            return
        if course.in_flight and course.canvas and course.taken_at is not None and now is not None:
            course.canvas.credited(now - course.taken_at)
        course.in_flight = False

    def refresh(self, channel_id: int) -> None:
        """The channel's next picture has to be whole, for one was lost on its way."""
        if (course := self._courses.get(channel_id)) is not None:
            course.draw(None)

    def lay_out(self, area_of: Callable[[int], Rect]) -> None:
        """Take the monitors' places on the desktop; a channel whose monitor has another one begins anew."""
        for course in self._courses.values():
            course.lay_out(area_of(course.channel.monitor))

    def screen_changed(self, damage: Iterable[Rect] | None = None) -> None:
        """These rectangles of the desktop were drawn on; None: anything anywhere."""
        damage = None if damage is None else tuple(damage)
        for course in self._courses.values():
            course.draw(damage)

    def pointer_moved(self) -> None:
        """The pointer is elsewhere, which a focus view shows."""
        for course in self._courses.values():
            if course.channel.stream is Stream.FOCUS:
                course.dirty = True

    def keep_in_one(self, channel_id: int) -> None:
        """The channel's screen is too rich for a message: it is sent as one scaled picture from now on."""
        if (course := self._courses.get(channel_id)) is not None and course.canvas is not None:
            course.canvas.keep_in_one()

    def due(self, now: float) -> tuple[Channel, ...]:
        """Return the channels that one grab of one monitor serves now, longest waiting first; () if none is due.

        Call `taken` for them, then ask again: channels of another monitor may be due as well.
        """
        ready = sorted(
            (at, course.channel.id, course.channel)
            for course in self._courses.values()
            if (at := course.ready_at()) is not None and at <= now
        )
        return tuple(channel for _, _, channel in ready if channel.monitor == ready[0][2].monitor)

    def next_due(self, now: float) -> float | None:
        """Return the seconds until a channel is due (0 if one is), or None when only an event can make it so."""
        times = [at for course in self._courses.values() if (at := course.ready_at()) is not None]
        return max(0.0, min(times) - now) if times else None

    def plan(self, channel: Channel, now: float) -> tuple[Plan, int]:
        """Return what to send of a focus view that is due, and the quality of what goes out in haste."""
        course = self._courses[channel.id]
        assert course.canvas is not None, "lay_out comes first"
        quality = course.pace.quality
        return course.canvas.plan(now, pressed=quality < BEST), quality

    def taken(self, channels: Iterable[Channel], now: float, sent: bool = True) -> None:
        """The channels' picture was grabbed at `now`; `sent` is False when it equalled the last and stayed here."""
        for channel in channels:
            if (course := self._courses.get(channel.id)) is not None:
                course.dirty = False
                course.in_flight = sent
                course.taken_at = now
                course.spacing.take(now, course.channel.interval)
                if course.canvas is not None:
                    course.canvas.taken()

    def sent(self, channel: Channel, pieces: tuple[Piece, ...], size: int, now: float, effort: float) -> None:
        """These pieces of a focus view, of so many bytes, have gone out after so many seconds' work."""
        if (course := self._courses.get(channel.id)) is not None and course.canvas is not None:
            course.canvas.sent(pieces, now)
            course.pace.spent(size, sum(piece.area.area for piece in pieces if piece.moving), now)
            # Whatever is asked for, half the time is left to the student. Repairs are far apart as they are.
            course.busy = effort if all(piece.repair for piece in pieces) else 2 * effort


def _same_picture(one: Channel, other: Channel) -> bool:
    return (one.stream, one.monitor, one.width, one.height) == (
        other.stream, other.monitor, other.width, other.height
    )  # fmt: skip
