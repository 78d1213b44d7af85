"""Assessments on record, in SQLite and in PostgreSQL."""

import sqlite3
from functools import partial
from types import SimpleNamespace

import pytest

from tutor_app.records.assessment_queries import assessments, devices_found, on_record
from tutor_app.records.placing import place_all
from tutor_app.records.queries import Filter, Page
from tutor_app.records.records import Records
from tutor_app.records.values import (
    AssessmentChecked,
    AssessmentEnded,
    AssessmentNoted,
    AssessmentStarted,
    DeviceFound,
)


@pytest.fixture
def e(a) -> SimpleNamespace:
    """Builders of an assessment's records, and of its lesson's."""
    return SimpleNamespace(
        lesson=a.lesson,
        attendance=a.attendance,
        flag=a.flag,
        start=partial(
            AssessmentStarted, id="e1", lesson="l1", name="Mock", rules="assessment", length=3600.0, by_id="ida",
            by_name="Ida", at=1050.0,
        ),
        check=partial(
            AssessmentChecked, assessment="e1", number=1, item="Phones", ticked=True, by_id="ida", by_name="Ida",
            at=1040.0,
        ),
        note=partial(
            AssessmentNoted, id="n1", assessment="e1", what="started", device="d1", student="Amy", at=1050.0,
            ends_at=4650.0, by_id="ida", by_name="Ida",
        ),
        found=partial(
            DeviceFound, id="f1", version=1, assessment="e1", device="d1", student="Amy", what="Phone", found_by="Ida",
            found_at=2000.0, decision="warned", by_id="ida", by_name="Ida", at=2001.0,
        ),
        end=partial(AssessmentEnded, assessment="e1", ended_at=5000.0),
    )  # fmt: skip


def put(store, *records):
    with store.writing.begin() as connection:
        return place_all(connection, list(records))


def test_an_assessment_comes_back_with_all_that_was_recorded(store, e):
    records = (
        e.lesson(), e.attendance(), e.start(sites="bbc.co.uk\nexample.org"), e.check(),
        e.check(number=2, item="Wall", ticked=False, reason="No wall"), e.note(),
        e.note(id="n2", what="paused", at=2000.0),
        e.flag(at=1100.0), e.flag(id="before", at=1049.0), e.flag(id="after", at=5001.0), e.found(), e.end(),
    )  # fmt: skip
    assert put(store, *records) == []
    with store.reading.connect() as connection:
        found = on_record(connection, "e1")
        (held,) = assessments(connection).rows
    assert found.held == held
    assert (held.students, held.found, held.ended_at, held.group) == (1, 1, 5000.0, "10B")
    assert [(one.number, one.ticked, one.reason) for one in found.checks] == [(1, True, ""), (2, False, "No wall")]
    assert [one.what for one in found.log] == ["started", "paused"]
    assert [one.id for one in found.flags] == ["f1"]
    assert [one.device for one in found.attendance] == ["d1"]


def test_writing_everything_again_changes_nothing(store, e):
    records = (e.lesson(), e.start(), e.check(), e.note(), e.found(), e.end())
    put(store, *records)
    assert put(store, *records) == []
    with store.reading.connect() as connection:
        found = on_record(connection, "e1")
    assert [len(part) for part in (found.checks, found.log, found.found)] == [1, 1, 1]


def test_what_is_written_stays_and_something_else_under_its_id_is_kept_aside(store, e):
    put(store, e.lesson(), e.start(), e.check(), e.note(), e.found())
    others = (e.check(ticked=False), e.note(seconds=9.0), e.found(decision="continued"), e.start(name="Other"))
    assert len(put(store, *others)) == 4
    with store.reading.connect() as connection:
        found = on_record(connection, "e1")
    assert found.checks[0].ticked
    assert found.log[0].seconds == 0
    assert found.found[0].decision == "warned"
    assert found.held.name == "Mock"


