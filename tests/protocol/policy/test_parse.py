"""policy.toml: the first one is good, every mistake is found with its line, and no text is a surprise."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Right
from protocol.policy.document import DEFAULT_RULES, WEEKDAYS, Policy, Route, Span
from protocol.policy.parse import MAXIMUM_SIZE, PolicyError, parse_policy
from protocol.resource import resource_text
from protocol.role import Role

FIRST = resource_text("policies/college.toml")


END = FIRST.count("\n") + 1  # the line after the last


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if line.startswith(start))


def changed(old: str, new: str) -> str:
    assert FIRST.count(old) == 1, f"{old!r} stands {FIRST.count(old)} times in the policy"
    return FIRST.replace(old, new)


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_first_policy_says_what_a_college_needs(first_policy: Policy) -> None:
    assert first_policy.college.timezone == "Europe/London"
    assert first_policy.hours[0] == (Span(opens=480, closes=1080),)
    assert first_policy.hours[5] == first_policy.hours[6] == ()
    assert first_policy.lesson.longest == 3 * 3600
    assert first_policy.lesson.tile_interval_ms == 1000
    assert set(first_policy.rights(Role.TUTOR)) == set(Right) - {Right.ASSESS}
    assert set(first_policy.rights(Role.INVIGILATOR)) == set(Right)
    assert first_policy.rights(Role.MANAGER) == first_policy.rights(Role.DEVICE) == ()
    assert first_policy.staff == {}
    assert first_policy.rule_set("assessment").title == "In this assessment"
    assert first_policy.rule_set("nothing-like-it") is first_policy.rules[DEFAULT_RULES]


def test_no_picture_is_taken_where_indecent_images_may_appear(first_policy: Policy) -> None:
    sexual = ("indecent-images", "sexual-imagery", "child-on-child", "exploitation", "adult-contact", "filter-breach")
    assert [name for name in sexual if first_policy.flags[name].picture] == []
    assert [name for name in sexual if first_policy.flags[name].route is not Route.DSL] == []
    assert first_policy.flags["staff-misuse"].route is Route.HEAD
    assert [
        name for name, flag in first_policy.flags.items() if flag.route is not Route.TUTOR and not flag.advice
    ] == []


# What stands in the first policy; what is written instead; what is said about it.
MISTAKES = r"""
monday    = ["08:00-18:00"]
monday = ["25:00-18:00"]
    hours.monday: "25:00-18:00" is not a time of day (00:00–24:00)

monday    = ["08:00-18:00"]
monday = ["08:60-18:00"]
    hours.monday: "08:60-18:00" is not a time of day (00:00–24:00)

monday    = ["08:00-18:00"]
monday = ["24:00-08:00"]
    hours.monday: "24:00-08:00" is not a time of day (00:00–24:00)

monday    = ["08:00-18:00"]
monday = ["08:00-24:01"]
    hours.monday: "08:00-24:01" is not a time of day (00:00–24:00)

monday    = ["08:00-18:00"]
monday = ["8 to 6"]
    hours.monday: "8 to 6" is not a stretch of hours such as "08:00-18:00"

monday    = ["08:00-18:00"]
monday = [8]
    hours.monday: "8" is not a stretch of hours such as "08:00-18:00"

monday    = ["08:00-18:00"]
monday = ["08:00-08:00"]
    hours.monday: "08:00-08:00" opens and closes at the same time; the whole day is "00:00-24:00"

monday    = ["08:00-18:00"]
monday = ["08:00-12:00", "11:59-18:00"]
    hours.monday[2]: "11:59-18:00" overlaps with another stretch of the day

monday    = ["08:00-18:00"]
monday = "08:00-18:00"
    hours.monday: "08:00-18:00" is not a list in square brackets

monday    =
mondey =
    hours.mondey: is unknown; did you mean "monday"?

"Europe/London"
"Europe/Londn"
    college.timezone: "Europe/Londn" is not a time zone; did you mean "Europe/London"?

"Europe/London"
"Europe"
    college.timezone: "Europe" is not a time zone, such as "Europe/London"

"Europe/London"
"../../etc/passwd"
    college.timezone: "../../etc/passwd" is not a time zone, such as "Europe/London"

