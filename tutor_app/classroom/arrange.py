"""Which students the wall shows, and in which order: filter, sort, find as you type."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from tutor_app.classroom.student import Presence, Student


class Filter(StrEnum):
    """The chips above the wall."""

    ALL = "all"
    LIVE = "live"
    HELP = "help"
    FLAGGED = "flagged"
    LOCKED = "locked"
    MISSING = "missing"


class Sort(StrEnum):
    """The orders of the wall."""

    NAME = "name"
    FIRST_SEEN = "first seen"
    STATE = "state"
    HELP = "hands first"
    APPLICATION = "application"


_PASSES: Final[dict[Filter, Callable[[Student], bool]]] = {
    Filter.ALL: lambda _: True,
    Filter.LIVE: lambda student: student.presence is Presence.LIVE,
    Filter.HELP: lambda student: student.asks_for_help,
    Filter.FLAGGED: lambda student: student.flags > 0,
    Filter.LOCKED: lambda student: student.lock is not None,
    Filter.MISSING: lambda student: student.missing,
}

# What needs the tutor's eye comes first.
_URGENCY: Final = {
    Presence.REFUSED: 0,
    Presence.MISSING: 1,
    Presence.RECONNECTING: 2,
    Presence.NO_PICTURE: 3,
    Presence.CONNECTING: 4,
    Presence.LIVE: 5,
    Presence.EXPECTED: 6,
    Presence.PAUSED: 7,
}

_Key = tuple[object, ...]


def counts(students: Iterable[Student]) -> dict[Filter, int]:
    """Return how many students each filter lets through."""
    listed = tuple(students)
    return {chosen: sum(map(passes, listed)) for chosen, passes in _PASSES.items()}


def arranged(students: Iterable[Student], chosen: Filter, sort: Sort, find: str) -> tuple[str, ...]:
    """Return the devices to show, in order. `find` is what was typed: every word has to occur somewhere."""
    words = _folded(find).split()
    passes = _PASSES[chosen]
    shown = [student for student in students if passes(student) and _found(student, words)]
    return tuple(student.device for student in sorted(shown, key=_KEYS[sort]))


def natural(text: str) -> _Key:
    """Return a sort key that puts "Student 2" before "Student 10"."""
    parts = re.split(r"(\d+)", _folded(text))
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _found(student: Student, words: list[str]) -> bool:
    if not words:
        return True
    text = _folded(" ".join((student.name, student.user, student.host, student.application, student.device)))
    return all(word in text for word in words)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _by_name(student: Student) -> _Key:
    return natural(student.name), student.device


def _by_first_seen(student: Student) -> _Key:
    return not student.first_seen_at, student.first_seen_at, _by_name(student)


def _by_state(student: Student) -> _Key:
    calm = not student.asks_for_help, student.lock is None, not student.flags
    return _URGENCY[student.presence], calm, _by_name(student)


def _by_hand(student: Student) -> _Key:
    hand = student.hand if student.asks_for_help else None
    return hand is None, hand.since if hand else 0.0, _by_name(student)


def _by_application(student: Student) -> _Key:
    return not student.application, _folded(student.application), _by_name(student)


_KEYS: Final[dict[Sort, Callable[[Student], _Key]]] = {
    Sort.NAME: _by_name,
    Sort.FIRST_SEEN: _by_first_seen,
    Sort.STATE: _by_state,
    Sort.HELP: _by_hand,
    Sort.APPLICATION: _by_application,
}
