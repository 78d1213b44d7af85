"""The rule sets lessons put in force: whose counts, until when, and how many."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from protocol.identity import Identity
from protocol.messages import Changeable, ChangeRule, LessonTerms, Verb
from protocol.policy.permit import Permit
from protocol.role import Role
from student_client.agent.leases import LeaseRefused
from student_client.agent.lesson_leases import (
    LONGEST,
    MOST,
    MOST_CHANGES,
    PER_PERSON,
    LessonLeases,
    read_lessons,
    write_lessons,
)

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp()


def identity(name: str) -> Identity:
    return Identity(UUID(int=1), Role.TUTOR, name, name.title(), f"serial {name}", "", NOW + 10 * LONGEST)


def permit(name: str = "maths", lesson: str = "", until: float = NOW + 3600) -> Permit:
    return Permit(lesson or uuid4().hex, identity(name), until, ())


def lesson(of: Permit, rules: str = "lesson") -> LessonTerms:
    return LessonTerms(id=of.lesson, name="Maths", group="10B", starts_at=NOW, ends_at=of.until, rules=rules)


def granted(*permits: Permit) -> LessonLeases:
    leases = LessonLeases()
    for one in permits:
        leases = leases.granted(lesson(one), one)
    return leases


def change(identifier: str = "", lease: int = 600) -> ChangeRule:
    return ChangeRule(
        id=identifier or uuid4().hex, verb=Verb.BLOCK, subject=Changeable.SITE, value="a.example", lease=lease
    )


def test_the_last_word_counts() -> None:
    maths, art = permit("maths"), permit("art")
    leases = granted(maths, art)
    assert leases.newest
    assert leases.newest.staff == "art"
    set_anew = leases.with_rules(maths, "free")
    lease = set_anew.in_force("LAPTOP", "sam")
    assert lease
    assert (lease.rules, lease.by, lease.device, lease.user) == ("free", "Maths", "LAPTOP", "sam")
    back = set_anew.without(maths).in_force("LAPTOP", "sam")
    assert back
    assert back.by == "Art"


def test_a_lesson_left_behind_by_a_crash_ends_with_the_same_tutors_next_one() -> None:
    crashed, next_one, other = permit("maths"), permit("maths"), permit("art")
    held = granted(crashed, other, next_one)
    assert [one.lesson for one in held.without(next_one, {other.lesson}).held] == [other.lesson]
    still_linked = held.without(next_one, {crashed.lesson})
    assert [one.lesson for one in still_linked.held] == [crashed.lesson, other.lesson]
    assert [one.lesson for one in held.without(next_one).held] == [crashed.lesson, other.lesson], "the policy's end"


def test_a_permit_again_keeps_its_place_and_what_was_changed_unless_it_asks_otherwise() -> None:
    maths, art = permit("maths"), permit("art")
    leases = granted(maths, art).with_rules(art, "free").with_change(maths, change(), NOW)
    longer = Permit(maths.lesson, maths.tutor, maths.until + 60, ())
    again = leases.granted(lesson(longer), longer)
    assert [one.staff for one in again.held] == ["maths", "art"]
    assert (len(again.held[0].changes), again.held[0].until) == (1, longer.until)
    assert again.granted(lesson(art), art).held[1].rules == "free"
    assert again.granted(lesson(art, "independent"), art).held[1].rules == "independent"


def test_changes_are_cut_renewed_by_their_maker_and_bounded() -> None:
    maths = permit("maths")
    first = change(lease=86_400)
    leases = granted(maths).with_change(maths, first, NOW)
    assert leases.held[0].changes[0].until == maths.until
    renewed = leases.with_change(maths, change(first.id, 60), NOW)
    assert [one.until for one in renewed.held[0].changes] == [NOW + 60]
    assert renewed.next_end() == NOW + 60
    assert renewed.at(NOW + 60).held[0].changes == ()
    for _ in range(MOST_CHANGES - 1):
        leases = leases.with_change(maths, change(), NOW)
    with pytest.raises(LeaseRefused, match="64 times"):
        leases.with_change(maths, change(), NOW)
    stolen = replace(leases.held[0].changes[0], by="Somebody else")
    theirs = LessonLeases((replace(leases.held[0], changes=(stolen,)),))
    with pytest.raises(LeaseRefused, match="made by Somebody else"):
        theirs.with_change(maths, change(stolen.id), NOW)
    with pytest.raises(LeaseRefused, match="over"):
        leases.with_change(permit("art"), change(), NOW)


def test_they_end_by_themselves_and_are_bounded() -> None:
    maths = permit("maths", until=NOW + 60)
    assert granted(maths).at(NOW + 59.9).held
    assert granted(maths).at(NOW + 60).held == ()
    many = granted(*(permit("maths") for _ in range(5)))
    assert len(many.held) == PER_PERSON
    crowd = granted(*(permit(f"tutor-{number}") for number in range(MOST + 3)))
    assert len(crowd.held) == MOST
    assert crowd.held[-1].staff == f"tutor-{MOST + 2}"


def test_what_is_stored_is_what_was_held_as_far_as_it_is_believed() -> None:
    leases = granted(permit("maths"), permit("art"))
    assert read_lessons(write_lessons(leases), NOW) == leases
    assert read_lessons(write_lessons(leases), NOW + 3600) == LessonLeases()
    forged = LessonLeases((replace(leases.held[0], until=NOW + LONGEST + 1), leases.held[1]))
    assert read_lessons(write_lessons(forged), NOW).held == leases.held[1:]
    assert read_lessons(None, NOW) == LessonLeases()
    with pytest.raises(ValueError, match="cannot be read"):
        read_lessons(b"{", NOW)


def test_the_monitors_of_the_beginning_are_noted_once() -> None:
    leases = granted(permit("maths")).seeing(0).seeing(2).seeing(3)
    assert leases.held[0].monitors == 2
