"""The screen of an X11 session: grabbed by mss through shared memory, its changes told by XDamage."""

import select
import time
from typing import Any

import mss
import xcffib.damage
import xcffib.xfixes
from mss.exception import ScreenShotError

from student_client.backends.base import ALL_MONITORS, Capture, CaptureError, Monitor, Raw, Wakeable
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words
from student_client.backends.x11_monitors import Monitors
from student_client.backends.x11_pointer import Pointer
from student_client.regions import Rect, boxes_of

_MOST_READ = 512  # rectangles of a region; a scribble of more is taken as the box around it


class X11Capture(Capture):
    """Captures one display on connections of its own; used by the thread that made it."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._shots: mss.MSS | None = None
        self._resized = self._news = True
        self._open = True
        try:
            self._connection = Connection(display)
            try:
                self._damage = _Damage(self._connection)
                self._monitors = Monitors(self._connection)
                self._pointer = Pointer(self._connection)
            except BaseException:
                self._connection.close()  # whoever tries again every few seconds must not use up the display's clients
                raise
        except (DisplayLostError, RequestError) as error:
            raise CaptureError(str(error)) from error

    def monitors(self) -> tuple[Monitor, ...]:
        """Return the monitors as RandR last described them."""
        self._read_events()
        return self._monitors.all

    def area(self, monitor: int) -> Rect:
        """Return the place of a monitor, as RandR last described it."""
        left, top, right, bottom = self._monitors.area(monitor)
        return Rect(left, top, right - left, bottom - top)

    def changed(self) -> bool:
        """Tell the news; costs no round trip but the one that silences the pointer."""
        self._read_events()
        news, self._news = self._news, False
        with _as_capture_errors():
            return self._pointer.moved() or news

    def wait_change(self, timeout: float | None, wake: Wakeable | None = None) -> bool:
        """Sleep in poll(2) on the display and on `wake`."""
        end = None if timeout is None else time.monotonic() + timeout
        waiting = select.poll()
        waiting.register(self.fileno(), select.POLLIN)
        if wake is not None:
            waiting.register(wake, select.POLLIN)
        if (pointer := self._pointer.fileno()) is not None:
            waiting.register(pointer, select.POLLIN)
        while not (news := self.changed()):
            left = None if end is None else max(0.0, end - time.monotonic())
            ready = waiting.poll(None if left is None else left * 1000)
            if not ready or (wake is not None and any(fd == wake.fileno() for fd, _ in ready)):
                return self.changed()
        return news

    def fileno(self) -> int:
        """Return the display's descriptor: readable when there may be news, once `changed` has said False."""
        with _as_capture_errors():
            return self._connected().fileno()

    def take_damage(self) -> tuple[Rect, ...]:
        """Ask the server in one round trip."""
        self._connected()
        with _as_capture_errors():
            drawn = self._damage.take()
            self._read_events()
        self._news = self._damage.outstanding
        if self._resized:
            self._resized = False
            return (self.area(ALL_MONITORS),)
        return boxes_of(drawn, self.area(ALL_MONITORS))

    def grab(self, monitor: int, part: Rect | None = None) -> Raw:
        """Take the picture through shared memory."""
        self._connected()
        with _as_capture_errors():
            try:
                return self._picture(monitor, part)
            except ScreenShotError:
                # The desktop may have shrunk since we last heard of it, or have grown beyond mss's shared memory
                # (github.com/BoboTiG/python-mss/issues/432); a second failure is a real one.
                self._close_shots()
                if self._monitors.refresh():
                    self._resized = self._news = True
                return self._picture_or_say(monitor, part)

    def follow_pointer(self, on: bool) -> None:
        """Listen to XInput 2's raw motion."""
        with _as_capture_errors():
            self._pointer.follow(on)

    def pointer(self) -> tuple[int, int]:
        """Ask the server."""
        self._connected()
        with _as_capture_errors():
            return self._pointer.place()

    def close(self) -> None:
        """Disconnect twice: mss has a connection of its own."""
        if self._open:
            self._open = False
            self._close_shots()
            self._pointer.close()
            self._connection.close()

    def _connected(self) -> Connection:
        if not self._open:
            raise CaptureError("The capture of this display has been closed.")
        return self._connection

    def _read_events(self) -> None:
        with _as_capture_errors():
            for event in self._connected().events():
                if self._damage.concerns(event):
                    self._damage.notice()
                    self._news = True
                elif self._monitors.concerns(event) and self._monitors.refresh():
                    self._resized = self._news = True

    def _picture(self, monitor: int, part: Rect | None) -> Raw:
        area = self.area(monitor)
        if part is not None and Rect(0, 0, area.width, area.height).covers(part):
            area = part.moved(area.x, area.y)
        if self._shots is None:
            self._shots = mss.MSS(display=self._display)
        pixels = self._shots.grab((area.x, area.y, area.right, area.bottom)).raw
        return Raw(area.width, area.height, monitor, time.time(), pixels)

    def _picture_or_say(self, monitor: int, part: Rect | None) -> Raw:
        try:
            return self._picture(monitor, part)
        except ScreenShotError as error:
            raise CaptureError(f"The display {self._display} does not let its screen be captured.") from error

    def _close_shots(self) -> None:
        if self._shots is not None:
            self._shots.close()
            self._shots = None


class _as_capture_errors:  # noqa: N801 - as `in_words`
    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DisplayLostError | RequestError):
            raise CaptureError(str(error)) from error


class _Damage:
    """What has been drawn on the root window and everything in it.

    At the level NonEmpty the server tells the first drawing after a `take` and then keeps silent: a video wakes us
    as often as we ask, not as often as it paints.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._damage = self._extension(xcffib.damage.key)
        self._xfixes = self._extension(xcffib.xfixes.key)
        self._told = 0
        with in_words(connection.display):
            self._damage.QueryVersion(1, 1).reply()
            self._xfixes.QueryVersion(2, 0).reply()
            self._drawn = connection.x.generate_id()
            self._region = connection.x.generate_id()
            self._xfixes.CreateRegion(self._region, 0, [], is_checked=True).check()
            level = xcffib.damage.ReportLevel.NonEmpty
            self._damage.Create(self._drawn, connection.root, level, is_checked=True).check()

    @property
    def outstanding(self) -> bool:
        """Whether something was drawn after the last `take`."""
        return self._told > 0

    def concerns(self, event: Any) -> bool:
        """Whether the event tells that something was drawn; `notice` it then."""
        return isinstance(event, xcffib.damage.NotifyEvent)

    def notice(self) -> None:
        """Count one such event."""
        self._told += 1

    def take(self) -> tuple[Rect, ...]:
        """Return what was drawn and forget it. Every event of before has arrived when it returns."""
        with in_words(self._connection.display):
            self._damage.Subtract(self._drawn, 0, self._region)
            region = self._xfixes.FetchRegion(self._region).reply()
        if not region.extents.width:
            return ()
        # One event belongs to what is forgotten here, noticed before or about to be; any other came after.
        self._told -= 1
        boxes = (region.extents,) if region.length > 2 * _MOST_READ else region.rectangles
        return tuple(Rect(box.x, box.y, box.width, box.height) for box in boxes)

    def _extension(self, key: Any) -> Any:
        found = self._connection.extension(key)
        if found is None:
            raise RequestError(f"The display {self._connection.display} lacks {key.name}, which tells of changes.")
        return found
