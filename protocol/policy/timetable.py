"""The timetable: which lesson of which group is on. Staff have it; it never reaches a laptop."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from protocol.messages import Line, Name, Value
from protocol.policy.document import WEEKDAYS, ClosingMinute, IsoDay, OpeningMinute, Policy, same_group
from protocol.policy.hours import clock, day_off

_Bound = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class TimetableEntry(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lesson a week. `tutor` is the id of a member of staff; `weekday` 0 is Monday; minutes after midnight.

    It is held from the day `first` to `last` ("" without bound), every `every` weeks counted from the week of `first`,
    but not on the days `omitted`.
    """

    name: Name
    group: Name
    tutor: Line
    room: Line = ""
    weekday: Annotated[int, Meta(ge=0, le=6)]
    starts: OpeningMinute
    ends: ClosingMinute
    first: _Bound = ""
    last: _Bound = ""
    every: Annotated[int, Meta(ge=1, le=52)] = 1
    omitted: Annotated[tuple[IsoDay, ...], Meta(max_length=200)] = ()

    @property
    def when(self) -> str:
        """When it is, in words: "Monday 10:05–11:05"."""
        return f"{WEEKDAYS[self.weekday]} {clock(self.starts)}–{clock(self.ends)}"


def lessons_now(
    policy: Policy, timetable: Iterable[TimetableEntry], now: float, *, group: str = "", tutor: str = ""
) -> tuple[tuple[TimetableEntry, float], ...]:
    """Return the lessons on at a moment, of a group or a tutor where one is given, each with its end (Unix seconds)."""
    zone = ZoneInfo(policy.college.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    found = []
    for entry in timetable:
        if (group and not same_group(group, entry.group)) or (tutor and entry.tutor.casefold() != tutor.casefold()):
            continue
        for day in (today, today - timedelta(days=1)):  # an evening class may have begun yesterday
            starts, ends = _instant(day, entry.starts, zone), _instant(day, entry.ends, zone)
            if starts <= now < ends and is_held_on(entry, day) and not day_off(policy, day):
                found.append((entry, ends))
    return tuple(found)


def is_held_on(entry: TimetableEntry, day: date) -> bool:
    """Whether an entry's lesson takes place on a day, terms and days off aside."""
    iso = day.isoformat()
    if day.weekday() != entry.weekday or iso in entry.omitted:
        return False
    if (entry.first and iso < entry.first) or (entry.last and iso > entry.last):
        return False
    begun = _monday(date.fromisoformat(entry.first)) if entry.first else _monday(day)
    return (_monday(day) - begun).days // 7 % entry.every == 0


def encode_timetable(timetable: tuple[TimetableEntry, ...]) -> bytes:
    """Return the timetable as it stands in the college's folder."""
    return msgspec.json.format(msgspec.json.encode(timetable), indent=1)


def decode_timetable(data: bytes) -> tuple[TimetableEntry, ...]:
    """Return what `encode_timetable` was given; raises msgspec's errors."""
    return msgspec.json.decode(data, type=tuple[TimetableEntry, ...])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _instant(day: date, minute: int, zone: ZoneInfo) -> float:
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp()
