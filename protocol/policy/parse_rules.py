"""Reads rules and rule sets. A rule is written once, as [rule.NAME]; sets name the rules they hold."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from protocol.policy.breaches import CONDITIONS
from protocol.policy.document import DEFAULT_RULES, ROLE_LIMITS, RuleSet
from protocol.policy.rule import Do, Rule, Subject
from protocol.policy.sites import CATEGORY, category_of, site_of
from protocol.policy.table import Table, suggestion
from protocol.role import Role

SLUG: Final = r"[a-z0-9][a-z0-9-]{0,39}"
_SET: Final = "name of a rule set (small letters, digits, dashes)"
MOST_RULES: Final = 24  # of one set; RuleSet's own bound

# What a laptop can do about each subject. A blocked site is never seen to be visited: there is nothing to tell or flag.
_POSSIBLE: Final[Mapping[Subject, frozenset[Do]]] = {
    Subject.APPLICATION: frozenset({Do.TELL, Do.FLAG, Do.CLOSE, Do.LOCK}),
    Subject.SITE: frozenset({Do.BLOCK}),
    Subject.USB_STORAGE: frozenset({Do.TELL, Do.FLAG, Do.BLOCK, Do.LOCK}),
    Subject.NETWORK: frozenset({Do.TELL, Do.FLAG, Do.LOCK}),
    Subject.BLUETOOTH: frozenset({Do.TELL, Do.FLAG, Do.BLOCK, Do.LOCK}),
    Subject.MONITORS: frozenset({Do.TELL, Do.FLAG, Do.LOCK}),
    Subject.SIGNAL: frozenset({Do.TELL, Do.FLAG, Do.LOCK}),
}


class Kind(StrEnum):
    """What a rule set is for."""

    LESSON = "lesson"
    BREAK = "break"
    ASSESSMENT = "assessment"


def read_rules(sets: Table, rules: Table, flags: Collection[str]) -> dict[str, RuleSet]:
    """Return the rule sets with their rules; what always holds and no set names stands in the set of a lesson."""
    known = {name: _rule(name, table, flags) for name, table in rules.tables(SLUG, "name of a rule").items()}
    found = {name: _rule_set(table, known) for name, table in sets.tables(SLUG, _SET).items()}
    if DEFAULT_RULES not in found:
        sets.problem(DEFAULT_RULES, "is missing: the rules of a lesson for which nothing else was chosen")
        return found
    held = rule_names(found)
    unheld = tuple(rule for name, rule in known.items() if rule.always and name not in held)
    lesson = found[DEFAULT_RULES]
    if len(lesson.rules) + len(unheld) > MOST_RULES:
        sets.problem(DEFAULT_RULES, f"holds more than {MOST_RULES} rules with those that always hold")
    return found | {DEFAULT_RULES: replace(lesson, rules=(*lesson.rules, *unheld)[:MOST_RULES])}


def rule_names(sets: Mapping[str, RuleSet]) -> frozenset[str]:
    """Return the names of all rules."""
    return frozenset(rule.name for one in sets.values() for rule in one.rules)


def _rule_set(table: Table, known: Mapping[str, Rule]) -> RuleSet:
    kind = table.one_of("kind", Kind, Kind.LESSON)
    usual = (Role.INVIGILATOR,) if kind is Kind.ASSESSMENT else (Role.TUTOR, Role.INVIGILATOR)
    names = table.texts("hold", 40, MOST_RULES, optional=True)
    for index, name in enumerate(names):
        if name and name not in known:
            table.problem("hold", f'"{name}" is no rule{suggestion(name, known)}', index)
    roles = table.some_of("roles", Role, optional=True)
    if excess := [role.value for role in roles if role not in ROLE_LIMITS]:
        table.problem("roles", f"only tutors and invigilators hold lessons, not {', '.join(excess)}")
    rule_set = RuleSet(
        title=table.text("title", 80),
        sentences=table.texts("sentences", 280, 20),
        plainly=table.texts("plainly", 280, 20, optional=True),
        rules=tuple(known[name] for name in dict.fromkeys(names) if name in known),
        roles=roles or usual,
        is_break=kind is Kind.BREAK,
        is_assessment=kind is Kind.ASSESSMENT,
    )
    table.close()
    return rule_set


def _rule(name: str, table: Table, flags: Collection[str]) -> Rule:
    subject = table.chosen("subject", Subject)  # where it is wrong, nothing that depends on it is a mistake of its own
    do = table.some_of("do", Do)
    if table.has("do") and not do:
        table.problem("do", "says nothing: what shall the laptop do?")
    if subject and (excess := [one.value for one in do if one not in _POSSIBLE[subject]]):
        table.problem("do", f"{', '.join(excess)}: impossible for {subject}; possible: {_listed(_POSSIBLE[subject])}")
    category = table.text("category", 40, optional=True) or "off-task"
    if category not in flags and (table.has("category") or Do.FLAG in do):
        table.problem("category", f'"{category}" is no category of [flags]{suggestion(category, flags)}')
    rule = Rule(
        name=name if re.fullmatch(SLUG, name) else "x",
        subject=subject or Subject.APPLICATION,
        do=do or (Do.TELL,),
        sentence=table.text("sentence", 280),
        is_=_named(table, "is", subject),
        is_not=_named(table, "is_not", subject),
        plainly=table.text("plainly", 280, optional=True),
        category=category,
        grace=table.whole("grace", 0, 600, default=15),
        always=table.truth("always", optional=True),
    )
    if subject in {Subject.APPLICATION, Subject.SITE} and not (table.has("is") or table.has("is_not")):
        table.problem("is", f"is missing: which {subject}s? (or is_not: all but which?)")
    table.close()
    return rule


def _named(table: Table, key: str, subject: Subject | None) -> tuple[str, ...]:
    names = table.texts(key, 200, 200, optional=True)
    if subject is Subject.USB_STORAGE and names:
        table.problem(key, "means nothing for usb-storage: the rule is about all of it")
    for index, name in enumerate(names):
        if name and subject and (wrong := _wrong(subject, name, key)):
            table.problem(key, wrong, index)
    return tuple(_clean(subject, name) for name in names if name)


def _wrong(subject: Subject, name: str, key: str) -> str:
    if conditions := CONDITIONS.get(subject):
        return "" if name in conditions else f'"{name}" is none of {_listed(conditions)}'
    if subject is not Subject.SITE:
        return ""
    category = category_of(name)
    if category and key == "is_not":
        return "is_not takes sites, not categories"
    if category or name.casefold().startswith(CATEGORY):
        return "" if re.fullmatch(SLUG, category) else f'"{name}" is not a category such as "category:gambling"'
    return "" if site_of(name) else f'"{name}" is not a site such as "bbc.co.uk/bitesize"'


def _clean(subject: Subject | None, name: str) -> str:
    return (site_of(name) if subject is Subject.SITE and not category_of(name) else name) or name


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(str(name) for name in names))
