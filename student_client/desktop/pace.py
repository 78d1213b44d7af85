"""How good and how often moving pictures may be: a budget of bytes, kept by quality first and by rate after that.

Pure; sizes in bytes, areas in pixels, times in seconds.
"""

from typing import Final

BEST: Final = 75  # JPEG quality of what is sent in haste while there is budget
LEAST: Final = 30  # below it faces and letters are mud: a lower rate shows more
BUDGET: Final = 1_300_000.0  # bytes a second for a video of VIDEO pixels; DESIGN §10 allows 1.4 MB/s with all overhead
VIDEO: Final = 960 * 540
_MOST_BUDGETS: Final = 2.5  # a whole-screen video may use so many: 26 Mbit/s
_SAVED: Final = 0.5  # seconds' worth that a still screen saves up: a page turned is no video
_FORGOTTEN: Final = 1.0  # seconds without movement after which it begins at its best again


class Pace:
    """One channel's budget."""

    def __init__(self) -> None:
        self.quality = BEST
        self._left = BUDGET * _SAVED
        self._rate = BUDGET
        self._at: float | None = None
        self._moved_at: float | None = None

    def spent(self, size: int, moving: int, now: float) -> None:
        """Count one message: its size, and how large the moving part of it is (0: none)."""
        if moving:
            self._rate = BUDGET * min(max(moving / VIDEO, 1.0), _MOST_BUDGETS)
        most = self._rate * _SAVED
        since = 0.0 if self._at is None else now - self._at
        # Nobody is owed more than the last message: what a still screen spent, for which nothing waited, would stop
        # the next video for as long as all of it takes at the budget.
        self._left = max(0.0, min(most, self._left + since * self._rate)) - size
        self._at = now
        if moving:
            self._adjust(size, most, now)

    def delay(self, now: float) -> float:
        """Return for how long nothing should be sent: 0 unless the budget is gone and quality is down already.

        Never longer than the last message takes at the budget.
        """
        if self.quality > LEAST or self._at is None:
            return 0.0
        return max(0.0, -self._left / self._rate - (now - self._at))

    def _adjust(self, size: int, most: float, now: float) -> None:
        since = None if self._moved_at is None else now - self._moved_at
        self._moved_at = now
        if since is None or since > _FORGOTTEN:
            self.quality = BEST
            return
        used = size / max(1.0, self._rate * since)
        if used > 1.0 and self._left < most * 0.8:
            self.quality = max(LEAST, int(self.quality * max(0.8, used**-0.5)))
        elif used < 0.9 and self._left > 0:
            self.quality = min(BEST, self.quality + 1)
