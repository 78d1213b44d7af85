"""Terms, days off, exceptions, adjustments: what they become, and every mistake with its line."""

import pytest

from protocol.policy.document import Adjustment, DayOff, Policy, Term, exemption_key, for_publication
from protocol.policy.hours import college_hours
from protocol.policy.parse import PolicyError, parse_policy
from protocol.resource import resource_text

from .ground import NOW, at

FIRST = resource_text("policies/college.toml")
END = FIRST.count("\n")
CALENDAR = """
[[terms]]
name = "Autumn term"
starts = 2026-09-01
ends = "2026-12-18"
[[days_off]]
name = "half term"
starts = 2026-10-26
ends = 2026-10-30
"""
EXCEPTION = """
[[exceptions]]
student = "J.Smith"
rules = ["usb-storage"]
reason = "Medical"
approved_by = ["Manager", "Tutor"]
starts = 2026-11-23
ends = 2026-12-04
"""


def parsed(more: str) -> Policy:
    return parse_policy(FIRST + more)


def problems(more: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parsed(more)
    return [f"{problem.line - END}: {problem.where}: {problem.reason}" for problem in caught.value.problems]


def test_terms_and_days_off() -> None:
    policy = parsed(CALENDAR)
    assert policy.terms == (Term(name="Autumn term", starts="2026-09-01", ends="2026-12-18"),)
    assert policy.days_off == (DayOff(name="half term", starts="2026-10-26", ends="2026-10-30"),)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-10-28 10:00", "The college is closed: half term. It opens on Monday 2 November, 08:00–18:00."),
        ("2026-08-20 10:00", "The college is closed: no term. It opens on Tuesday 1 September, 08:00–18:00."),
        ("2026-12-22 10:00", "The college is closed: no term. No later day is open in this policy."),
        ("2026-10-23 19:00", "College hours on Friday: 08:00–18:00. It opens on Monday 2 November, 08:00–18:00."),
        ("2026-11-21 10:00", "College hours on Saturday: closed. Monday 08:00–18:00."),
    ],
)
def test_closed_outside_terms_and_on_days_off(moment: str, words: str) -> None:
    found = college_hours(parsed(CALENDAR), at(moment))
    assert (found.is_open, found.words) == (False, words)


def test_open_in_term_on_both_sides_of_the_change_of_the_clock() -> None:
    policy = parsed(CALENDAR)
    assert college_hours(policy, at("2026-10-23 08:00")).until == at("2026-10-23 18:00")
    assert college_hours(policy, at("2026-10-25 12:00")).until == at("2026-11-02 08:00")
    assert college_hours(policy, at("2026-12-18 17:59")).is_open


def test_an_exception_s_days_are_whole_days() -> None:
    (one,) = parsed(EXCEPTION).exceptions
    assert one.who == exemption_key("student", "j.smith")
    assert (one.starts_at, one.ends_at) == (at("2026-11-23"), at("2026-12-05"))
    (to_the_minute,) = parsed(EXCEPTION.replace("2026-12-04", '"2026-12-04 12:30"')).exceptions
    assert to_the_minute.ends_at == at("2026-12-04 12:30")
    (summer,) = parsed(EXCEPTION.replace("2026-11-23", "2026-10-25").replace("2026-12-04", "2026-10-25")).exceptions
    assert summer.ends_at - summer.starts_at == 25 * 3600


def test_what_is_published_says_neither_why_nor_who_agreed() -> None:
    policy = parsed(EXCEPTION)
    (one,) = for_publication(policy, NOW).exceptions
    assert (one.reason, one.approved_by) == ("", ())
    assert one.who == policy.exceptions[0].who
    assert for_publication(policy, at("2026-12-05")).exceptions == ()


def test_adjustments() -> None:
    more = '[[adjustments]]\ndevice = "LAPTOP-07"\nexempt = ["bluetooth"]\n'
    more += "extra_time_percent = 25\nplain_language = true\n"
    key = exemption_key("device", "laptop-07")
    found = Adjustment(who=key, exempt=("bluetooth",), extra_time_percent=25, plain_language=True)
    assert parsed(more).adjustments == (found,)


MISTAKES = [
    (EXCEPTION, '"Tutor"]', '"manager"]',
     "exceptions[1].approved_by: an exception is agreed by at least two different people"),
    (EXCEPTION, "usb-storage", "usb-storag",
     'exceptions[1].rules[1]: "usb-storag" is no rule; did you mean "usb-storage"?'),
    (EXCEPTION, "ends = 2026-12-04", "ends = 2026-11-01", "exceptions[1].ends: the exception ends before it starts"),
    (EXCEPTION, "ends = 2026-12-04", 'ends = "soon"',
     'exceptions[1].ends: "soon" is not a day, or a day and a time such as 2026-09-01 09:30'),
    (EXCEPTION, 'reason = "Medical"\n', "", "exceptions[1].reason: is missing"),
    (EXCEPTION, 'student = "J.Smith"', "",
     'exceptions[1].student: one of student = "login" and device = "ID" says for whom it is'),
    (CALENDAR, "ends = 2026-10-30", "ends = 2026-10-25", "days_off[1].ends: is before the start"),
    (CALENDAR, "starts = 2026-09-01", "starts = 2026-13-01x", None),
    (CALENDAR, "starts = 2026-09-01", 'starts = "2026-02-30"',
     'terms[1].starts: "2026-02-30" is not a day such as 2026-09-01'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "said"), MISTAKES)
def test_mistakes(text: str, old: str, new: str, said: str | None) -> None:
    assert text.count(old) == 1
    found = problems(text.replace(old, new))
    assert len(found) == 1
    if said:
        assert found[0].partition(": ")[2] == said
        line = int(found[0].partition(":")[0])
        assert 1 <= line <= text.count("\n")


def test_terms_that_overlap() -> None:
    twice = CALENDAR.partition("[[days_off]]")[0]
    assert problems(twice + twice) == ["9: terms[2].starts: the term overlaps with another one"]
