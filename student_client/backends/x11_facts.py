"""What an X11 session says about itself: the application in front, by its window's own words."""

import os
import pwd
import socket
from typing import Any

import xcffib.screensaver
import xcffib.xproto as xp

from protocol.text import plain
from student_client.backends.base import Away, Facts, Front
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words
from student_client.backends.x11_windows import Pids

_HAS_TERMINAL = "XFree86_has_VT"  # Xorg, hw/xfree86/common/xf86Events.c: 0 while it has given its terminal away
_PROPERTIES = (_HAS_TERMINAL, "_NET_ACTIVE_WINDOW", "_NET_SUPPORTING_WM_CHECK", "WM_CLASS", "_NET_WM_NAME", "WM_NAME")
_LIMIT = 120
_READ = 256  # 32-bit units of a property: far longer than any title we show


class X11Facts(Facts):
    """Asks one display when it is asked and something has changed; a display that is away is "" until it is back."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._front: _Front | None = None

    def front(self) -> Front | None:
        """Return the window that the window manager calls active, or without one the window with the focus."""
        try:
            return self._asked().window()
        except DisplayLostError:
            self.close()
        return None

    def away(self) -> Away:
        """Return what the server says by MIT-SCREEN-SAVER, and Xorg of its virtual terminal; others have neither."""
        try:
            return self._asked().away()
        except DisplayLostError:
            self.close()
        return Away.NOT

    def logged_in_user(self) -> str:
        """Return the name of the account this process runs under: the environment's could be made up."""
        try:
            return plain(pwd.getpwuid(os.getuid()).pw_name, _LIMIT)
        except KeyError:
            return f"user {os.getuid()}"

    def host_name(self) -> str:
        """Return the first label of the system's host name."""
        return plain(socket.gethostname().partition(".")[0], _LIMIT)

    def close(self) -> None:
        """Disconnect; the next question connects again."""
        if self._front is not None:
            self._front.connection.close()
            self._front = None

    def _asked(self) -> "_Front":
        self._front = self._front or _Front(Connection(self._display))
        return self._front


class _Front:
    """The window in front on one connection, asked about again only after the server has told that it may be another.

    Without a window manager nobody tells who has the focus: then it is asked for every time.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._atoms = {name: connection.atom(name) for name in _PROPERTIES}
        self._followed = 0
        self._known: Front | None = None
        self._is_known = False
        self._has_terminal: bool | None = None
        self._saver = connection.extension(xcffib.screensaver.key)
        self._pids = Pids(connection)
        self._listen(connection.root, xp.EventMask.PropertyChange)

    def away(self) -> Away:
        """Return whether the server shows its screen saver, or another terminal is shown; raises DisplayLostError."""
        try:
            with in_words(self.connection.display):
                self._hear()
                if self._has_terminal is None:
                    self._has_terminal = self._property(self.connection.root, _HAS_TERMINAL)[:4] != bytes(4)
                if not self._has_terminal:
                    return Away.OTHER_TERMINAL
                if self._saver is None:
                    return Away.NOT
                state = self._saver.QueryInfo(self.connection.root).reply().state
                return Away.SCREEN_SAVER if state == xcffib.screensaver.State.On else Away.NOT
        except RequestError:
            return Away.NOT

    def window(self) -> Front | None:
        """Return it, None where there is none; raises DisplayLostError."""
        self._hear()
        if self._is_known:
            return self._known
        try:
            with in_words(self.connection.display):
                return self._ask()
        except RequestError:
            self._followed, self._is_known = 0, False  # the window went while we asked about it
        return None

    def _ask(self) -> Front | None:
        active = self._active_window()
        teller = active or self._manager_window()
        self._follow(teller)
        window = active or self._focused_window()
        self._known = self._words(window) if window else None
        self._is_known = bool(teller)
        return self._known

    def _follow(self, window: int) -> None:
        """Be told of this window's changes, before it is asked about: none can fall between the two."""
        if window == self._followed:
            return
        if self._followed:
            self._listen(self._followed, xp.EventMask.NoEvent)
        self._followed = window
        if window:
            self._listen(window, xp.EventMask.PropertyChange | xp.EventMask.StructureNotify)

    def _listen(self, window: int, mask: int) -> None:
        with in_words(self.connection.display):
            self.connection.core.ChangeWindowAttributes(window, xp.CW.EventMask, [mask])
            self.connection.flush()

    def _hear(self) -> None:
        """Take note of what has to be asked again."""
        for event in self.connection.events():
            match event:
                case xp.PropertyNotifyEvent(atom=atom) if atom == self._atoms[_HAS_TERMINAL]:
                    self._has_terminal = None
                case xp.PropertyNotifyEvent(atom=atom) if atom in self._atoms.values():
                    self._is_known = False
                case xp.DestroyNotifyEvent():
                    self._is_known = False

    def _words(self, window: int) -> Front:
        name = self._text(window, "WM_CLASS").rstrip("\0").rpartition("\0")[2]
        title = self._text(window, "_NET_WM_NAME") or self._text(window, "WM_NAME")
        return Front(self._pids.of(window), plain(name, _LIMIT).strip(), plain(title, 4 * _LIMIT).strip())

    def _active_window(self) -> int:
        return self._window_in(self.connection.root, "_NET_ACTIVE_WINDOW")

    def _window_in(self, window: int, name: str) -> int:
        return int.from_bytes(self._property(window, name)[:4], "little")

    def _manager_window(self) -> int:
        """Return the window that a living window manager has; while there is one, it tells of an active window."""
        window = self._window_in(self.connection.root, "_NET_SUPPORTING_WM_CHECK")
        try:
            with in_words(self.connection.display):
                return window if window and self._window_in(window, "_NET_SUPPORTING_WM_CHECK") == window else 0
        except RequestError:
            return 0  # it ended and left its word behind

    def _focused_window(self) -> int:
        """Return the nearest window with a class, from the one with the focus up to the root; 0 if there is none."""
        core, root = self.connection.core, self.connection.root
        window = int(core.GetInputFocus().reply().focus)
        if window <= xp.InputFocus.PointerRoot:
            window = int(core.QueryPointer(root).reply().child)
        while window not in (0, root):
            if self._property(window, "WM_CLASS") or self._property(window, "WM_NAME"):
                return window
            window = int(core.QueryTree(window).reply().parent)
        return 0

    def _text(self, window: int, name: str) -> str:
        value = self._property(window, name)
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")  # what STRING means

    def _property(self, window: int, name: str) -> bytes:
        anything: Any = xp.GetPropertyType.Any
        reply = self.connection.core.GetProperty(False, window, self._atoms[name], anything, 0, _READ).reply()
        return bytes(reply.value.raw)
