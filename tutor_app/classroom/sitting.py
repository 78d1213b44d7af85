"""One student's place in an assessment, frozen: how far it is, until when, and what was asked of the device."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol.messages import AssessmentFacts, AssessmentTerms, PauseAssessment, StartAssessment, StopAssessment


class Stage(StrEnum):
    """How far a student's assessment is."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    OVER = "over"
    STOPPED = "stopped"
    RELEASED = "released"
    REFUSED = "refused"


ENDED: Final = frozenset({Stage.OVER, Stage.STOPPED, Stage.RELEASED})
Wish = StartAssessment | PauseAssessment | StopAssessment


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A breach that the device told: which rule, the flag's category, and what it was about."""

    id: str
    rule: str
    category: str
    sentence: str
    detail: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """Times are Unix seconds, 0 where there is none yet; `extra` is in seconds and already in `ends_at`.

    `wish` was asked of the device and its own facts (`told`) do not show it yet; it is sent again until they do.
    `terms` hold the device's secret: they are left out of what is printed of this value.
    """

    device: str
    name: str
    stage: Stage = Stage.WAITING
    why: str = ""
    extra: float = 0
    starts_at: float = 0
    ends_at: float = 0
    paused_at: float = 0
    ended_at: float = 0
    breaches: tuple[Seen, ...] = ()
    found: int = 0
    terms: AssessmentTerms | None = field(default=None, repr=False)
    wish: Wish | None = field(default=None, repr=False)
    asked_at: float = 0
    told: AssessmentFacts | None = None

    @property
    def is_on(self) -> bool:
        """Whether the student's time runs, or would but for a pause."""
        return self.stage in (Stage.RUNNING, Stage.PAUSED)

    @property
    def is_confirmed(self) -> bool:
        """Whether the device itself has said that it holds what is shown."""
        return self.wish is None

    def left(self, now: float) -> float:
        """Return the seconds left to this student; a pause holds them."""
        if not self.is_on:
            return 0
        return max(0.0, self.ends_at - (self.paused_at or now))


def shows(facts: AssessmentFacts | None, wish: Wish) -> bool:
    """Whether a device's facts say that what was wished is done."""
    match wish:
        case StartAssessment(assessment=terms):
            return facts is not None and facts.id == terms.id and _same(facts.ends_at, terms.ends_at)
        case PauseAssessment():
            return (
                facts is not None
                and facts.id == wish.assessment
                and bool(facts.paused_at) is wish.paused
                and _same(facts.ends_at, wish.ends_at)
            )
        case StopAssessment():
            return facts is None or facts.id != wish.assessment or bool(facts.released_at)


def _same(one: float, other: float) -> bool:
    return abs(one - other) < 1  # a device may keep whole seconds
