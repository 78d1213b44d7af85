"""What can be put on record, as frozen values. Times are Unix seconds, durations seconds, ids as in the protocol.

Text is made plain when a value is built (a note that a tutor typed is cleaned, never refused); a number that is not
finite is a ValueError.
"""

import math
import sys
from dataclasses import dataclass, fields
from typing import TypeAlias

from protocol.text import plain


class _Value:
    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # every subclass below is a dataclass
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, plain(value, sys.maxsize, multiline=True))
            elif isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{type(self).__name__}.{field.name} is {value}, not a number that can be stored")


@dataclass(frozen=True, kw_only=True)
class LessonStarted(_Value):
    """A tutor began a lesson; `rules` is the rule set's name in the policy."""

    id: str
    name: str
    group: str
    room: str = ""
    tutor_id: str
    tutor_name: str
    started_at: float
    ends_at: float
    rules: str = "lesson"


@dataclass(frozen=True, kw_only=True)
class LessonEnded(_Value):
    """A lesson ended; of several ends the first one counts."""

    lesson: str
    ended_at: float


@dataclass(frozen=True, kw_only=True)
class Attendance(_Value):
    """All that is known of one device in one lesson at `recorded_at`; a later one replaces an earlier one.

    `expected`: the register has it in the lesson's group. `missing`: why nothing is seen of it, "" while it is seen.
    `seconds_live`: for how long its screen was live, in total. `first_seen_at`, `last_seen_at`: None until seen.
    """

    lesson: str
    device: str
    name: str
    expected: bool
    first_seen_at: float | None = None
    last_seen_at: float | None = None
    seconds_live: float = 0.0
    missing: str = ""
    recorded_at: float


@dataclass(frozen=True, kw_only=True)
class Flagged(_Value):
    """A student's behaviour was noted; `category` is the policy's word, `user` and `host` as the device said them.

    `source` "tutor": staff noted it. "rule": a rule on the student's laptop did; then `rule` is its name, `sentence`
    what the student read, `detail` what it was about, and `by_…` the member of staff whose lesson it was.
    """

    id: str
    lesson: str
    device: str
    student: str
    user: str = ""
    host: str = ""
    category: str
    note: str = ""
    by_id: str
    by_name: str
    at: float
    source: str = "tutor"
    rule: str = ""
    sentence: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class FlagWithdrawn(_Value):
    """The undo of a flag: it stays on record, marked; of several withdrawals the first one counts."""

    flag: str
    at: float
    by_id: str
    by_name: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CommandAsked(_Value):
    """The command `id` went to one device; `action` is the protocol's word, `text` what the student is shown."""

    lesson: str
    device: str
    id: str
    action: str
    text: str = ""
    asked_at: float


@dataclass(frozen=True, kw_only=True)
class CommandAnswered(_Value):
    """The device's outcome of a command ("ok", "refused", "failed"); of several answers the first one counts."""

    lesson: str
    device: str
    id: str
    result: str
    detail: str = ""
    answered_at: float


@dataclass(frozen=True, kw_only=True)
class CommandUnderstood(_Value):
    """The student pressed "Understood" on a message."""

    lesson: str
    device: str
    id: str
    understood_at: float


@dataclass(frozen=True, kw_only=True)
class AssessmentStarted(_Value):
    """An assessment was started in a lesson, or, with `taken_from`, found on the laptops and somebody else's.

    `sites` and `applications` are allowed besides the rule set's, one a line; `length` is without extra time.
    """

    id: str
    lesson: str
    name: str
    rules: str
    only: str = ""
    sites: str = ""
    applications: str = ""
    length: float
    by_id: str
    by_name: str
    taken_from: str = ""
    at: float


@dataclass(frozen=True, kw_only=True)
class AssessmentEnded(_Value):
    """The invigilator closed the assessment; of several ends the first one counts."""

    assessment: str
    ended_at: float


@dataclass(frozen=True, kw_only=True)
class AssessmentChecked(_Value):
    """One item of the check-list before the start: ticked, or left out for a reason; `number` is its place, from 1."""

    assessment: str
    number: int
    item: str
    ticked: bool
    reason: str = ""
    by_id: str
    by_name: str
    at: float


@dataclass(frozen=True, kw_only=True)
class AssessmentNoted(_Value):
    """One line of an assessment's log, never changed: starts, pauses, extra time, ends, releases, exceptions seen.

    `what` is a word of `classroom.assessment.What`; `device` "" is the whole assessment; `seconds` how long a pause
    was or how much extra time was given; `ends_at` 0 where the line has no end.
    """

    id: str
    assessment: str
    what: str
    device: str = ""
    student: str = ""
    at: float
    ends_at: float = 0.0
    seconds: float = 0.0
    detail: str = ""
    by_id: str
    by_name: str


@dataclass(frozen=True, kw_only=True)
class DeviceFound(_Value):
    """A device that can communicate was found with a student. An amendment is the next `version` of the same `id`.

    `decision` is "withdrawn", "continued" or "warned". `body` is the examining body, "" where none is concerned;
    `body_told_at` None until it was told.
    """

    id: str
    version: int
    assessment: str
    device: str
    student: str
    what: str
    details: str = ""
    found_by: str
    found_at: float
    decision: str
    body: str = ""
    body_told_by: str = ""
    body_told_at: float | None = None
    body_reference: str = ""
    by_id: str
    by_name: str
    at: float


Record: TypeAlias = (
    LessonStarted
    | LessonEnded
    | Attendance
    | Flagged
    | FlagWithdrawn
    | CommandAsked
    | CommandAnswered
    | CommandUnderstood
    | AssessmentStarted
    | AssessmentEnded
    | AssessmentChecked
    | AssessmentNoted
    | DeviceFound
)
