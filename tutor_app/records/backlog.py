"""Records on their way to the database: first in, first out, and bounded. Any thread may call anything here.

What is dropped when it is full: attendance, oldest first, because a later one says everything again. Nothing else
ever is: the caller is told by RecordsFull.
"""

import itertools
import threading
from collections.abc import Callable, Hashable
from typing import NamedTuple

from tutor_app.records.problems import RecordsFull
from tutor_app.records.values import Attendance, Record


class Waiting(NamedTuple):
    """A record, when it was taken in among all of them, and whom to tell that it is stored."""

    number: int
    record: Record
    stored: Callable[[], None] | None = None


class Backlog:
    """At most `bound` records; attendance that waits is replaced by newer of the same lesson and device."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._waiting: dict[Hashable, Waiting] = {}
        self._taken = 0
        self._dropped = 0
        self._stopped = False
        self._changed = threading.Condition()

    def add(self, record: Record, stored: Callable[[], None] | None = None) -> None:
        """Take a record in, without blocking; raises RecordsFull when there is no room."""
        with self._changed:
            self._taken = number = self._taken + 1
            key = (record.lesson, record.device) if isinstance(record, Attendance) else number
            if (known := self._waiting.get(key)) is not None:
                # It keeps its turn: a flush that waits for the older one is answered by this one.
                number = known.number
            elif len(self._waiting) >= self._bound and not self._make_room(record):
                return
            self._waiting[key] = Waiting(number, record, stored)
            self._changed.notify_all()

    def _make_room(self, record: Record) -> bool:
        oldest = next((key for key, waiting in self._waiting.items() if isinstance(waiting.record, Attendance)), None)
        if oldest is None and not isinstance(record, Attendance):
            message = (
                f"This was not recorded: {self._bound:,} records already wait for the database. "
                "Make a note of it by hand, and see to the database first."
            )
            raise RecordsFull(message)
        self._dropped += 1
        if oldest is not None:
            del self._waiting[oldest]
        return oldest is not None

    def next(self, most: int) -> dict[Hashable, Waiting]:
        """Wait for records; return the oldest, which stay here until `done`, or {} once stopped and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            return dict(itertools.islice(self._waiting.items(), most))

    def done(self, stored: dict[Hashable, Waiting]) -> None:
        """Forget what is stored; what was replaced in the meantime stays, for the next turn."""
        with self._changed:
            for key, waiting in stored.items():
                if self._waiting.get(key) is waiting:
                    del self._waiting[key]
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was taken in before this call is stored; False: it was not, in `timeout` seconds."""
        with self._changed:
            last = self._taken
            return self._changed.wait_for(lambda: self._oldest() > last, timeout)

    def _oldest(self) -> float:
        return next((waiting.number for waiting in self._waiting.values()), float("inf"))

    def stop(self) -> None:
        """Have `next` wait no longer."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> bool:
        """Sleep, at most until `stop`; return whether it was stopped."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopped, seconds)

    def waiting(self) -> tuple[Record, ...]:
        """Return what is not stored yet, oldest first."""
        with self._changed:
            return tuple(waiting.record for waiting in self._waiting.values())

    def take_dropped(self) -> int:
        """Return how many were dropped since the last call."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return dropped
