"""Why a tile shows no live picture, in plain words, and what to do about it."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from protocol.messages import Reason, ScreenState
from tutor_app.classroom.phrases import clock_time
from tutor_app.classroom.student import Presence, Student


@dataclass(frozen=True)
class Explanation:
    """A title, what is known, and the next steps in the order to try them."""

    title: str
    known: str
    steps: tuple[str, ...]


_ASK_MANAGER: Final = "If that does not help, tell the network manager what this window says."
_ON_AND_AWAKE: Final = "See that the laptop is on, awake and logged in."
_SAME_NETWORK: Final = "See that it uses the college's network, not the guest network or a phone's hotspot."
_BADGE: Final = "Look for the Lessonlight badge on its screen. If there is none, log out and in again."

_UNHELD_STEPS: Final = (
    "Keep an eye on this screen: the rule is told to the student, but nothing enforces it.",
    _ASK_MANAGER,
)

_REFUSED_STEPS: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.OUTSIDE_HOURS: ("Lessons can be held inside college hours only; the laptop checks them itself.",),
    Reason.CLOCK: ("The laptop's clock is wrong. Set its date and time, then restart it.",),
    Reason.NOT_BEGUN: ("Compare the laptop's clock with this computer's: one of them is wrong.",),
    Reason.OTHER_GROUP: (
        "The laptop belongs to another group. Choose that group for your lesson, or swap the laptop.",
    ),
    Reason.NOT_YOUR_GROUP: ("Choose one of your own groups for the lesson.",),
    Reason.BUSY: ("Another member of staff is viewing this laptop. Agree with them who goes on.",),
    Reason.TOO_LONG: ("End this lesson and start one with an earlier end.",),
    Reason.EXPIRED: ("Ask the network manager for a new identity file.",),
    Reason.REVOKED: ("Ask the network manager for a new identity file.",),
    Reason.POLICY_OLDER: ("Ask the network manager for the newest college file and sign in with it.",),
    Reason.NO_POLICY: ("The laptop has to be enrolled again: ask the network manager.",),
}

_SCREEN_STEPS: Final[dict[ScreenState, tuple[str, ...]]] = {
    ScreenState.STARTING: ("Wait a few seconds: the laptop is getting ready to show its screen.",),
    ScreenState.NOBODY_LOGGED_IN: ("Ask the student to log in.",),
    ScreenState.OTHER_SESSION: (
        "Ask the student to wake the laptop, and to go back to their own session if another is in front.",
    ),
    ScreenState.NO_DISPLAY: ("Open the lid, or plug the monitor in.",),
    ScreenState.CAPTURE_FAILED: ("Ask the student to log out and in again.", _ASK_MANAGER),
    ScreenState.INDICATOR_HIDDEN: (
        "The student has to see that they are viewed. Ask them to bring the badge back, or to log in again.",
        _ASK_MANAGER,
    ),
}


def explain(student: Student, zone: tzinfo) -> Explanation:
    """Return why there is no live picture of this student, and the next steps."""
    name = student.name
    match student.presence:
        case Presence.EXPECTED:
            return Explanation(
                f"{name} has not been seen in this lesson",
                f"The register expects this laptop in {student.group}, but nothing of it was found on this network.",
                (_ON_AND_AWAKE, _SAME_NETWORK, _BADGE, _ASK_MANAGER),
            )
        case Presence.MISSING | Presence.RECONNECTING:
            seen = clock_time(student.last_seen_at, zone)
            return Explanation(
                f"{name} was last seen at {seen}",
                _sentence(student.why, "The connection was lost.") + " It comes back by itself as soon as it can.",
                (_ON_AND_AWAKE, _SAME_NETWORK, _ASK_MANAGER),
            )
        case Presence.REFUSED:
            steps = _REFUSED_STEPS.get(student.refusal, ()) if student.refusal else ()
            return Explanation(
                f"{name} did not let you in", _sentence(student.why, "It gave no reason."), (*steps, _ASK_MANAGER)
            )
        case Presence.LIVE if student.unheld:
            rules = " ".join(_sentence(one.why, f"The rule “{one.rule}” cannot be held.") for one in student.unheld)
            return Explanation(f"Not every rule can be held on the laptop of {name}", rules, _UNHELD_STEPS)
        case _:
            steps = _SCREEN_STEPS.get(student.screen, ())
            return Explanation(f"{name} shows no picture", _sentence(student.why, "No reason is known yet."), steps)


def _sentence(words: str, otherwise: str) -> str:
    words = words.strip()
    if not words:
        return otherwise
    words = words[0].upper() + words[1:]
    return words if words[-1] in ".!?" else f"{words}."
