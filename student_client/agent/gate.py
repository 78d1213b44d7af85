"""Who may come in: the device's own decision, from identity, policy, group and clock. Everything else is refused."""

from dataclasses import dataclass
from typing import Final

from protocol.identity import Identity
from protocol.messages import LessonTerms, Reason
from protocol.policy.bundle import Bundle
from protocol.policy.permit import Permit, Refusal, decide_permit

CLOCK_TOLERANCE: Final = 120.0  # seconds a corrected clock may jump back; a person who sets it back wants hours

CLOCK_SENTENCE: Final = (
    "This computer's clock has been set back. Set it right and try again. If it is right now, it was ahead before: "
    "enrol this computer again (lessonlight-student enrol FILE --again)."
)


@dataclass(frozen=True)
class Gate:
    """One enrolled device with its policy, which may be missing or damaged (None)."""

    device: Identity
    bundle: Bundle | None

    @property
    def policy_version(self) -> int:
        """The version in force; 0 where there is none."""
        return self.bundle.version if self.bundle else 0

    def admit(self, peer: Identity) -> Refusal | None:
        """Return why a peer may not even say `Hello`, or None."""
        if not peer.is_staff:
            return Refusal(Reason.NOT_STAFF, "Only a member of staff may connect to a student's computer.")
        if peer.college != self.device.college:
            return Refusal(Reason.NOT_STAFF, "This identity belongs to another college.")
        if self.bundle and peer.serial in self.bundle.deny:
            return Refusal(Reason.REVOKED, "This identity has been revoked. Ask the network manager for a new one.")
        return None

    def decide(self, peer: Identity, lesson: LessonTerms, wall: float, floor: float) -> Permit | Refusal:
        """Decide on a permit. `wall` is what the clock says, `floor` the time it may not have fallen behind."""
        refusal = self.admit(peer)
        if refusal:
            return refusal
        if self.bundle is None:
            return Refusal(Reason.NO_POLICY, "This computer has no valid policy. Publish one, or enrol it again.")
        if wall < max(floor, self.bundle.published_at) - CLOCK_TOLERANCE:
            return Refusal(Reason.CLOCK, CLOCK_SENTENCE)
        return decide_permit(self.bundle.policy, self.bundle.deny, peer, self.device.group, lesson, max(wall, floor))