def test_an_amendment_stands_beside_what_it_amends(store, e):
    put(
        store,
        e.lesson(),
        e.start(),
        e.found(),
        e.found(version=2, decision="withdrawn", body="Board", body_told_at=3.0),
    )
    with store.reading.connect() as connection:
        found = on_record(connection, "e1").found
        (held,) = assessments(connection).rows
    assert [(one.version, one.decision, one.body_told_at) for one in found] == [
        (1, "warned", None),
        (2, "withdrawn", 3.0),
    ]
    assert held.found == 1


def test_a_second_invigilator_on_the_same_database_changes_nothing_of_the_first(store, e):
    put(store, e.lesson(), e.lesson(id="l2", tutor_name="Jo"), e.start())
    assert (
        put(store, e.start(lesson="l2", by_name="Jo", taken_from="Ida", at=2000.0), e.note(id="n9", by_name="Jo")) == []
    )
    with store.reading.connect() as connection:
        found = on_record(connection, "e1")
    assert (found.held.by_name, found.held.lesson) == ("Ida", "l1")
    assert [one.by_name for one in found.log] == ["Jo"]


def test_flags_of_a_later_lesson_of_the_group_belong_to_it_too(store, e):
    """The tutor's app was started anew in the middle: its second lesson is another one on record."""
    later = e.lesson(id="l2", started_at=2000.0)
    put(store, e.lesson(), e.start(), later, e.flag(lesson="l2", at=2100.0), e.attendance(lesson="l2", device="d2"))
    with store.reading.connect() as connection:
        found = on_record(connection, "e1")
    assert [one.lesson for one in found.flags] == ["l2"]
    assert [one.device for one in found.attendance] == ["d2"]


def test_assessments_are_listed_newest_first_in_pages_and_by_group(store, e):
    put(store, e.lesson(), e.lesson(id="l2", group="11A"), e.start(), e.start(id="e2", lesson="l2", at=9000.0))
    with store.reading.connect() as connection:
        assert [one.id for one in assessments(connection).rows] == ["e2", "e1"]
        page = assessments(connection, page=Page(1, 1))
        assert ([one.id for one in page.rows], page.total) == (["e1"], 2)
        assert [one.id for one in assessments(connection, Filter(group="11A")).rows] == ["e2"]
        assert [one.id for one in assessments(connection, Filter(until=9000.0)).rows] == ["e1"]
        assert assessments(connection, Filter(tutor="jo")).total == 0


def test_an_assessment_that_is_not_there_is_none(store):
    with store.reading.connect() as connection:
        assert on_record(connection, "e1") is None


def test_the_first_end_counts(store, e):
    put(store, e.lesson(), e.start(), e.end(), e.end(ended_at=9999.0))
    with store.reading.connect() as connection:
        assert on_record(connection, "e1").held.ended_at == 5000.0


def test_nothing_is_lost_while_the_database_is_locked_by_another_program(file, problems, e):
    with Records.open(file, on_problem=problems, patience=0.1) as records:
        records.write(e.lesson())
        assert records.flush(10)
        blocker = sqlite3.connect(file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        for record in (e.start(), e.check(), e.note(), e.found(), e.end()):
            records.write(record)
        problems.wait_for("in use by another program")
        blocker.execute("ROLLBACK")
        blocker.close()
        assert records.flush(20)
        found = records.query(lambda connection: on_record(connection, "e1")).result(10)
    assert (len(found.checks), len(found.log), len(found.found), found.held.ended_at) == (1, 1, 1, 5000.0)


def test_every_kind_of_record_can_be_built_with_its_text_cleaned(e):
    assert e.note(detail="a\u202eb").detail == "ab"
    with pytest.raises(ValueError, match="not a number"):
        e.note(at=float("nan"))


def test_devices_found_come_with_every_version_each_before_its_next(store, e):
    put(store, e.lesson(), e.start(), e.found(), e.found(id="f0", found_at=3000.0), e.found(version=2, found_at=1900.0))
    with store.reading.connect() as connection:
        found = devices_found(connection, "e1")
        assert [(one.id, one.version) for one in found] == [("f1", 1), ("f0", 1), ("f1", 2)]
        assert devices_found(connection, "e2") == ()
