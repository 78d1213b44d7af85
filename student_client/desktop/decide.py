"""When to take which picture: pure, so every rule about it can be tested without a screen or a clock.

A channel is one asked size of one stream (see student_client.local). The caller tells what happens (`open`, `credit`,
`screen_changed`, `taken`), asks `due` what to grab now, and sleeps `next_due` seconds or until something happens.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.messages import Stream


@dataclass(frozen=True, slots=True)
class Channel:
    """What is asked for: pictures of `monitor` (0 = whole desktop), at most one in `interval` seconds."""

    id: int
    stream: Stream
    monitor: int
    width: int
    height: int
    interval: float


@dataclass(slots=True)
class _Course:
    """Where one channel stands. It is dirty while the screen may differ from the last picture sent."""

    channel: Channel
    dirty: bool = True
    in_flight: bool = False
    taken_at: float | None = field(default=None)

    def ready_at(self) -> float | None:
        """Return the earliest time of the next picture (-inf: any), or None while there is no reason or no credit."""
        if not self.dirty or self.in_flight:
            return None
        return float("-inf") if self.taken_at is None else self.taken_at + self.channel.interval


class Decider:
    """Decides for all channels: the first picture at once, then only changed ones, one in flight, never too fast."""

    def __init__(self) -> None:
        self._courses: dict[int, _Course] = {}

    @property
    def idle(self) -> bool:
        """Whether nobody asks for pictures."""
        return not self._courses

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

    def credit(self, channel_id: int) -> None:
        """The channel's last picture was taken over: another may be sent."""
        if (course := self._courses.get(channel_id)) is not None:
            course.in_flight = False

    def screen_changed(self) -> None:
        """Anything was drawn anywhere: every channel's last picture may be out of date."""
        for course in self._courses.values():
            course.dirty = True

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

    def taken(self, channels: Iterable[Channel], now: float, sent: bool = True) -> None:
        """The channels' picture was grabbed at `now`; `sent` is False when it equalled the last and stayed here."""
        for channel in channels:
            if (course := self._courses.get(channel.id)) is not None:
                course.dirty = False
                course.in_flight = sent
                course.taken_at = now


def _same_picture(one: Channel, other: Channel) -> bool:
    return (one.stream, one.monitor, one.width, one.height) == (
        other.stream, other.monitor, other.width, other.height
    )  # fmt: skip
