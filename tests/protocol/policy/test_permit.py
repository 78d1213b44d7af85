"""The device's decision: every refusal, their order, and when a permit ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.identity import Identity
from protocol.messages import LessonTerms, Reason, Right
from protocol.policy.document import Policy
from protocol.policy.parse import parse_policy
from protocol.policy.permit import CLOCK_TOLERANCE, Permit, Refusal, decide_permit
from protocol.resource import resource_text
from protocol.role import Role

MINUTE, HOUR = 60.0, 3600.0
FIRST = parse_policy(resource_text("policies/college.toml"))
LIMITED = msgspec.structs.replace(FIRST, staff={"maths-tutor": ("10A", "10B"), "nobody": ()})
TUTOR = Identity(UUID(int=7), Role.TUTOR, "maths-tutor", "Maths tutor", "abc")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).timestamp()


NOW = at("2026-09-21 10:05")  # a Monday
LESSON = LessonTerms(
    id="0123456789abcdef" * 2, name="Maths 10B", group="10B", starts_at=NOW - 5 * MINUTE, ends_at=NOW + 55 * MINUTE
)


def decide(
    policy: Policy = LIMITED,
    deny: frozenset[str] = frozenset({"dead"}),
    staff: Identity = TUTOR,
    device_group: str = "10B",
    now: float = NOW,
    **lesson: object,
) -> Permit | Refusal:
    return decide_permit(policy, deny, staff, device_group, msgspec.structs.replace(LESSON, **lesson), now)


def permitted(**changes: object) -> Permit:
    found = decide(**changes)
    assert isinstance(found, Permit), found
    return found


def refused(**changes: object) -> Refusal:
    found = decide(**changes)
    assert isinstance(found, Refusal), found
    assert 0 < len(found.detail) <= 280
    return found


def test_a_lesson_in_order() -> None:
    everything = (Right.VIEW, Right.FOCUS, Right.LOCK, Right.MESSAGE, Right.FLAG, Right.RULES)
    assert decide() == Permit(LESSON.id, TUTOR, LESSON.ends_at, everything)


def test_rights_are_the_policy_s() -> None:
    policy = msgspec.structs.replace(FIRST, roles={Role.TUTOR: (Right.VIEW, Right.FLAG)})
    assert permitted(policy=policy).may == (Right.VIEW, Right.FLAG)


@pytest.mark.parametrize("role", [Role.DEVICE, Role.POLICY])
def test_only_staff(role: Role) -> None:
    assert refused(staff=replace(TUTOR, role=role)).reason is Reason.NOT_STAFF


def test_revoked() -> None:
    assert refused(deny=frozenset({"dead", "abc"})).reason is Reason.REVOKED


def test_expired() -> None:
    assert permitted(staff=replace(TUTOR, expires_at=NOW)).until == NOW
    assert refused(staff=replace(TUTOR, expires_at=NOW - 1)).reason is Reason.EXPIRED


@pytest.mark.parametrize("role", [Role.DSL, Role.MANAGER])
def test_a_role_that_may_hold_no_lessons(role: Role) -> None:
    generous = msgspec.structs.replace(FIRST, roles=dict.fromkeys(Role, tuple(Right)))
    for policy in (FIRST, generous):
        found = refused(policy=policy, staff=replace(TUTOR, role=role))
        assert found.reason is Reason.ROLE
        assert role in found.detail


def test_not_one_of_your_groups() -> None:
    found = refused(group="11C", device_group="11C")
    assert found == Refusal(Reason.NOT_YOUR_GROUP, "11C is not one of your groups (10A, 10B).")
    assert "none" in refused(staff=replace(TUTOR, id="nobody")).detail
    assert permitted(group="11C", device_group="11C", staff=replace(TUTOR, id="other"))


def test_many_groups_still_make_a_sentence_that_fits() -> None:
    policy = msgspec.structs.replace(FIRST, staff={"maths-tutor": tuple(f"Group {n}" for n in range(100))})
    assert refused(policy=policy).reason is Reason.NOT_YOUR_GROUP


def test_a_device_of_another_group() -> None:
    assert refused(device_group="10A").reason is Reason.OTHER_GROUP
    assert refused(device_group="").reason is Reason.OTHER_GROUP


def test_capitals_and_spaces_make_no_other_group() -> None:
    assert permitted(group=" 10b")


def test_outside_hours_says_the_hours() -> None:
    sunday = at("2026-09-20 10:05")
    found = refused(now=sunday)
    assert found == Refusal(Reason.OUTSIDE_HOURS, "College hours on Sunday: closed. Monday 08:00–18:00.")


def test_too_long() -> None:
    longest = FIRST.lesson.longest
    assert permitted(ends_at=LESSON.starts_at + longest)
    found = refused(ends_at=LESSON.starts_at + longest + 1)
    assert found == Refusal(Reason.TOO_LONG, "A lesson may last 180 minutes at most.")


def test_over() -> None:
    assert refused(ends_at=NOW).reason is Reason.OVER
    assert permitted(ends_at=NOW + 1)


def test_not_begun_but_for_two_clocks_difference() -> None:
    assert permitted(starts_at=NOW + CLOCK_TOLERANCE)
    assert refused(starts_at=NOW + CLOCK_TOLERANCE + 1).reason is Reason.NOT_BEGUN


class TestUntil:
    def test_the_lesson_s_end(self) -> None:
        assert permitted().until == LESSON.ends_at

    def test_closing_time(self) -> None:
        late = at("2026-09-21 17:30")
        assert permitted(now=late, starts_at=late, ends_at=late + HOUR).until == at("2026-09-21 18:00")

    def test_the_longest_lesson_from_now(self) -> None:
        # A tutor's clock that runs ahead gives no longer lesson.
        ahead = NOW + CLOCK_TOLERANCE
        longest = FIRST.lesson.longest
        assert permitted(starts_at=ahead, ends_at=ahead + longest).until == NOW + longest

    def test_the_person_s_certificate(self) -> None:
        assert permitted(staff=replace(TUTOR, expires_at=NOW + MINUTE)).until == NOW + MINUTE

    def test_a_college_that_never_closes(self) -> None:
        text = (
            resource_text("policies/college.toml")
            .replace('"08:00-18:00"', '"00:00-24:00"')
            .replace("= []", '= ["00:00-24:00"]')
        )
        text = text.replace('may = ["00:00-24:00"]', "may = []")
        assert permitted(policy=parse_policy(text)).until == LESSON.ends_at


ORDER = (
    (Reason.NOT_STAFF, {"staff": {"role": Role.DEVICE}}),
    (Reason.REVOKED, {"staff": {"serial": "dead"}}),
    (Reason.EXPIRED, {"staff": {"expires_at": 0.0}}),
    (Reason.ROLE, {"staff": {"role": Role.MANAGER}}),
    (Reason.NOT_YOUR_GROUP, {"group": "11C"}),
    (Reason.OTHER_GROUP, {"device_group": "12D"}),
    (Reason.OUTSIDE_HOURS, {"now": at("2026-09-20 10:05")}),
    (Reason.TOO_LONG, {"starts_at": 0.0}),
)


def faults(of: tuple) -> Iterator[tuple[str, object]]:
    staff = TUTOR
    for _, fault in reversed(of):
        if "staff" in fault:
            staff = replace(staff, **fault["staff"])
        yield from ((key, value) for key, value in fault.items() if key != "staff")
    yield "staff", staff


@given(st.sets(st.sampled_from(range(len(ORDER))), min_size=1))
def test_of_several_reasons_the_first_in_order_is_given(chosen: set[int]) -> None:
    of = tuple(ORDER[index] for index in sorted(chosen))
    assert refused(**dict(faults(of))).reason is of[0][0]


@given(
    st.floats(0, 4e9),
    st.floats(0, 4e9),
    st.floats(0, 4e9),
    st.sampled_from(list(Role)),
    st.sampled_from(["10B", "11C"]),
)
def test_no_permit_outlasts_what_bounds_it(now: float, starts: float, lasts: float, role: Role, group: str) -> None:
    found = decide(now=now, starts_at=starts, ends_at=starts + lasts, staff=replace(TUTOR, role=role), group=group)
    if isinstance(found, Permit):
        assert role in {Role.TUTOR, Role.INVIGILATOR}
        assert group == "10B"
        assert now <= found.until <= min(starts + lasts, now + FIRST.lesson.longest)
        wall = datetime.fromtimestamp(found.until, ZoneInfo("Europe/London"))
        assert wall.weekday() < 5
        assert (wall.hour, wall.minute) <= (18, 0)
