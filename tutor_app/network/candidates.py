"""Whom to dial next: adverts and the tutor's own list, with back-off. Knows no socket and no clock.

A candidate is a rumour until its certificate was checked, and what a rumour may cost is bounded. `now` is monotonic
seconds.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from protocol.presence import DEFAULT_PORT
from tutor_app.network.limits import Limits

ADDRESSES = 8  # an advert's further addresses are left out
BREACH_COUNTS = 3  # failures, so that the first pause is 2 s
STRANGER_DIALS = 2  # a certificate that isn't the college's was no accident the second time


class Address(NamedTuple):
    """A host (a name, or an IP address with its zone) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_ADDRESS = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:]+))(?::([0-9]{1,5}))?")


def parse_address(text: str) -> Address:
    """Read `host`, `host:port`, `[address]:port` or a bare IPv6 address; raises ValueError with a sentence."""
    with suppress(AddressValueError):
        return Address(str(IPv6Address(text.strip())), DEFAULT_PORT)
    found = _ADDRESS.fullmatch(text.strip())
    port = int((found and found[3]) or DEFAULT_PORT)
    if not found or not 0 < port < 65536:
        raise ValueError(f"“{text}” is no address. Write HOST:PORT, for example 10.0.0.7:{DEFAULT_PORT}.")
    return Address(found[1] or found[2], port)


@dataclass(eq=False)
class Candidate:
    """One advert or one line of the tutor's list. `device` is whom its certificate named, once it was checked."""

    name: str
    addresses: tuple[Address, ...]
    announced_at: float
    kept: bool = False
    device: str = ""
    busy: bool = False
    set_aside: bool = False
    failures: int = 0
    strange: int = 0
    dials: int = 0
    dialled_at: float = -math.inf
    due_at: float = 0.0
    not_before: float = -math.inf
    doubted_at: float = -math.inf


class Candidates:
    """Remembers at most `limits.candidates`; the oldest that never proved itself makes room."""

    def __init__(self, limits: Limits, jitter: Callable[[], float]) -> None:
        """`jitter` returns a number in [0, 1)."""
        self._limits = limits
        self._jitter = jitter
        self._by_name: dict[str, Candidate] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Candidate | None:
        """Return a candidate by its name."""
        return self._by_name.get(name)

    def announce(self, name: str, addresses: Iterable[Address], now: float, *, kept: bool = False) -> Candidate | None:
        """Take in an advert, or the news of its addresses; None where there is no room for it."""
        chosen = tuple(dict.fromkeys(addresses))[:ADDRESSES]
        known = self._by_name.get(name)
        if known is None:
            return self._add(Candidate(name, chosen, now, kept=kept, due_at=now))
        if set(known.addresses) != set(chosen):
            known.addresses = chosen
            known.set_aside, known.strange = False, 0
        self.hurry(known, now)
        return known

    def hurry(self, candidate: Candidate, now: float) -> None:
        """It has just been heard of: dial it soon. Not sooner than a second after the last time, whoever shouts."""
        candidate.announced_at = now
        if now >= candidate.not_before:
            candidate.failures = 0
        soon = max(now, candidate.dialled_at + 1.0, candidate.not_before)
        candidate.due_at = min(candidate.due_at, soon)

    def withdraw(self, name: str) -> None:
        """It said good-bye. Those that proved themselves are kept: multicast gets lost, laptops stay."""
        candidate = self._by_name.get(name)
        if candidate and not (candidate.device or candidate.kept or candidate.busy):
            del self._by_name[name]

    def forgive(self, now: float) -> None:
        """A new lesson begins: everybody is asked again."""
        for candidate in self:
            candidate.set_aside, candidate.failures, candidate.due_at = False, 0, now

    def due(self, now: float) -> list[Candidate]:
        """Return whom to dial now: who proved themselves, then who was never tried, then those who failed least.

        Of those never tried, the newest and the oldest in turn: neither a heap of junk that came before a laptop nor
        a stream of it that comes after keeps the laptop waiting.
        """
        due = [one for one in self if not one.busy and not one.set_aside and one.due_at <= now]
        proven = [one for one in due if one.device or one.kept]
        rumours = [one for one in due if not (one.device or one.kept)]
        new = [one for one in rumours if not one.dials]
        tried = [one for one in rumours if one.dials]
        return [
            *sorted(proven, key=lambda one: (one.failures, one.due_at)),
            *_from_both_ends(sorted(new, key=lambda one: one.due_at)),
            *sorted(tried, key=lambda one: (one.failures, one.due_at)),
        ]

    def next_due(self, now: float) -> float | None:
        """Return the seconds until somebody more is due, or None."""
        coming = [one.due_at - now for one in self if not one.busy and not one.set_aside and one.due_at > now]
        return min(coming, default=None)

    def dialled(self, candidate: Candidate, now: float) -> None:
        """An attempt begins."""
        candidate.busy = True
        candidate.dials += 1
        candidate.dialled_at = now

    def failed(self, candidate: Candidate, now: float) -> None:
        """Nobody there, or a link that was broken by its device: try again after the back-off."""
        longest, first = self._limits.longest_backoff, self._limits.first_backoff
        pause = min(longest, first * 2.0 ** min(candidate.failures, 16))
        candidate.busy = False
        candidate.failures += 1
        candidate.due_at = now + pause * (0.5 + self._jitter() / 2)

    def was_strange(self, candidate: Candidate, now: float) -> None:
        """Whoever answered is not of this college: after the second time left alone until the address changes."""
        candidate.strange += 1
        candidate.set_aside = candidate.strange >= STRANGER_DIALS and not candidate.kept
        self.failed(candidate, now)

    def punish(self, candidate: Candidate, now: float) -> None:
        """It broke the protocol: a longer back-off, which no advert shortens."""
        candidate.failures = max(candidate.failures, BREACH_COUNTS)
        self.failed(candidate, now)
        candidate.not_before = candidate.due_at

    def put_aside(self, candidate: Candidate) -> None:
        """Not of this lesson."""
        candidate.busy, candidate.set_aside = False, True

    def again(self, candidate: Candidate, at: float) -> None:
        """Dial it again at this time."""
        candidate.busy = False
        candidate.due_at = at

    def _add(self, candidate: Candidate) -> Candidate | None:
        if len(self._by_name) >= self._limits.candidates:
            idle = [one for one in self if one.set_aside or not (one.device or one.kept or one.busy)]
            if not idle:
                return None
            del self._by_name[min(idle, key=lambda one: (not one.set_aside, one.announced_at)).name]
        self._by_name[candidate.name] = candidate
        return candidate


def _from_both_ends(candidates: list[Candidate]) -> Iterator[Candidate]:
    """Yield the last, the first, the last but one, the second, …"""
    waiting = deque(candidates)
    while waiting:
        yield waiting.pop()
        if waiting:
            yield waiting.popleft()
