"""What the windows need of the network, as small interfaces; tests put fakes behind them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from protocol.messages import LessonTerms, Shown, Stream
from tutor_app.classroom.classroom import Order
from tutor_app.classroom.events import Event
from tutor_app.network.traffic import Tiles
from tutor_app.network.wishes import WatchAsk


class Mail(Protocol):
    """The network's mailbox of pictures."""

    def drain(self, limit: int = 64, streams: Sequence[Stream] = ...) -> Sequence[tuple[str, Stream, Shown]]:
        """Take up to `limit` pictures of these streams: device, stream, picture."""
        ...


class Wire(Protocol):
    """The network as `tutor_app.network.network.Network` offers it; see there."""

    @property
    def mailbox(self) -> Mail:
        """Where pictures wait."""
        ...

    def begin(self, lesson: LessonTerms) -> None:
        """Hold this lesson."""
        ...

    def end(self, reason: str = "") -> None:
        """End it on every device."""
        ...

    def watch(self, device: str, ask: WatchAsk) -> None:
        """Wish pictures of one device."""
        ...

    def unwatch(self, device: str, stream: Stream) -> None:
        """Wish no more of them."""
        ...

    def send(self, orders: Iterable[Order]) -> None:
        """Send commands."""
        ...

    def noted(self, device: str, breaches: Iterable[str]) -> None:
        """Tell a device that these breaches are on record; called from the records' thread, too."""
        ...

    def events(self) -> list[Event]:
        """Take what has happened."""
        ...

    def tiles(self) -> dict[str, Tiles]:
        """Return the tiles received from each device since the start."""
        ...

    def bytes_a_second(self) -> float:
        """Return the present rate of bytes in."""
        ...
