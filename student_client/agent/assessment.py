"""One assessment on this device, from its start to its own end, which needs neither tutor nor network. Pure."""

import hashlib
import math
from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import (
    AssessmentFacts,
    AssessmentTerms,
    Changeable,
    ChangeRule,
    Id,
    Line,
    Name,
    PauseAssessment,
    Slug,
    Time,
    Value,
    Verb,
)
from protocol.policy.document import Policy, exemption_key
from protocol.policy.hours import college_hours
from protocol.policy.permit import CLOCK_TOLERANCE, Permit, may_apply
from protocol.policy.rules import Change, RulesLease
from student_client.agent.leases import LeaseRefused
from student_client.agent.lesson_leases import LONGEST, MOST_CHANGES, changed
from student_client.local import PanelAssessment

Lines = Annotated[tuple[Line, ...], Meta(max_length=32)]
_ROUNDING: Final = 1.0  # seconds; ends are made by adding up times of two machines


class Assessment(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stored of it; the secret of its release codes is not here.

    While paused (`paused_at`) the time stands still: the end moves along, but never past `latest`, the college's
    closing time when it started. `stood` is for how long it stood still before. `released_at`: it holds no longer.
    """

    id: Id
    name: Name
    rules: Slug
    by: Name
    staff: Name
    starts_at: Time
    ends_at: Time
    latest: Time
    only: Line = ""
    allow_sites: Lines = ()
    allow_applications: Lines = ()
    paused_at: Time = 0.0
    stood: Time = 0.0
    released_at: Time = 0.0
    monitors: Annotated[int, Meta(ge=0, le=16)] = 0
    changes: Annotated[tuple[Change, ...], Meta(max_length=MOST_CHANGES)] = ()

    def until(self, now: float) -> float:
        """Return when it ends by itself, as things are."""
        stands = now - self.paused_at if self.paused_at else 0.0
        return min(self.ends_at + stands, self.latest)

    def holds(self, now: float) -> bool:
        """Whether its rules are in force."""
        return not self.released_at and now < self.until(now)

    def is_over(self, now: float) -> bool:
        """Whether its time is over, released before or not."""
        return now >= self.until(now)

    def moved(self, ends_at: float, policy: Policy, extra: float) -> "Assessment":
        """Return it with another end; raises LeaseRefused."""
        self._must_hold()
        _check_length(ends_at - self.starts_at - self.stood, policy, extra)
        return replace(self, ends_at=_not_past(ends_at, self.latest))

    def paused(self, order: PauseAssessment, now: float) -> "Assessment":
        """Return it standing still, or going on, with the end of `order`; either twice is once. Raises LeaseRefused."""
        self._must_hold()
        if not order.paused and not self.paused_at:
            return self
        stands_since = self.paused_at or now
        if order.ends_at <= (stands_since if order.paused else now):
            raise LeaseRefused("The end given for the assessment has passed already.")
        ends_at = _not_past(order.ends_at, self.latest)
        if order.paused:
            return replace(self, paused_at=stands_since, ends_at=ends_at)
        return replace(self, paused_at=0.0, stood=self.stood + now - self.paused_at, ends_at=ends_at)

    def released(self, now: float) -> "Assessment":
        """Return it without force on this device; twice is once."""
        return self if self.released_at else replace(self, released_at=now, paused_at=0.0)

    def with_change(self, change: ChangeRule, permit: Permit, now: float) -> "Assessment":
        """Allow or block something, never beyond the end; raises LeaseRefused."""
        until = min(now + change.lease, self.until(now))
        return replace(self, changes=changed(self.changes, change, permit, until))

    def without_change(self, identifier: str) -> "Assessment":
        """End a change, whoever made it."""
        return replace(self, changes=tuple(one for one in self.changes if one.id != identifier))

    def at(self, now: float) -> "Assessment":
        """Return it without the changes that are over."""
        if all(change.until > now for change in self.changes):
            return self
        return replace(self, changes=tuple(one for one in self.changes if one.until > now))

    def lease(self, device: str, user: str, now: float) -> RulesLease:
        """Return the rules it holds the device to: its set, what it allows besides, and what was changed since."""
        until = self.until(now)
        allowed = (
            *_allowing(self, Changeable.SITE, self.allow_sites, until),
            *_allowing(self, Changeable.APPLICATION, self.allow_applications, until),
        )
        return RulesLease(
            lesson=self.id,
            rules=self.rules,
            by=self.by,
            device=device,
            user=user,
            until=until,
            assessment=True,
            only=self.only,
            changes=(*allowed, *self.changes)[-MOST_CHANGES:],  # what was changed since counts most
        )

    @property
    def facts(self) -> AssessmentFacts:
        """What an invigilator is told, so that a second one can take over."""
        return AssessmentFacts(
            id=self.id,
            name=self.name,
            rules=self.rules,
            by=self.by,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            paused_at=self.paused_at,
            released_at=self.released_at,
        )

    @property
    def panel(self) -> PanelAssessment:
        """What the student reads of it."""
        return PanelAssessment(
            name=self.name,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            paused=bool(self.paused_at),
            only=self.only,
        )

    def _must_hold(self) -> None:
        if self.released_at:
            raise LeaseRefused("The assessment has been ended on this laptop already.")


def started(terms: AssessmentTerms, permit: Permit, policy: Policy, extra: float, now: float) -> Assessment:
    """Return an assessment that begins; `extra` is this device's share of extra time. Raises LeaseRefused."""
    _check_rules(terms, permit, policy, now)
    if terms.starts_at > now + CLOCK_TOLERANCE:
        raise LeaseRefused("The assessment has not begun yet.")
    if terms.ends_at <= max(now, terms.starts_at):
        raise LeaseRefused("The assessment's end has passed already.")
    _check_length(terms.ends_at - terms.starts_at, policy, extra)
    latest = min(college_hours(policy, now).until or now + LONGEST, now + LONGEST)
    return Assessment(
        id=terms.id,
        name=terms.name,
        rules=terms.rules,
        by=permit.tutor.name,
        staff=permit.tutor.id,
        starts_at=terms.starts_at,
        ends_at=_not_past(terms.ends_at, latest),
        latest=latest,
        only=terms.only,
        allow_sites=terms.allow_sites,
        allow_applications=terms.allow_applications,
    )


def extra_time(policy: Policy, device: str, user: str) -> float:
    """Return the share of extra time this device or its user is given: 0.25 for a quarter."""
    keys = {exemption_key("device", device), exemption_key("student", user)}
    return max((one.extra_time_percent for one in policy.adjustments if one.who in keys), default=0) / 100


def write_assessment(assessment: Assessment) -> bytes:
    """Return what is stored of it."""
    return json.encode(assessment)


def read_assessment(data: bytes | None, now: float) -> Assessment | None:
    """Return the stored one, None where there is none; raises ValueError where it is damaged.

    `now` comes from a clock that never falls. None holds longer than one can be given, whatever the file says.
    """
    if not data:
        return None
    try:
        stored = json.decode(data, type=Assessment)
    except (DecodeError, UnicodeDecodeError) as error:
        raise ValueError("the stored assessment cannot be read") from error
    return stored if stored.latest <= now + LONGEST else None


def _check_rules(terms: AssessmentTerms, permit: Permit, policy: Policy, now: float) -> None:
    rule_set = policy.rules.get(terms.rules)
    if rule_set is None or not rule_set.is_assessment:
        raise LeaseRefused(f"The college's policy has no rules for assessments called “{terms.rules}”.")
    if refusal := may_apply(policy, permit.tutor.role, terms.rules, now):
        raise LeaseRefused(refusal)
    if len(terms.allow_sites) + len(terms.allow_applications) > MOST_CHANGES:
        raise LeaseRefused(f"An assessment can allow {MOST_CHANGES} sites and programs at most.")


def _check_length(length: float, policy: Policy, extra: float) -> None:
    longest = math.ceil(policy.lesson.longest * (1 + extra) / 60) * 60  # extra time is given in whole minutes
    if length > longest + _ROUNDING:
        share = f", and {extra:.0%} more on this laptop" if extra else ""
        raise LeaseRefused(f"An assessment may last {policy.lesson.longest_minutes} minutes at most{share}.")


def _not_past(ends_at: float, latest: float) -> float:
    if ends_at > latest + _ROUNDING:
        raise LeaseRefused("The assessment would end after college hours.")
    return min(ends_at, latest)


def _allowing(one: Assessment, subject: Changeable, values: Iterable[str], until: float) -> Iterable[Change]:
    for value in values:
        # Not a secret, only a name that stays the same: as long as any other id.
        identifier = hashlib.sha256(f"{one.id}\0{subject}\0{value}".encode()).hexdigest()[:32]
        yield Change(id=identifier, by=one.by, verb=Verb.ALLOW, subject=subject, value=value, until=until)
