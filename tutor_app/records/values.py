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


Record: TypeAlias = (
    LessonStarted
    | LessonEnded
    | Attendance
    | Flagged
    | FlagWithdrawn
    | CommandAsked
    | CommandAnswered
    | CommandUnderstood
)
