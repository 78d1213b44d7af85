"""The device's own time, which never runs backwards: not within a process, not across restarts."""

import math
import time
from collections.abc import Callable

from msgspec import DecodeError, json

from protocol.identity import IdentityError, identity_in, read_certificate, valid_between
from protocol.messages import Time, Value
from student_client.agent.state import CERTIFICATE, CLOCK, StateFolder


class _LastSeen(Value, frozen=True, kw_only=True):
    last_seen: Time


class DeviceClock:
    """Time as the later of the wall clock and what has passed since the last time seen.

    Setting the clock back lengthens nothing. A suspended laptop's monotonic clock stands still, its wall clock
    doesn't: the later one is right both times. A wall clock beyond the certificate's end, when nobody is let in anyway,
    is not believed: a laptop that was years ahead for a while works again once it is right.
    """

    def __init__(
        self, floor: float, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self.last_seen = floor  # before this process; 0 where nobody knows
        self._seen, self._seen_at = floor, monotonic()
        self._serial, self._ends_at = "", math.inf

    def certified(self, serial: str, ends_at: float) -> bool:
        """Believe nothing beyond this certificate's end, nor what was seen under another; return whether it fell."""
        renewed = self._serial not in ("", serial)
        self._serial, self._ends_at = serial, ends_at
        if renewed or self._seen >= ends_at:
            self._seen = self.last_seen if self.last_seen < ends_at and not renewed else 0.0
            return True
        return False

    def now(self) -> float:
        """Return the device's time; it never falls, unless `certified` says so."""
        at, wall = self._monotonic(), self._wall()
        passed = self._seen + (at - self._seen_at)
        self._seen = max(wall, passed) if wall < self._ends_at else passed
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
    clock = DeviceClock(floor)
    try:
        certificate = read_certificate(state.read(CERTIFICATE) or b"", "the certificate")
        clock.certified(identity_in(certificate).serial, valid_between(certificate)[1])
    except IdentityError:
        pass  # not enrolled, or damaged: nobody is let in
    return clock


def save_clock(state: StateFolder, now: float) -> None:
    """Remember the last time seen; raises StateError."""
    state.write(CLOCK, json.encode(_LastSeen(last_seen=now)))
