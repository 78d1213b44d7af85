"""Where the network meets the window: at most 30 turns a second, each within 8 ms, whatever the class sends.

The network's thread only rings; everything else here happens in the window's thread. The focus view does not wait for
a turn: what comes for it while nothing is being read is read at once, and only bursts are spaced.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from protocol.messages import Frame, Patches, Stream
from tutor_app.classroom.events import Blank, Event, TileSeen
from tutor_app.network.limits import Pace
from tutor_app.ui.blank import blankness, may_be_blank
from tutor_app.ui.decode import FocusDecoder, Strip, decode
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.ports import Wire

TURN: Final = 0.008  # seconds: half of a 60 Hz screen's frame, so that typing and scrolling stay smooth
PAUSE: Final = 1 / 30  # seconds between the beginnings of two turns
_MOST: Final = 64  # tiles between two looks at the clock
FOCUS_A_SECOND: Final = 30.0
FOCUS_IN_A_BURST: Final = 3  # what a stretch of slow network holds back arrives together
_AT_ONCE: Final = 30  # events between two looks at the clock: about a millisecond


class Feed(QObject):
    """Takes events and pictures out of the network and hands them on."""

    happened = Signal(list)
    """Events, oldest first."""
    shown = Signal(list)
    """A TileSeen of each tile that was taken."""
    focused = Signal(str, object, Patches)
    """Device, strips and message of what changed in the focus view."""
    readable = Signal(str, bool)
    """Whether a device's picture can be read, where that has changed or was tried again. May come while painting."""
    _rung = Signal()

    def __init__(self, pictures: Pictures, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__()
        self._wire: Wire | None = None
        self._pictures, self._clock = pictures, clock
        pictures.tell_readable = self._tell_readable
        self._waiting: deque[Event] = deque()  # bounded by the network's own queue, which it is emptied from
        self._cost = 0.001  # seconds one tile takes, learnt as we go
        self._last_turn = -PAUSE
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.turn)
        self._rung.connect(self._look)
        self._pace = Pace(FOCUS_A_SECOND, FOCUS_IN_A_BURST, clock())
        self._spacing = QTimer(self, singleShot=True)
        self._spacing.timeout.connect(self._look_at_focus)
        self._large = FocusDecoder(self)
        self._large.decoded.connect(self._decoded)
        self.tiles = 0
        self.unreadable = 0

    def connect_wire(self, wire: Wire) -> None:
        """Take from this network from now on."""
        self._wire = wire
        self._look()

    def wake(self) -> None:
        """There is something to take. May be called in any thread; the network rings once until we have looked."""
        self._rung.emit()

    def stop(self) -> None:
        """Take nothing more."""
        self._wire = None
        self._waiting.clear()
        self._timer.stop()
        self._spacing.stop()
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
        shown: list[TileSeen] = []
        if self._waiting or not self._drain(self._wire, begun, shown):
            self._schedule()  # nobody rings for what we have not looked at
        if shown:
            self.shown.emit(shown)

    def _drain(self, wire: Wire, begun: float, shown: list[TileSeen]) -> bool:
        """Take tiles until the turn's time is up; whether all of them were taken."""
        limit = max(1, self._affordable(begun))
        while limit:
            drained = wire.mailbox.drain(limit, (Stream.TILE,))
            for device, _, frame in drained:
                if isinstance(frame, Frame):
                    self._take(device, frame, shown)
            if len(drained) < limit:
                return True
            limit = self._affordable(begun)
        return False

    def _affordable(self, begun: float) -> int:
        """Return how many tiles can be decoded in what is left of the turn."""
        left = TURN - (self._clock() - begun)
        return max(0, min(_MOST, int(left / self._cost)))

    def _take(self, device: str, frame: Frame, shown: list[TileSeen]) -> None:
        size = len(frame.jpeg)
        if self._pictures.is_seen(device) or may_be_blank(frame.width, frame.height, size):
            begun = self._clock()
            image = decode(frame.jpeg)
            if image is None:
                self._pictures.put_unreadable(device)
                return
            self._pictures.put(device, image)
            blank = blankness(image, size)
            self._cost = max(0.0001, 0.9 * self._cost + 0.1 * (self._clock() - begun))
        else:
            self._pictures.put_unread(device, frame.jpeg)
            blank = Blank.NO
        shown.append(TileSeen(device, frame.captured_at, frame.inputs, blank))
        self.tiles += 1

    def _tell_readable(self, device: str, readable: bool) -> None:
        self.unreadable += not readable
        self.readable.emit(device, readable)

    def _look(self) -> None:
        self._look_at_focus()
        self._schedule()

    def _look_at_focus(self) -> None:
        """Read what waits for the focus view, unless something is being read: then it is looked at after that."""
        if self._wire is None or self._large.busy:
            return
        wait = self._pace.wait(self._clock())
        if wait > 0:
            self._spacing.start(1 + int(wait * 1000))
            return
        for device, _, shown in self._wire.mailbox.drain(1, (Stream.FOCUS,)):
            self._pace.reserve(self._clock())
            if isinstance(shown, Patches):
                self._large.put(device, shown)

    def _decoded(self, device: str, strips: list[Strip], shown: Patches) -> None:
        if self._wire:
            self.focused.emit(device, strips, shown)
            QTimer.singleShot(0, self, self._look_at_focus)  # what was read is painted first

    def _schedule(self) -> None:
        if not self._timer.isActive():
            wait = PAUSE - (self._clock() - self._last_turn)
            self._timer.start(max(0, round(wait * 1000)))
