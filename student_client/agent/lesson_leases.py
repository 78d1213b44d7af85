"""The rule sets that lessons have put in force on this device: leases that end by themselves. Time is an argument."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import ChangeRule, Id, LessonTerms, Line, Name, Slug, Time, Value
from protocol.policy.document import DAY, Policy
from protocol.policy.permit import Permit, may_apply
from protocol.policy.rules import Change, RulesLease
from protocol.role import Role
from student_client.agent.leases import LeaseRefused

MOST: Final = 16  # lessons; as many as there may be links
PER_PERSON: Final = 2  # lessons of one person, whose link may be gone
MOST_CHANGES: Final = 64  # as RulesLease and Status hold
LONGEST: Final = DAY * 60  # seconds; no policy allows a longer lesson


class HeldLesson(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lesson's rules. `asked` is the set its permit was asked with, `rules` the one that holds now.

    `staff` and `serial` are the person whose lesson it is; `monitors` were there when it began (0: not known yet).
    """

    lesson: Id
    name: Name
    asked: Slug
    rules: Slug
    by: Name
    staff: Name
    serial: Line
    role: Role
    until: Time
    monitors: Annotated[int, Meta(ge=0, le=16)] = 0
    changes: Annotated[tuple[Change, ...], Meta(max_length=MOST_CHANGES)] = ()

    def is_of(self, permit: Permit) -> bool:
        """Whether it is this permit's."""
        return self.lesson == permit.lesson and self.staff == permit.tutor.id


