"""The device's decision on a permit: who, what, until when. Pure; the device's clock and policy are arguments."""

import math
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from protocol.identity import Identity
from protocol.messages import LessonTerms, Reason, Right
from protocol.policy.document import Policy, same_group
from protocol.policy.hours import college_hours
from protocol.role import Role

CLOCK_TOLERANCE: Final = 300  # seconds a lesson may seem to begin in the future: two clocks never agree


@dataclass(frozen=True)
class Permit:
    """What the device has accepted: the lesson (its id), who, until when, and what they may do."""

    lesson: str
    tutor: Identity
    until: float
    may: tuple[Right, ...]


@dataclass(frozen=True)
class Refusal:
    """Why not; `detail` is a sentence for the tutor."""

    reason: Reason
    detail: str


def decide_permit(  # noqa: PLR0917 - these six are all a permit depends on
    policy: Policy, deny: AbstractSet[str], staff: Identity, device_group: str, lesson: LessonTerms, now: float
) -> Permit | Refusal:
    """Return the permit, or the first reason against it in the order of this module's checks.

    It ends with the lesson, at closing time, after the longest lesson from now, or with the person's certificate,
    whichever comes first.
    """
    request = _Request(policy, deny, staff, device_group, lesson, now)
    refusal = next((refusal for check in _CHECKS for refusal in check(request)), None)
    if refusal:
        return refusal
    closing = college_hours(policy, now).until
    until = min(lesson.ends_at, closing or math.inf, now + policy.lesson.longest, staff.expires_at)
    return Permit(lesson.id, staff, until, policy.rights(staff.role))


def may_apply(policy: Policy, role: Role, rules: str, now: float) -> str:
    """Return why this role may not hold a lesson under a rule set at this moment, in a sentence; "" if it may."""
    hours = college_hours(policy, now)
    return why_not(policy, role, rules) or ("" if hours.is_open else hours.words[:280])


def why_not(policy: Policy, role: Role, rules: str) -> str:
    """Return why this role may not hold lessons under a rule set at any time, in a sentence; "" if it may."""
    rule_set = policy.rules.get(rules)
    if not rule_set:
        return f"The college's policy has no rules called “{rules}”."
    if role in rule_set.roles and (Right.ASSESS in policy.rights(role) or not rule_set.is_assessment):
        return ""
    who = " or ".join(sorted(one.value for one in rule_set.roles)) or "nobody"
    return f"The rules “{rule_set.title}” may be applied by: {who}; not by a {role.value}."[:280]


@dataclass(frozen=True)
class _Request:
    policy: Policy
    deny: AbstractSet[str]
    staff: Identity
    device_group: str
    lesson: LessonTerms
    now: float


def _person(request: _Request) -> Iterator[Refusal]:
    staff = request.staff
    if not staff.is_staff:
        yield Refusal(Reason.NOT_STAFF, "Only a member of staff may ask for a lesson.")
    if staff.serial in request.deny:
        yield Refusal(Reason.REVOKED, "This identity has been revoked. Ask the network manager for a new one.")
    if request.now > staff.expires_at:
        yield Refusal(Reason.EXPIRED, "This identity has expired. Ask the network manager for a new one.")
    if not request.policy.rights(staff.role):
        yield Refusal(Reason.ROLE, f"The college's policy does not let the role “{staff.role}” hold lessons.")
    if refusal := why_not(request.policy, staff.role, request.lesson.rules):
        yield Refusal(Reason.ROLE, refusal)


def _group(request: _Request) -> Iterator[Refusal]:
    group, own = request.lesson.group, request.policy.staff.get(request.staff.id)
    if own is not None and not any(same_group(group, one) for one in own):
        yield Refusal(Reason.NOT_YOUR_GROUP, f"{group} is not one of your groups ({', '.join(own) or 'none'})."[:280])
    if not same_group(group, request.device_group):
        yield Refusal(Reason.OTHER_GROUP, f"This device belongs to {request.device_group}, not to {group}.")


def _time(request: _Request) -> Iterator[Refusal]:
    lesson, now = request.lesson, request.now
    hours = college_hours(request.policy, now)
    if not hours.is_open:
        yield Refusal(Reason.OUTSIDE_HOURS, hours.words[:280])
    if lesson.ends_at - lesson.starts_at > request.policy.lesson.longest:
        longest = request.policy.lesson.longest_minutes
        yield Refusal(Reason.TOO_LONG, f"A lesson may last {longest} minutes at most.")
    if lesson.ends_at <= now:
        yield Refusal(Reason.OVER, "The lesson's end has passed already.")
    if lesson.starts_at > now + CLOCK_TOLERANCE:
        yield Refusal(Reason.NOT_BEGUN, "The lesson has not begun yet.")


_CHECKS: Final[tuple[Callable[[_Request], Iterator[Refusal]], ...]] = (_person, _group, _time)
