from datetime import UTC

import pytest

from tutor_app.assessment.report import HEADER, report
from tutor_app.records.assessment_queries import Held, OnRecord
from tutor_app.records.queries import Attended, Flag
from tutor_app.records.values import AssessmentChecked, AssessmentNoted, DeviceFound

AT = 36_000.0  # 10:00 UTC
HELD = Held(
    id="e1", lesson="l1", lesson_name="Maths", group="10B", room="Hall", name="Mock", rules="assessment", only="",
    sites="bbc.co.uk", applications="calc", length=3600.0, by_id="ida", by_name="Ida", taken_from="", at=AT,
    ended_at=AT + 5000, students=2, found=1,
)  # fmt: skip


def note(what: str, device: str = "A", after: float = 0, **more: object) -> AssessmentNoted:
    facts = {"id": f"{what}{device}{after}", "assessment": "e1", "student": {"A": "Amy", "B": "Ben"}.get(device, ""),
             "by_id": "ida", "by_name": "Ida"} | more  # fmt: skip
    return AssessmentNoted(what=what, device=device, at=AT + after, **facts)  # type: ignore[arg-type]


def there(device: str, name: str, first: float | None = AT) -> Attended:
    return Attended("l1", "Maths", "10B", AT, device, name, True, first, first, 10.0, "" if first else "not seen")


def flag(detail: str, **more: object) -> Flag:
    facts = {
        "id": "f", "lesson": "l1", "lesson_name": "Maths", "group": "10B", "device": "A", "student": "Amy", "user": "",
        "host": "", "category": "usb", "note": "", "by_id": "ida", "by_name": "Ida", "at": AT + 60,
        "withdrawn_at": None,
        "withdrawn_by_id": None, "withdrawn_by_name": None, "withdrawn_reason": None, "source": "rule",
        "rule": "no-usb",
        "sentence": "", "detail": detail,
    } | more  # fmt: skip
    return Flag(**facts)  # type: ignore[arg-type]


def found(version: int = 1, **more: object) -> DeviceFound:
    facts = {"decision": "warned", "body": "Board"} | more
    return DeviceFound(
        id="d", version=version, assessment="e1", device="A", student="Amy", what="Phone", found_by="Ida",
        found_at=AT + 100, by_id="ida", by_name="Ida", at=AT + 100 * version, **facts,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def made():
    log = (
        note("started", seconds=900.0, ends_at=AT + 4500),
        note("started", "B", 600),
        note("paused", after=700),
        note("resumed", after=1000, seconds=300.0, ends_at=AT + 4800),
        note("extra-time", after=1100, seconds=600.0),
        note("exception", "B", 600, detail="An adjustment lifts: no-usb"),
        note("ended", after=5000),
        note("released", "B", 900, detail="at the laptop with its code"),
    )
    checks = (
        AssessmentChecked(assessment="e1", number=1, item="Phones", ticked=True, by_id="i", by_name="Ida", at=AT),
        AssessmentChecked(
            assessment="e1", number=2, item="Wall", ticked=False, reason="No wall", by_id="i", by_name="Jo", at=AT
        ),
    )
    amended = found(2, decision="withdrawn", body_told_at=AT + 300, body_told_by="Jo", body_reference="R-7")
    people = (there("A", "Amy"), there("B", "Ben"), there("C", "Cy"), there("D", "Di", None))
    record = OnRecord(HELD, checks, log, (found(), amended), people, (flag("Kingston"),))
    return report(record, "Example College", UTC, {"usb": "USB stick"})


def section(made, title):
    return next(one for one in made.sections if one.title.startswith(title)).rows


def test_every_student_has_times_extra_pauses_and_an_end(made):
    assert section(made, "Attendance") == (
        ("Amy", "A", "10:00", "11:23", "full time", "25 min", "5 min", "1"),
        ("Ben", "B", "10:10", "10:15", "released", "", "", ""),
        ("Cy", "C", "", "", "present, did not sit it", "", "", ""),
        ("Di", "D", "", "", "absent", "", "", ""),
    )


def test_both_versions_of_what_was_found_stand_there(made):
    first, second = section(made, "Devices found")
    assert first == ("10:01", "Amy", "Phone, found by Ida", "Warned and continued", "Board: not told yet")
    assert second[0] == "10:01\namended 10:03 by Ida"
    assert second[3:] == (
        "Withdrawn from the assessment",
        "Board: told by Jo, Thursday 1 January 1970 10:05, reference R-7",
    )


def test_breaches_pauses_releases_exceptions_and_checks_carry_time_and_name(made):
    assert section(made, "Breaches") == (("10:01:00", "Amy", "A", "USB stick", "no-usb: Kingston"),)
    log = section(made, "Pauses")
    assert [row[2] for row in log] == ["Paused", "Went on", "Extra time", "Exception", "Released"]
    assert log[1][3] == "after 5 min, end at 11:20"
    assert section(made, "Check-list") == (
        ("Phones", "done", "10:00:00", "Ida"),
        ("Wall", "not done: No wall", "10:00:00", "Jo"),
    )


def test_a_pause_of_everybody_is_one_row():
    log = (note("paused", "A", ends_at=AT + 60), note("paused", "B", ends_at=AT + 90))
    made = report(OnRecord(HELD, (), log, (), (), ()), "X", UTC, {})
    assert section(made, "Pauses") == (("10:00:00", "2 students", "Paused", "", "Ida"),)


def test_a_flag_that_was_taken_back_says_so():
    taken_back = flag("", source="tutor", rule="", note="Turned round", withdrawn_at=AT, withdrawn_by_name="Jo")
    made = report(OnRecord(HELD, (), (), (), (), (taken_back,)), "X", UTC, {})
    assert section(made, "Breaches")[0][4] == "Turned round (taken back by Jo)"


def test_the_csv_has_everything_with_whole_times(made):
    assert {len(line) for line in made.lines} == {len(HEADER)}
    parts = [line[0] for line in made.lines]
    assert {one: parts.count(one) for one in parts} == {
        "Attendance": 4, "Check-list": 2, "Log": 8, "Breach": 1, "Device found": 2,
    }  # fmt: skip
    assert made.lines[4][1] == "1970-01-01 10:00:00"


def test_an_assessment_without_anything_says_so_in_every_part():
    made = report(OnRecord(HELD, (), (), (), (), ()), "X", UTC, {})
    assert all(one.none and not one.rows for one in made.sections)
    assert ("Allowed besides the rules", "calc, bbc.co.uk") in made.facts
