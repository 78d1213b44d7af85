"""What an invigilator decides before an assessment starts, what the policy says to it, and which laptops are ready."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol.messages import Right, RulesFacts
from protocol.policy.document import Policy, RuleSet, exemption_key
from protocol.role import Role
from protocol.text import plain
from tutor_app.classroom.student import Presence, Student

MOST_ALLOWED: Final = 32  # applications, and sites: what AssessmentTerms carries
LINE: Final = 200  # characters of one of them


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An assessment as it is meant to be. `length` and the `extra` of each device are in seconds.

    `devices` sit it; `only` is the one application they are locked to, "" for none.
    """

    name: str
    rules: str
    length: float
    devices: tuple[str, ...]
    only: str = ""
    allow_sites: tuple[str, ...] = ()
    allow_applications: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One item of the check-list as it was answered: ticked, or left out for a reason."""

    item: str
    ticked: bool
    at: float
    by: str
    reason: str = ""


def rule_sets(policy: Policy, role: Role) -> dict[str, RuleSet]:
    """Return the rule sets for assessments that a role may apply."""
    return {name: rules for name, rules in policy.rules.items() if rules.is_assessment and role in rules.roles}


def unanswered(items: Iterable[str], checks: Mapping[str, Check]) -> tuple[str, ...]:
    """Return the items that are neither ticked nor left out for a written reason."""
    return tuple(item for item in items if not _answered(checks.get(item)))


def _answered(check: Check | None) -> bool:
    return check is not None and (check.ticked or bool(check.reason.strip()))


# ── what the policy says of a student ───────────────────────────────────────────────────────────────────────────────


def extra_time(policy: Policy, device: str, user: str, length: float) -> float:
    """Return the extra time the policy gives this student, in seconds, rounded up to whole minutes."""
    who = _names(device, user)
    percent = max((one.extra_time_percent for one in policy.adjustments if one.who in who), default=0)
    return math.ceil(length * percent / 100 / 60) * 60


def exceptions(policy: Policy, device: str, user: str, rules: str, now: float) -> tuple[str, ...]:
    """Return, in sentences, which rules of a rule set do not hold for this student now."""
    who = _names(device, user)
    names = {rule.name for rule in policy.rule_set(rules).rules}
    return tuple(
        f"{words}: {_listed(lifted, names)}"
        for words, lifted in _lifted(policy, who, now)
        if not lifted or names & set(lifted)
    )


def _lifted(policy: Policy, who: frozenset[str], now: float) -> Iterator[tuple[str, tuple[str, ...]]]:
    for exception in policy.exceptions:
        if exception.who in who and exception.starts_at <= now < exception.ends_at:
            yield "An exception lifts", exception.rules
    for adjustment in policy.adjustments:
        if adjustment.who in who and adjustment.exempt:
            yield "An adjustment lifts", adjustment.exempt


def _listed(lifted: tuple[str, ...], names: set[str]) -> str:
    return ", ".join(sorted(names & set(lifted))) if lifted else "every rule"


def _names(device: str, user: str) -> frozenset[str]:
    return frozenset({exemption_key("device", device), *([exemption_key("student", user)] if user else ())})


# ── what was typed ──────────────────────────────────────────────────────────────────────────────────────────────────


def lines_of(text: str) -> tuple[str, ...]:
    """Return the applications or sites of a text, one a line or separated by commas, each once."""
    entries = (plain(entry, LINE).strip() for line in text.splitlines() for entry in line.split(","))
    return tuple(dict.fromkeys(entry for entry in entries if entry))


# ── which laptops are ready ─────────────────────────────────────────────────────────────────────────────────────────


class Readiness(StrEnum):
    """Whether an assessment can start on a laptop now."""

    READY = "ready"
    LIMITED = "limited"
    MISSING = "missing"
    UNABLE = "unable"


@dataclass(frozen=True)
class Ready:
    """Whether, and in sentences what is in the way or cannot be held."""

    readiness: Readiness
    words: tuple[str, ...] = ()

    @property
    def can_start(self) -> bool:
        """Whether a start would reach it."""
        return self.readiness in (Readiness.READY, Readiness.LIMITED)


def readiness(student: Student, facts: RulesFacts | None, policy: Policy, rules: str, only: str = "") -> Ready:
    """Return whether this laptop can hold an assessment under a rule set; `facts` are its own on its rules."""
    if not student.linked:
        return Ready(Readiness.MISSING, (student.why or _ABSENT.get(student.presence, "It is not connected."),))
    if Right.ASSESS not in student.may:
        return Ready(
            Readiness.UNABLE, ("It lets you in for an ordinary lesson only: its policy or your role is older.",)
        )
    unheld = tuple(f"{name}: {why}" for name, why in _unheld(facts, policy, rules, only))
    return Ready(Readiness.LIMITED if unheld else Readiness.READY, unheld)


_ABSENT: Final = {
    Presence.EXPECTED: "It has not been seen in this lesson.",
    Presence.CONNECTING: "It is just connecting.",
    Presence.MISSING: "It has gone.",
    Presence.RECONNECTING: "It is reconnecting.",
}


def _unheld(facts: RulesFacts | None, policy: Policy, rules: str, only: str) -> Iterator[tuple[str, str]]:
    """Return what of a rule set a laptop cannot enforce, and why.

    A laptop tells it of the rules in force, which before the start are the lesson's: a rule of the assessment that
    looks at the same thing meets the same limit.
    """
    if facts is None:
        return
    named = {rule.name: rule.subject for one in policy.rules.values() for rule in one.rules}
    why_of = {named.get(unheld.rule, unheld.rule): unheld.why for unheld in facts.unheld}
    for rule in policy.rule_set(rules).rules:
        if rule.subject in why_of:
            yield rule.name, why_of[rule.subject]
    if only and "application" in why_of:
        yield f"only {only}", why_of["application"]
