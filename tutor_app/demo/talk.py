"""What the demo and its tutor's window say to each other: JSON, one object a line, over the window's pipes.

The window says ``{"is": "ready"}``, ``{"is": "live", "device": …, "at": …}`` at each device's first tile, once a second
``{"is": "count", "tiles": {…}, "bytes": {…}, "stall_ms": …}``, and ``{"is": "finished"}`` or ``{"is": "closed"}`` as
its last. It is told ``finish`` to take its pictures and end; the end of the pipe means the same without pictures.
"""

import json
import os
import select
import time
from collections import deque
from typing import Any, Final

from tutor_app.demo.processes import Child, DemoError

FINISH: Final = b"finish\n"
NOTHING_COUNTED: Final[dict[str, Any]] = {"tiles": {}, "bytes": {}, "stall_ms": 0.0}


class Talk:
    """The demo's end of the pipes."""

    def __init__(self, tutor: Child) -> None:
        assert tutor.process.stdin
        assert tutor.process.stdout
        self.tutor = tutor
        self._to, self._from = tutor.process.stdin, tutor.process.stdout
        self._buffer = b""
        self._waiting: deque[dict[str, Any]] = deque()
        self.counts = NOTHING_COUNTED
        self.closed = False

    def next(self, within: float) -> dict[str, Any] | None:
        """Return the next thing said, None after `within` seconds or at the end; counts are kept, not returned."""
        deadline = time.monotonic() + within
        while not self._waiting and not self.closed:
            if not select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            self._take(os.read(self._from.fileno(), 65536))
        return self._waiting.popleft() if self._waiting else None

    def until(self, what: str, within: float) -> dict[str, Any]:
        """Wait for one thing to be said; raises DemoError where it never is."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and not self.closed:
            said = self.next(deadline - time.monotonic())
            if said and said["is"] == what:
                return said
        raise DemoError(f"The tutor's window was not {what}: {self.tutor.last_words or 'it said nothing'}")

    def finish(self) -> None:
        """Ask for the pictures and the end."""
        self._to.write(FINISH)
        self._to.flush()

    def _take(self, data: bytes) -> None:
        self.closed = not data
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if said["is"] == "count":
                self.counts = said
            else:
                self._waiting.append(said)
