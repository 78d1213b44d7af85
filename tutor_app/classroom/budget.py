"""The wall's byte budget: how often each tile may come, and how large, so that all of them together fit the network.

What a device takes follows from three numbers: the bytes of one tile, the interval it was asked in, and how long its
screen rests on the average once that interval is over. A screen at rest takes nothing, whatever it was asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

SLOWEST: Final = 10.0  # seconds: older than that a tile tells too little
SMALLEST: Final = 0.5  # of a tile's side: below that nothing can be read
LADDER: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)  # intervals, so that not every breath is asked for anew
SIZES: Final = (1.0, 0.8, 0.65, SMALLEST)
DEFAULT_MBIT: Final = 20
_FRESH: Final = 0.4  # how much a new measurement counts


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One device as measured: bytes of a tile in full size, and seconds its screen rests beyond an interval."""

    size: float
    rest: float = 0.0

    def rate(self, interval: float) -> float:
        """Return the bytes a second it takes when asked in this interval."""
        return self.size / (interval + self.rest)


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a device may take: seconds between its tiles, and the part of a tile's side."""

    interval: float = 1.0
    scale: float = 1.0


def level(demands: Iterable[float], limit: float) -> float:
    """Return the rate no device may exceed, so that all together stay within `limit` (max-min fairness)."""
    left, waiting = limit, sorted(demands)
    while waiting:
        even = left / len(waiting)
        if waiting[0] > even:
            return even
        left -= waiting.pop(0)
    return float("inf")


def shares(taken: Mapping[str, Taken], limit: float, fastest: float = 1.0) -> dict[str, Share]:
    """Return each device's share of `limit` bytes a second; `fastest` is the interval of one that need not wait."""
    most = level((one.rate(fastest) for one in taken.values()), limit)
    return {device: _share(one, most, fastest) for device, one in taken.items()}


def _share(one: Taken, most: float, fastest: float) -> Share:
    if one.rate(fastest) <= most:
        return Share(interval=fastest)
    wanted = one.size / most - one.rest
    interval = next((step for step in LADDER if step >= wanted and step >= fastest), max(SLOWEST, fastest))
    part = most / one.rate(interval)  # below 1 where even the slowest takes too much
    scale = next((size for size in SIZES if size * size <= part), SMALLEST)
    return Share(interval=interval, scale=scale)


class Budget:
    """Learns what each device takes and shares `limit` bytes a second out among those that are seen."""

    def __init__(self, limit: float, fastest: float = 1.0) -> None:
        self.limit = limit
        self._fastest = fastest
        self._taken: dict[str, Taken] = {}
        self._shares: dict[str, Share] = {}
        self._before: dict[str, tuple[int, int]] = {}
        self._at: float | None = None
        self.rate = 0.0

    def share(self, device: str) -> Share:
        """Return what a device may take at present."""
        return self._shares.get(device, Share(interval=self._fastest))

    def measure(self, counts: Mapping[str, tuple[int, int]], seen: Iterable[str], now: float) -> bool:
        """Take in how many tiles, and bytes of them, have come from each device; True where shares have changed.

        `seen` are the devices asked at their share; `rate` is the bytes a second all took since the last call.
        """
        since, self._at = self._at, now
        before, self._before = self._before, dict(counts)
        if since is None or now <= since:
            return False
        spent = now - since
        news = {device: _less(count, before.get(device, (0, 0))) for device, count in counts.items()}
        self.rate = sum(size for _, size in news.values()) / spent
        watched = set(seen)
        for device, (number, size) in news.items():
            if device in watched:
                self._learn(device, number, size, spent)
        rest = sum(size for device, (_, size) in news.items() if device not in watched) / spent
        mine = {device: self._taken[device] for device in watched if device in self._taken}
        old, self._shares = self._shares, shares(mine, max(0.1 * self.limit, self.limit - rest), self._fastest)
        return any(old.get(device, Share(interval=self._fastest)) != share for device, share in self._shares.items())

    def _learn(self, device: str, number: int, size: int, spent: float) -> None:
        share, known = self.share(device), self._taken.get(device)
        rest = max(0.0, spent / number - share.interval) if number else max(0.0, spent - share.interval)
        if number:
            full = size / number / (share.scale * share.scale)
            known = known or Taken(size=full, rest=rest)
            self._taken[device] = Taken(size=_mixed(known.size, full), rest=_mixed(known.rest, rest))
        elif known and rest > known.rest:
            self._taken[device] = Taken(size=known.size, rest=_mixed(known.rest, rest))


def _less(count: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    return max(0, count[0] - before[0]), max(0, count[1] - before[1])


def _mixed(old: float, new: float) -> float:
    return old + _FRESH * (new - old)
