"""Policies, leases and facts for tests of rules, short to write."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from protocol.messages import Changeable, Verb
from protocol.policy.document import Policy, RuleSet
from protocol.policy.facts import Facts, Program
from protocol.policy.parse import parse_policy
from protocol.policy.rule import Do, Rule, Subject
from protocol.policy.rules import Change, Decisions, RulesLease, decide
from protocol.resource import resource_text

LONDON = ZoneInfo("Europe/London")
FIRST = parse_policy(resource_text("policies/college.toml"))


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).timestamp()


NOW = at("2026-11-23 10:15")  # a Monday


def rule(name: str, subject: Subject, *do: Do, **of: Any) -> Rule:
    return Rule(name=name, subject=subject, do=do or (Do.TELL, Do.FLAG), sentence=f"The sentence of {name}.", **of)


def deny(name: str, *programs: str, **of: Any) -> Rule:
    return rule(name, Subject.APPLICATION, Do.TELL, Do.CLOSE, is_=programs, **of)


def allow_only(name: str, *programs: str, **of: Any) -> Rule:
    return rule(name, Subject.APPLICATION, Do.TELL, Do.CLOSE, is_not=programs, **of)


def block_sites(name: str, *sites: str, but: tuple[str, ...] = (), **of: Any) -> Rule:
    return rule(name, Subject.SITE, Do.BLOCK, is_=sites, is_not=but, **of)


def allow_sites(name: str, *sites: str, **of: Any) -> Rule:
    return rule(name, Subject.SITE, Do.BLOCK, is_not=sites, **of)


def policy_of(*rules: Rule, of: Policy = FIRST, **more: Any) -> Policy:
    """A policy whose `lesson` has these rules; `other` stands beside it, empty."""
    sets = {
        "lesson": RuleSet(title="In this lesson", sentences=("Work.",), rules=rules, plainly=("Do the work.",)),
        "other": RuleSet(title="Other", sentences=("Something else.",)),
    }
    return replace(of, rules=sets, **more)


def lease(*changes: Change, rules: str = "lesson", until: float = NOW + 3600, **of: Any) -> RulesLease:
    fields = {"lesson": "ab" * 16, "by": "Maths tutor", "device": "LAPTOP-07", "user": "j.smith"} | of
    return RulesLease(rules=rules, until=until, changes=changes, **fields)


def change(verb: Verb, subject: Changeable, value: str, until: float = NOW + 600, by: str = "Maths tutor") -> Change:
    return Change(id="cd" * 16, by=by, verb=verb, subject=subject, value=value, until=until)


def allowing(value: str, **of: Any) -> Change:
    return change(Verb.ALLOW, Changeable.APPLICATION, value, **of)


def blocking(value: str, **of: Any) -> Change:
    return change(Verb.BLOCK, Changeable.APPLICATION, value, **of)


def allowing_site(value: str, **of: Any) -> Change:
    return change(Verb.ALLOW, Changeable.SITE, value, **of)


def blocking_site(value: str, **of: Any) -> Change:
    return change(Verb.BLOCK, Changeable.SITE, value, **of)


def running(*names: str, front: str = "") -> Facts:
    programs = tuple(Program(100 + number, name) for number, name in enumerate(names))
    return Facts(front=next((one for one in programs if one.name == front), None), programs=programs)


def broken(found: Decisions) -> list[str]:
    return [decision.key for decision in found.broken]


def now(policy: Policy, *changes: Change, facts: Facts | None = None, moment: float = NOW) -> Decisions:
    return decide(policy, lease(*changes), facts or Facts(), moment)
