"""Counts what comes in, for the status line and the reports. Written by the network thread, read by any."""

from collections import defaultdict, deque
from threading import Lock

WINDOW = 5.0  # seconds the rate is taken over


class Traffic:
    """Bytes received, by device and as a rate over all. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_device: defaultdict[str, int] = defaultdict(int)
        self._recent: deque[tuple[float, int]] = deque()

    def add(self, device: str, size: int, now: float) -> None:
        """So many more bytes came from this device."""
        with self._lock:
            self._by_device[device] += size
            self._recent.append((now, size))
            self._forget(now)

    def bytes_in(self) -> dict[str, int]:
        """Return the bytes received from each device since the start."""
        with self._lock:
            return dict(self._by_device)

    def rate(self, now: float) -> float:
        """Return the bytes a second over the last five seconds, all devices together."""
        with self._lock:
            self._forget(now)
            return sum(size for _, size in self._recent) / WINDOW

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] <= now - WINDOW:
            self._recent.popleft()
