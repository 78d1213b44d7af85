"""decide(): what a laptop's rules say of its facts, and why. Pure and total; every decision explains itself.

What wins over what: the desktop's own and assistive tools are never touched · a rule that always holds yields to
exceptions and adjustments only · a tutor's change wins over the set · of a tutor's changes the latest wins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

from protocol.messages import Changeable, Id, Line, Name, Slug, Time, Value, Verb
from protocol.policy.breaches import Thing, foreign, grouped, programs_against, things, touchable
from protocol.policy.document import DEFAULT_RULES, Policy, RuleSet, exemption_key
from protocol.policy.facts import Facts, Program
from protocol.policy.match import matches
from protocol.policy.rule import Do, Rule, Subject
from protocol.policy.sites import Sites
from protocol.policy.words import moment_in_words
from protocol.text import plain

ONE_APPLICATION: Final = "one-application"  # the rule of an assessment that is locked to one
BLOCKED_BY_TUTOR: Final = "blocked-by-tutor"
MOST_SENTENCES: Final = 32  # as many as the student's panel takes
MOST_ALLOWED: Final = 64
_OWN_GRACE: Final = 15  # seconds to save one's work, as in rules that say nothing else
_OFF_TASK: Final = "off-task"
_DISHONESTY: Final = "academic-dishonesty"


class Change(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tutor's change of the rules for this device: a lease that ends by itself."""

    id: Id
    by: Name
    verb: Verb
    subject: Changeable
    value: Line
    until: Time


