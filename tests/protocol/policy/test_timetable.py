"""The timetable: which lesson is on, through terms, alternate weeks, midnight and the change of the clock."""

import pytest
from msgspec.structs import replace

from protocol.policy.document import DayOff
from protocol.policy.timetable import TimetableEntry, decode_timetable, encode_timetable, lessons_now

from .ground import FIRST, at

MATHS = TimetableEntry(name="Maths", group="10B", tutor="maths-tutor", room="4", weekday=0, starts=605, ends=665)


def on(moment: str, *entries: TimetableEntry, policy=FIRST, **of: str) -> list[str]:
    return [entry.name for entry, _ in lessons_now(policy, entries or (MATHS,), at(moment), **of)]


@pytest.mark.parametrize(
    ("moment", "is_on"),
    [
        ("2026-11-23 10:04:59", False),
        ("2026-11-23 10:05", True),
        ("2026-11-23 11:04:59", True),
        ("2026-11-23 11:05", False),
        ("2026-11-24 10:15", False),
        ("2026-03-30 10:15", True),
        ("2026-10-26 10:15", True),
    ],
)
def test_to_the_second_in_summer_and_winter(moment: str, is_on: bool) -> None:
    assert bool(on(moment)) is is_on


def test_its_end() -> None:
    assert lessons_now(FIRST, (MATHS,), at("2026-11-23 10:15")) == ((MATHS, at("2026-11-23 11:05")),)


def test_whose() -> None:
    assert on("2026-11-23 10:15", group=" 10b ", tutor="Maths-Tutor") == ["Maths"]
    assert on("2026-11-23 10:15", group="10A") == []
    assert on("2026-11-23 10:15", tutor="other") == []


def test_not_on_a_day_off() -> None:
    policy = replace(FIRST, days_off=(DayOff(name="half term", starts="2026-10-26", ends="2026-10-30"),))
    assert on("2026-10-26 10:15", policy=policy) == []
    assert on("2026-11-02 10:15", policy=policy) == ["Maths"]


def test_bounds_omissions_and_alternate_weeks() -> None:
    entry = replace(MATHS, first="2026-09-09", last="2026-11-30", every=2, omitted=("2026-11-02",))
    days = ("09-07", "09-14", "09-21", "11-02", "11-16", "11-30", "12-14")
    assert [day for day in days if on(f"2026-{day} 10:15", entry)] == ["09-21", "11-16", "11-30"]


def test_an_evening_class_past_midnight() -> None:
    late = replace(MATHS, starts=23 * 60, ends=25 * 60)
    assert on("2026-11-24 00:59", late) == ["Maths"]
    assert on("2026-11-24 01:00", late) == []
    assert on("2026-11-23 00:30", late) == []


def test_what_was_kept_is_read() -> None:
    assert decode_timetable(encode_timetable((MATHS,))) == (MATHS,)
