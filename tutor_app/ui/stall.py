"""Measures how long the window's thread was ever held up: a short timer that looks how late it is."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL: Final = 0.01  # seconds


class StallWatch(QObject):
    """`longest` is the longest time beyond its interval, in seconds, since `start`."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__()
        self._clock = clock
        self._last = 0.0
        self.longest = 0.0
        self._timer = QTimer(self, interval=round(INTERVAL * 1000))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to measure, from nothing."""
        self.longest = 0.0
        self._last = self._clock()
        self._timer.start()

    def stop(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def look(self) -> None:
        """Take the time since the last look."""
        now = self._clock()
        self.longest = max(self.longest, now - self._last - INTERVAL)
        self._last = now
