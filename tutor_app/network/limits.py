"""How much the network may cost, whatever is advertised or answers (SECURITY rules 2 and 5)."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The defaults are the product's; tests shorten the waits. Durations in seconds."""

    candidates: int = 256
    dials_a_second: float = 8.0
    dials_in_a_burst: int = 8
    dials_at_once: int = 64
    dials_an_address: int = 4
    stagger: float = 0.25  # before the next address of a device is tried beside the last (RFC 8305 §5: 250 ms)
    first_backoff: float = 0.25
    longest_backoff: float = 15.0
    ask_again: float = 10.0  # a refused device, so that one whose hours begin comes in by itself
    steady: float = 10.0  # a link that held so long was a good one: its next failure counts as the first
    doubt: float = 1.0  # within which an old link must answer a ping to be believed alive


class Pace:
    """A token bucket that starts full. `now` is monotonic seconds."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._left = float(burst)
        self._at = now

    def wait(self, now: float) -> float:
        """Return the seconds until the next token; 0 when one is there."""
        self._fill(now)
        return max(0.0, (1.0 - self._left) / self._rate)

    def reserve(self, now: float) -> float:
        """Take the next token, now or in the future; return the seconds to wait before using it."""
        self._fill(now)
        self._left -= 1.0
        return max(0.0, -self._left / self._rate)

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
