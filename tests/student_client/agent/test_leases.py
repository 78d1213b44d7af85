from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.identity import Identity
from protocol.messages import Lock, Right
from protocol.policy.permit import Permit
from protocol.role import Role
from student_client.agent.leases import LONGEST, MOST, LeaseRefused, Leases, read_leases, write_leases

COLLEGE = UUID(int=7)
NOW = 1000.0


def permit(staff: str = "maths", until: float = NOW + 3600) -> Permit:
    who = Identity(COLLEGE, Role.TUTOR, staff, f"{staff} tutor", "ab", expires_at=9e9)
    return Permit("0" * 32, who, until, (Right.LOCK,))


def lock(number: int = 1, lease: int = 600, sentence: str = "") -> Lock:
    return Lock(id=f"{number:032x}", lease=lease, sentence=sentence)


def test_a_lease_ends_by_itself() -> None:
    leases = Leases().with_lock(lock(lease=60), permit(), "Maths", NOW)
    assert leases.next_end() == NOW + 60
    assert leases.at(NOW + 59.9).held
    assert not leases.at(NOW + 60).held


def test_it_never_outlives_the_permit() -> None:
    leases = Leases().with_lock(lock(lease=600), permit(until=NOW + 30), "Maths", NOW)
    assert leases.next_end() == NOW + 30
    with pytest.raises(LeaseRefused, match="over"):
        Leases().with_lock(lock(), permit(until=NOW), "Maths", NOW)


def test_the_same_id_renews_it_and_changes_its_words() -> None:
    leases = Leases().with_lock(lock(lease=60), permit(), "Maths", NOW)
    leases = leases.with_lock(lock(lease=60, sentence="Eyes up"), permit(), "Maths", NOW + 40)
    assert len(leases.held) == 1
    shown = leases.shown()
    assert shown
    assert (shown.until, shown.sentence) == (NOW + 100, "Eyes up")


def test_nobody_renews_somebody_elses() -> None:
    leases = Leases().with_lock(lock(), permit("maths"), "Maths", NOW)
    with pytest.raises(LeaseRefused, match="maths tutor"):
        leases.with_lock(lock(), permit("physics"), "Physics", NOW)


def test_two_tutors_locks_hold_until_the_later_ends_and_the_newer_is_shown() -> None:
    leases = Leases().with_lock(lock(1, lease=600), permit("maths"), "Maths", NOW)
    leases = leases.with_lock(lock(2, lease=60), permit("physics"), "Physics", NOW)
    facts = leases.facts(covered=True)
    assert facts
    assert (facts.by, facts.until, facts.covered) == ("physics tutor", NOW + 600, True)
    later = leases.at(NOW + 61).facts(covered=True)
    assert later
    assert later.by == "maths tutor"


def test_there_is_a_bound() -> None:
    leases = Leases()
    for number in range(MOST):
        leases = leases.with_lock(lock(number), permit(), "Maths", NOW)
    with pytest.raises(LeaseRefused, match="too many"):
        leases.with_lock(lock(MOST), permit(), "Maths", NOW)


def test_what_is_stored_comes_back_without_what_is_over() -> None:
    leases = Leases().with_lock(lock(1, lease=60), permit(), "Maths", NOW)
    leases = leases.with_lock(lock(2, lease=500), permit(), "Maths", NOW)
    assert read_leases(write_leases(leases), NOW) == leases
    assert [lease.id for lease in read_leases(write_leases(leases), NOW + 60).held] == [lock(2).id]
    assert read_leases(None, NOW) == Leases()


def test_a_stored_lease_is_never_longer_than_one_can_be_given() -> None:
    lease = Leases().with_lock(lock(), permit(), "Maths", NOW).held[0]
    forged = Leases((replace(lease, until=NOW + LONGEST + 1),))
    assert not read_leases(write_leases(forged), NOW).held


@given(st.binary(max_size=200))
def test_damage_is_one_error(data: bytes) -> None:
    try:
        read_leases(b"{" + data, NOW)
    except ValueError:
        return


def test_a_rules_lock_is_renewed_and_ends_alone() -> None:
    leases = (
        Leases().with_lock(lock(), permit(), "Maths", NOW).with_rule("c" * 32, "The rules", "One screen.", NOW + 60)
    )
    assert [lease.by_rule for lease in leases.held] == [False, True]
    renewed = leases.with_rule("c" * 32, "The rules", "One screen.", NOW + 90)
    assert [lease.until for lease in renewed.held][1:] == [NOW + 90]
    assert renewed.without_rules({"c" * 32}) == renewed
    assert renewed.without_rules(()).held == leases.held[:1]
