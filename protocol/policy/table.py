"""Reads one table of a policy file: hands out checked values, and notes every problem instead of stopping at one."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from protocol.policy.lines import Path
from protocol.text import is_plain

_Choice = TypeVar("_Choice", bound=Enum)
_Default = TypeVar("_Default")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_INDEX: Final = re.compile(r"\[\d+\]")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a policy file: its line (from 1), the key it is about ("" for the file itself), what is wrong."""

    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.line}: {self.where}: {self.reason}" if self.where else f"{self.line}: {self.reason}"


class Table:
    """One table. A wrong value is noted in `problems` and replaced by a harmless one, so that reading goes on."""

    def __init__(self, content: Mapping[str, Any], path: Path, lines: Mapping[Path, int], problems: list[Problem]):
        self._content = content
        self._path = path
        self._lines = lines
        self._problems = problems
        self._known: set[str] = set()
        self._missing: list[str] = []

    def problem(self, key: str, reason: str, index: int | None = None) -> None:
        """Note a mistake in `key`, or in the entry `index` of its list."""
        where = _dotted((*self._path, key)) + ("" if index is None else f"[{index + 1}]")
        self._problems.append(Problem(self._line((*self._path, key)), where, reason))

    def text(self, key: str, most: int, *, optional: bool = False) -> str:
        """Return a text of 1 to `most` characters; "" where it is missing and may be."""
        value = self._take(key, str, "a text in quotation marks", optional)
        return "" if value is None else self._checked_text(key, value, most)

    def texts(self, key: str, most: int, count: int, *, optional: bool = False) -> tuple[str, ...]:
        """Return a list of up to `count` such texts; an empty one where it is missing and may be."""
        return tuple(
            self._checked_text(key, value, most, index)
            if isinstance(value, str)
            else self._wrong(key, f"{_shown(value)} is not a text in quotation marks", "", index)
            for index, value in self._list(key, count, optional)
        )

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number from `low` to `high`; it may be missing where there is a default."""
        value = self._take(key, int, "a whole number", default is not None)
        if value is None:
            return low if default is None else default
        return int(value) if low <= value <= high else self._wrong(key, f"{value} is not between {low} and {high}", low)

    def number(self, key: str, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""
        value = self._take(key, (int, float), "a number")
        if value is None or low <= value <= high:
            return low if value is None else float(value)
        return self._wrong(key, f"{value} is not between {low:g} and {high:g}", low)

    def truth(self, key: str, *, optional: bool = False) -> bool:
        """Return true or false; false where it is missing and may be."""
        return self._take(key, bool, "true or false", optional) is True

    def one_of(self, key: str, choices: type[_Choice], default: _Choice | None = None) -> _Choice:
        """Return the member of an enumeration that a text names; it may be missing where there is a default."""
        value = self._take(key, str, "a text in quotation marks", default is not None)
        first = default or next(iter(choices))
        return first if value is None else self._checked_choice(key, value, choices) or first

    def chosen(self, key: str, choices: type[_Choice]) -> _Choice | None:
        """Return the member of an enumeration that a text names; None where it is missing or wrong, which is noted."""
        value = self._take(key, str, "a text in quotation marks")
        return None if value is None else self._checked_choice(key, value, choices)

    def some_of(self, key: str, choices: type[_Choice], *, optional: bool = False) -> tuple[_Choice, ...]:
        """Return the members of an enumeration that a list names, each once."""
        listed = self._list(key, len(choices), optional)
        found = [self._checked_choice(key, value, choices, index) for index, value in listed]
        return tuple(dict.fromkeys(choice for choice in found if choice is not None))

    def day(self, key: str) -> date:
        """Return a day, written 2026-09-01 with quotation marks or without."""
        return self._when(key, "a day such as 2026-09-01", _day) or date.min

    def moment(self, key: str) -> datetime | date | None:
        """Return a day, or a day and a time as the clock on the wall shows it (2026-09-01 09:30)."""
        return self._when(key, "a day, or a day and a time such as 2026-09-01 09:30", _moment)

    def entries(self, key: str, count: int, *, optional: bool = False) -> Iterator[tuple[int, str]]:
        """Return the texts of a list with their index, for a check of the caller's own."""
        listed = self._list(key, count, optional)
        return ((index, value if isinstance(value, str) else _shown(value)) for index, value in listed)

    def table(self, key: str, *, optional: bool = False) -> "Table":
        """Return a table within this one; an empty one where it is missing."""
        value = self._take(key, dict, "a table", optional)
        if value is None and not optional:
            return Table({}, (*self._path, key), self._lines, [])  # one problem says it all
        return Table(value or {}, (*self._path, key), self._lines, self._problems)

    def tables(self, names: str | Iterable[str], kind: str) -> "dict[str, Table]":
        """Return every table in this one by its name, which must match the pattern or be one of `names`."""
        for name in self._content:
            if isinstance(names, str) and not re.fullmatch(names, name):
                self.problem(name, f"is not a possible {kind}")
            elif not isinstance(names, str) and name not in set(names):
                self.problem(name, f"is no {kind}{suggestion(name, names)}")
        return {name: self.table(name) for name in self._content}

    def rows(self, key: str, most: int) -> "tuple[Table, ...]":
        """Return the tables of a list, [[key]]; none where it is missing."""
        found = [
            Table(value, (*self._path, key, f"[{index + 1}]"), self._lines, self._problems)
            if isinstance(value, dict)
            else self._wrong(key, f"{_shown(value)} is not a table; write [[{key}]] above each", None, index)
            for index, value in self._list(key, most, optional=True)
        ]
        return tuple(table for table in found if table is not None)

    def has(self, key: str) -> bool:
        """Whether the key stands there at all."""
        return key in self._content

    def close(self) -> None:
        """Note the keys that are missing and those nobody asked for."""
        for name in self._content:
            if name in self._known:
                continue
            near = difflib.get_close_matches(name, self._known, 1)
            self._missing = [key for key in self._missing if key not in near]
            self.problem(name, f"is unknown{suggestion(name, self._known)}")
        for key in self._missing:
            self.problem(key, "is missing")

    def _take(self, key: str, kind: type | tuple[type, ...], described: str, optional: bool = False) -> Any:
        self._known.add(key)
        if key not in self._content:
            if not optional:
                self._missing.append(key)
            return None
        value = self._content[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            return self._wrong(key, f"{_shown(value)} is not {described}", None)
        return value

    def _when(self, key: str, described: str, read: Callable[[object], _Default | None]) -> _Default | None:
        value = self._take(key, (str, date), described)
        if value is None:
            return None
        found = read(value)
        return self._wrong(key, f"{_shown(value)} is not {described}", None) if found is None else found

    def _list(self, key: str, count: int, optional: bool = False) -> Iterator[tuple[int, Any]]:
        values = self._take(key, list, "a list in square brackets", optional) or []
        if len(values) > count:
            self.problem(key, f"has {len(values)} entries, {count} at most")
        return enumerate(values[:count])

    def _checked_text(self, key: str, value: str, most: int, index: int | None = None) -> str:
        value = unicodedata.normalize("NFC", value).strip()
        if not value:
            return self._wrong(key, "is empty", "", index)
        if len(value) > most:
            return self._wrong(key, f"has {len(value)} characters, {most} at most", "", index)
        if not is_plain(value, multiline=True):
            return self._wrong(key, "holds control characters or marks that change the direction of text", "", index)
        return value

    def _checked_choice(
        self, key: str, value: object, choices: type[_Choice], index: int | None = None
    ) -> _Choice | None:
        names = [str(choice.value) for choice in choices]
        if value in names:
            return choices(value)
        listed = ", ".join(f'"{name}"' for name in names)
        return self._wrong(key, f"{_shown(value)} is none of {listed}", None, index)

    def _wrong(self, key: str, reason: str, instead: _Default, index: int | None = None) -> _Default:
        self.problem(key, reason, index)
        return instead

    def _line(self, path: Path) -> int:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def _dotted(path: Path) -> str:
    parts = (part if _BARE_KEY.fullmatch(part) or _INDEX.fullmatch(part) else f'"{part}"' for part in path)
    return ".".join(parts).replace(".[", "[")


def _day(value: object) -> date | None:
    found = _moment(value)
    return None if isinstance(found, datetime) else found


def _moment(value: object) -> datetime | date | None:
    # A time with an offset would be a moment of some other clock than the college's.
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else "a table" if isinstance(value, dict) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean "…"?' where something known is near a name; else ""."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f'; did you mean "{near[0]}"?' if near else ""
