"""The network's one door: everything here may be called from the window's thread and returns at once."""

from collections.abc import Callable, Iterable

from protocol.identity import Credentials
from protocol.messages import LessonTerms, Stream
from protocol.policy.bundle import StaffBundle
from tutor_app.classroom.classroom import Order
from tutor_app.classroom.events import Event
from tutor_app.network.mailbox import Mailbox
from tutor_app.network.wishes import WatchAsk


class Network:
    """One named thread with its own event loop. `start` it before anything else, `stop` it once."""

    def __init__(
        self,
        credentials: Credentials,
        staff_bundle: StaffBundle,
        *,
        mdns: bool = True,
        dial: Iterable[str] = (),
        on_wake: Callable[[], None] | None = None,
    ) -> None:
        self.mailbox = Mailbox(on_wake)

    def start(self) -> None:
        """Start the thread: devices are looked for from now on, dialled once a lesson begins."""
        raise NotImplementedError

    def stop(self, timeout: float = 5.0) -> bool:
        """Close every link at once and end the thread; False when it has not ended in time (seconds)."""
        raise NotImplementedError

    def begin(self, lesson: LessonTerms) -> None:
        """Ask every device of the lesson's group for a permit, until `end`."""
        raise NotImplementedError

    def end(self, reason: str = "") -> None:
        """Tell every device that the lesson has ended, and close the links."""
        raise NotImplementedError

    def watch(self, device: str, ask: WatchAsk) -> None:
        """Wish to see this of one device, now and after every reconnection."""
        raise NotImplementedError

    def unwatch(self, device: str, stream: Stream) -> None:
        """Wish to see no more of one device's stream."""
        raise NotImplementedError

    def watch_all(self, ask: WatchAsk) -> None:
        """Wish this of every device, also later ones; replaces what was asked of single devices for the stream."""
        raise NotImplementedError

    def send(self, orders: Iterable[Order]) -> None:
        """Send commands; each is answered by a CommandAnswered event unless the link breaks meanwhile."""
        raise NotImplementedError

    def events(self) -> list[Event]:
        """Take what has happened since the last call, oldest first."""
        raise NotImplementedError

    def bytes_in(self) -> dict[str, int]:
        """Return the bytes received from each device since the start."""
        raise NotImplementedError

    def bytes_a_second(self) -> float:
        """Return the bytes a second over the last five seconds, all devices together."""
        raise NotImplementedError
