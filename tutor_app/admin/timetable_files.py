"""Reads timetables from OneRoster's CSV files (1.1 and 1.2). Every mistake is found and named with its file and line.

OneRoster says in which `periods` a class is held and not when these are: a file of our own beside it does, periods.csv,
with the columns period, weekday, start, end ("1", "Monday", "09:00", "10:00"); a period on five days has five rows.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Final

from protocol.policy.document import WEEKDAYS
from protocol.policy.timetable import TimetableEntry
from protocol.text import plain

_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "classes.csv": ("sourcedId", "title", "courseSourcedId", "classCode", "location", "termSourcedIds", "periods"),
    "courses.csv": ("sourcedId", "title"),
    "users.csv": ("sourcedId", "username"),
    "enrollments.csv": ("classSourcedId", "userSourcedId", "role"),
    "academicSessions.csv": ("sourcedId", "startDate", "endDate"),
    "periods.csv": ("period", "weekday", "start", "end"),
}
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_Time = tuple[int, int, int]  # weekday, first and last minute
_MOST: Final = 20_000  # lessons a week; what a staff bundle has room for


class TimetableError(Exception):
    """Files with mistakes: all of them, each as FILE:LINE: what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class _Row:
    """One row: where it stands, and its cells by column."""

    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return plain(self.cells.get(column) or "", 200).strip()


@dataclass
class _Roster:
    rows: dict[str, list[_Row]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def by_id(self, file: str) -> dict[str, _Row]:
        return {row["sourcedId"]: row for row in self.rows.get(file, ())}


def read_timetable(files: Iterable[Path]) -> tuple[TimetableEntry, ...]:
    """Return the lessons of OneRoster's files and a periods.csv; raises TimetableError, OSError."""
    roster = _Roster()
    for path in files:
        _read(path, roster)
    for name in _FILES:
        if name not in roster.rows:
            roster.problems.append(f"{name} is missing: give all of {', '.join(_FILES)}")
    entries = tuple(_entries(roster)) if not roster.problems else ()
    if len(entries) > _MOST:
        roster.problems.append(f"There are {len(entries)} lessons a week; {_MOST} is the most.")
    if roster.problems:
        raise TimetableError(roster.problems)
    return entries


def _read(path: Path, roster: _Roster) -> None:
    name = next((known for known in _FILES if known.casefold() == path.name.casefold()), "")
    if not name:
        roster.problems.append(f"{path}:1: is none of {', '.join(_FILES)}")
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        roster.problems.append(f"{path}:{error.object[: error.start].count(10) + 1}: is not UTF-8 text")
        return
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        if missing := [column for column in _FILES[name] if column not in (reader.fieldnames or ())]:
            roster.problems.append(f"{path}:1: lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}")
            return
        rows = [_Row(f"{path}:{reader.line_num}", row) for row in reader]
    except csv.Error as error:
        roster.problems.append(f"{path}:{reader.line_num}: {error}")
        return
    roster.rows[name] = [row for row in rows if row["status"].casefold() != "tobedeleted"]


def _entries(roster: _Roster) -> Iterator[TimetableEntry]:
    periods, teachers = _periods(roster), _teachers(roster)
    courses, sessions = roster.by_id("courses.csv"), roster.by_id("academicSessions.csv")
    for row in roster.rows["classes.csv"]:
        course = courses.get(row["courseSourcedId"])
        if row["courseSourcedId"] and course is None:
            roster.problems.append(f"{row.where}: courseSourcedId “{row['courseSourcedId']}” is not in courses.csv")
        group = row["classCode"] or row["title"]
        if not group:
            roster.problems.append(f"{row.where}: has neither a classCode nor a title")
            continue
        name = ((course["title"] if course else "") or row["title"] or group)[:80]
        times = tuple(_times(row, periods, roster))
        for (first, last), (weekday, starts, ends), tutor in product(
            _terms(row, sessions, roster), times, teachers.get(row["sourcedId"], ("",))
        ):
            yield TimetableEntry(
                name=name,
                group=group[:80],
                tutor=tutor,
                room=row["location"],
                weekday=weekday,
                starts=starts,
                ends=ends,
                first=first,
                last=last,
            )


def _times(row: _Row, periods: Mapping[str, list[_Time]], roster: _Roster) -> Iterator[_Time]:
    for period in filter(None, (one.strip() for one in row["periods"].split(","))):
        if period not in periods:
            roster.problems.append(f"{row.where}: period “{period}” is not in periods.csv")
        yield from periods.get(period, ())


def _terms(row: _Row, sessions: Mapping[str, _Row], roster: _Roster) -> list[tuple[str, str]]:
    found = []
    for name in filter(None, (one.strip() for one in row["termSourcedIds"].split(","))):
        session = sessions.get(name)
        if session is None:
            roster.problems.append(f"{row.where}: termSourcedIds “{name}” is not in academicSessions.csv")
            continue
        try:
            starts, ends = (date.fromisoformat(session[column]) for column in ("startDate", "endDate"))
        except ValueError:
            roster.problems.append(f"{session.where}: startDate and endDate are days such as 2026-09-01")
            continue
        found.append((starts.isoformat(), ends.isoformat()))
    return found or [("", "")]


def _teachers(roster: _Roster) -> dict[str, list[str]]:
    users, found = roster.by_id("users.csv"), dict[str, list[str]]()
    for row in roster.rows["enrollments.csv"]:
        if row["role"].casefold() != "teacher":
            continue
        user = users.get(row["userSourcedId"])
        if user is None:
            roster.problems.append(f"{row.where}: userSourcedId “{row['userSourcedId']}” is not in users.csv")
        elif not user["username"]:
            roster.problems.append(f"{user.where}: a teacher without a username; it is the id of their identity")
        else:
            found.setdefault(row["classSourcedId"], []).append(user["username"])
    return found


def _periods(roster: _Roster) -> dict[str, list[_Time]]:
    days, found = [day.casefold() for day in WEEKDAYS], dict[str, list[_Time]]()
    for row in roster.rows["periods.csv"]:
        starts, ends = _CLOCK.fullmatch(row["start"]), _CLOCK.fullmatch(row["end"])
        weekday = next((number for number, day in enumerate(days) if day == row["weekday"].casefold()), None)
        if weekday is None:
            roster.problems.append(f"{row.where}: “{row['weekday']}” is no day of the week")
        elif not starts or not ends or _minute(starts) >= _minute(ends):
            roster.problems.append(
                f"{row.where}: “{row['start']}” to “{row['end']}” is no stretch such as 09:00 to 10:00"
            )
        else:
            found.setdefault(row["period"], []).append((weekday, _minute(starts), _minute(ends)))
    return found


def _minute(found: re.Match[str]) -> int:
    return int(found[1]) * 60 + int(found[2])
