"""What an X11 session says about itself: the application in front, by its window's own words."""

import os
import pwd
import socket
from typing import Any

import xcffib.xproto as xp

from protocol.text import plain
from student_client.backends.base import Facts
from student_client.backends.x11 import Connection, DisplayLostError, RequestError, in_words

_LIMIT = 120
_DASHES = (" — ", " – ", " - ")
_READ = 256  # 32-bit units of a property: far longer than any title we show


class X11Facts(Facts):
    """Asks one display when it is asked; a display that is away is "" until it is back."""

    def __init__(self, display: str) -> None:
        self._display = display
        self._connection: Connection | None = None

    def active_application(self) -> str:
        """Return the window that the window manager calls active, or without one the window with the focus."""
        try:
            self._connection = self._connection or Connection(self._display)
            return _application(self._connection)
        except DisplayLostError:
            self.close()
        except RequestError:
            pass  # the window went while we asked about it
        return ""

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
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _application(connection: Connection) -> str:
    with in_words(connection.display):
        window = _active_window(connection) or _focused_window(connection)
        if not window:
            return ""
        name = _text(connection, window, "WM_CLASS").rstrip("\0").rpartition("\0")[2]
        title = _text(connection, window, "_NET_WM_NAME") or _text(connection, window, "WM_NAME")
    return title_of(plain(name, _LIMIT).strip(), plain(title, 4 * _LIMIT).strip())


def title_of(name: str, title: str) -> str:
    """Return "Application — document" of a window's class and title, whichever of them it has.

    Many titles end in the application's full name ("essay.odt — LibreOffice Writer"): that is nicer than the class.
    """
    application = name[:1].upper() + name[1:]
    document = title
    for dash in _DASHES:
        front, found, last = title.rpartition(dash)
        if found and _alike(name, last):
            application, document = last.strip(), front.strip()
            break
    if not document or _letters(document) == _letters(application):
        return (application or document)[:_LIMIT]
    return (f"{application} — {document}" if application else document)[:_LIMIT]


def _alike(name: str, last: str) -> bool:
    one, other = _letters(name), _letters(last)
    return bool(one and other) and (one in other or other in one)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _active_window(connection: Connection) -> int:
    reply = _property(connection, connection.root, "_NET_ACTIVE_WINDOW")
    return int.from_bytes(reply[:4], "little")


def _focused_window(connection: Connection) -> int:
    """Return the nearest window with a class, from the one with the focus up to the root; 0 if there is none."""
    core = connection.core
    window = int(core.GetInputFocus().reply().focus)
    if window <= xp.InputFocus.PointerRoot:
        window = int(core.QueryPointer(connection.root).reply().child)
    while window not in (0, connection.root):
        if _property(connection, window, "WM_CLASS") or _property(connection, window, "WM_NAME"):
            return window
        window = int(core.QueryTree(window).reply().parent)
    return 0


def _text(connection: Connection, window: int, name: str) -> str:
    value = _property(connection, window, name)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")  # what STRING means


def _property(connection: Connection, window: int, name: str) -> bytes:
    anything: Any = xp.GetPropertyType.Any
    reply = connection.core.GetProperty(False, window, connection.atom(name), anything, 0, _READ).reply()
    return bytes(reply.value.raw)
