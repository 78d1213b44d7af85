"""XInput 2's raw events of an X11 session, told apart by their kind and by nothing else."""

import struct
from collections import Counter
from typing import Any

import xcffib
import xcffib.xinput as xi
from xcffib.ffi import ffi

from student_client.backends.x11 import Connection, RequestError, in_words

_GENERIC_EVENT = 35  # the X protocol's GenericEvent; the kind is its 16 bits at byte 8
_KIND = slice(8, 10)


class RawEvents:
    """Listens on a connection of its own. Raises DisplayLostError, or RequestError where XInput 2.1 is missing.

    A raw event also says which key, and where to. It is cut after the two bytes that say its kind: the rest is never
    looked at. (xcffib would read it, and reads past its end: it takes the sum of a bit mask for the count of its bits.)
    """

    def __init__(self, display: str) -> None:
        self._connection = Connection(display)
        try:
            self._xinput = self._open()
        except BaseException:
            self._connection.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor that is readable when events have come; ask `take` first."""
        return self._connection.fileno()

    def select(self, mask: int) -> None:
        """Listen for these kinds from now on; 0 ends it."""
        with in_words(self._connection.display):
            wanted = struct.pack("=HHI", xi.Device.AllMaster, 1, mask)
            self._xinput.XISelectEvents(self._connection.root, 1, [wanted], is_checked=True).check()

    def take(self) -> Counter[int]:
        """Return how many of each kind have come since the last call."""
        kinds: Counter[int] = Counter()
        poll, connection = xcffib.lib.xcb_poll_for_event, self._connection.x._conn  # noqa: SLF001 - see the class
        while (event := poll(connection)) != ffi.NULL:
            if event.response_type & 0x7F == _GENERIC_EVENT:
                kinds[int.from_bytes(ffi.buffer(event, 12)[_KIND], "little")] += 1
            xcffib.lib.free(event)
        with in_words(self._connection.display):
            self._connection.x.invalid()
        return kinds

    def close(self) -> None:
        """Disconnect; may be called twice."""
        self._connection.close()

    def _open(self) -> Any:
        xinput = self._connection.extension(xi.key)
        if xinput is None:
            raise RequestError(f"The display {self._connection.display} lacks XInput.")
        with in_words(self._connection.display):
            version = xinput.XIQueryVersion(2, 2).reply()
        if (version.major_version, version.minor_version) < (2, 1):  # 2.0 keeps raw events from all but the grabber
            raise RequestError(f"The display {self._connection.display} has an XInput older than 2.1.")
        return xinput
