"""Which pictures to ask for: what can be seen every second, what cannot seldom, nothing while nobody looks."""

from collections.abc import Callable, Iterable, Set
from typing import Final

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from protocol.messages import Stream
from tutor_app.classroom.budget import Budget, Share
from tutor_app.network.wishes import WatchAsk
from tutor_app.ui.ports import Wire

SEEN_EVERY: Final = 1000  # ms
UNSEEN_EVERY: Final = 15_000  # ms
FOCUS_EVERY: Final = 33  # ms: thirty a second
SETTLE: Final = 150  # ms: a slider or a scroll bar under way asks for nothing yet
MEASURE_EVERY: Final = 5.0  # seconds: a few tiles of everybody, so that one large picture changes nothing
BYTES_OF_A_MBIT: Final = 125_000
_LARGEST: Final = 16_384  # what `Watch` can say


def tile_asks(
    devices: Iterable[str],
    visible: Set[str],
    size: QSize,
    asked: dict[str, WatchAsk],
    share: Callable[[str], Share],
) -> dict[str, WatchAsk]:
    """Return what to ask of each device. An unseen tile keeps the size it was asked in: nobody sees the difference."""
    unseen = _tile(size, UNSEEN_EVERY)
    wanted = {}
    for device in devices:
        if device in visible:
            given = share(device)
            wanted[device] = _tile(size * given.scale, round(given.interval * 1000))
        else:
            before = asked.get(device, unseen)
            wanted[device] = _tile(QSize(before.width, before.height), UNSEEN_EVERY)
    return wanted


def _tile(size: QSize, every: int) -> WatchAsk:
    return WatchAsk(stream=Stream.TILE, width=size.width(), height=size.height(), interval_ms=every)


class Watching(QObject):
    """Brings what is asked of the network to what the window shows and the budget allows, once it has settled.

    `told` says which interval tiles are asked in, for one that is asked anew: device, seconds or None for not at all.
    """

    told = Signal(str, object)

    def __init__(
        self,
        wire: Wire,
        devices: Callable[[], Iterable[str]],
        visible: Callable[[], Set[str]],
        size: Callable[[], QSize],
        *,
        budget: Budget,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._wire, self._devices, self._visible, self._size = wire, devices, visible, size
        self._budget = budget
        self._measured_at = 0.0
        self._asked: dict[str, WatchAsk] = {}
        self._focus: tuple[str, WatchAsk] | None = None
        self._away = False
        self._stopped = False
        self._timer = QTimer(self, singleShot=True, interval=SETTLE)
        self._timer.timeout.connect(self.settle)

    def later(self) -> None:
        """Something about the wall has changed: ask once it has been still for a moment."""
        if not self._stopped:
            self._timer.start()

    def away(self, away: bool) -> None:
        """Nobody looks while the window is minimised: ask for nothing."""
        if away != self._away:
            self._away = away
            self.settle()

    def stop(self) -> None:
        """Ask for nothing more: the lesson is over, and the network has told the devices so."""
        self.focus(None)
        self._timer.stop()
        self._stopped = True

    def settle(self) -> None:
        """Ask now for what has changed."""
        self._timer.stop()
        if self._stopped:
            return
        if self._away:
            for device in self._asked:
                self._wire.unwatch(device, Stream.TILE)
                self.told.emit(device, None)
            self._asked = {}
            self.focus(None)
            return
        wanted = tile_asks(self._devices(), self._visible(), self._size(), self._asked, self._budget.share)
        for device, ask in wanted.items():
            if self._asked.get(device) != ask:
                self._wire.watch(device, ask)
                self.told.emit(device, ask.interval_ms / 1000)
        self._asked = wanted

    def measure(self, now: float) -> None:
        """Look at what the tiles take, every few seconds, and ask anew where the budget shares out otherwise."""
        if now - self._measured_at >= MEASURE_EVERY and not self._stopped:
            self._measured_at = now
            if self._budget.measure(self._wire.tiles(), self._visible(), now):
                self.settle()

    def focus(self, device: str | None, monitor: int = 0, size: QSize | None = None) -> None:
        """Watch one device large, or none."""
        if self._stopped:
            return
        before, self._focus = self._focus, None
        if before and before[0] != device:
            self._wire.unwatch(before[0], Stream.FOCUS)
        if device is None or size is None or self._away:
            if before and before[0] == device:
                self._wire.unwatch(before[0], Stream.FOCUS)
            return
        width, height = (max(1, min(_LARGEST, side)) for side in (size.width(), size.height()))
        ask = WatchAsk(stream=Stream.FOCUS, monitor=monitor, width=width, height=height, interval_ms=FOCUS_EVERY)
        self._focus = device, ask
        if before != self._focus:
            self._wire.watch(device, ask)