class RulesLease(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule set in force on one device: by a lesson's permit, or by an assessment, whose end holds by itself.

    `only` is the one application an assessment is locked to, or "". `device` and `user` are whom exceptions name.
    Of `changes` that contradict each other the last in the tuple wins.
    """

    lesson: Id
    rules: Slug
    by: Name
    device: Name
    user: Line
    until: Time
    assessment: bool = False
    only: Line = ""
    changes: Annotated[tuple[Change, ...], Meta(max_length=64)] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule broken by the facts: which, by what (`key` is the same while it is the same thing), what to do about it.

    `sentence` is what the student reads, `detail` names the thing for people, `pids` the processes to be closed.
    """

    rule: str
    key: str
    do: frozenset[Do]
    sentence: str
    detail: str
    category: str
    grace: int = 0
    pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WebRules:
    """What every browser is held to. Sites are "host" or "host/path", without a scheme; a host covers its subdomains.

    `only` None: everything but `blocked` and the sites of `categories`; else nothing but `only`. `allowed` wins over
    `blocked` and `categories`. What is `blocked` within a wider site of `only` stays blocked.
    """

    blocked: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is blocked."""
        return self.only is None and not self.blocked and not self.categories


@dataclass(frozen=True, slots=True)
class Held:
    """A rule of the set in force, or why it does not hold now: the exception or adjustment that lifts it."""

    rule: str
    sentence: str
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds now and what breaks it. `sentences` and `allowed` are what the student's panel lists."""

    broken: tuple[Decision, ...] = ()
    web: WebRules = WebRules()
    block_usb_storage: bool = False
    switch_bluetooth_off: bool = False
    held: tuple[Held, ...] = ()
    sentences: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


def decide(
    policy: Policy, lease: RulesLease | None, facts: Facts, now: float, *, device: str = "", user: str = ""
) -> Decisions:
    """Return what the policy's rules say of these facts at this moment (Unix seconds).

    Without a lease, or with one that is over, only rules marked `always` hold; `device` and `user` say then whom
    exceptions name, where no lease does.
    """
    whose = (lease.device, lease.user) if lease else (device, user)
    lease = lease if lease and now < lease.until else None
    ground = _Ground(policy, lease, facts, now, _Lifts(policy, *whose, now))
    return Decisions(
        broken=tuple(
            chain(*(_broken(rule, ground) for rule in ground.holding), _blocked(ground), _not_the_one(ground))
        ),
        web=_web(ground),
        block_usb_storage=any(_blocks(rule, Subject.USB_STORAGE) for rule in ground.holding),
        switch_bluetooth_off=any(_blocks(rule, Subject.BLUETOOTH) for rule in ground.holding),
        held=tuple(Held(rule.name, ground.sentence(rule), ground.lifts.by(rule.name)) for rule in ground.rules),
        sentences=tuple(dict.fromkeys(filter(None, _sentences(ground))))[:MOST_SENTENCES],
        allowed=tuple(dict.fromkeys(filter(None, _allowed(ground))))[:MOST_ALLOWED],
    )


def rules_in_force(policy: Policy, rule_set: RuleSet | None) -> tuple[Rule, ...]:
    """Return the rules of a set and all that always hold, each name once; the set's own come first."""
    every = chain(rule_set.rules if rule_set else (), *(one.rules for one in policy.rules.values()))
    found: dict[str, Rule] = {}
    for rule in every:
        if rule.always or (rule_set and rule in rule_set.rules):
            found.setdefault(rule.name, rule)
    return tuple(found.values())


class _Lifts:
    """What lifts which rule for one student and device at one moment."""

    def __init__(self, policy: Policy, device: str, user: str, now: float) -> None:
        names = {exemption_key(kind, name) for kind, name in (("device", device), ("student", user)) if name.strip()}
        zone = ZoneInfo(policy.college.timezone)
        self.plain_language = False
        self._all = ""
        self._rules: dict[str, str] = {}
        for needs in policy.adjustments:
            if needs.who in names:
                self.plain_language |= needs.plain_language
                self._rules |= dict.fromkeys(needs.exempt, "An adjustment for this student.")
        for one in policy.exceptions:
            if one.who in names and one.starts_at <= now < one.ends_at:
                words = f"An exception until {moment_in_words(one.ends_at, zone)}."
                self._all = self._all if one.rules else words
                self._rules |= dict.fromkeys(one.rules, words)

    def by(self, rule: str) -> str:
        """What lifts the rule of that name, in words; "" where it holds."""
        return self._rules.get(rule, "") or self._all


class _Ground:
    """What one decision stands on.

    `rules` are the set's and those that always hold, `holding` those of them that nothing lifts; `changes` the tutor's
    that are in force, the latest first.
    """

    def __init__(self, policy: Policy, lease: RulesLease | None, facts: Facts, now: float, lifts: _Lifts) -> None:
        self.policy, self.lease, self.facts, self.lifts = policy, lease, facts, lifts
        self.rule_set = policy.rules.get(lease.rules, policy.rules.get(DEFAULT_RULES)) if lease else None
        self.rules = rules_in_force(policy, self.rule_set)
        self.holding = tuple(rule for rule in self.rules if not lifts.by(rule.name))
        live = (change for change in lease.changes if now < change.until) if lease else ()
        self.changes = tuple(live)[::-1]

    def sentence(self, rule: Rule) -> str:
        """What this student reads of a rule."""
        return (self.lifts.plain_language and rule.plainly) or rule.sentence

    def changed(self, program: Program) -> Change | None:
        """The latest change of the tutor's that names this program."""
        of = (change for change in self.changes if change.subject is Changeable.APPLICATION)
        return next((change for change in of if matches(program, (change.value,))), None)

    def is_allowed(self, program: Program) -> bool:
        """Whether the tutor has allowed this program, and not blocked it since."""
        change = self.changed(program)
        return change is not None and change.verb is Verb.ALLOW

    def category(self, name: str) -> str:
        """A flag category for what no rule of the policy names one for; its first where it does not have this one."""
        return name if name in self.policy.flags else next(iter(self.policy.flags), _OFF_TASK)


def _broken(rule: Rule, ground: _Ground) -> Iterator[Decision]:
    found = things(rule, ground.facts)
    if rule.subject is Subject.APPLICATION:
        against = programs_against(rule, ground.facts)
        found = grouped(one for one in against if rule.always or not ground.is_allowed(one))
    for thing in found:
        yield Decision(
            rule=rule.name,
            key=f"{rule.name}:{thing.key}",
            do=frozenset(rule.do),
            sentence=ground.sentence(rule),
            detail=thing.detail,
            category=rule.category,
            grace=rule.grace,
            pids=thing.pids,
        )


def _blocked(ground: _Ground) -> Iterator[Decision]:
    by: dict[Change, list[Program]] = {}
    for program in touchable(ground.facts):
        change = ground.changed(program)
        if change and change.verb is Verb.BLOCK:
            by.setdefault(change, []).append(program)
    for change, programs in by.items():
        do = frozenset({Do.TELL, Do.CLOSE})
        for thing in grouped(programs):
            yield _own(BLOCKED_BY_TUTOR, thing, do, _blocked_sentence(change), ground.category(_OFF_TASK))


def _not_the_one(ground: _Ground) -> Iterator[Decision]:
    if not ground.lease or not ground.lease.only:
        return
    only = ground.lease.only
    sentence = f"Only {_shown(only)} may be used now."
    do = frozenset({Do.TELL, Do.FLAG, Do.CLOSE})
    programs = (one for one in foreign(ground.facts, (only,)) if not ground.is_allowed(one))
    for thing in grouped(programs):
        yield _own(ONE_APPLICATION, thing, do, sentence, ground.category(_DISHONESTY))


def _own(rule: str, thing: Thing, do: frozenset[Do], sentence: str, category: str) -> Decision:
    return Decision(rule, f"{rule}:{thing.key}", do, sentence, thing.detail, category, _OWN_GRACE, thing.pids)


def _web(ground: _Ground) -> WebRules:
    sites = Sites()
    for rule in ground.rules:
        if _blocks(rule, Subject.SITE):  # lifted ones too: an exception never blocks what was free before
            sites.except_for(rule)
    holding = [rule for rule in ground.holding if _blocks(rule, Subject.SITE)]
    for rule in holding:
        if not rule.always:
            sites.hold(rule)
    for change in reversed(ground.changes):
        if change.subject is Changeable.SITE:
            (sites.allow if change.verb is Verb.ALLOW else sites.block)(change.value)
    for rule in holding:
        if rule.always:
            sites.hold(rule)
    return WebRules(tuple(sites.blocked), tuple(sites.categories), tuple(sites.allowed), sites.only)


def _blocks(rule: Rule, subject: Subject) -> bool:
    return rule.subject is subject and Do.BLOCK in rule.do


def _sentences(ground: _Ground) -> Iterator[str]:
    if ground.lease and ground.lease.only:
        yield f"Only {_shown(ground.lease.only)} may be used now."
    yield from (_blocked_sentence(change) for change in _effective(ground.changes) if change.verb is Verb.BLOCK)
    if ground.rule_set:
        yield from (ground.lifts.plain_language and ground.rule_set.plainly) or ground.rule_set.sentences
    yield from (ground.sentence(rule) for rule in ground.holding)


def _allowed(ground: _Ground) -> Iterator[str]:
    if ground.lease and ground.lease.only:
        yield _shown(ground.lease.only)
    yield from (change.value for change in _effective(ground.changes) if change.verb is Verb.ALLOW)
    for rule in ground.holding:
        if rule.is_not and not rule.is_ and rule.subject in {Subject.APPLICATION, Subject.SITE}:
            yield from map(_shown, rule.is_not)


def _effective(changes: Iterable[Change]) -> tuple[Change, ...]:
    latest: dict[tuple[Changeable, str], Change] = {}
    for change in changes:
        latest.setdefault((change.subject, change.value.strip().casefold()), change)
    return tuple(latest.values())


def _blocked_sentence(change: Change) -> str:
    return plain(f"{change.by} has blocked {_shown(change.value)} for now.", 280)


def _shown(pattern: str) -> str:
    return pattern.strip().removesuffix(".exe").strip("*")
