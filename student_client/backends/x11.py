"""One X11 connection of our own: the only place that speaks to xcffib's untyped connection, and its errors in words."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import xcffib
import xcffib.xproto

# xcffib ships no signatures: the connection is Any here, once, and every room has its own typed methods on top.
_connect: Callable[[str], Any] = xcffib.Connection


class DisplayLostError(Exception):
    """The X server is gone, or never was there; the text is a sentence."""


class RequestError(Exception):
    """The X server refused one request, for instance because a window has gone meanwhile."""


class in_words:  # noqa: N801 - reads as the function it would be: one made of a generator costs four times as much
    """Turn xcffib's errors inside the block into DisplayLostError and RequestError."""

    __slots__ = ("_display",)

    def __init__(self, display: str) -> None:
        self._display = display

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, xcffib.ConnectionException):
            raise DisplayLostError(
                f"The display {self._display} cannot be reached; is the session still there?"
            ) from error
        if isinstance(error, xcffib.XcffibException):
            raise RequestError(f"The display {self._display} refused a request ({type(error).__name__}).") from error


class Connection:
    """A connection to one display. Its `fileno` is readable when events or the end of the display arrive."""

    def __init__(self, display: str) -> None:
        self.display = display
        with in_words(display):
            self.x = _connect(display)
            self.core: Any = self.x.core
            screen = self.x.setup.roots[self.x.pref_screen]
        self.root: int = screen.root

    def fileno(self) -> int:
        """Return the descriptor; ask `events` first, for xcb may already have read what is waiting."""
        with in_words(self.display):
            return int(self.x.get_file_descriptor())

    def extension(self, key: Any) -> Any | None:
        """Return an extension by its xcffib key, or None where the server does not have it."""
        with in_words(self.display):
            name = key.name
            present = self.core.QueryExtension(len(name), name).reply().present
            return self.x(key) if present else None

    def atom(self, name: str) -> int:
        """Return the atom of that name."""
        with in_words(self.display):
            return int(self.core.InternAtom(False, len(name), name).reply().atom)

    def keycode(self, keysym: int) -> int | None:
        """Return a key that has this symbol on the layout of this moment, or None."""
        return next(iter(self.keys((keysym,))), None)

    def keys(self, keysyms: Collection[int]) -> dict[int, int]:
        """Return every key that has one of these symbols on the layout of this moment, with the symbol."""
        setup = self.x.setup
        first, count = setup.min_keycode, setup.max_keycode - setup.min_keycode + 1
        with in_words(self.display):
            mapping = self.core.GetKeyboardMapping(first, count).reply()
        symbols, per_key = list(mapping.keysyms), mapping.keysyms_per_keycode
        return {first + place // per_key: symbol for place, symbol in enumerate(symbols) if symbol in keysyms}

    def events(self) -> Iterator[Any]:
        """Yield what has arrived, without waiting; errors of requests nobody waits for are dropped."""
        while True:
            try:
                with in_words(self.display):
                    event = self.x.poll_for_event()
            except RequestError:
                continue
            if event is None:
                return
            yield event

    def flush(self) -> None:
        """Send what is buffered."""
        with in_words(self.display):
            self.x.flush()

    def close(self) -> None:
        """Disconnect; may be called twice."""
        self.x.disconnect()
