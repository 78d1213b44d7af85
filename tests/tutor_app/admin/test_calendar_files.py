"""iCalendar files: weekly and single events become lessons, and every mistake has its file and line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from protocol.policy.timetable import TimetableEntry
from tutor_app.admin.calendar_files import CalendarReader

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
SUMMARY:Maths 10B
LOCATION:Room 4
DTSTART;TZID=Europe/London:20260907T100500
DTEND;TZID=Europe/London:20260907T110500
RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261218T235959Z
EXDATE;TZID=Europe/London:20261026T100500
ORGANIZER:mailto:maths-tutor@college.example
END:VEVENT
END:VCALENDAR
"""


def read(folder: Path, text: str, group: str = "") -> tuple[list[TimetableEntry], list[str]]:
    path = folder / "t.ics"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    reader = CalendarReader(ZoneInfo("Europe/London"), ("10B", "10"), group)
    return list(reader.read(path)), [problem.removeprefix(f"{folder}/") for problem in reader.problems]


def test_a_weekly_event(tmp_path: Path) -> None:
    (monday, wednesday), problems = read(tmp_path, EVENT)
    assert problems == []
    assert (monday.when, wednesday.when) == ("Monday 10:05–11:05", "Wednesday 10:05–11:05")
    assert (monday.name, monday.group, monday.tutor, monday.room) == ("Maths 10B", "10B", "maths-tutor", "Room 4")
    assert (monday.first, monday.last, monday.omitted) == ("2026-09-07", "2026-12-18", ("2026-10-26",))


def test_times_in_another_zone_are_the_college_s(tmp_path: Path) -> None:
    utc = EVENT.replace(";TZID=Europe/London:20260907T100500", ":20260907T090500Z")
    utc = utc.replace(";TZID=Europe/London:20260907T110500", ":20260907T100500Z")
    assert read(tmp_path, utc)[0][0].when == "Monday 10:05–11:05"


def test_count_and_interval(tmp_path: Path) -> None:
    counted = EVENT.replace("UNTIL=20261218T235959Z", "INTERVAL=2;COUNT=3")
    found, _ = read(tmp_path, counted)
    assert {(one.every, one.last) for one in found} == {(2, "2026-09-21")}


def test_a_single_event_and_a_moved_one(tmp_path: Path) -> None:
    moved = EVENT.partition("RRULE")[0].partition("BEGIN:VEVENT")[2].replace("20260907", "20260915")
    event = f"BEGIN:VEVENT{moved}RECURRENCE-ID;TZID=Europe/London:20260914T100500\nEND:VEVENT\nEND:VCALENDAR"
    found, problems = read(tmp_path, EVENT.replace("END:VCALENDAR", event))
    assert problems == []
    assert "2026-09-14" in found[0].omitted
    assert (found[2].first, found[2].last, found[2].weekday) == ("2026-09-15", "2026-09-15", 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=DAILY", "t.ics:4: “Maths 10B” repeats, but not weekly"),
        ("Maths 10B", "Maths", "t.ics:4: “Maths” names no group of the register; give --group"),
        ("20260907T110500", "20260909T110500", "t.ics:4: “Maths 10B” does not end on its day"),
        ("DTEND;TZID=Europe/London:20260907T110500\n", "", "t.ics:4: has no start and end that can be read"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in EVENT
    assert read(tmp_path, EVENT.replace(old, new)) == ([], [said])


def test_what_is_no_calendar(tmp_path: Path) -> None:
    assert read(tmp_path, "hello")[1][0].startswith("t.ics:1: is no calendar")


def test_a_whole_day_is_no_lesson_and_a_group_can_be_given(tmp_path: Path) -> None:
    day = EVENT.replace(";TZID=Europe/London:20260907T100500", ";VALUE=DATE:20260907")
    assert read(tmp_path, day) == ([], [])
    assert read(tmp_path, EVENT.replace("Maths 10B", "Maths"), group="9C")[0][0].group == "9C"


@pytest.mark.parametrize("odd", ["INTERVAL=0;COUNT=3", "INTERVAL=999999;COUNT=9", "COUNT=-1", "COUNT=0"])
def test_a_rule_that_never_comes_round_is_a_mistake_and_not_an_endless_search(tmp_path: Path, odd: str) -> None:
    found, problems = read(tmp_path, EVENT.replace("UNTIL=20261218T235959Z", odd))
    assert found == []
    assert problems == ["t.ics:4: “Maths 10B” repeats in a way that cannot be read"]
