"""How far apart pictures are sent: a few at once after a rest, one in each interval from then on. Pure."""

from typing import Final

from protocol.messages import Stream

# A repair of the focus view leaves one for what may change the moment after it. The tutor's side reads bursts of three.
BURST: Final = {Stream.TILE: 1, Stream.FOCUS: 2}


class Spacing:
    """One sender's turns; times and intervals in seconds, and an interval may change at any time."""

    def __init__(self, burst: int) -> None:
        self._burst = burst
        self._left = float(burst)
        self._at = float("-inf")

    def take(self, now: float, interval: float) -> None:
        """Use a turn."""
        self._left = min(self._burst, self._left + (now - self._at) / interval) - 1
        self._at = now

    def ready_at(self, interval: float, spare: int = 0) -> float:
        """Return when there is a turn, with so many left over; -inf where there is one already."""
        missing = 1 + spare - self._left
        return float("-inf") if missing <= 0 else self._at + missing * interval
