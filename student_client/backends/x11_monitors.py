"""Which monitors an X11 display has, by RandR or, on servers joined by Xinerama, by that."""

from typing import Any

import xcffib.randr
import xcffib.xinerama

from student_client.backends.base import Monitor
from student_client.backends.x11 import Connection, in_words

_EVENTS = (
    xcffib.randr.NotifyMask.ScreenChange | xcffib.randr.NotifyMask.CrtcChange | xcffib.randr.NotifyMask.OutputChange
)
_LARGEST_INDEX = 16  # as in protocol.messages.MonitorIndex


class Monitors:
    """The monitors of one display, asked for again whenever RandR says that something about them has changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._randr = self._open_randr()
        self._xinerama = connection.extension(xcffib.xinerama.key)
        self.size = (0, 0)
        self.all: tuple[Monitor, ...] = ()
        self.refresh()

    def concerns(self, event: Any) -> bool:
        """Whether the event says that monitors may have changed; `refresh` then."""
        return isinstance(event, xcffib.randr.ScreenChangeNotifyEvent | xcffib.randr.NotifyEvent)

    def refresh(self) -> bool:
        """Ask the server; return whether the size of the desktop or any monitor is other than before."""
        before = (self.size, self.all)
        with in_words(self._connection.display):
            root = self._connection.core.GetGeometry(self._connection.root).reply()
            self.size = (int(root.width), int(root.height))
            found = max(self._by_randr(), self._by_xinerama(), key=len)
        self.all = _numbered(found, self.size)
        return (self.size, self.all) != before

    def area(self, index: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of a monitor; of the whole desktop for 0 or one that is not there."""
        if 0 < index <= len(self.all):
            monitor = self.all[index - 1]
            return monitor.x, monitor.y, monitor.x + monitor.width, monitor.y + monitor.height
        return 0, 0, *self.size

    def _open_randr(self) -> Any | None:
        randr = self._connection.extension(xcffib.randr.key)
        if randr is None:
            return None
        with in_words(self._connection.display):
            version = randr.QueryVersion(1, 5).reply()
            if (version.major_version, version.minor_version) < (1, 5):
                return None
            randr.SelectInput(self._connection.root, _EVENTS)
        return randr

    def _by_randr(self) -> list[Monitor]:
        if self._randr is None:
            return []
        reply = self._randr.GetMonitors(self._connection.root, True).reply()
        return [Monitor(0, m.x, m.y, m.width, m.height, self._name(m.name), bool(m.primary)) for m in reply.monitors]

    def _by_xinerama(self) -> list[Monitor]:
        if self._xinerama is None or not self._xinerama.IsActive().reply().state:
            return []
        heads = self._xinerama.QueryScreens().reply().screen_info
        return [
            Monitor(0, head.x_org, head.y_org, head.width, head.height, f"Screen {number}", number == 1)
            for number, head in enumerate(heads, 1)
        ]

    def _name(self, atom: int) -> str:
        return str(self._connection.core.GetAtomName(atom).reply().name.to_string())


def _numbered(found: list[Monitor], size: tuple[int, int]) -> tuple[Monitor, ...]:
    """Cut the monitors to the desktop, drop mirrors of another, and number them from 1; never returns none."""
    kept: dict[tuple[int, int, int, int], Monitor] = {}
    for monitor in found:
        left, top = max(0, monitor.x), max(0, monitor.y)
        right, bottom = min(size[0], monitor.x + monitor.width), min(size[1], monitor.y + monitor.height)
        if left < right and top < bottom and len(kept) < _LARGEST_INDEX:
            place = (left, top, right - left, bottom - top)
            kept.setdefault(place, Monitor(len(kept) + 1, *place, monitor.name, monitor.primary))
    return tuple(kept.values()) or (Monitor(1, 0, 0, *size, "Screen", True),)
