"""One student as the wall shows them: frozen, made anew by every change.

Structs, for `msgspec.structs.replace` makes a changed copy in a fiftieth of the time that dataclasses take: a campus
asks for thousands a second, in the window's thread.
"""

from enum import StrEnum

from msgspec import Struct

from protocol.messages import (
    AssessmentFacts,
    HandFacts,
    LockFacts,
    MonitorFacts,
    Reason,
    Right,
    RulesFacts,
    ScreenState,
    Unheld,
)
from tutor_app.classroom.events import Blank


class Presence(StrEnum):
    """Where the connection to a device stands."""

    EXPECTED = "expected"
    CONNECTING = "connecting"
    LIVE = "live"
    NO_PICTURE = "no-picture"
    REFUSED = "refused"
    RECONNECTING = "reconnecting"
    MISSING = "missing"
    PAUSED = "paused"


class Action(StrEnum):
    """What a tutor can ask of a device."""

    LOCK = "lock"
    UNLOCK = "unlock"
    MESSAGE = "message"
    SET_RULES = "set-rules"
    CHANGE_RULE = "change-rule"
    DROP_CHANGE = "drop-change"
    LOWER_HAND = "lower-hand"
    START_ASSESSMENT = "start-assessment"
    PAUSE_ASSESSMENT = "pause-assessment"
    STOP_ASSESSMENT = "stop-assessment"


class Answer(StrEnum):
    """How far a command has come; unreached: it was never sent, for want of a link."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    FAILED = "failed"
    UNHEARD = "unheard"
    UNREACHED = "not-connected"


class Asked(Struct, frozen=True, kw_only=True):
    """The latest command to a device and its answer; `detail` is the device's reason."""

    command: str
    action: Action
    at: float
    answer: Answer = Answer.ASKED
    detail: str = ""
    answered_at: float = 0.0


class Proof(Struct, frozen=True, kw_only=True):
    """What a picture that stays the same is judged by: tiles were asked `every` so many seconds (None: not at all),

    nothing new has come `since`, and the device had counted `inputs` key presses and clicks then.
    """

    since: float = 0.0
    inputs: int = 0
    every: float | None = None


class Student(Struct, frozen=True, kw_only=True):
    """What is known of one device and the student on it. `refusal` is the reason of the latest `why` that had one.

    `breach` is the latest breach that its rules told, in words; `flags` counts those flags too.
    """

    device: str
    name: str
    group: str
    presence: Presence = Presence.EXPECTED
    why: str = ""
    refusal: Reason | None = None
    since: float = 0.0
    first_seen_at: float = 0.0
    last_seen_at: float = 0.0
    seconds_live: float = 0.0
    first_picture_at: float = 0.0
    last_picture_at: float = 0.0
    address: str = ""
    user: str = ""
    host: str = ""
    application: str = ""
    monitors: tuple[MonitorFacts, ...] = ()
    screen: ScreenState = ScreenState.STARTING
    lock: LockFacts | None = None
    rules: RulesFacts | None = None
    assessment: AssessmentFacts | None = None
    hand: HandFacts | None = None
    covered: bool = False
    may: frozenset[Right] = frozenset()
    permit_until: float = 0.0
    asked: Asked | None = None
    flags: int = 0
    breach: str = ""
    breached_at: float = 0.0
    understood_at: float = 0.0
    inputs: int = 0
    proof: Proof = Proof()
    blank: Blank = Blank.NO
    blank_since: float = 0.0

    @property
    def linked(self) -> bool:
        """Whether commands can reach the device now."""
        return self.presence in (Presence.LIVE, Presence.NO_PICTURE)

    @property
    def unheld(self) -> tuple[Unheld, ...]:
        """The rules that this device says it cannot hold."""
        return self.rules.unheld if self.rules else ()

    @property
    def asks_for_help(self) -> bool:
        """Whether the student's hand is up, as far as is known."""
        return self.hand is not None and (self.linked or self.presence is Presence.RECONNECTING)

    @property
    def missing(self) -> bool:
        """Whether the tile has no device behind it now."""
        return self.presence in (Presence.EXPECTED, Presence.REFUSED, Presence.RECONNECTING, Presence.MISSING)


SCREEN_WORDS = {
    ScreenState.LIVE: "",
    ScreenState.STARTING: "The screen is starting",
    ScreenState.NOBODY_LOGGED_IN: "Nobody is logged in",
    ScreenState.OTHER_SESSION: "Another session is in front",
    ScreenState.NO_DISPLAY: "The laptop has no display",
    ScreenState.CAPTURE_FAILED: "The screen cannot be read",
    ScreenState.INDICATOR_HIDDEN: "The student's badge is hidden, so nothing is shown",
}
