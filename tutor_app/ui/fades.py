"""Veils fade in within 150 ms, so that the eye sees which tiles have changed; at once where motion is not wanted."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from tutor_app.classroom.tile import Look

DURATION: Final = 0.15  # seconds
MOST: Final = 16  # tiles; where more change at once nobody misses it, and each step would paint the whole wall
_VEILED: Final = (Look.ASKED, Look.LOCKED, Look.FADED)


class Fades(QObject):
    """Remembers since when each tile has its veil. `clock` returns seconds, steadily."""

    step = Signal(list)
    """These devices have to be painted again."""

    def __init__(self, reduce_motion: bool = False, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self.reduce_motion = reduce_motion
        self._looks: dict[str, Look] = {}
        self._since: dict[str, float] = {}
        self._timer = QTimer(self, interval=16)
        self._timer.timeout.connect(self._tick)

    def share(self, device: str, look: Look) -> float:
        """Return how much of its veil a tile shows by now (0…1). A tile first seen with a veil has all of it."""
        before = self._looks.get(device)
        if before is not look:
            self._looks[device] = look
            if before is not None and look in _VEILED and before not in _VEILED and not self.reduce_motion:
                self._since[device] = self._clock()
                self._timer.start()
        begun = self._since.get(device)
        if begun is None or look not in _VEILED:
            return 1.0
        return min(1.0, (self._clock() - begun) / DURATION)

    def _tick(self) -> None:
        devices, now = list(self._since), self._clock()
        if len(devices) > MOST:
            self._since.clear()
        self._since = {device: begun for device, begun in self._since.items() if now - begun < DURATION}
        if not self._since:
            self._timer.stop()
        self.step.emit(devices)
