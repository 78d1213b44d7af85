"""Closing a program's windows on X11 as their own close buttons would."""

from collections.abc import Iterator
from typing import Any

import xcffib.res
import xcffib.xproto as xp

from student_client.backends.base import WindowError, Windows
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words

# xcffib ships no signatures; as in x11.py, what it builds is Any.
_ClientMessageData: Any = xp.ClientMessageData
_ClientMessageEvent: Any = xp.ClientMessageEvent
_ClientIdSpec: Any = xcffib.res.ClientIdSpec
_READ = 1024  # 32-bit units of a property: more windows than anybody has


class X11Windows(Windows):
    """Connects when it is asked, and not in between."""

    def __init__(self, display: str) -> None:
        self._display = display

    def close_windows(self, pid: int) -> int:
        """Send WM_DELETE_WINDOW to each window of the process that knows it."""
        try:
            connection = Connection(self._display)
        except DisplayLostError as error:
            raise WindowError(str(error)) from error
        try:
            return _Closer(connection).close(pid)
        except DisplayLostError as error:
            raise WindowError(str(error)) from error
        finally:
            connection.close()


class _Closer:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pids = Pids(connection)
        self._protocols, self._delete = connection.atom("WM_PROTOCOLS"), connection.atom("WM_DELETE_WINDOW")
        self._state = connection.atom("WM_STATE")

    def close(self, pid: int) -> int:
        asked = 0
        for window in self._windows(self._connection.root, 3):
            try:
                with in_words(self._connection.display):
                    if self._pids.of(window) == pid and self._delete in self._atoms(window, self._protocols):
                        self._ask(window)
                        asked += 1
            except RequestError:
                continue  # it has gone meanwhile
        with in_words(self._connection.display):
            self._connection.core.GetInputFocus().reply()  # everything before it has reached the server
        return asked

    def _windows(self, parent: int, depth: int) -> Iterator[int]:
        """Yield the windows a window manager has taken into its care, within its frames or not."""
        try:
            with in_words(self._connection.display):
                children = list(self._connection.core.QueryTree(parent).reply().children)
        except RequestError:
            return
        for window in children:
            try:
                with in_words(self._connection.display):
                    managed = bool(self._atoms(window, self._state) or self._atoms(window, self._protocols))
            except RequestError:
                continue
            if managed:
                yield window
            elif depth > 1:
                yield from self._windows(window, depth - 1)

    def _atoms(self, window: int, name: int) -> list[int]:
        anything: Any = xp.GetPropertyType.Any
        reply = self._connection.core.GetProperty(False, window, name, anything, 0, _READ).reply()
        return list(reply.value.to_atoms()) if reply.format == 32 else []

    def _ask(self, window: int) -> None:
        words = _ClientMessageData.synthetic([self._delete, xp.Time.CurrentTime, 0, 0, 0], "I" * 5)
        event = _ClientMessageEvent.synthetic(32, window, self._protocols, words)
        self._connection.core.SendEvent(False, window, xp.EventMask.NoEvent, event.pack())


class Pids:
    """Which process a window belongs to: by the server's own word (XRes), which no program can make up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resources = connection.extension(xcffib.res.key)
        self._said = connection.atom("_NET_WM_PID")

    def of(self, window: int) -> int:
        """Return its process, or what the window says itself where the server does not know, or 0."""
        return self._local(window) or self._own_word(window)

    def _local(self, window: int) -> int:
        if self._resources is None:
            return 0
        spec = _ClientIdSpec.synthetic(window, xcffib.res.ClientIdMask.LocalClientPID)
        with in_words(self._connection.display):
            ids = self._resources.QueryClientIds(1, [spec]).reply().ids
        return next((int(each.value[0]) for each in ids if each.length >= 4), 0)

    def _own_word(self, window: int) -> int:
        anything: Any = xp.GetPropertyType.Any
        with in_words(self._connection.display):
            reply = self._connection.core.GetProperty(False, window, self._said, anything, 0, 1).reply()
        return int.from_bytes(bytes(reply.value.raw)[:4], "little")
