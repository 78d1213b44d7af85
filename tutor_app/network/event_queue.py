"""Where events wait for the window: in order, bounded, and honest about what it had to leave out."""

from collections.abc import Callable
from threading import Lock
from time import time

from tutor_app.classroom.events import Event, NetworkProblem, PictureShown, StatusTold
from tutor_app.network.wake import Wake

BOUND = 10_000  # a thousand devices that come, are let in and tell their state, three times over


class EventQueue:
    """Thread-safe. A newer status (or shown picture) of a device takes the place of an older one that still waits last.

    Beyond the bound new events are dropped and counted, and the next `take` says so in a NetworkProblem.
    """

    def __init__(self, on_wake: Callable[[], None] | None = None, bound: int = BOUND) -> None:
        self.lost = 0
        self._bound = bound
        self._wake = Wake(on_wake)
        self._lock = Lock()
        self._events: list[Event] = []
        self._last: dict[str, int] = {}
        self._lost_since = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> None:
        """Leave an event."""
        with self._lock:
            self._keep(event)
        self._wake.ring()

    def take(self) -> list[Event]:
        """Take everything that waits, oldest first."""
        self._wake.looked()
        with self._lock:
            events, self._events, self._last = self._events, [], {}
            lost, self._lost_since = self._lost_since, 0
        if lost:
            sentence = f"This computer was too slow: {lost} messages from the network were not looked at."
            events.append(NetworkProblem(sentence=sentence, at=time()))
        return events

    def _keep(self, event: Event) -> None:
        device = "" if isinstance(event, NetworkProblem) else event.device
        at = self._last.get(device)
        if at is not None and isinstance(event, StatusTold | PictureShown) and type(self._events[at]) is type(event):
            self._events[at] = event  # nothing else of this device stands between the two
        elif len(self._events) < self._bound:
            self._last[device] = len(self._events)
            self._events.append(event)
        else:
            self.lost += 1
            self._lost_since += 1
