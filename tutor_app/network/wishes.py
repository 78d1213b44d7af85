"""Which pictures the window wishes to see: the state every connection is brought to, also after it broke."""

from dataclasses import dataclass

from protocol.messages import Stream, Watch


@dataclass(frozen=True, kw_only=True)
class WatchAsk:
    """What to ask of one device for one stream: `monitor` 0 means all of them, the size is the largest wanted."""

    stream: Stream
    monitor: int = 0
    width: int
    height: int
    interval_ms: int

    def numbered(self, watch: int) -> Watch:
        """Return the message that asks for it."""
        return Watch(
            watch=watch,
            stream=self.stream,
            monitor=self.monitor,
            width=self.width,
            height=self.height,
            interval_ms=self.interval_ms,
        )


class Wishes:
    """One ask a device and stream, above one ask a stream for everybody who has none of their own."""

    def __init__(self) -> None:
        self._all: dict[Stream, WatchAsk] = {}
        self._own: dict[tuple[str, Stream], WatchAsk | None] = {}

    def of(self, device: str, stream: Stream) -> WatchAsk | None:
        """Return what is wished of a device's stream, or None where nothing is."""
        return self._own.get((device, stream), self._all.get(stream))

    def wish(self, device: str, ask: WatchAsk) -> None:
        """Wish this of one device."""
        self._own[device, ask.stream] = ask

    def wish_none(self, device: str, stream: Stream) -> None:
        """Wish nothing of one device's stream, whatever is wished of all."""
        self._own[device, stream] = None

    def wish_all(self, ask: WatchAsk) -> None:
        """Wish this of everybody, also of those who come later; takes back what was wished of single devices."""
        self._all[ask.stream] = ask
        self._own = {key: own for key, own in self._own.items() if key[1] is not ask.stream}
