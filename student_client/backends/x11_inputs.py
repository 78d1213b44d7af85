"""How often keys and buttons are pressed in an X11 session: a count, and never which."""

from typing import Final

import xcffib.xinput as xi

from student_client.backends.base import Inputs
from student_client.backends.x11 import DisplayLostError, RequestError
from student_client.backends.x11_raw import RawEvents

_PRESSES: Final = xi.XIEventMask.RawKeyPress | xi.XIEventMask.RawButtonPress


class X11Inputs(Inputs):
    """Counts from when it is made until it is closed; a display that does not tell, or has gone, counts nothing.

    Every press is one raw event, of which no more is read than that it came: see RawEvents.
    """

    def __init__(self, display: str) -> None:
        self._counted = 0
        self._events: RawEvents | None = None
        try:
            self._events = RawEvents(display)
            self._events.select(_PRESSES)
        except (DisplayLostError, RequestError):
            self.close()

    def count(self) -> int:
        """Return the presses since the start; costs no round trip and wakes nobody."""
        if self._events is not None:
            try:
                self._counted += self._events.take().total()
            except (DisplayLostError, RequestError):
                self.close()
        return self._counted

    def close(self) -> None:
        """Listen no more."""
        if self._events is not None:
            self._events.close()
            self._events = None
