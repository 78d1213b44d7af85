"""The tick of countdowns: once a second, when what they show changes, and never while nobody looks."""

import time

from PySide6.QtCore import QObject, Qt, QTimer, Signal

_LATE_MS = 5  # after the change rather than before it


class SecondHand(QObject):
    """Ticks each time the whole seconds left until one of its times change; still when all of them have come."""

    tick = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends: tuple[float, ...] = ()
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_time)

    @property
    def running(self) -> bool:
        """Whether it will tick."""
        return self._timer.isActive()

    def follow(self, *ends: float) -> None:
        """Tick for these Unix times that are still to come; without any it stands still."""
        self._ends = ends
        self._wind(time.time())

    def _on_time(self) -> None:
        self._wind(time.time())
        self.tick.emit()

    def _wind(self, now: float) -> None:
        lefts = [end - now for end in self._ends if end > now]
        if not lefts:
            self._timer.stop()
            return
        self._timer.start(int(min(left % 1 or 1.0 for left in lefts) * 1000) + _LATE_MS)
