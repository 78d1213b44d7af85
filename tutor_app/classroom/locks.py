"""Locks that stand: leases renewed while the lesson runs, and "Eyes on me", which also holds for who comes later."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.messages import Lock
from tutor_app.classroom.activity import Line
from tutor_app.classroom.lines import Lines
from tutor_app.classroom.roster import Roster
from tutor_app.classroom.values import Changes, Order

LEASE = 600  # seconds, DESIGN §6


@dataclass(frozen=True, kw_only=True)
class EyesOnMe:
    """Everybody is locked until then; `timed` False: until the tutor ends it, the lesson's end at the latest."""

    since: float
    until: float
    sentence: str
    timed: bool
    line: Line


class Locks:
    """Which lock stands on which device, asked or there, and until when; never past the lesson's end."""

    def __init__(self, roster: Roster, lines: Lines, ends_at: float) -> None:
        self._roster, self._lines, self._ends_at = roster, lines, ends_at
        self._standing: dict[str, Lock] = {}
        self._by_eyes: set[str] = set()
        self._let_go: set[str] = set()
        self.eyes: EyesOnMe | None = None

    def __contains__(self, device: str) -> bool:
        return device in self._standing

    def lease(self, now: float, until: float | None = None) -> int:
        """Return the seconds of a lease that begins now and may not go on after `until`."""
        return max(1, min(LEASE, int(min(self._ends_at, until or self._ends_at) - now)))

    def stands(self, device: str, lock: Lock) -> Changes:
        """From now on this lock stands on the device."""
        changes = self.gone(device)
        self._by_eyes.discard(device)
        self._standing[device] = lock
        return changes | self._lines.stands(lock.id, (device,), True)

    def gone(self, device: str) -> Changes:
        """From now on no lock stands on the device."""
        before = self._standing.pop(device, None)
        return self._lines.stands(before.id, (device,), False) if before else Changes()

    def refused(self, device: str, command: str) -> Changes:
        """The device did not do this; where it was the lock that stands, none does."""
        lock = self._standing.get(device)
        return self.gone(device) if lock and lock.id == command else Changes()

    def renewals(self, now: float) -> list[Order]:
        """Return the leases that are due: more than half used up, and the lesson goes on."""
        orders = []
        for device, lock in self._standing.items():
            student = self._roster[device]
            left = student.lock.until - now if student.lock else 0
            lease = self.lease(now, self._until(device))
            if student.linked and student.lock and left < LEASE / 2 and lease > left + 1:
                orders.append(Order(device=device, command=Lock(id=lock.id, lease=lease, sentence=lock.sentence)))
        return orders

    # ── eyes on me ──────────────────────────────────────────────────────────────────────────────────────────────────

    def start_eyes(self, eyes: EyesOnMe) -> None:
        """From now on everybody is to be locked, also who comes later."""
        self.eyes = eyes
        self._let_go.clear()
        self._by_eyes.clear()

    def stands_by_eyes(self, device: str, lock: Lock, eyes: EyesOnMe) -> Changes:
        """This lock stands because of "Eyes on me" and ends with it."""
        self._lines.bind(lock.id, eyes.line)
        changes = self.stands(device, lock)
        self._by_eyes.add(device)
        return changes

    def let_go(self, device: str) -> Changes:
        """The tutor unlocked one student: "Eyes on me" does not lock them again."""
        self._let_go.add(device)
        self._by_eyes.discard(device)
        return self.gone(device)

    def end_eyes(self) -> tuple[str, ...]:
        """Return whom "Eyes on me" had locked, and forget it; a lease that ran out here may hold on a slow clock."""
        self.eyes = None
        return tuple(device for device in self._roster.students if device in self._by_eyes)

    def standing(self, device: str, now: float, new_id: Callable[[], str]) -> Lock | None:
        """Return the lock that "Eyes on me" wants on a device, under a new id where it has none yet."""
        if self.eyes is None or device in self._let_go or (device in self and device not in self._by_eyes):
            return None  # unlocked by hand, or locked by hand: that lock is renewed until the tutor ends it
        lock = self._standing.get(device)
        lease = self.lease(now, self.eyes.until)
        return Lock(id=lock.id if lock else new_id(), lease=lease, sentence=self.eyes.sentence)

    def end(self) -> None:
        """The lesson is over: nothing stands any more."""
        self.eyes = None
        for device in tuple(self._standing):
            self.gone(device)

    def _until(self, device: str) -> float | None:
        return self.eyes.until if self.eyes and device in self._by_eyes else None
