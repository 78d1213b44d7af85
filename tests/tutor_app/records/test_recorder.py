"""A breach is acknowledged when its flag is on the disk, and not before."""

from dataclasses import replace
from types import SimpleNamespace
from uuid import UUID

import pytest

from protocol.identity import Identity
from protocol.messages import Breach, Changeable, ChangeRule, LessonTerms, Verb
from protocol.role import Role
from tutor_app.classroom.events import BreachTold, CommandAnswered, MessageUnderstood
from tutor_app.classroom.student import Student
from tutor_app.classroom.values import Order
from tutor_app.records import queries
from tutor_app.records.problems import RecordsFull
from tutor_app.records.recorder import OLDEST_BREACH, Recorder
from tutor_app.records.records import Records

TERMS = LessonTerms(id="ab" * 16, name="Maths", group="10B", starts_at=1.0, ends_at=2.0)
AMY = {"d1": Student(device="d1", name="Amy", group="10B", user="amy", host="laptop-07")}


def tutor(name: str) -> Identity:
    return Identity(UUID(int=7), Role.TUTOR, name, name.title(), "1a")


def told(number: int = 1, device: str = "d1", detail: str = "Kingston 16 GB", at: float = 1100.0) -> BreachTold:
    breach = Breach(
        id=f"{number:032x}",
        rule="no-usb",
        category="personal-device",
        sentence="USB sticks stay away.",
        detail=detail,
        at=at,
    )
    return BreachTold(device=device, breach=breach, at=1101.0)


@pytest.fixture
def noted() -> list[tuple[str, tuple[str, ...]]]:
    return []


@pytest.fixture
def held(file, problems, noted):
    """A recorder on real records."""
    with Records.open(file, on_problem=problems) as records:
        recorder = Recorder(records, TERMS, tutor("maths"), problems, lambda *one: noted.append(one))
        recorder.started(1.0)
        yield SimpleNamespace(records=records, recorder=recorder)


def flags(records: Records) -> list[queries.Flag]:
    return list(records.query(queries.flags).result(5).rows)


def test_a_breach_becomes_a_flag_by_the_rule(held, noted):
    held.recorder.happened(told(), AMY)
    (flag,) = flags(held.records)
    assert (flag.source, flag.rule, flag.category, flag.detail) == (
        "rule",
        "no-usb",
        "personal-device",
        "Kingston 16 GB",
    )
    assert (flag.student, flag.user, flag.at, flag.sentence) == ("Amy", "amy", 1100.0, "USB sticks stay away.")
    assert noted == [("d1", ("0" * 31 + "1",))]


def test_nothing_is_noted_before_it_is_durable(noted, problems):
    stored = []
    journal = SimpleNamespace(write=lambda _record, told=None: stored.append(told))
    recorder = Recorder(journal, TERMS, tutor("maths"), problems, lambda *one: noted.append(one))
    recorder.happened(told(), AMY)
    recorder.happened(told(), AMY)  # it is told again while the disk is slow
    assert (len(stored), noted) == (1, [])
    stored[0]()
    assert len(noted) == 1
    recorder.happened(told(), AMY)  # the link broke before it heard of it
    assert (len(stored), len(noted)) == (1, 2)


def test_a_breach_that_found_no_room_is_taken_when_it_is_told_again(noted, problems):
    rooms = iter([False, True])

    def write(_record, stored=None):
        if not next(rooms):
            raise RecordsFull("no room")
        stored()

    recorder = Recorder(SimpleNamespace(write=write), TERMS, tutor("maths"), problems, lambda *one: noted.append(one))
    recorder.happened(told(), AMY)
    assert (noted, problems.sentences) == ([], ["no room"])
    recorder.happened(told(), AMY)
    assert len(noted) == 1


def test_a_breach_of_a_laptop_that_is_not_in_the_lesson_is_not_recorded(held, noted):
    held.recorder.happened(told(device="stranger"), AMY)
    assert (flags(held.records), noted) == ([], [])


def test_two_tutors_who_are_told_the_same_make_one_flag(held, noted, problems):
    second = Recorder(held.records, TERMS, tutor("physics"), problems, lambda *one: noted.append(one))
    held.recorder.happened(told(), AMY)
    second.happened(told(), AMY)
    assert [flag.by_name for flag in flags(held.records)] == ["Maths"]
    assert len(noted) == 2
    assert problems.sentences == []


def test_a_change_that_goes_out_again_to_who_came_back_is_one_command(held, problems):
    change = ChangeRule(id="c" * 32, verb=Verb.ALLOW, subject=Changeable.SITE, value="desmos.com", lease=1200)
    for at in (10.0, 20.0):
        held.recorder.asked([Order(device="d1", command=change)], at)
        held.recorder.happened(CommandAnswered(device="d1", command=change.id, result="ok", detail="", at=at + 1), AMY)
    (row,) = held.records.query(queries.commands).result(5).rows
    assert (row.action, row.text, row.asked_at) == ("change-rule", "allow site desmos.com for 1200 s", 10.0)
    assert problems.sentences == []


def test_answers_to_what_nobody_asked_fill_no_disk(held, problems):
    for number in range(3):
        id_ = f"{number:032x}"
        held.recorder.happened(CommandAnswered(device="d1", command=id_, result="ok", detail="", at=2.0), AMY)
        held.recorder.happened(MessageUnderstood(device="d1", command=id_, at=3.0), AMY)
    assert held.records.flush(5)
    assert problems.sentences == [], "neither a row nor one kept aside, of which people are told"


LATER = 3 * OLDEST_BREACH


@pytest.mark.parametrize(
    ("said", "kept"), [(253402300799.0, LATER), (0.0, LATER - OLDEST_BREACH), (LATER - 60, LATER - 60)]
)
def test_a_laptops_clock_cannot_date_a_flag_where_nobody_looks(held, said, kept):
    held.recorder.happened(replace(told(at=said), at=LATER), AMY)
    assert [flag.at for flag in flags(held.records)] == [kept]
