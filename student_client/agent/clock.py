"""The device's own time, which never runs backwards: not within a process, not across restarts."""

import time
from collections.abc import Callable

from msgspec import DecodeError, json

from protocol.messages import Time, Value
from student_client.agent.state import CLOCK, StateFolder


class _LastSeen(Value, frozen=True, kw_only=True):
    last_seen: Time


class DeviceClock:
    """Time as the later of the wall clock and what has passed since the last time seen.

    Setting the clock back lengthens nothing. A suspended laptop's monotonic clock stands still, its wall clock
    doesn't: the later one is right both times.
    """

    def __init__(
        self, floor: float, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self.last_seen = floor  # before this process; 0 where nobody knows
        self._seen, self._seen_at = floor, monotonic()

    def now(self) -> float:
        """Return the device's time; it never falls."""
        at = self._monotonic()
        self._seen = max(self._wall(), self._seen + (at - self._seen_at))
        self._seen_at = at
        return self._seen

    def wall(self) -> float:
        """Return what the computer's clock says."""
        return self._wall()


def load_clock(state: StateFolder) -> DeviceClock:
    """Return a clock that starts no earlier than the last one ended; a damaged file counts for nothing."""
    data = state.read(CLOCK)
    try:
        floor = json.decode(data, type=_LastSeen).last_seen if data else 0.0
    except (DecodeError, UnicodeDecodeError):
        floor = 0.0
    return DeviceClock(floor)


def save_clock(state: StateFolder, now: float) -> None:
    """Remember the last time seen; raises StateError."""
    state.write(CLOCK, json.encode(_LastSeen(last_seen=now)))
