"""What one tile says: its look, its words, its one badge. The delegate only paints this."""

from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from typing import Final

from tutor_app.classroom.commands import VERB
from tutor_app.classroom.liveness import doubt
from tutor_app.classroom.phrases import Tone, clock_time, countdown, duration
from tutor_app.classroom.student import Action, Answer, Asked, Presence, Student

CONFIRMED_FOR: Final = 4.0  # seconds a "confirmed" stays on the tile: long enough to be read
REFUSED_FOR: Final = 60.0  # seconds a refusal stays: long enough to be acted upon
UNDERSTOOD_FOR: Final = 20.0
BREACH_FOR: Final = 300.0  # seconds the tile says what it was; then it counts


class Look(StrEnum):
    """How a tile is painted."""

    LIVE = "live"
    WAITING = "waiting"
    ASKED = "asked"
    LOCKED = "locked"
    FADED = "faded"
    MISSING = "missing"
    COVERED = "covered"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True)
class Badge:
    """The one mark at the top left: a word, its tone, and the name of its icon."""

    text: str
    tone: Tone
    icon: str


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A tile in words. `aside` stands beside the name, `headline` and `detail` over it; `why`: offer "Why?".

    `unheld`: there is a picture, and still something to be asked about: rules that cannot be held.
    """

    device: str
    name: str
    look: Look
    aside: str = ""
    headline: str = ""
    detail: str = ""
    why: bool = False
    unheld: bool = False
    badge: Badge | None = None

    @property
    def spoken(self) -> str:
        """The tile as a screen reader says it."""
        words = (self.name, self.headline or self.look, self.detail, self.aside, self.badge.text if self.badge else "")
        return ", ".join(dict.fromkeys(word for word in words if word))


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Whose wall it is: their name as devices know it, and the college's time zone."""

    name: str
    zone: tzinfo


def tile(student: Student, viewer: Viewer, now: float) -> Tile:
    """Return what the tile of this student says at this moment."""
    look, aside, headline, detail, why = _FACES[student.presence](student, viewer, now)
    return Tile(
        device=student.device,
        name=student.name,
        look=look,
        aside=aside,
        headline=headline,
        detail=detail,
        why=why,
        unheld=bool(student.linked and student.unheld),
        badge=_badge(student, now),
    )


def unreadable(said: Tile) -> Tile:
    """Return what a tile says whose picture came and cannot be read, where it would else say nothing."""
    if said.look is not Look.LIVE:
        return said
    return replace(said, look=Look.WAITING, headline="The picture could not be read")


_Face = tuple[Look, str, str, str, bool]


def _linked(student: Student, viewer: Viewer, now: float) -> _Face:
    asked = student.asked
    if asked and asked.answer is Answer.ASKED and asked.action in (Action.LOCK, Action.UNLOCK):
        word = "Locking…" if asked.action is Action.LOCK else "Unlocking…"
        return Look.ASKED, f"asked {_ago(now - asked.at)}", word, "", False
    if student.covered:
        return Look.COVERED, student.application, "Covered by the student", "they want you to know", False
    if student.lock:
        by = "by you" if student.lock.by == viewer.name else f"by {student.lock.by}"
        left = countdown(student.lock.until - now)
        return Look.LOCKED, by, f"Locked · {left} left" if student.lock.covered else "Locking…", "", False
    if student.presence is Presence.NO_PICTURE:
        return Look.WAITING, student.application, student.why, "", True
    if not student.first_picture_at:
        return Look.WAITING, student.application, "The first picture is on its way", "", False
    return Look.LIVE, student.application, "", "", False


def _expected(_student: Student, _viewer: Viewer, _now: float) -> _Face:
    return Look.MISSING, "Not seen", "Not seen yet", "off, or on another network?", True


def _connecting(_student: Student, _viewer: Viewer, _now: float) -> _Face:
    return Look.WAITING, "", "Connecting…", "", False


def _refused(student: Student, _viewer: Viewer, _now: float) -> _Face:
    return Look.MISSING, "Refused", "The laptop refused", student.why, True


def _reconnecting(student: Student, _viewer: Viewer, now: float) -> _Face:
    age = f"{duration(now - student.last_picture_at)} old" if student.last_picture_at else student.why
    return Look.FADED, age, f"Reconnecting… {duration(now - student.since)}", "", True


