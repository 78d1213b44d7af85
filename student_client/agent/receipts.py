"""The student's own record of who looked, locked, wrote, or was refused: an append-only file with a bound.

A line is one receipt as it stands; a later line of the same number replaces an earlier one. What is new is on the disk
before it happens; an end may be written a moment later (`flush`).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.identity import Identity
from protocol.messages import Count, Line, Name, Sentence, Time, Value
from protocol.text import plain
from student_client.agent.state import RECEIPTS, StateError, StateFolder
from student_client.local import ReceiptLine

MERGED_WITHIN: Final = 60.0  # seconds; the same person doing the same again is one receipt
REFUSALS_AN_HOUR: Final = 60  # a flood of strangers fills neither the disk nor the student's list
FILE_LIMIT: Final = 1024 * 1024  # about 4,000 receipts
MEMORY_LIMIT: Final = 4000  # receipts kept while the disk takes none
KEPT_AFTER_LIMIT: Final = 2000
DAY: Final = 86_400.0


class What(StrEnum):
    """What somebody did."""

    TILE = "small-picture"
    FULL = "full-screen"
    LOCKED = "locked"
    MESSAGE = "message"
    REFUSED = "refused"
    CLOSED = "closed"
    BLOCKED = "blocked"
    COVERED = "covered"
    RELEASED = "released"


_WORDS: Final = {
    What.TILE: "saw a small picture of your screen",
    What.FULL: "saw your whole screen",
    What.LOCKED: "locked your screen",
    What.MESSAGE: "sent you a message",
    What.REFUSED: "was refused",
    What.CLOSED: "closed a program",
    What.BLOCKED: "blocked something",
    What.COVERED: "covered your screen",
    What.RELEASED: "ended the assessment with a release code",
}
_LASTING: Final = (What.TILE, What.FULL, What.LOCKED)


class Receipt(Value, frozen=True, kw_only=True):
    """One receipt; `until` is 0 while it goes on, `times` how often within MERGED_WITHIN of each other."""

    number: Count
    what: What
    name: Line  # as the certificate says; "" where nobody could be named
    staff: Line = ""
    serial: Line = ""
    address: Line = ""
    lesson: Line = ""
    reason: Sentence = ""
    since: Time
    until: Time = 0.0
    times: Annotated[int, Meta(ge=1)] = 1

    @property
    def key(self) -> tuple[str, ...]:
        """What makes two receipts the same deed of the same person."""
        return (self.what, self.staff, self.serial, self.address, self.lesson, self.reason)

    def line(self) -> ReceiptLine:
        """Return it as the student reads it."""
        where = f"Someone at {self.address}" if self.address else "Someone"
        words = _WORDS[self.what] + (f": {self.reason}" if self.reason else "")
        words += f" ({self.times} times)" if self.times > 1 else ""
        until = self.until or (0.0 if self.what in _LASTING else self.since)
        return ReceiptLine(name=self.name or where, what=plain(words, 200), since=self.since, until=until)


@dataclass(frozen=True)
class Someone:
    """Whoever a receipt is about; a stranger has an address at most."""

    name: Name = ""
    staff: Name = ""
    serial: str = ""
    address: str = ""
    lesson: str = ""

    @classmethod
    def known(cls, who: Identity, lesson: str = "") -> "Someone":
        """Return somebody whose certificate was checked."""
        return cls(name=who.name, staff=who.id, serial=who.serial, lesson=lesson)


@dataclass
class Receipts:
    """The record in memory, the newest last, and what of it is still to be written (`problem` says why it is not).

    `changes` rises with every change of what is remembered.
    """

    state: StateFolder
    all: dict[int, Receipt] = field(default_factory=dict)
    problem: str = ""
    changes: int = 0
    _unsaved: dict[int, Receipt] = field(default_factory=dict)
    _refusals: deque[float] = field(default_factory=deque)
    _next: int = 1

    def load(self, last_seen: float) -> None:
        """Read the file; what was still going on ended when this computer was last seen. Raises StateError."""
        for line in (self.state.read(RECEIPTS) or b"").splitlines():
            try:
                receipt = json.decode(line, type=Receipt)
            except (DecodeError, UnicodeDecodeError):
                continue  # the torn last line of a power cut
            self.all[receipt.number] = receipt
            self._next = max(self._next, receipt.number + 1)
        for receipt in [one for one in self.all.values() if not one.until]:
            self._update(replace(receipt, until=max(last_seen, receipt.since)))
        self.flush()

    def begin(self, what: What, who: Someone, now: float, *, anew: bool = True) -> int:
        """Record that something begins (`anew`), or goes on after a restart, and return its number."""
        again = self._recent(what, who, "", now)
        if again and again.until:
            self._update(replace(again, until=0.0, times=again.times + (anew and what is What.LOCKED)))
            return again.number
        return self._add(what, who, "", now, 0.0)

    def end(self, number: int, now: float) -> None:
        """Record that it ended; twice is once."""
        receipt = self.all.get(number)
        if receipt and not receipt.until:
            self._update(replace(receipt, until=max(now, receipt.since)))

    def note(self, what: What, who: Someone, now: float, reason: str = "") -> bool:
        """Record something of a moment; return whether it is news, not one more of the same or of a flood."""
        again = self._recent(what, who, reason, now)
        if again:
            self._update(replace(again, until=now, times=again.times + 1))
            return False
        if what is What.REFUSED and not self._may_refuse(now):
            return False
        self._add(what, who, reason, now, now)
        return True

    def newest(self, count: int) -> tuple[ReceiptLine, ...]:
        """Return the last receipts as the student reads them, the newest first."""
        return tuple(receipt.line() for receipt in list(self.all.values())[: -count - 1 : -1])

    @property
    def unsaved(self) -> bool:
        """Whether `flush` has something to do."""
        return bool(self._unsaved)

    def flush(self) -> None:
        """Write what has changed."""
        if self._unsaved:
            waiting, self._unsaved = self._unsaved, {}
            self._append(waiting.values())

    def end_all(self, now: float) -> None:
        """Close everything still going on, as the last deed of this process."""
        for number in [receipt.number for receipt in self.all.values() if not receipt.until]:
            self.end(number, now)
        self.flush()

    def forget(self, now: float, days: int) -> None:
        """Drop what is older than the policy keeps."""
        kept = {number: one for number, one in self.all.items() if not one.until or one.until > now - days * DAY}
        if len(kept) < len(self.all):
            self.all = kept
            self.changes += 1
            self._rewrite()

    def _recent(self, what: What, who: Someone, reason: str, now: float) -> Receipt | None:
        key = (what, who.staff, who.serial, who.address, who.lesson, plain(reason, 280))
        for receipt in reversed(list(self.all.values())[-REFUSALS_AN_HOUR:]):
            if receipt.key == key and (not receipt.until or now - receipt.until <= MERGED_WITHIN):
                return receipt
        return None

    def _may_refuse(self, now: float) -> bool:
        while self._refusals and self._refusals[0] < now - 3600:
            self._refusals.popleft()
        self._refusals.append(now)
        if len(self._refusals) <= REFUSALS_AN_HOUR:
            return True
        self._refusals.pop()
        return False

    def _add(self, what: What, who: Someone, reason: str, now: float, until: float) -> int:
        receipt = Receipt(
            number=self._next,
            what=what,
            name=who.name,
            staff=who.staff,
            serial=who.serial,
            address=who.address,
            lesson=who.lesson,
            reason=plain(reason, 280),
            since=now,
            until=until,
        )
        self._next += 1
        self._put(receipt)
        self._append([receipt])
        return receipt.number

    def _put(self, receipt: Receipt) -> None:
        self.all[receipt.number] = receipt
        self.changes += 1

    def _update(self, receipt: Receipt) -> None:
        self._put(receipt)
        self._unsaved[receipt.number] = receipt

    def _append(self, receipts: Iterable[Receipt]) -> None:
        receipts = list(receipts)
        try:
            size = self.state.append(RECEIPTS, b"".join(_line(receipt) for receipt in receipts))
        except StateError as error:
            # Viewing goes on: a full disk must not be a way out of a lesson. The indicator shows it all the same.
            self._unsaved = {receipt.number: receipt for receipt in receipts} | self._unsaved
            self.problem = str(error)
            if len(self.all) > MEMORY_LIMIT:
                self._forget_oldest()
            return
        self.problem = ""
        if size > FILE_LIMIT:
            self._forget_oldest()
            self._rewrite()

    def _forget_oldest(self) -> None:
        """Keep the newest, and what still goes on."""
        newest = set(list(self.all)[-KEPT_AFTER_LIMIT:])
        self.all = {number: one for number, one in self.all.items() if number in newest or not one.until}
        self.changes += 1
        self._unsaved = {number: one for number, one in self._unsaved.items() if number in self.all}

    def _rewrite(self) -> None:
        try:
            self.state.write(RECEIPTS, b"".join(_line(receipt) for receipt in self.all.values()))
        except StateError as error:
            self.problem = str(error)
        else:
            self._unsaved = {}


def _line(receipt: Receipt) -> bytes:
    return json.encode(receipt) + b"\n"
