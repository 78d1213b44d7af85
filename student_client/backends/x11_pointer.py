"""Where the pointer of an X11 session is, and the news that it has moved."""

import time
from typing import Final

import xcffib.xinput as xi

from student_client.backends.x11 import Connection, RequestError, in_words
from student_client.backends.x11_raw import RawEvents

_MOVES: Final = xi.XIEventMask.RawMotion
_FRESH: Final = 0.1  # seconds; a video under a resting pointer need not ask at every picture


class Pointer:
    """Told to follow, it tells the first move after each `place` and then keeps silent, as the damage does.

    A mouse reports a thousand moves a second; this wakes us as often as we ask where it is. A program that warps the
    pointer is noticed at the next `place`; where XInput 2.1 is missing, so is every move.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events: RawEvents | None = None
        self._listening = False
        self._at = (0, 0)
        self._fresh_until = 0.0

    def follow(self, on: bool) -> None:
        """Listen for moves from now on, or no more."""
        if on and self._events is None:
            try:
                self._events = RawEvents(self._connection.display)
                self._listen(True)
            except RequestError:
                self.close()
        elif not on:
            self.close()

    def fileno(self) -> int | None:
        """Return the descriptor that is readable when there may be news; None while not following."""
        return self._events.fileno() if self._events is not None else None

    def moved(self) -> bool:
        """Tell the news, once."""
        if self._events is None or not self._listening or not self._events.take():
            return False
        self._fresh_until = 0.0
        self._listen(False)
        return True

    def place(self) -> tuple[int, int]:
        """Return where the hot spot is on the desktop, and listen for the next move."""
        if self._listening and time.monotonic() < self._fresh_until and not self.moved():
            return self._at
        if self._events is not None and not self._listening:
            self._events.take()  # what came before it heard of our silence
            self._listen(True)
        with in_words(self._connection.display):
            reply = self._connection.core.QueryPointer(self._connection.root).reply()
        self._at, self._fresh_until = (int(reply.root_x), int(reply.root_y)), time.monotonic() + _FRESH
        return self._at

    def close(self) -> None:
        """Listen no more; may be called twice."""
        if self._events is not None:
            self._events.close()
            self._events = None
        self._listening = False

    def _listen(self, on: bool) -> None:
        if self._events is not None:
            self._events.select(_MOVES if on else 0)
            self._listening = on
