"""Counts what comes in, for the status line and the reports. Written by the network thread, read by any."""

from collections import defaultdict, deque
from threading import Lock
from typing import NamedTuple

WINDOW = 5.0  # seconds the rate is taken over


class Tiles(NamedTuple):
    """How many tiles came from a device since the start, and their bytes."""

    number: int = 0
    size: int = 0


class Traffic:
    """Bytes received, by device and as a rate over all. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_device: defaultdict[str, int] = defaultdict(int)
        self._tiles: dict[str, Tiles] = {}
        self._recent: deque[tuple[float, int]] = deque()

    def add(self, device: str, size: int, now: float) -> None:
        """So many more bytes came from this device."""
        with self._lock:
            self._by_device[device] += size
            self._recent.append((now, size))
            self._forget(now)

    def add_tile(self, device: str, size: int) -> None:
        """One more tile of so many bytes came from this device."""
        with self._lock:
            number, before = self._tiles.get(device, Tiles())
            self._tiles[device] = Tiles(number + 1, before + size)

    def tiles(self) -> dict[str, Tiles]:
        """Return the tiles received from each device since the start."""
        with self._lock:
            return dict(self._tiles)

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
