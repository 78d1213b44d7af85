"""Where the network meets the window: at most 30 turns a second, each within 8 ms, whatever the class sends.

The network's thread only rings; everything else here happens in the window's thread.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from protocol.messages import Frame, Stream
from tutor_app.classroom.events import Event
from tutor_app.ui.decode import FocusDecoder, decode
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.ports import Wire

TURN: Final = 0.008  # seconds: half of a 60 Hz screen's frame, so that typing and scrolling stay smooth
PAUSE: Final = 1 / 30  # seconds between the beginnings of two turns
_MOST: Final = 64  # tiles between two looks at the clock
_AT_ONCE: Final = 30  # events between two looks at the clock: about a millisecond


class Feed(QObject):
    """Takes events and pictures out of the network and hands them on."""

    happened = Signal(list)
    """Events, oldest first."""
    shown = Signal(list)
    """(device, captured_at) of each tile that was decoded."""
    focused = Signal(str, QImage, Frame)
    """Device, QImage and frame of a large picture."""
    _rung = Signal()

    def __init__(self, pictures: Pictures, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__()
        self._wire: Wire | None = None
        self._pictures, self._clock = pictures, clock
        self._waiting: deque[Event] = deque()  # bounded by the network's own queue, which it is emptied from
        self._cost = 0.001  # seconds one tile takes, learnt as we go
        self._last_turn = -PAUSE
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.turn)
        self._rung.connect(self._schedule)
        self._large = FocusDecoder(self)
        self._large.decoded.connect(self.focused)
        self.tiles = 0
        self.unreadable = 0

    def connect_wire(self, wire: Wire) -> None:
        """Take from this network from now on."""
        self._wire = wire
        self._schedule()

    def wake(self) -> None:
        """There is something to take. May be called in any thread; the network rings once until we have looked."""
        self._rung.emit()

    def stop(self) -> None:
        """Take nothing more."""
        self._wire = None
        self._waiting.clear()
        self._timer.stop()
        self._large.stop()

    def turn(self) -> None:
        """Take everything that happened, and as many pictures as the time allows; the rest waits for the next turn."""
        if self._wire is None:
            return
        begun = self._last_turn = self._clock()
        self._waiting.extend(self._wire.events())
        while self._waiting and self._clock() - begun < TURN:
            self.happened.emit([self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))])
        if self._wire is None:
            return  # what happened was the lesson's end
        shown: list[tuple[str, float]] = []
        if self._waiting or not self._drain(self._wire, begun, shown):
            self._schedule()  # nobody rings for what we have not looked at
        if shown:
            self.shown.emit(shown)

    def _drain(self, wire: Wire, begun: float, shown: list[tuple[str, float]]) -> bool:
        """Take pictures until the turn's time is up; whether all of them were taken."""
        limit = max(1, self._affordable(begun))
        while limit:
            drained = wire.mailbox.drain(limit)
            for device, stream, frame in drained:
                self._take(device, stream, frame, shown)
            if len(drained) < limit:
                return True
            limit = self._affordable(begun)
        return False

    def _affordable(self, begun: float) -> int:
        """Return how many tiles can be decoded in what is left of the turn."""
        left = TURN - (self._clock() - begun)
        return max(0, min(_MOST, int(left / self._cost)))

    def _take(self, device: str, stream: Stream, frame: Frame, shown: list[tuple[str, float]]) -> None:
        if stream is Stream.FOCUS:
            self._large.put(device, frame)
            return
        begun = self._clock()
        image = decode(frame.jpeg)
        if image is None:
            self.unreadable += 1
            return
        self._pictures.put(device, image)
        shown.append((device, frame.captured_at))
        self.tiles += 1
        self._cost = max(0.0001, 0.9 * self._cost + 0.1 * (self._clock() - begun))

    def _schedule(self) -> None:
        if not self._timer.isActive():
            wait = PAUSE - (self._clock() - self._last_turn)
            self._timer.start(max(0, round(wait * 1000)))
