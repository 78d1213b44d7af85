"""Lock leases: who or which rule has locked the screen, until when. They end by themselves; time is an argument."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import Id, Line, Lock, LockFacts, Name, Sentence, Time, Value
from protocol.policy.permit import Permit

LONGEST: Final = 600  # seconds; DESIGN §6
MOST: Final = 16  # as many as there may be links


class LeaseRefused(Exception):
    """The lease cannot be given; the text is a sentence for the tutor."""


class Lease(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lock; `by` is the name the student reads, `staff` and `serial` are the person who may renew it.

    Both are empty where a rule locks: such a lock ends with what broke the rule.
    """

    id: Id
    by: Name
    staff: Line
    serial: Line
    lesson: Line
    sentence: Sentence
    until: Time

    @property
    def by_rule(self) -> bool:
        """Whether a rule has locked, not a person."""
        return not self.staff


class _Stored(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    leases: Annotated[tuple[Lease, ...], Meta(max_length=MOST)]


@dataclass(frozen=True)
class Leases:
    """Every lease in force."""

    held: tuple[Lease, ...] = ()

    def with_lock(self, lock: Lock, permit: Permit, lesson: str, now: float) -> "Leases":
        """Give or renew a lease, never beyond the permit; raises LeaseRefused."""
        mine = next((lease for lease in self.held if lease.id == lock.id), None)
        if mine and mine.staff != permit.tutor.id:
            raise LeaseRefused(f"This lock was set by {mine.by}.")
        others = tuple(lease for lease in self.at(now).held if lease.id != lock.id)
        if len(others) >= MOST:
            raise LeaseRefused("This screen has been locked too many times at once.")
        until = min(now + min(lock.lease, LONGEST), permit.until)
        if until <= now:
            raise LeaseRefused("The lesson is over.")
        lease = Lease(
            id=lock.id,
            by=permit.tutor.name,
            staff=permit.tutor.id,
            serial=permit.tutor.serial,
            lesson=lesson,
            sentence=lock.sentence,
            until=until,
        )
        return Leases((*others, lease))

    def with_rule(self, identifier: str, by: str, sentence: str, until: float) -> "Leases":
        """Lock because a rule is broken, or renew that; a rule never takes a person's place."""
        others = tuple(lease for lease in self.held if lease.id != identifier)
        if len(others) >= MOST:
            return self
        known = next((lease for lease in self.held if lease.id == identifier), None)
        if known:
            renewed = replace(known, until=until)
            return Leases(tuple(renewed if lease is known else lease for lease in self.held))
        lease = Lease(id=identifier, by=by, staff="", serial="", lesson="", sentence=sentence, until=until)
        return Leases((*others, lease))

    def without_rules(self, but: Collection[str]) -> "Leases":
        """End what rules have locked, except `but`."""
        return Leases(tuple(lease for lease in self.held if not lease.by_rule or lease.id in but))

    def at(self, now: float) -> "Leases":
        """Return what is left at a moment."""
        return self if all(lease.until > now for lease in self.held) else Leases(self._after(now))

    def shown(self) -> Lease | None:
        """Return the lease whose words the cover shows: the one given last."""
        return self.held[-1] if self.held else None

    def next_end(self) -> float | None:
        """Return when the first of them ends."""
        return min((lease.until for lease in self.held), default=None)

    def facts(self, covered: bool) -> LockFacts | None:
        """Return what a tutor is told: who is shown, and when the last lease ends."""
        lease = self.shown()
        if lease is None:
            return None
        until = max(lease.until for lease in self.held)
        return LockFacts(id=lease.id, by=lease.by, until=until, covered=covered)

    def _after(self, now: float) -> tuple[Lease, ...]:
        return tuple(lease for lease in self.held if lease.until > now)


def write_leases(leases: Leases) -> bytes:
    """Return what is stored of them."""
    return json.encode(_Stored(leases=leases.held))


def read_leases(data: bytes | None, now: float) -> Leases:
    """Return what is still in force of what was stored; raises ValueError where it is damaged.

    `now` comes from a clock that never falls. No lease is longer than one can be given, whatever the file says.
    """
    if not data:
        return Leases()
    try:
        stored = json.decode(data, type=_Stored).leases
    except (DecodeError, UnicodeDecodeError) as error:
        raise ValueError("the stored locks cannot be read") from error
    return Leases(tuple(lease for lease in stored if now < lease.until <= now + LONGEST))
