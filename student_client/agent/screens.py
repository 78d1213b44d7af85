"""Channels: one capture per asked size, however many watch; the latest picture only, to whoever has credit for it.

Of a focus view each watcher is owed every patch. What comes while one has no credit waits in its backlog, as encoded,
and nobody else is slower for it; one whose backlog has grown too large gets a whole picture instead.

No I/O and no clock: messages for the desktop go to `tell`, the time is an argument (monotonic seconds).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace

from protocol.messages import Message, Stream, Watch
from student_client.agent.backlog import Backlog
from student_client.local import Capture, NextPicture, Picture, Refresh, ScreenPatches, StopCapture
from student_client.spacing import BURST, Spacing

EARLY: Final = 0.005  # seconds; a picture this little before its time is on time

Key: TypeAlias = tuple[Stream, int, int, int]
Shot: TypeAlias = Picture | ScreenPatches


class Watcher(Protocol):
    """Whoever watches: told when there may be something to send, asked whether it may be sent."""

    def wake(self) -> None:
        """There may be a picture now."""

    def may_send(self, stream: Stream) -> bool:
        """Whether the watcher has credit for a picture of this stream."""


@dataclass(eq=False)
class _Seat:
    """One watcher's place at a channel: the last picture it took, and when it may take the next."""

    watcher: Watcher
    watch: Watch
    channel: "_Channel"
    backlog: Backlog = field(default_factory=Backlog)  # of a focus view only
    taken: int = 0
    spacing: Spacing = field(init=False)

    def __post_init__(self) -> None:
        self.spacing = Spacing(BURST[self.watch.stream])

    @property
    def interval(self) -> float:
        return self.watch.interval_ms / 1000

    @property
    def news(self) -> bool:
        picture = self.channel.picture
        return self.backlog.news if isinstance(picture, ScreenPatches) else bool(picture) and self.behind

    @property
    def behind(self) -> bool:
        return self.taken != self.channel.count


@dataclass(eq=False)
class _Channel:
    number: int
    key: Key
    interval_ms: int
    seats: list[_Seat] = field(default_factory=list)
    picture: Shot | None = None
    count: int = 0
    owed: bool = False  # the desktop waits for `NextPicture`
    refreshing: bool = True  # a whole picture is asked for, as it is by opening the channel

    def capture(self) -> Capture:
        stream, monitor, width, height = self.key
        return Capture(
            channel=self.number,
            stream=stream,
            monitor=monitor,
            width=width,
            height=height,
            interval_ms=self.interval_ms,
        )