class _Stored(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lessons: Annotated[tuple[HeldLesson, ...], Meta(max_length=MOST)]


@dataclass(frozen=True)
class LessonLeases:
    """Every lesson whose rules are held, the one that counts last."""

    held: tuple[HeldLesson, ...] = ()

    def granted(self, lesson: LessonTerms, permit: Permit) -> "LessonLeases":
        """Put a lesson's rules in force. A permit for the same lesson again keeps what was changed since the first."""
        mine = next((one for one in self.held if one.is_of(permit)), None)
        if mine:
            rules = mine.rules if mine.asked == lesson.rules else lesson.rules
            return self._put(replace(mine, asked=lesson.rules, rules=rules, until=permit.until))
        fresh = HeldLesson(
            lesson=lesson.id,
            name=lesson.name,
            asked=lesson.rules,
            rules=lesson.rules,
            by=permit.tutor.name,
            staff=permit.tutor.id,
            serial=permit.tutor.serial,
            role=permit.tutor.role,
            until=permit.until,
        )
        theirs = [one for one in self.held if one.staff == permit.tutor.id]
        older = theirs[: max(0, len(theirs) + 1 - PER_PERSON)]
        return LessonLeases((*[one for one in self.held if one not in older], fresh)[-MOST:])

    def with_rules(self, permit: Permit, rules: str) -> "LessonLeases":
        """Hold this permit's lesson under another set; the last word counts, so it is the newest from now on."""
        mine = self._of(permit)
        others = tuple(one for one in self.held if one is not mine)
        return LessonLeases((*others, replace(mine, rules=rules)))

    def with_change(self, permit: Permit, change: ChangeRule, now: float) -> "LessonLeases":
        """Allow or block something, never beyond the permit; raises LeaseRefused."""
        mine = self._of(permit)
        until = min(now + change.lease, mine.until, permit.until)
        return self._put(replace(mine, changes=changed(mine.changes, change, permit, until)))

    def without_change(self, identifier: str) -> "LessonLeases":
        """End a change, whoever made it."""
        return LessonLeases(
            tuple(replace(one, changes=tuple(c for c in one.changes if c.id != identifier)) for one in self.held)
        )

    def without(self, permit: Permit, linked: Collection[str] | None = None) -> "LessonLeases":
        """End the rules of this permit's lesson; with `linked`, also this person's other lessons that are not in it.

        A tutor whose program broke down and who began another lesson has nothing left to end the first one with.
        """

        def over(one: HeldLesson) -> bool:
            left_behind = linked is not None and one.staff == permit.tutor.id and one.lesson not in linked
            return one.is_of(permit) or left_behind

        return LessonLeases(tuple(one for one in self.held if not over(one)))

    def narrowed(self, permit: Permit) -> "LessonLeases":
        """End a lesson's rules no later than its permit."""
        return LessonLeases(
            tuple(replace(one, until=min(one.until, permit.until)) if one.is_of(permit) else one for one in self.held)
        )

    def under(self, policy: Policy, deny: frozenset[str], now: float) -> "LessonLeases":
        """Return what a newer policy leaves: nothing of a revoked person, nor a set their role may not apply."""
        return LessonLeases(
            tuple(
                one for one in self.held if one.serial not in deny and not may_apply(policy, one.role, one.rules, now)
            )
        )

    def seeing(self, monitors: int) -> "LessonLeases":
        """Take the number of monitors for those lessons that did not know it when they began."""
        if not monitors or all(one.monitors for one in self.held):
            return self
        return LessonLeases(tuple(one if one.monitors else replace(one, monitors=monitors) for one in self.held))

    def at(self, now: float) -> "LessonLeases":
        """Return what is left at a moment, of lessons and of their changes."""
        if all(one.until > now and all(change.until > now for change in one.changes) for one in self.held):
            return self
        left = (one for one in self.held if one.until > now)
        return LessonLeases(tuple(replace(one, changes=tuple(c for c in one.changes if c.until > now)) for one in left))

    @property
    def newest(self) -> HeldLesson | None:
        """The lesson whose rules hold."""
        return self.held[-1] if self.held else None

    def in_force(self, device: str, user: str) -> RulesLease | None:
        """Return the newest lesson's rules with every tutor's changes."""
        lesson = self.newest
        if lesson is None:
            return None
        changes = tuple(change for one in self.held for change in one.changes)
        return RulesLease(
            lesson=lesson.lesson,
            rules=lesson.rules,
            by=lesson.by,
            device=device,
            user=user,
            until=lesson.until,
            changes=changes[-MOST_CHANGES:],
        )

    def next_end(self) -> float | None:
        """Return when the first lesson or change ends."""
        ends = [one.until for one in self.held] + [change.until for one in self.held for change in one.changes]
        return min(ends, default=None)

    def _of(self, permit: Permit) -> HeldLesson:
        mine = next((one for one in self.held if one.is_of(permit)), None)
        if mine is None:
            raise LeaseRefused("The lesson is over.")
        return mine

    def _put(self, lesson: HeldLesson) -> "LessonLeases":
        same = (lesson.lesson, lesson.staff)
        return LessonLeases(tuple(lesson if (one.lesson, one.staff) == same else one for one in self.held))


def changed(changes: tuple[Change, ...], change: ChangeRule, permit: Permit, until: float) -> tuple[Change, ...]:
    """Return the changes with one more, or with one renewed; raises LeaseRefused."""
    known = next((one for one in changes if one.id == change.id), None)
    if known and known.by != permit.tutor.name:
        raise LeaseRefused(f"This change was made by {known.by}.")
    others = tuple(one for one in changes if one is not known)
    if len(others) >= MOST_CHANGES:
        raise LeaseRefused(f"The rules of this lesson have been changed {MOST_CHANGES} times; end some changes first.")
    made = Change(
        id=change.id,
        by=permit.tutor.name,
        verb=change.verb,
        subject=change.subject,
        value=change.value,
        until=until,
    )
    return (*others, made)


def write_lessons(leases: LessonLeases) -> bytes:
    """Return what is stored of them."""
    return json.encode(_Stored(lessons=leases.held))


def read_lessons(data: bytes | None, now: float) -> LessonLeases:
    """Return what is still in force of what was stored; raises ValueError where it is damaged.

    `now` comes from a clock that never falls. No lease is longer than one can be given, whatever the file says.
    """
    if not data:
        return LessonLeases()
    try:
        stored = json.decode(data, type=_Stored).lessons
    except (DecodeError, UnicodeDecodeError) as error:
        raise ValueError("the stored rules cannot be read") from error
    return LessonLeases(tuple(one for one in stored if one.until <= now + LONGEST)).at(now)
