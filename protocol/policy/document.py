"""The college's policy as values: what `policy.toml` says once it was read, and what travels inside a bundle."""

from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final

from msgspec import Meta
from msgspec.structs import replace

from protocol.messages import Line, Name, Paragraph, Right, Sentence, Slug, Time, Value
from protocol.policy.rule import Rule
from protocol.role import Role

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY: Final = 24 * 60  # minutes
DEFAULT_RULES: Final = "lesson"  # every policy has this rule set; parse_policy sees to it
# PROTOCOL.md §4: a DSL and a manager hold no lessons, whatever a policy says.
ROLE_LIMITS: Final = {Role.TUTOR: frozenset(Right) - {Right.ASSESS}, Role.INVIGILATOR: frozenset(Right)}

OpeningMinute = Annotated[int, Meta(ge=0, lt=DAY)]
ClosingMinute = Annotated[int, Meta(gt=0, lt=2 * DAY)]  # beyond DAY: closes on the next day
IsoDay = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Days = Annotated[int, Meta(ge=1, le=3660)]


class Route(StrEnum):
    """To whom a flag of a category goes."""

    TUTOR = "tutor"
    DSL = "dsl"
    HEAD = "head"


class CollegeDetails(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose policy this is. `timezone` is an IANA name; the college's hours are in it."""

    name: Name
    timezone: Line
    report_abuse_url: Line


class Span(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stretch of open hours in minutes after the day's midnight, by the clock on the wall."""

    opens: OpeningMinute
    closes: ClosingMinute


class LessonLimits(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no lesson may exceed, and how it begins."""

    longest_minutes: Annotated[int, Meta(ge=1, le=DAY)]
    lease_seconds: Annotated[int, Meta(ge=10, le=600)]
    tile_interval_ms: Annotated[int, Meta(ge=100, le=60_000)]

    @property
    def longest(self) -> int:
        """The longest lesson in seconds."""
        return self.longest_minutes * 60


class Term(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term, from its first day to its last, both as ISO dates ("2026-09-01") in the college's zone."""

    name: Name
    starts: IsoDay
    ends: IsoDay


class DayOff(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days within a term on which the college is closed, the first and the last as in `Term`: "half term"."""

    name: Name
    starts: IsoDay
    ends: IsoDay


class RuleSet(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set of rules a lesson may be held under.

    `sentences` are what the student reads besides the sentences of `rules`: what people hold, not machines; `plainly`
    the same for one who needs it plainer (none where they are plain enough). `roles` may apply it.
    """

    title: Line
    sentences: Annotated[tuple[Sentence, ...], Meta(max_length=20)]
    rules: Annotated[tuple[Rule, ...], Meta(max_length=24)] = ()
    roles: Annotated[tuple[Role, ...], Meta(max_length=8)] = (Role.TUTOR, Role.INVIGILATOR)
    is_break: bool = False
    is_assessment: bool = False
    plainly: Annotated[tuple[Sentence, ...], Meta(max_length=20)] = ()


class Exemption(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that do not hold for one student or device for a time; `rules` are rules' names, () all of them.

    `who` is what `exemption_key` returns. `reason` and `approved_by` stay in the college's folder: what is published
    has them empty, for every laptop can read what is published.
    """

    who: Line
    rules: Annotated[tuple[Slug, ...], Meta(max_length=24)]
    starts_at: Time
    ends_at: Time
    reason: Sentence = ""
    approved_by: Annotated[tuple[Name, ...], Meta(max_length=8)] = ()


class Adjustment(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a learner needs at all times: rules that do not hold, extra time in assessments, plainer sentences."""

    who: Line
    exempt: Annotated[tuple[Slug, ...], Meta(max_length=24)] = ()
    extra_time_percent: Annotated[int, Meta(ge=0, le=200)] = 0
    plain_language: bool = False


class StudentTexts(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the student's panel says, one sentence or paragraph a line."""

    why: Paragraph
    what_can_be_seen: Annotated[tuple[Sentence, ...], Meta(max_length=20)]
    what_cannot_be_seen: Annotated[tuple[Sentence, ...], Meta(max_length=20)]
    who_can_help: Annotated[tuple[Sentence, ...], Meta(max_length=20)]


class FlagCategory(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One category of flags. `picture` is whether the tile may be kept with it; `advice` says what to do."""

    label: Line
    route: Route
    picture: bool
    advice: Paragraph = ""


class Retention(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days records are kept."""

    lessons: Days
    attendance: Days
    flags: Days
    concerns: Days
    receipts: Days


class Policy(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole policy. `hours` has seven entries, Monday first; `staff` limits a person (by id) to groups."""

    college: CollegeDetails
    hours: Annotated[tuple[tuple[Span, ...], ...], Meta(min_length=7, max_length=7)]
    lesson: LessonLimits
    roles: dict[Role, tuple[Right, ...]]
    staff: dict[str, tuple[Name, ...]]
    rules: dict[Slug, RuleSet]
    student: StudentTexts
    flags: dict[Slug, FlagCategory]
    retention: Retention
    terms: Annotated[tuple[Term, ...], Meta(max_length=40)] = ()
    days_off: Annotated[tuple[DayOff, ...], Meta(max_length=100)] = ()
    networks: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()  # the college's own, in CIDR notation
    checklist: Annotated[tuple[Line, ...], Meta(max_length=20)] = ()  # before an assessment; empty: the first policy's
    exceptions: Annotated[tuple[Exemption, ...], Meta(max_length=2000)] = ()
    adjustments: Annotated[tuple[Adjustment, ...], Meta(max_length=2000)] = ()

    def rights(self, role: Role) -> tuple[Right, ...]:
        """What a role may do: what the policy gives it, and never more than ROLE_LIMITS."""
        return tuple(right for right in self.roles.get(role, ()) if right in ROLE_LIMITS.get(role, ()))

    def rule_set(self, name: str) -> RuleSet:
        """Return the rules of that name, or those of an ordinary lesson where the policy has none of that name."""
        return self.rules.get(name) or self.rules[DEFAULT_RULES]


def for_publication(policy: Policy, now: float) -> Policy:
    """Return what every laptop may read of a policy: exceptions without reason and approvers, and none that is over."""
    left = (one for one in policy.exceptions if now < one.ends_at)
    return replace(policy, exceptions=tuple(replace(one, reason="", approved_by=()) for one in left))


def exemption_key(kind: str, name: str) -> str:
    """Return how a published policy names a "device" (by id) or "student" (by login): opaque, so that no laptop can

    list who is exempt by reading its own policy. A name that can be guessed can still be tried; docs/policy.md says so.
    """
    return sha256(f"lessonlight exemption\0{kind}\0{name.strip().casefold()}".encode()).hexdigest()[:32]


def same_group(one: str, other: str) -> bool:
    """Whether two names mean one group: people write 10B, 10b and " 10B"."""
    return one.strip().casefold() == other.strip().casefold()
