from dataclasses import replace
from uuid import UUID

import pytest

from protocol.identity import Identity
from protocol.messages import LessonTerms, Reason
from protocol.policy.bundle import Bundle
from protocol.policy.parse import parse_policy
from protocol.policy.permit import Permit, Refusal
from protocol.role import Role
from student_client.agent.gate import CLOCK_TOLERANCE, Gate
from tutor_app.admin.college import initial_policy

COLLEGE, OTHER = UUID(int=7), UUID(int=8)
MONDAY_TEN = 1_772_445_600.0  # 2 March 2026 10:00 in London
TUTOR = Identity(COLLEGE, Role.TUTOR, "maths-tutor", "Maths tutor", "ab12", expires_at=9e9)
DEVICE = Identity(COLLEGE, Role.DEVICE, "LAPTOP-07", "LAPTOP-07", "cd34", group="10B", expires_at=9e9)
BUNDLE = Bundle(COLLEGE, 3, MONDAY_TEN - 86_400, parse_policy(initial_policy("Key College")), frozenset({"dead"}))
GATE = Gate(DEVICE, BUNDLE)


def lesson(**changes: object) -> LessonTerms:
    fields = {"id": "0" * 32, "name": "Maths", "group": "10B", "starts_at": MONDAY_TEN, "ends_at": MONDAY_TEN + 3000}
    return LessonTerms(**(fields | changes))  # type: ignore[arg-type]


def test_a_tutor_of_the_college_may_knock() -> None:
    assert GATE.admit(TUTOR) is None


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (replace(TUTOR, role=Role.DEVICE), Reason.NOT_STAFF),
        (replace(TUTOR, role=Role.POLICY), Reason.NOT_STAFF),
        (replace(TUTOR, college=OTHER), Reason.NOT_STAFF),
        (replace(TUTOR, serial="dead"), Reason.REVOKED),
    ],
)
def test_others_may_not_even_knock_nor_hold_a_lesson(peer: Identity, reason: Reason) -> None:
    refusal = GATE.admit(peer)
    assert refusal
    assert refusal.reason is reason
    assert GATE.decide(peer, lesson(), MONDAY_TEN, 0.0) == refusal


def test_a_permit_inside_the_colleges_hours() -> None:
    decision = GATE.decide(TUTOR, lesson(), MONDAY_TEN, MONDAY_TEN - 60)
    assert isinstance(decision, Permit)
    assert decision.until == MONDAY_TEN + 3000


def refused(gate: Gate, wall: float, floor: float, **changes: object) -> Reason:
    decision = gate.decide(TUTOR, lesson(**changes), wall, floor)
    assert isinstance(decision, Refusal)
    return decision.reason


def test_a_clock_set_back_beyond_the_tolerance_refuses_everybody() -> None:
    assert refused(GATE, MONDAY_TEN, MONDAY_TEN + CLOCK_TOLERANCE + 1) is Reason.CLOCK
    refusal = GATE.decide(TUTOR, lesson(), MONDAY_TEN, MONDAY_TEN + 1000)
    assert isinstance(refusal, Refusal)
    assert "--again" in refusal.detail
    assert len(refusal.detail) <= 280
    assert isinstance(GATE.decide(TUTOR, lesson(), MONDAY_TEN, MONDAY_TEN + CLOCK_TOLERANCE), Permit)


def test_a_clock_before_the_policy_was_published_is_wrong() -> None:
    assert refused(GATE, BUNDLE.published_at - CLOCK_TOLERANCE - 1, 0.0) is Reason.CLOCK


def test_setting_the_clock_back_into_college_hours_opens_nothing() -> None:
    evening = MONDAY_TEN + 9 * 3600
    assert refused(GATE, evening, evening, ends_at=evening + 600) is Reason.OUTSIDE_HOURS
    assert refused(GATE, MONDAY_TEN, evening) is Reason.CLOCK


def test_the_policy_decides_on_group_and_role() -> None:
    assert refused(GATE, MONDAY_TEN, 0.0, group="11C") is Reason.OTHER_GROUP
    manager = replace(TUTOR, role=Role.MANAGER)
    decision = GATE.decide(manager, lesson(), MONDAY_TEN, 0.0)
    assert isinstance(decision, Refusal)
    assert decision.reason is Reason.ROLE


def test_without_a_policy_nobody_is_let_in() -> None:
    assert refused(Gate(DEVICE, None), MONDAY_TEN, 0.0) is Reason.NO_POLICY
    assert Gate(DEVICE, None).policy_version == 0
    assert GATE.policy_version == 3