def _missing(student: Student, viewer: Viewer, _now: float) -> _Face:
    return Look.MISSING, "Missing", f"Not seen since {clock_time(student.last_seen_at, viewer.zone)}", student.why, True


def _paused(student: Student, _viewer: Viewer, _now: float) -> _Face:
    return Look.PAUSED, "Paused", "Paused", student.why or "No lesson is under way", False


_FACES: Final = {
    Presence.EXPECTED: _expected,
    Presence.CONNECTING: _connecting,
    Presence.LIVE: _linked,
    Presence.NO_PICTURE: _linked,
    Presence.REFUSED: _refused,
    Presence.RECONNECTING: _reconnecting,
    Presence.MISSING: _missing,
    Presence.PAUSED: _paused,
}


def _badge(student: Student, now: float) -> Badge | None:
    answered = _answer_badge(student.asked, now) if student.asked and not _said_already(student) else None
    if answered:
        return answered
    if student.asks_for_help and student.hand:
        return Badge(text=help_words(now - student.hand.since), tone=Tone.ACCENT, icon="help")
    if student.breach and now - student.breached_at < BREACH_FOR:
        return Badge(text=f"flagged: {student.breach}", tone=Tone.DANGER, icon="flag")
    if student.understood_at and now - student.understood_at < UNDERSTOOD_FOR:
        return Badge(text="Understood", tone=Tone.LIVE, icon="check")
    doubted = doubt(student, now)
    if doubted:
        return Badge(text=doubted, tone=Tone.WARN, icon="warning")
    if student.flags:
        return Badge(text=str(student.flags) if student.flags > 1 else "Flagged", tone=Tone.DANGER, icon="flag")
    if student.unheld:
        return Badge(text=unheld_words(len(student.unheld)), tone=Tone.WARN, icon="rules")
    return None


def help_words(seconds: float) -> str:
    """Return for how long a hand has been up: "needs help · 2 min"."""
    return "needs help" if seconds < 60 else f"needs help · {duration(seconds)}"


def unheld_words(number: int) -> str:
    """Return that a laptop cannot hold some rules."""
    return "1 rule cannot be held" if number == 1 else f"{number} rules cannot be held"


def _said_already(student: Student) -> bool:
    """Whether the tile says the answer by other means: a lock by its veil, "not connected" by being missing."""
    asked = student.asked
    if asked is None or student.presence is Presence.PAUSED or asked.answer in (Answer.UNHEARD, Answer.UNREACHED):
        return not student.linked
    return asked.answer is Answer.CONFIRMED and asked.action is Action.LOCK and student.lock is not None


# action: (while it is asked, where that is not the tile's headline; once it is done)
_WORDS: Final = {
    Action.LOCK: ("", "Locked"),
    Action.UNLOCK: ("", "Unlocked"),
    Action.MESSAGE: ("Sending message…", "Message shown"),
    Action.SET_RULES: ("Changing the rules…", "New rules hold"),
    Action.CHANGE_RULE: ("Changing the rules…", "Change holds"),
    Action.DROP_CHANGE: ("Changing the rules…", "Change ended"),
    Action.LOWER_HAND: ("Lowering the hand…", "Hand lowered"),
    Action.START_ASSESSMENT: ("Starting the assessment…", "Assessment set"),
    Action.PAUSE_ASSESSMENT: ("Asking for the pause…", "Done"),
    Action.STOP_ASSESSMENT: ("Ending the assessment…", "Assessment ended"),
}


def _answer_badge(asked: Asked, now: float) -> Badge | None:
    since = now - asked.answered_at
    asking, done = _WORDS[asked.action]
    if asked.answer is Answer.ASKED:
        return Badge(text=asking, tone=Tone.SOFT, icon="message") if asking else None
    if asked.answer is Answer.CONFIRMED:
        return Badge(text=done, tone=Tone.LIVE, icon="check") if since < CONFIRMED_FOR else None
    if since >= REFUSED_FOR:
        return None
    word = {Answer.REFUSED: "refused", Answer.FAILED: "failed"}.get(asked.answer, "not delivered")
    text = f"{VERB[asked.action]} {word}" + (f": {asked.detail}" if asked.detail else "")
    return Badge(text=text, tone=Tone.DANGER, icon="warning")


def _ago(seconds: float) -> str:
    return f"{duration(seconds)} ago" if seconds >= 1 else "just now"
