"""Where pictures wait for the window: at most one of each device and stream, and no queue behind it."""

from collections.abc import Callable, Sequence
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple

from protocol.messages import Shown, Stream
from tutor_app.network.wake import Wake

_ORDER: Final = (Stream.FOCUS, Stream.TILE)  # one person is looking at the focus view


class Picture(NamedTuple):
    """One picture, or what changed of one, and whose it is."""

    device: str
    stream: Stream
    shown: Shown


class Mailbox:
    """Thread-safe. The device may send the next picture of a watch once the last was drained, so one waits at most.

    Patches build upon each other, and none is lost by this: only one of another watch takes the place of one that
    waits, and the first of a watch covers the whole screen. `on_wake` is called at most once a stream until that
    stream's next drain; `on_drained` gets what was drained, in the draining thread.
    """

    def __init__(
        self,
        on_wake: Callable[[], None] | None = None,
        on_drained: Callable[[Sequence[Picture]], None] | None = None,
    ) -> None:
        self.replaced = 0
        # A bell a stream: the focus view is looked after at once, and that must not have every tile ring.
        self._wakes = {stream: Wake(on_wake) for stream in _ORDER}
        self._on_drained = on_drained
        self._lock = Lock()
        self._waiting: dict[Stream, dict[str, Picture]] = {stream: {} for stream in _ORDER}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, device: str, stream: Stream, shown: Shown) -> None:
        """Leave a picture; replaces one of the same device and stream that nobody has drained."""
        with self._lock:
            waiting = self._waiting[stream]
            self.replaced += device in waiting
            waiting[device] = Picture(device, stream, shown)
        self._wakes[stream].ring()

    def drain(self, limit: int = 64, streams: Sequence[Stream] = _ORDER) -> list[Picture]:
        """Take up to `limit` pictures of these streams, those that wait longest first; rings again where more are left.

        What is left of other streams waits in silence: whoever rang for it has not looked yet.
        """
        for stream in streams:
            self._wakes[stream].looked()
        with self._lock:
            waiting = (picture for stream in streams for picture in self._waiting[stream].values())
            drained = list(islice(waiting, limit))
            for picture in drained:
                del self._waiting[picture.stream][picture.device]
            left = [stream for stream in streams if self._waiting[stream]]
        if drained and self._on_drained:
            self._on_drained(drained)
        for stream in left:
            self._wakes[stream].ring()
        return drained

    def forget(self, device: str, stream: Stream) -> None:
        """Throw away a picture nobody wants any more."""
        with self._lock:
            self._waiting[stream].pop(device, None)
