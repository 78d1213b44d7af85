"""Rules and rule sets in policy.toml: written once, held by sets, and every mistake named."""

import pytest

from protocol.policy.document import Policy
from protocol.policy.parse import PolicyError, parse_policy
from protocol.policy.permit import may_apply
from protocol.policy.rule import Do, Rule, Subject
from protocol.resource import resource_text
from protocol.role import Role

from .ground import NOW, at

FIRST = resource_text("policies/college.toml")
RULE = """
[rule.own]
subject = "application"
do = ["tell", "flag"]
is = ["a*"]
sentence = "Own."
always = true
"""


def parsed(more: str) -> Policy:
    return parse_policy(FIRST + more)


def only_problem(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    (problem,) = caught.value.problems
    assert problem.line > 1
    return f"{problem.where}: {problem.reason}"


def test_a_rule_as_it_is_written() -> None:
    rule = next(rule for rule in parsed(RULE).rules["lesson"].rules if rule.name == "own")
    do = (Do.TELL, Do.FLAG)
    assert rule == Rule(name="own", subject=Subject.APPLICATION, do=do, is_=("a*",), sentence="Own.", always=True)


def test_what_always_holds_need_not_be_named_by_a_set() -> None:
    assert "own" not in [rule.name for rule in parsed(RULE).rules["break"].rules]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"application"', '"aplication"', None),
        ('"tell", "flag"', '"block"',
         "rule.own.do: block: impossible for application; possible: close, flag, lock, tell"),
        ('"tell", "flag"', "", "rule.own.do: says nothing: what shall the laptop do?"),
        ('is = ["a*"]', "", "rule.own.is: is missing: which applications? (or is_not: all but which?)"),
        ("always", 'category = "of-task"\nalways',
         'rule.own.category: "of-task" is no category of [flags]; did you mean "off-task"?'),
        ("always", "grace = 601\nalways", "rule.own.grace: 601 is not between 0 and 600"),
        ("always", "allways", 'rule.own.allways: is unknown; did you mean "always"?'),
    ],
)  # fmt: skip
def test_mistakes_in_a_rule(old: str, new: str, said: str | None) -> None:
    found = RULE.replace(old, new)
    if "allways" in new:
        found += "always = true\n"
    assert (said or 'rule.own.subject: "aplication" is none of') in only_problem(FIRST + found)


@pytest.mark.parametrize(
    ("subject", "key", "name", "said"),
    [
        ("network", "is", "of-site", '"of-site" is none of mobile-modem, new-route, off-site, tethered'),
        ("site", "is", "not a site", '"not a site" is not a site such as "bbc.co.uk/bitesize"'),
        ("site", "is", "category:", '"category:" is not a category such as "category:gambling"'),
        ("site", "is_not", "category:games", "is_not takes sites, not categories"),
    ],
)
def test_mistakes_in_names(subject: str, key: str, name: str, said: str) -> None:
    do = '["block"]' if subject == "site" else '["tell"]'
    text = f'[rule.own]\nsubject = "{subject}"\ndo = {do}\n{key} = ["{name}"]\nsentence = "S."\nalways = true\n'
    found = only_problem(FIRST + text)
    assert found == f"rule.own.{key}[1]: {said}"


def test_a_set_names_a_rule_that_is_not_there() -> None:
    text = FIRST.replace('"bluetooth", "hidden-helpers",', '"bluetoth", "hidden-helpers", "bluetooth",')
    assert text != FIRST
    assert only_problem(text) == 'rules.lesson.hold[9]: "bluetoth" is no rule; did you mean "bluetooth"?'


def test_networks() -> None:
    def with_network(network: str) -> str:
        return FIRST.replace("[college]\n", f'[college]\nnetworks = ["{network}"]\n')

    assert parse_policy(with_network("10.20.0.0/16")).networks == ("10.20.0.0/16",)
    assert 'did you mean "10.20.0.0/16"?' in only_problem(with_network("10.20.1.1/16"))
    assert "CIDR notation" in only_problem(with_network("campus"))


def test_which_role_may_apply_which_set() -> None:
    policy = parsed("")
    assert may_apply(policy, Role.TUTOR, "lesson", NOW) == ""
    assert may_apply(policy, Role.INVIGILATOR, "assessment", NOW) == ""
    assert may_apply(policy, Role.TUTOR, "assessment", NOW) == (
        "The rules “In this assessment” may be applied by: invigilator; not by a tutor."
    )
    assert may_apply(policy, Role.TUTOR, "nothing", NOW) == "The college's policy has no rules called “nothing”."
    assert may_apply(policy, Role.TUTOR, "lesson", at("2026-11-22 10:00")).startswith("College hours on Sunday")