"https://www.ceop.police.uk/safety-centre/"
"javascript:alert(1)"
    college.report_abuse_url: "javascript:alert(1)" is not a web address (https://…)

"https://www.ceop.police.uk/safety-centre/"
"https://[x"
    college.report_abuse_url: "https://[x" is not a web address (https://…)

checklist = [
checklist = ["Every student's identity has been checked.",
    assessment.checklist[7]: "Every student's identity has been checked." is in it twice

name = "@COLLEGE@"
name = 7
    college.name: 7 is not a text in quotation marks

name = "@COLLEGE@"
name = " "
    college.name: is empty

longest_minutes = 180
longest_minutes = 1441
    lesson.longest_minutes: 1441 is not between 1 and 1440

longest_minutes = 180
longest_minutes = 0
    lesson.longest_minutes: 0 is not between 1 and 1440

longest_minutes = 180
longest_minutes = 1.5
    lesson.longest_minutes: 1.5 is not a whole number

longest_minutes = 180
longest_minutes = true
    lesson.longest_minutes: true is not a whole number

longest_minutes = 180
longest = 180
    lesson.longest: is unknown; did you mean "longest_minutes"?

lease_seconds = 600
lease_seconds = 601
    lesson.lease_seconds: 601 is not between 10 and 600

tile_interval_seconds = 1.0
tile_interval_seconds = nan
    lesson.tile_interval_seconds: nan is not between 0.1 and 60

[roles.dsl]
[roles.dls]
    roles.dls: is no role; did you mean "dsl"?

[roles.dsl]
[roles.device]
    roles.device: is no role

tile_interval_seconds = 1.0
tile_interval_seconds = 0.05
    lesson.tile_interval_seconds: 0.05 is not between 0.1 and 60

[rules.assessment]
[rules."Big Test"]
    rules."Big Test": is not a possible name of a rule set (small letters, digits, dashes)

route = "head"
route = "boss"
    flags.staff-misuse.route: "boss" is none of "tutor", "dsl", "head"

receipts = 90
receipts = 0
    retention.receipts: 0 is not between 1 and 3660

[retention]
[retentoin]
    retentoin: is unknown; did you mean "retention"?
"""


@pytest.mark.parametrize("mistake", MISTAKES.strip().split("\n\n"), ids=lambda mistake: mistake.split("\n")[1])
def test_a_mistake_is_named_with_its_line(mistake: str) -> None:
    old, new, expected = mistake.split("\n")
    text = changed(old, new)
    pairs = zip(FIRST.split("\n"), text.split("\n"), strict=True)
    line = next(number for number, (before, after) in enumerate(pairs, 1) if before != after)
    assert problems(text) == [f"{line}: {expected.strip()}"]


def test_mistakes_in_what_the_first_policy_has_not() -> None:
    assert problems(FIRST + '[staff."a b"]\ngroups = ["10B"]\n[staff.jo]\ngroups = ["10B", 10]\nroom = 3\n') == [
        f'{END}: staff."a b": is not a possible id of a member of staff',
        f"{END + 3}: staff.jo.groups[2]: 10 is not a text in quotation marks",
        f"{END + 4}: staff.jo.room: is unknown",
    ]


def test_a_role_is_given_known_rights_within_its_limits() -> None:
    text = FIRST.replace("[roles.dsl]\nmay = []", '[roles.dsl]\nmay = ["shout", "flag", "view"]')
    line = line_of(FIRST, "[roles.dsl]") + 1
    assert problems(text) == [
        f'{line}: roles.dsl.may: this role can never be given "flag", "view"; only a tutor or invigilator can',
        f'{line}: roles.dsl.may[1]: "shout" is none of "view", "focus", "lock", "message", "flag", "rules", "assess"',
    ]


def test_texts_have_a_length_and_no_tricks() -> None:
    line = line_of(FIRST, "name")
    assert problems(changed("@COLLEGE@", "x" * 65)) == [f"{line}: college.name: has 65 characters, 64 at most"]
    (found,) = problems(changed("@COLLEGE@", "a\\u202Eb"))
    assert found == f"{line}: college.name: holds control characters or marks that change the direction of text"


def test_what_is_missing_is_named_where_it_should_be() -> None:
    without_monday = changed('monday    = ["08:00-18:00"]\n', "")
    assert problems(without_monday) == [f"{line_of(FIRST, '[hours]')}: hours.monday: is missing"]
    found = problems(changed("[rules.lesson]", "[rules.maths]"))
    assert found == ["1: rules.lesson: is missing: the rules of a lesson for which nothing else was chosen"]
    tables = ("college", "hours", "lesson", "roles", "rules", "student", "flags", "retention")
    assert {problem for problem in problems("") if "rules.lesson" not in problem} == {
        f"1: {t}: is missing" for t in tables
    }


def test_all_mistakes_are_found_in_the_order_of_their_lines() -> None:
    text = FIRST
    for old, new in (
        ("receipts = 90 ", "receipts = -1 "),
        ('route = "head"', 'route = "boss"'),
        ('"Europe/London"', '"Europe/Paaris"'),
        ('tuesday   = ["08:00-18:00"]', 'tuesday = ["18-8", "25:00-26:00"]'),
    ):
        text = text.replace(old, new)
    found = problems(text)
    assert [problem.split(": ")[1] for problem in found] == [
        "college.timezone",
        "hours.tuesday",
        "hours.tuesday",
        "flags.staff-misuse.route",
        "retention.receipts",
    ]
    assert [int(problem.split(":")[0]) for problem in found] == sorted(int(p.split(":")[0]) for p in found)


def test_a_mistake_of_toml_itself_has_its_line() -> None:
    found = problems(changed("longest_minutes = 180 ", "longest_minutes = = 180 "))
    assert found == [
        f"{line_of(FIRST, 'longest_minutes')}: Invalid value (column 19); the rest is read once this is mended"
    ]
    (found,) = problems('[college]\nname = "no end')
    assert found.startswith("2: ")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "#" * (MAXIMUM_SIZE + 1), "a\x00b", "\ufeff[college]", "[a]\n[a]"]
)
def test_strange_texts_are_refused(text: str) -> None:
    assert len(problems(text)) == 1


def test_windows_line_ends_make_no_difference(first_policy: Policy) -> None:
    assert parse_policy(FIRST.replace("\n", "\r\n")) == first_policy
    broken = changed("lease_seconds = 600", "lease_seconds = 601").replace("\n", "\r\n")
    assert problems(broken)[0].startswith(f"{line_of(FIRST, 'lease_seconds')}: ")


def test_hours_are_sorted_and_may_cross_midnight() -> None:
    text = changed('monday    = ["08:00-18:00"]', 'monday = ["18:30–01:00", "00:00-02:00", "9:00-17:00"]')
    expected = (Span(opens=0, closes=120), Span(opens=540, closes=1020), Span(opens=1110, closes=1500))
    assert parse_policy(text).hours[0] == expected
    whole = parse_policy(changed("sunday    = []", 'sunday = ["00:00-24:00"]'))
    assert whole.hours[WEEKDAYS.index("Sunday")] == (Span(opens=0, closes=1440),)


def test_staff_may_be_limited_to_groups() -> None:
    text = FIRST + '\n[staff.maths-tutor]\ngroups = ["10A", "10B"]\n[staff."j.smith"]\ngroups = []\n'
    assert parse_policy(text).staff == {"maths-tutor": ("10A", "10B"), "j.smith": ()}


def test_the_check_list_is_the_colleges_own_or_left_out() -> None:
    assert parse_policy(FIRST).checklist[0] == "Phones are switched off and handed in."
    without = FIRST[: FIRST.index("[assessment]")] + FIRST[FIRST.index("[student]") :]
    assert parse_policy(without).checklist == ()


def test_people_s_own_characters_are_kept_in_one_form() -> None:
    assert parse_policy(changed("@COLLEGE@", "Cole\u0301g Si\u00e2n")).college.name == "Col\u00e9g Si\u00e2n"


@given(st.text(max_size=200))
def test_any_text_is_a_policy_error(text: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["08:00-18:00", "dsl"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def toml(value: object) -> str:
    """`value` as TOML; what has no TOML form becomes a date."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value) if not isinstance(value, float) or value == value else "nan"
        case str():
            return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) <= 0xDFFF) + '"'
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{toml(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
        case _:
            return "2026-11-22"


LINES = [
    n for n, line in enumerate(FIRST.split("\n")) if re.fullmatch(r'[^#]* = ("[^"]+"|\[.*\]|[0-9.]+|true|false)', line)
]


def problem_lines(text: str) -> set[int]:
    try:
        parse_policy(text)
    except PolicyError as error:
        return {problem.line for problem in error.problems}
    return set()


@given(st.sampled_from(LINES), VALUES)
def test_any_value_in_any_place_is_read_or_a_problem_of_that_line(number: int, value: object) -> None:
    lines = FIRST.split("\n")
    key = lines[number].split("=")[0]
    lines[number] = f"{key} = {toml(value)}"
    text = "\n".join(lines)
    tomllib.loads(text)
    assert problem_lines(text) <= {number + 1}
