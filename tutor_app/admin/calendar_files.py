"""Reads timetables from iCalendar files (.ics): weekly events and single ones. Every mistake has its file and line.

A calendar knows neither groups nor staff: the group is the one asked for, or one of the register's that the text
of the event names; the tutor is the one asked for, or the name before the @ of the event's organiser.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar

from protocol.policy.document import DAY
from protocol.policy.timetable import TimetableEntry
from protocol.text import plain

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MOST_INTERVAL: Final = 52  # weeks
_MOST_COUNT: Final = 1000  # occurrences of one event; a lesson on every day of three years


@dataclass
class CalendarReader:
    """What is known beside the files, and the mistakes found in them."""

    zone: ZoneInfo
    groups: Sequence[str]
    group: str = ""
    tutor: str = ""
    problems: list[str] = field(default_factory=list)

    def read(self, path: Path) -> Iterator[TimetableEntry]:
        """Return the lessons of one file; what is wrong is noted in `problems`."""
        data = path.read_bytes()
        try:
            calendar = Calendar.from_ical(data)
        except ValueError as error:
            self.problems.append(f"{path}:1: is no calendar: {error}")
            return
        begins = [number for number, line in enumerate(data.splitlines(), 1) if line.strip() == b"BEGIN:VEVENT"]
        events = list(zip(calendar.walk("VEVENT"), begins, strict=False))
        moved: dict[str, set[str]] = {}
        for event, _ in events:
            if "RECURRENCE-ID" in event:
                moved.setdefault(str(event.get("UID")), set()).add(
                    self._day(event.decoded("RECURRENCE-ID")).isoformat()
                )
        for event, line in events:
            single = "RECURRENCE-ID" in event
            yield from self._event(
                event, f"{path}:{line}", set() if single else moved.get(str(event.get("UID")), set())
            )

    def _event(self, event: Any, where: str, omitted: set[str]) -> Iterator[TimetableEntry]:
        starts, ends = event.get("DTSTART"), event.get("DTEND")
        if event.errors or not starts or not ends:
            self.problems.append(f"{where}: has no start and end that can be read")
            return
        if not isinstance(starts.dt, datetime) or not isinstance(ends.dt, datetime):
            return  # a whole day is no lesson
        first, last = self._local(starts.dt), self._local(ends.dt)
        minute = first.hour * 60 + first.minute
        length = round((last - first).total_seconds() / 60)
        group, why = self._group(event), ""
        rule = event.get("RRULE") or {}
        if rule and rule.get("FREQ") != ["WEEKLY"]:
            why = "repeats, but not weekly"
        elif not 1 <= _number(rule, "INTERVAL") <= _MOST_INTERVAL or _number(rule, "COUNT") < 1:
            why = "repeats in a way that cannot be read"
        elif not group:
            why = "names no group of the register; give --group"
        elif not 0 < length < DAY:
            why = "does not end on its day"
        if why:
            self.problems.append(f"{where}: “{_text(event, 'SUMMARY')[:60]}” {why}")
            return
        for lists in _listed(event.get("EXDATE")):
            omitted |= {self._day(one.dt).isoformat() for one in lists.dts}
        days = [_DAYS.index(day) for day in rule.get("BYDAY", ()) if day in _DAYS] or [first.weekday()]
        for weekday in days:
            yield TimetableEntry(
                name=_text(event, "SUMMARY")[:80] or group,
                group=group,
                tutor=self.tutor or _organiser(event),
                room=_text(event, "LOCATION"),
                weekday=weekday,
                starts=minute,
                ends=minute + length,
                first=first.date().isoformat(),
                last=self._last(rule, first.date(), days) if rule else first.date().isoformat(),
                every=_number(rule, "INTERVAL"),
                omitted=tuple(sorted(omitted))[:200],
            )

    def _last(self, rule: Any, first: date, days: list[int]) -> str:
        if "UNTIL" in rule:
            return self._day(rule["UNTIL"][0]).isoformat()
        if "COUNT" not in rule:
            return ""
        left, every, day = min(_number(rule, "COUNT"), _MOST_COUNT), _number(rule, "INTERVAL"), first
        monday = first - timedelta(days=first.weekday())
        while left:
            left -= day.weekday() in days and (day - monday).days // 7 % every == 0
            day += timedelta(days=1)
        return (day - timedelta(days=1)).isoformat()

    def _group(self, event: Any) -> str:
        text = " ".join(_text(event, key) for key in ("SUMMARY", "DESCRIPTION", "LOCATION")).casefold()
        named = (one for one in self.groups if re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", text))
        return self.group or next(named, "")

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone) if moment.tzinfo else moment.replace(tzinfo=self.zone)

    def _day(self, moment: date) -> date:
        return self._local(moment).date() if isinstance(moment, datetime) else moment


def _text(event: Any, key: str) -> str:
    return plain(str(event.get(key) or ""), 200).strip()


def _number(rule: Any, key: str) -> int:
    return int(rule.get(key, [1])[0])


def _organiser(event: Any) -> str:
    address = _text(event, "ORGANIZER")
    return address.partition(":")[2].partition("@")[0] if address.casefold().startswith("mailto:") else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