class Screens:
    """Who watches what. Nothing is captured that nobody watches."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._seats: dict[tuple[int, Stream], _Seat] = {}
        self._channels: dict[int, _Channel] = {}
        self._last_channel = 0

    def watch(self, watcher: Watcher, watch: Watch) -> None:
        """Seat a watcher; its first picture is the latest there is. Replaces its seat of the same stream."""
        before = self._seats.get((id(watcher), watch.stream))
        key = (watch.stream, watch.monitor, watch.width, watch.height)
        channel = self._open(key, watch.interval_ms)
        seat = _Seat(watcher, watch, channel)
        channel.seats.append(seat)
        self._seats[id(watcher), watch.stream] = seat
        if before:
            self._leave(before)
        self._pace(channel)
        if channel.picture:
            watcher.wake()  # a focus view then asks for a whole picture, if it has credit

    def unwatch(self, watcher: Watcher, stream: Stream) -> None:
        """Take a watcher's seat away; the last one to go stops the capture."""
        seat = self._seats.pop((id(watcher), stream), None)
        if seat:
            self._leave(seat)

    def forget(self, watcher: Watcher) -> None:
        """Take every seat of a watcher away."""
        for stream in Stream:
            self.unwatch(watcher, stream)

    def due(self, watcher: Watcher, stream: Stream, now: float) -> float | None:
        """Return in how many seconds a picture may be taken (0: now), None where there is none to take."""
        seat = self._seats.get((id(watcher), stream))
        if seat is None or seat.channel.picture is None or not watcher.may_send(stream):
            return None
        if not seat.news:
            self._refresh(seat)
            return None
        wait = seat.spacing.ready_at(seat.interval) - now
        return max(0.0, wait) if wait > EARLY else 0.0

    def take(self, watcher: Watcher, stream: Stream, now: float) -> tuple[Watch, Shot]:
        """Return the picture that is due, or all patches of a focus view, and let the desktop make the next one."""
        seat = self._seats[id(watcher), stream]
        channel = seat.channel
        assert channel.picture is not None
        seat.taken = channel.count
        seat.spacing.take(now, seat.interval)
        self._give_back(channel)
        if isinstance(channel.picture, ScreenPatches):
            return seat.watch, replace(channel.picture, patches=seat.backlog.take())
        return seat.watch, channel.picture

    def missed(self, watcher: Watcher, stream: Stream) -> None:
        """What was taken last could not be sent."""
        if seat := self._seats.get((id(watcher), stream)):
            seat.backlog.lose()

    def hold(self, picture: Shot) -> None:
        """Keep the desktop's newest picture of a channel; one of a closed channel is dropped."""
        channel = self._channels.get(picture.channel)
        if channel is None:
            return
        channel.picture, channel.owed = picture, True
        channel.count += 1
        if isinstance(picture, ScreenPatches):
            channel.refreshing = channel.refreshing and not picture.whole
            for seat in channel.seats:
                seat.backlog.add(picture)
        for seat in list(channel.seats):
            seat.watcher.wake()

    def drop(self, picture: Shot) -> None:
        """Let a picture go unseen and unsent."""
        channel = self._channels.get(picture.channel)
        if channel:
            channel.owed = True
            self._blank(channel)

    def blank(self) -> None:
        """Forget every picture: the screen must not be shown now."""
        for channel in self._channels.values():
            self._blank(channel)

    def ask_again(self) -> None:
        """Ask for every channel's picture anew: the screen may be shown again."""
        for channel in self._channels.values():
            self._tell(channel.capture())
            if channel.key[0] is Stream.FOCUS:
                channel.refreshing = True
                self._tell(Refresh(channel=channel.number))

    def reopen(self) -> None:
        """Ask a new desktop process for every channel."""
        for channel in self._channels.values():
            channel.owed = False
            self._blank(channel)
            channel.refreshing = True
            self._tell(channel.capture())

    @property
    def channels(self) -> int:
        """How many captures are under way."""
        return len(self._channels)

    def _open(self, key: Key, interval_ms: int) -> _Channel:
        for channel in self._channels.values():
            if channel.key == key:
                return channel
        self._last_channel += 1
        channel = _Channel(self._last_channel, key, interval_ms)
        self._channels[channel.number] = channel
        self._tell(channel.capture())
        return channel

    def _leave(self, seat: _Seat) -> None:
        channel = seat.channel
        channel.seats.remove(seat)
        if channel.seats:
            self._pace(channel)
            return
        del self._channels[channel.number]
        self._tell(StopCapture(channel=channel.number))

    def _pace(self, channel: _Channel) -> None:
        fastest = min(seat.watch.interval_ms for seat in channel.seats)
        if fastest != channel.interval_ms:
            channel.interval_ms = fastest
            self._tell(channel.capture())

    def _refresh(self, seat: _Seat) -> None:
        """Have a whole picture made for a watcher of a focus view that can show nothing less."""
        channel = seat.channel
        if channel.key[0] is not Stream.FOCUS or not seat.backlog.lost:
            return
        if not channel.refreshing:
            channel.refreshing = True
            self._tell(Refresh(channel=channel.number))
        self._give_back(channel)  # also for one that was under way before the whole one: nobody will take it

    def _blank(self, channel: _Channel) -> None:
        channel.picture, channel.refreshing = None, False
        for seat in channel.seats:
            seat.backlog.lose()
        self._give_back(channel)

    def _give_back(self, channel: _Channel) -> None:
        if channel.owed:
            channel.owed = False
            self._tell(NextPicture(channel=channel.number))
