"""Holding keyboard and pointer of an X11 session, and keeping the lock windows on top.

The grabs are on the root window, which nobody can unmap or destroy, and the connection owns no resource, so there is
nothing by which another client could have it killed (KillClient needs one). Keys that arrive are dropped: of each it
is only asked whether it is F1, the call for help, and where a release code may be typed, whether it is a digit.
What it cannot hold: the keys for another virtual terminal, and a program written to listen to XInput 2's raw or
slave devices, which hears keys but can show nothing.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import xcffib.xproto as xp
import xcffib.xtest

from student_client.backends.base import LockError, ScreenLock
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words
from student_client.backends.x11_ground import Ground
from student_client.backends.x11_masters import Masters

_RESTACKED = (
    xp.MapNotifyEvent, xp.ConfigureNotifyEvent, xp.CreateNotifyEvent, xp.ReparentNotifyEvent, xp.CirculateNotifyEvent
)  # fmt: skip
_RESTACK_PAUSE = 0.03  # another window that also insists on being on top must not make us both run hot
_MENU_PATIENCE = 0.3  # a menu that is just opening or closing gives its grab back by itself within this
_ESCAPE, _F1 = 0xFF1B, 0xFFBE  # keysyms
_DIGITS = {0xFF08: "\b"} | {
    first + digit: str(digit) for first in (0x30, 0xFFB0) for digit in range(10)
}  # the pad's, too
_KEY_PRESS, _KEY_RELEASE = 2, 3  # event codes of the core protocol
_REVERT = xp.InputFocus.PointerRoot

_Result = TypeVar("_Result")


class X11ScreenLock(ScreenLock):
    """Locks one display on a connection of its own; used by the thread that made it."""

    def __init__(self, display: str) -> None:
        self._open = True
        self._keyboard = self._pointer = self._others = False
        self._help_key: int | None = None
        self._help = False
        self._digit_keys: dict[int, str] = {}  # empty while nobody wants digits
        self._digits = ""
        self._wanted_at: float | None = None
        self._escaped_at = 0.0
        self._focus: int | None = None
        self._on_top: tuple[int, ...] = ()
        self._disturbed = False
        self._restacked_at = 0.0
        with _as_lock_errors():
            self._connection = Connection(display)
            self._xtest = self._connection.extension(xcffib.xtest.key)
            self._masters = Masters(self._connection)
        self._ground = Ground(display)

    @property
    def held(self) -> bool:
        """Whether the server granted every grab when last asked."""
        return self._keyboard and self._pointer and self._others

    def hold(self) -> bool:
        """Grab both; a second call is a `reassert`."""
        if self._wanted_at is None:
            self._wanted_at = time.monotonic()
            self._focus = self._ask(lambda core: int(core.GetInputFocus().reply().focus))
            with _as_lock_errors():
                self._help_key = self._connection.keycode(_F1)
        return self.reassert()

    def reassert(self) -> bool:
        """Grab both again: the server answers the owner of a grab with success and changes nothing."""
        if self._wanted_at is not None:
            self._cover()
            self._keyboard = self._ask(self._grab_keyboard)
            self._pointer = self._ask(self._grab_pointer)
            with _as_lock_errors():
                self._others = self._masters.grab()
        return self.held

    def raise_over(self, windows: Collection[int]) -> None:
        """Watch the stacking of the root's children; `windows` are override-redirect, the last one topmost."""
        self._on_top = tuple(windows)
        mask = xp.EventMask.SubstructureNotify if self._on_top else xp.EventMask.NoEvent
        self._ask(
            lambda core: core.ChangeWindowAttributes(
                self._connection.root, xp.CW.EventMask, [mask], is_checked=True
            ).check()
        )
        self._disturbed = bool(self._on_top)
        self._restack()

    def pump(self) -> None:
        """Drop keys and clicks, restack, and ask for what is not held; a menu in the way is closed by Escape."""
        with _as_lock_errors():
            for event in self._connected().events():
                self._disturbed |= isinstance(event, _RESTACKED) and event.window not in self._stack()
                if isinstance(event, xp.KeyPressEvent):
                    self._help |= event.detail == self._help_key
                    self._digits += self._digit_keys.get(event.detail, "")
        self._restack()
        if self._wanted_at is not None and not self.reassert():
            self._close_menu(self._wanted_at)

    def take_help(self) -> bool:
        """Tell whether F1 was among the keys that `pump` dropped."""
        help_asked, self._help = self._help, False
        return help_asked

    def hear_digits(self, on: bool) -> None:
        """Look up which keys they are on the layout of this moment."""
        self._digits = ""
        with _as_lock_errors():
            keys = self._connected().keys(_DIGITS) if on else {}
        self._digit_keys = {key: _DIGITS[symbol] for key, symbol in keys.items()}

    def take_digits(self) -> str:
        """Return those that `pump` heard."""
        digits, self._digits = self._digits, ""
        return digits

    def fileno(self) -> int:
        """Return the display's descriptor."""
        with _as_lock_errors():
            return self._connected().fileno()

    def release(self) -> None:
        """Ungrab; restore the focus if it moved while we held, where its window still can have it."""
        if self._on_top:
            self.raise_over(())
        if self._wanted_at is None:
            return
        self._wanted_at = None
        self._keyboard = self._pointer = self._others = False
        self._ground.hide()
        self._ask(self._ungrab)
        self._restore_focus()

    def close(self) -> None:
        """Release as far as the display still allows, and disconnect, which ends every grab anyway."""
        if not self._open:
            return
        try:
            self.release()
        except LockError:
            pass  # the display is gone, and its grabs with it
        finally:
            self._open = False
            self._ground.hide()
            self._connection.close()

    def _connected(self) -> Connection:
        if not self._open:
            raise LockError("The lock of this display has been closed.")
        return self._connection

    def _ask(self, question: Callable[[Any], _Result]) -> _Result:
        connection = self._connected()
        with _as_lock_errors(), in_words(connection.display):
            return question(connection.core)

    def _grab_keyboard(self, core: Any) -> bool:
        mode = xp.GrabMode.Async
        reply = core.GrabKeyboard(False, self._connection.root, xp.Time.CurrentTime, mode, mode).reply()
        return bool(reply.status == xp.GrabStatus.Success)

    def _grab_pointer(self, core: Any) -> bool:
        mode, nothing = xp.GrabMode.Async, xp.Atom._None  # noqa: SLF001 - xcffib's spelling of X's None
        reply = core.GrabPointer(
            False, self._connection.root, xp.EventMask.NoEvent, mode, mode, nothing, nothing, xp.Time.CurrentTime
        ).reply()
        return bool(reply.status == xp.GrabStatus.Success)

    def _ungrab(self, core: Any) -> None:
        self._masters.release()
        core.UngrabPointer(xp.Time.CurrentTime, is_checked=True).check()
        core.UngrabKeyboard(xp.Time.CurrentTime, is_checked=True).check()

    def _restore_focus(self) -> None:
        focus, self._focus = self._focus, None
        if focus is None or focus == self._ask(lambda core: int(core.GetInputFocus().reply().focus)):
            return
        try:
            with in_words(self._connection.display):
                self._connection.core.SetInputFocus(_REVERT, focus, xp.Time.CurrentTime, is_checked=True).check()
        except RequestError:
            pass  # that window was closed or hidden meanwhile: the focus stays where it is
        except DisplayLostError as error:
            raise LockError(str(error)) from error

    def _cover(self) -> None:
        with _as_lock_errors():
            before = self._ground.window
            self._ground.show()
        self._disturbed |= self._ground.window != before

    def _stack(self) -> tuple[int, ...]:
        """What belongs on top, lowest first."""
        return (self._ground.window, *self._on_top) if self._ground.window and self._on_top else self._on_top

    def _restack(self) -> None:
        """Put our windows on top where they are not, bottom one first."""
        now = time.monotonic()
        if not self._disturbed or now - self._restacked_at < _RESTACK_PAUSE:
            return
        self._disturbed, self._restacked_at = False, now
        children = self._ask(lambda core: list(core.QueryTree(self._connection.root).reply().children))
        if tuple(children[-len(self._stack()) :]) == self._stack():
            return
        self._ask(self._raise_all)
        with _as_lock_errors():
            self._connection.flush()

    def _raise_all(self, core: Any) -> None:
        for window in self._stack():  # unchecked: one that is already gone must not keep the others down
            core.ConfigureWindow(window, xp.ConfigWindow.StackMode, [xp.StackMode.Above])

    def _close_menu(self, wanted_at: float) -> None:
        """Press Escape for whoever has the keyboard: an open menu grabs it and would keep the lock out for ever."""
        now = time.monotonic()
        if self._keyboard or self._xtest is None or now - max(wanted_at, self._escaped_at) < _MENU_PATIENCE:
            return
        self._escaped_at = now
        self._press_escape()

    def _press_escape(self) -> None:
        assert self._xtest is not None
        with _as_lock_errors():
            if (keycode := self._connection.keycode(_ESCAPE)) is not None:
                for event in (_KEY_PRESS, _KEY_RELEASE):
                    self._xtest.FakeInput(event, keycode, 0, self._connection.root, 0, 0, 0)
            self._connection.flush()


@contextmanager
def _as_lock_errors() -> Iterator[None]:
    try:
        yield
    except (DisplayLostError, RequestError) as error:
        raise LockError(str(error)) from error
