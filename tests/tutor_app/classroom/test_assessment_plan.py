import pytest
from msgspec.structs import replace

from protocol.messages import Right, RulesFacts, Unheld
from protocol.policy.document import Adjustment, Exemption, exemption_key
from protocol.policy.parse import parse_policy
from protocol.policy.rule import Do, Rule, Subject
from protocol.resource import resource_text
from protocol.role import Role
from tutor_app.classroom.assessment_plan import (
    Check,
    Readiness,
    exceptions,
    extra_time,
    lines_of,
    readiness,
    rule_sets,
    unanswered,
)
from tutor_app.classroom.student import Presence, Student

NOW = 10_000.0
HERE = Student(device="A", name="Amy", group="10B", presence=Presence.LIVE, may=frozenset(Right))


def a_rule(name: str, subject: Subject) -> Rule:
    return Rule(name=name, subject=subject, do=(Do.FLAG,), sentence="Not now.")


@pytest.fixture
def policy():
    """An assessment's rules for invigilators, a lesson's whose rule about USB has another name."""
    made = parse_policy(resource_text("policies/college.toml"))
    usb, app = a_rule("no-usb-in-exams", Subject.USB_STORAGE), a_rule("only-these", Subject.APPLICATION)
    exam = replace(made.rules["assessment"], is_assessment=True, roles=(Role.INVIGILATOR,), rules=(usb, app))
    lesson = replace(made.rules["lesson"], rules=(a_rule("no-usb", Subject.USB_STORAGE),), is_assessment=False)
    return replace(made, rules={"assessment": exam, "lesson": lesson})


def test_only_rule_sets_for_assessments_that_the_role_may_apply_are_offered(policy):
    assert list(rule_sets(policy, Role.INVIGILATOR)) == ["assessment"]
    assert rule_sets(policy, Role.TUTOR) == {}


@pytest.mark.parametrize(
    ("percent", "length", "extra"), [(25, 3600, 900), (25, 2000, 540), (0, 3600, 0), (100, 60, 60)]
)
def test_extra_time_is_the_policys_percent_rounded_up_to_minutes(policy, percent, length, extra):
    more = Adjustment(who=exemption_key("student", "Amy"), extra_time_percent=percent)
    assert extra_time(replace(policy, adjustments=(more,)), "A", "amy", length) == extra


def test_extra_time_goes_by_device_or_login_and_to_nobody_else(policy):
    by_device = replace(policy, adjustments=(Adjustment(who=exemption_key("device", "A"), extra_time_percent=50),))
    assert extra_time(by_device, "A", "", 3600) == 1800
    assert extra_time(by_device, "B", "A", 3600) == 0


def test_exceptions_that_hold_now_and_touch_the_rules_are_listed(policy):
    who = exemption_key("student", "amy")
    known = replace(
        policy,
        exceptions=(
            Exemption(who=who, rules=("only-these",), starts_at=NOW - 1, ends_at=NOW + 1),
            Exemption(who=who, rules=("no-usb-in-exams",), starts_at=NOW + 1, ends_at=NOW + 2),
            Exemption(who=who, rules=("of-lessons-only",), starts_at=NOW - 1, ends_at=NOW + 1),
            Exemption(who=who, rules=(), starts_at=NOW - 1, ends_at=NOW + 1),
        ),
        adjustments=(Adjustment(who=who, exempt=("no-usb-in-exams",)),),
    )
    assert exceptions(known, "A", "amy", "assessment", NOW) == (
        "An exception lifts: only-these",
        "An exception lifts: every rule",
        "An adjustment lifts: no-usb-in-exams",
    )
    assert exceptions(known, "B", "ben", "assessment", NOW) == ()


def test_an_item_is_answered_by_a_tick_or_by_a_written_reason():
    ticked = Check(item="a", ticked=True, at=NOW, by="Ida")
    explained = Check(item="b", ticked=False, at=NOW, by="Ida", reason="No wall here")
    empty = Check(item="c", ticked=False, at=NOW, by="Ida", reason="  ")
    assert unanswered(("a", "b", "c", "d"), {"a": ticked, "b": explained, "c": empty}) == ("c", "d")


def test_what_was_typed_is_taken_apart_and_cleaned():
    assert lines_of("calc, geogebra\n\n calc \nWriter\u202e") == ("calc", "geogebra", "Writer")


def test_a_laptop_that_is_here_and_can_hold_every_rule_is_ready(policy):
    ready = readiness(HERE, None, policy, "assessment")
    assert (ready.readiness, ready.words, ready.can_start) == (Readiness.READY, (), True)


@pytest.mark.parametrize("presence", [Presence.EXPECTED, Presence.MISSING, Presence.RECONNECTING, Presence.CONNECTING])
def test_a_laptop_that_is_not_linked_is_missing_and_says_why(policy, presence):
    absent = Student(device="A", name="Amy", group="10B", presence=presence)
    ready = readiness(absent, None, policy, "assessment")
    assert ready.readiness is Readiness.MISSING
    assert ready.words[0].endswith(".")
    assert not ready.can_start


def test_a_laptop_without_the_right_cannot_be_started(policy):
    other = Student(device="A", name="Amy", group="10B", presence=Presence.LIVE, may=frozenset({Right.VIEW}))
    assert readiness(other, None, policy, "assessment").readiness is Readiness.UNABLE


def test_a_limit_told_of_the_lessons_rules_holds_for_the_assessments_rule_on_the_same_thing(policy):
    unheld = (Unheld(rule="no-usb", why="USB storage cannot be seen here."),)
    facts = RulesFacts(rules="lesson", until=NOW, unheld=unheld)
    ready = readiness(HERE, facts, policy, "assessment")
    assert ready.readiness is Readiness.LIMITED
    assert ready.words == ("no-usb-in-exams: USB storage cannot be seen here.",)
    assert ready.can_start


def test_a_lock_to_one_application_needs_applications_to_be_seen(policy):
    facts = RulesFacts(rules="x", until=NOW, unheld=(Unheld(rule="only-these", why="Wayland hides them."),))
    assert "only writer: Wayland hides them." in readiness(HERE, facts, policy, "assessment", "writer").words
