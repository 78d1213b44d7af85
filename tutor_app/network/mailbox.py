"""Where pictures wait for the window: the latest one of each device and stream, and no queue behind it."""

from collections.abc import Callable, Sequence
from itertools import islice
from threading import Lock
from typing import NamedTuple

from protocol.messages import Frame, Stream
from tutor_app.network.wake import Wake


class Picture(NamedTuple):
    """One picture and whose it is."""

    device: str
    stream: Stream
    frame: Frame


class Mailbox:
    """Thread-safe. The device may send the next picture of a stream once the last was drained, so one waits at most.

    `on_wake` is called at most once until the next drain; `on_drained` gets what was drained, in the draining thread.
    """

    def __init__(
        self,
        on_wake: Callable[[], None] | None = None,
        on_drained: Callable[[Sequence[Picture]], None] | None = None,
    ) -> None:
        self.replaced = 0
        self._wake = Wake(on_wake)
        self._on_drained = on_drained
        self._lock = Lock()
        # The focus view before the tiles: one person is looking at it.
        self._waiting: dict[Stream, dict[str, Picture]] = {Stream.FOCUS: {}, Stream.TILE: {}}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, device: str, stream: Stream, frame: Frame) -> None:
        """Leave a picture; replaces one of the same device and stream that nobody has drained."""
        with self._lock:
            waiting = self._waiting[stream]
            self.replaced += device in waiting
            waiting[device] = Picture(device, stream, frame)
        self._wake.ring()

    def drain(self, limit: int = 64) -> list[Picture]:
        """Take up to `limit` pictures, those that wait longest first; rings again where more are left."""
        self._wake.looked()
        with self._lock:
            waiting = (picture for stream in self._waiting.values() for picture in stream.values())
            drained = list(islice(waiting, limit))
            for picture in drained:
                del self._waiting[picture.stream][picture.device]
            left = len(self)
        if drained and self._on_drained:
            self._on_drained(drained)
        if left:
            self._wake.ring()
        return drained

    def forget(self, device: str, stream: Stream) -> None:
        """Throw away a picture nobody wants any more."""
        with self._lock:
            self._waiting[stream].pop(device, None)
