"""What a policy says of one moment, and why: term, hours, timetable, rule set, and every rule or what lifts it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from protocol.policy.document import Policy, exemption_key
from protocol.policy.facts import Facts
from protocol.policy.hours import college_hours, day_off, term_on
from protocol.policy.rules import Held, RulesLease, decide, rules_in_force
from protocol.policy.timetable import TimetableEntry, lessons_now
from protocol.policy.words import moment_in_words

_NOBODY: Final = "0" * 32


@dataclass(frozen=True)
class Question:
    """When (Unix seconds), for which group, under which rule set, and for whom."""

    at: float
    group: str = ""
    rules: str = "lesson"
    device: str = ""
    student: str = ""


@dataclass(frozen=True)
class Explained:
    """One ground of the answer, and what it says."""

    what: str
    words: str


@dataclass(frozen=True)
class ExplainedRule:
    """One rule: whether it holds, what the student reads, why it holds or what lifts it."""

    rule: str
    holds: bool
    sentence: str
    why: str


@dataclass(frozen=True)
class Explanation:
    """The whole answer; `lesson` says whether a lesson can be held at all."""

    at: str
    lesson: bool
    lines: tuple[Explained, ...]
    rules: tuple[ExplainedRule, ...]


def explain(policy: Policy, timetable: tuple[TimetableEntry, ...], asked: Question) -> Explanation:
    """Return what holds, and why. Outside college hours there is no lesson: only what always holds does then."""
    zone, hours = ZoneInfo(policy.college.timezone), college_hours(policy, asked.at)
    until = f" Open until {moment_in_words(hours.until, zone)}." if hours.is_open and hours.until else ""
    rule_set = policy.rules[asked.rules] if hours.is_open else None
    words = f"“{rule_set.title}”" if rule_set else "No lesson can be held: only what always holds."
    lease = _lease(asked) if rule_set else None
    found = decide(policy, lease, Facts(), asked.at, device=asked.device, user=asked.student)
    always = {rule.name for rule in rules_in_force(policy, rule_set) if rule.always}
    return Explanation(
        at=moment_in_words(asked.at, zone),
        lesson=hours.is_open,
        lines=(
            Explained("Moment", moment_in_words(asked.at, zone)),
            Explained("Term", _term(policy, asked.at, zone)),
            Explained("Hours", hours.words + until),
            Explained("Timetable", _timetable(policy, timetable, asked)),
            Explained("Rules", words),
        ),
        rules=tuple(_rule(policy, held, held.rule in always, asked) for held in found.held),
    )


def as_json(found: Explanation) -> str:
    """Return an explanation as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(asdict(found)), indent=2).decode()


def _lease(asked: Question) -> RulesLease:
    device, user = asked.device or "-", asked.student
    return RulesLease(lesson=_NOBODY, rules=asked.rules, by="-", device=device, user=user, until=asked.at + 1)


def _term(policy: Policy, at: float, zone: ZoneInfo) -> str:
    if not policy.terms and not policy.days_off:
        return "The policy names no terms: its hours hold all the year."
    day = datetime.fromtimestamp(at, zone).date()
    term = term_on(policy, day)
    return f"{term or 'Between terms'}, closed: {off}." if (off := day_off(policy, day)) else f"{term or 'All year'}."


def _timetable(policy: Policy, timetable: tuple[TimetableEntry, ...], asked: Question) -> str:
    if not timetable:
        return "There is none."
    found = lessons_now(policy, timetable, asked.at, group=asked.group)
    whose = f" for {asked.group}" if asked.group else ""
    rows = (
        f"{entry.name}, {entry.group}, {entry.tutor or 'no tutor'}, {entry.room or 'no room'} ({entry.when})"
        for entry, _ in found
    )
    return "; ".join(rows) or f"No lesson{whose} now."


def _rule(policy: Policy, held: Held, always: bool, asked: Question) -> ExplainedRule:
    why = held.lifted_by or ("Holds at all times." if always else "Held by the rule set.")
    if held.lifted_by:
        why = " ".join((why, *_reasons(policy, held.rule, asked)))
    return ExplainedRule(held.rule, not held.lifted_by, held.sentence, why)


def _reasons(policy: Policy, rule: str, asked: Question) -> tuple[str, ...]:
    # Only the college's own folder has them; a published policy does not.
    names = {exemption_key("device", asked.device), exemption_key("student", asked.student)}
    return tuple(
        f"{one.reason} (agreed by {', '.join(one.approved_by)})"
        for one in policy.exceptions
        if one.who in names
        and one.starts_at <= asked.at < one.ends_at
        and rule in (one.rules or (rule,))
        and one.reason
    )
