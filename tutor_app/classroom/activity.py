"""The activity list: one line for each thing the tutor did, growing as answers come in."""

from dataclasses import dataclass, field
from enum import StrEnum

from tutor_app.classroom.student import Action, Answer


class Kind(StrEnum):
    """What a line is about."""

    LESSON = "lesson"
    COMMAND = "command"
    FLAG = "flag"
    HELP = "help"
    NETWORK = "network"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. `answers` maps device → answer for commands; `undone` once the tutor took it back.

    `standing` lists on whom a lock or a change of the rules stands: asked or there, neither ended nor run out.
    """

    number: int
    at: float
    kind: Kind
    text: str
    action: Action | None = None
    devices: tuple[str, ...] = ()
    answers: dict[str, Answer] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    standing: frozenset[str] = frozenset()
    undone: bool = False

    @property
    def can_undo(self) -> bool:
        """A lock or change that stands can be ended, a flag withdrawn; a message cannot be unsaid."""
        return not self.undone and bool(self.standing or self.flags)

    def count(self, answer: Answer) -> int:
        """Return how many devices gave this answer."""
        return sum(one is answer for one in self.answers.values())
