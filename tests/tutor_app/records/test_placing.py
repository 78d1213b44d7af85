import itertools
import json

import pytest
from sqlalchemy import select

from tutor_app.records import queries, schema
from tutor_app.records.placing import place_all
from tutor_app.records.values import CommandUnderstood, LessonEnded


@pytest.fixture
def put(store):
    """A function that places records in one transaction; returns the reasons of those that fitted nowhere."""

    def run(*records):
        with store.writing.begin() as connection:
            return [misfit.reason for misfit in place_all(connection, list(records))]

    return run


@pytest.fixture
def ask(store):
    def run(question, *arguments):
        with store.reading.connect() as connection:
            return question(connection, *arguments)

    return run


def contents(connection):
    return {name: connection.execute(select(table)).all() for name, table in schema.metadata.tables.items()}


def test_everything_twice_is_as_once(put, ask, a):
    records = (
        a.lesson(), a.attendance(first_seen_at=1000.5), a.flag(), a.withdrawal(), a.command(), a.answer(),
        CommandUnderstood(lesson="l1", device="d1", id="c1", understood_at=1302.0),
        LessonEnded(lesson="l1", ended_at=9.0),
    )  # fmt: skip
    assert put(*records) == []
    once = ask(contents)
    assert put(*records) == []
    assert ask(contents) == once
    assert all(once[table] for table in ("lessons", "attendance", "flags", "commands"))


def test_a_withdrawn_flag_stays_and_the_first_withdrawal_counts(put, ask, a):
    put(a.lesson(), a.flag(), a.withdrawal(), a.withdrawal(at=5000.0, by_name="Somebody else"))
    (flag,) = ask(queries.flags).rows
    assert (flag.note, flag.withdrawn_at, flag.withdrawn_by_name, flag.withdrawn_reason) == (
        "On the desk", 1200.0, "Maths tutor", "A calculator")  # fmt: skip


def test_the_first_end_and_the_first_answer_count(put, ask, a):
    put(a.lesson(), a.command(), a.answer(result="failed", detail="no display"), a.answer(result="ok"))
    put(LessonEnded(lesson="l1", ended_at=50.0), LessonEnded(lesson="l1", ended_at=60.0))
    assert ask(queries.lessons).rows[0].ended_at == 50.0
    assert [(row.result, row.detail) for row in ask(queries.commands).rows] == [("failed", "no display")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_of_attendance_the_newest_holds_in_whatever_order_it_comes(put, ask, a, order):
    told = [
        a.attendance(recorded_at=1.0, missing="no network"),
        a.attendance(recorded_at=2.0, first_seen_at=2.0, last_seen_at=2.0),
        a.attendance(recorded_at=3.0, first_seen_at=2.0, last_seen_at=3.0, seconds_live=1.0),
    ]
    put(a.lesson(), *(told[n] for n in order))
    (row,) = ask(queries.attendance).rows
    assert (row.first_seen_at, row.last_seen_at, row.seconds_live, row.missing) == (2.0, 3.0, 1.0, "")


def test_when_a_student_was_first_seen_survives_a_new_start_of_the_tutors_app(put, ask, a):
    put(a.lesson(), a.attendance(recorded_at=1.0, first_seen_at=1.0))
    put(a.attendance(recorded_at=2.0), a.attendance(recorded_at=3.0, first_seen_at=3.0))
    assert ask(queries.attendance).rows[0].first_seen_at == 1.0


def test_a_record_that_fits_nowhere_is_kept_whole_and_the_others_are_stored(put, ask, a):
    lost = a.flag(id="f0", lesson="never", note="Zoë")
    reasons = put(a.lesson(), lost, a.flag(), a.withdrawal(flag="f9"), a.answer(id="c9"), a.flag(note="different"))
    assert len(reasons) == 4
    assert "flags that is not on record" in reasons[1]
    assert "another of the flags has this id" in reasons[3]
    assert [flag.note for flag in ask(queries.flags).rows] == ["On the desk"]
    kept = ask(contents)["unplaced"]
    assert [row.kind for row in kept] == ["Flagged", "FlagWithdrawn", "CommandAnswered", "Flagged"]
    assert json.loads(kept[0].body)["note"] == "Zoë"


def test_one_message_to_many_devices_is_one_row_each(put, ask, a):
    put(a.lesson(), *(a.command(device=f"d{n}") for n in range(3)), a.answer(device="d1"))
    assert {row.device: row.result for row in ask(queries.commands).rows} == {"d0": None, "d1": "ok", "d2": None}


def test_what_is_placed_together_is_held_to_the_same_as_one_by_one(put, ask, a):
    commands = [a.command(device=f"d{n}") for n in range(4)]
    assert put(a.lesson(), *commands[:2]) == []
    reasons = put(*commands, a.command(device="d0", text="different"))
    assert reasons == ["another of the commands has this id"]
    answers = [a.answer(device=f"d{n}") for n in range(4)]
    assert put(*answers[:3], a.answer(device="d0", result="failed"), a.answer(device="d9")) == [
        "it is about one of the commands that is not on record"
    ]
    assert [row.result for row in ask(queries.commands).rows] == ["ok", "ok", "ok", None], "the first answer stands"
    assert put(*answers) == []
    assert [row.result for row in ask(queries.commands).rows] == ["ok"] * 4
