"""What the indicator and the student's panel show, put together from the policy and from who is here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from protocol.messages import LessonTerms
from protocol.policy.document import Policy
from protocol.policy.rules import Decisions
from protocol.text import plain
from student_client.agent.gate import Gate
from student_client.agent.receipts import Receipts
from student_client.local import PanelAssessment, PanelState, Viewer

RECEIPTS_SHOWN: Final = 50
VIEWERS_SHOWN: Final = 16


@dataclass(frozen=True)
class LessonNow:
    """A lesson some tutor holds a permit for; it ends at `until`."""

    terms: LessonTerms
    tutor: str
    until: float


@dataclass(frozen=True)
class Standing:
    """What holds for the student now: by whom, until when, what the rules are, and how the student has called."""

    lesson: str = ""
    tutor: str = ""
    ends_at: float = 0.0
    decisions: Decisions = field(default_factory=Decisions)
    is_break: bool = False
    can_call: bool = False
    hand: bool = False
    assessment: PanelAssessment | None = None


def panel_state(
    gate: Gate | None, standing: Standing, viewers: Iterable[Viewer], receipts: Receipts, problem: str
) -> PanelState:
    """Return the panel's state."""
    policy = gate.bundle.policy if gate and gate.bundle else None
    return PanelState(
        viewers=tuple(viewers)[:VIEWERS_SHOWN],
        lesson=standing.lesson,
        tutor=standing.tutor,
        ends_at=standing.ends_at,
        rules=standing.decisions.sentences,
        receipts=receipts.newest(RECEIPTS_SHOWN),
        what_can_be_seen=_seen(policy) if policy else "",
        help_text=_help(policy) if policy else "",
        report_abuse_url=policy.college.report_abuse_url if policy else "",
        college=policy.college.name if policy else "",
        device=gate.device.name if gate else "",
        problem=plain(problem, 280),
        allowed=standing.decisions.allowed,
        is_break=standing.is_break,
        can_call=standing.can_call,
        hand=standing.hand,
        assessment=standing.assessment,
    )


def _seen(policy: Policy) -> str:
    texts = policy.student
    return _paragraph((texts.why, *texts.what_can_be_seen, *texts.what_cannot_be_seen))


def _help(policy: Policy) -> str:
    return _paragraph(policy.student.who_can_help)


def _paragraph(lines: Iterable[str]) -> str:
    return plain("\n".join(line for line in lines if line), 2000, multiline=True)
