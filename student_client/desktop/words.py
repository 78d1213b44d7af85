"""The student's sentences: times, and who is viewing, in words. Pure: `now` is an argument, the zone the system's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from student_client.backends.base import Hotkey
from student_client.local import PanelAssessment, PanelState, ReceiptLine, Viewer

BADGE_NAME = 32  # characters of a name that the badge has room for
TIMER_NAME = 24
LAST_MINUTES = 300.0  # seconds; "five minutes left"

CALM = "Lessonlight · nobody is viewing"
TROUBLE = "Lessonlight has a problem · nobody is viewing"
HAND_UP = "Hand is up"
WORK_IS_SAFE = "Your work is safe and still open."


def clock(at: float) -> str:
    """Return the local time of day, e.g. ``10:04``."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M}"


def day_and_clock(at: float, now: float) -> str:
    """Return the time of day, with its day before it unless that is today: ``yesterday 19:40``, ``3 Nov 19:40``."""
    then, today = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(now).astimezone()
    days = (today.date() - then.date()).days
    if days == 0:
        return clock(at)
    if days == 1:
        return f"yesterday {clock(at)}"
    return f"{then.day} {then:%b} {clock(at)}"


def period(receipt: ReceiptLine, now: float) -> str:
    """Return when a receipt was, e.g. ``10:04 – now`` or ``yesterday 19:40``."""
    begin = day_and_clock(receipt.since, now)
    if receipt.until == 0:
        return f"{begin} – now"
    end = clock(receipt.until)
    return begin if end == clock(receipt.since) else f"{begin} – {end}"


def remaining(seconds: float) -> str:
    """Return a countdown, e.g. ``8:41``; never below ``0:00``. A begun second counts as a whole one."""
    whole = max(0, -int(-seconds // 1))
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{rest // 60}:{rest % 60:02}"


def viewing(viewers: Sequence[Viewer], longest: int = 80) -> str:
    """Return who is viewing, of which lesson, since when; or that nobody is. Names are cut at `longest` characters."""
    if not viewers:
        return CALM
    first = min(viewers, key=lambda viewer: viewer.since)
    others = len({viewer.name for viewer in viewers}) - 1
    who, lesson = _who(cut(first.name, longest), others), cut(first.lesson, longest)
    return f"{who} viewing your screen · {lesson} · since {clock(first.since)}"


def cut(text: str, longest: int) -> str:
    """Return the text, or its beginning with an ellipsis, in at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _who(name: str, others: int) -> str:
    if others == 0:
        return f"{name} is"
    return f"{name} and {others} other{'s' if others > 1 else ''} are"


def badge(state: PanelState | None) -> str:
    """Return the badge's whole text for what the agent has said last; None means nothing yet."""
    if state is None or not (state.viewers or state.problem):
        return CALM
    return viewing(state.viewers, BADGE_NAME) if state.viewers else TROUBLE


def lesson_title(state: PanelState, now: float) -> str:
    """Return the panel's title, e.g. ``Maths 10B, until 11:00``."""
    if state.assessment is not None and not state.lesson:
        return f"{state.assessment.name}, until {day_and_clock(state.assessment.ends_at, now)}"
    if not state.lesson:
        return "Break time" if state.is_break else "No lesson now"
    return f"{state.lesson}, until {day_and_clock(state.ends_at, now)}"


def lesson_line(state: PanelState) -> str:
    """Return the line below the title."""
    if not state.lesson:
        return "Nobody can see your screen."
    with_tutor = f"With {state.tutor}. " if state.tutor else ""
    if not state.viewers:
        return f"{with_tutor}Nobody is viewing your screen at the moment."
    if state.tutor in {viewer.name for viewer in state.viewers}:
        with_tutor = ""
    return f"{with_tutor}{viewing(state.viewers).partition(' · ')[0]}."


def no_call(state: PanelState) -> str:
    """Return why "I need help" is not offered, and what to do instead; "" where it is."""
    if not (state.lesson or state.assessment):
        return "Outside lessons nobody would see a raised hand here. You can always talk to an adult you trust."
    if not state.can_call:
        return "Your tutor cannot be reached from this laptop just now. Please put your own hand up."
    return ""


def no_cover(state: PanelState) -> str:
    """Return why "Cover my screen" is not offered, and what to do instead; "" where it is."""
    if state.lesson or state.assessment:
        return ""
    return (
        "Seen something bad? Turn the screen away or close the lid, and tell an adult you trust. It is not your fault."
    )


def keys_line(names: Mapping[Hotkey, str], *, help_offered: bool, cover_offered: bool) -> str:
    """Return which keys do now what from anywhere, "" where there are none."""
    does = {Hotkey.PANEL: "opens this panel"}
    if cover_offered:
        does = {Hotkey.COVER: "covers your screen"} | does
    if help_offered:
        does = {Hotkey.HELP: "raises your hand"} | does
    return " · ".join(f"{names[key]} {what}" for key, what in does.items() if key in names)


def rules_now(state: PanelState) -> tuple[str, tuple[str, ...]]:
    """Return what stands above the rules ("" for nothing), and the rules."""
    if state.is_break and state.lesson:
        return "It is break time.", state.rules
    if state.is_break:
        still = " These rules still hold:" if state.rules else ""
        return f"It is break time: the lesson’s rules do not hold now.{still}", state.rules
    return ("" if state.rules else "No special rules in this lesson."), state.rules


def lock_help(state: PanelState | None) -> str:
    """Return the small line on the lock: how to call for help, where somebody would hear it."""
    if state is None or not state.can_call:
        return WORK_IS_SAFE
    call = "Your hand is up: your tutor knows." if state.hand else "Need help? Press F1 to raise your hand."
    return f"{WORK_IS_SAFE} {call}"


@dataclass(frozen=True, slots=True)
class CoverWords:
    """What the cover says of the world."""

    told: str
    help_text: str
    report_abuse_url: str


def cover_words(state: PanelState | None, *, agent: bool, heard: bool) -> CoverWords:
    """Return who has been told of a cover: `agent`: it can be passed on; `heard`: a tutor was there since."""
    if heard:
        told = "Your tutor has been told the address, not the picture."
    elif state is None or not agent:
        told = "Lessonlight cannot tell your tutor at the moment. Please tell an adult near you now."
    else:
        told = (
            "Your tutor will be told the address, not the picture, as soon as they can be reached. "
            "Please tell an adult near you now."
        )
    return CoverWords(told, state.help_text if state else "", state.report_abuse_url if state else "")


def closing(until: float, now: float) -> str:
    """Return when a notice's program closes, "" where none will."""
    if not until:
        return ""
    if until <= now:
        return "It is being closed now."
    return f"Closes by itself in {remaining(until - now)}. Save your work now."


class Stage(Enum):
    """Where an assessment stands."""

    AHEAD = "ahead"
    RUNNING = "running"
    LAST_MINUTES = "last minutes"
    PAUSED = "paused"
    OVER = "over"

    @property
    def urgent(self) -> bool:
        """Whether the student should hurry, or is out of time."""
        return self in (Stage.LAST_MINUTES, Stage.OVER)


def stage(assessment: PanelAssessment, now: float) -> Stage:
    """Return where an assessment stands at `now`."""
    if now < assessment.starts_at:
        return Stage.AHEAD
    if assessment.paused:
        return Stage.PAUSED
    if now >= assessment.ends_at:
        return Stage.OVER
    return Stage.LAST_MINUTES if assessment.ends_at - now <= LAST_MINUTES else Stage.RUNNING


def timer(assessment: PanelAssessment, now: float) -> str:
    """Return the text of the small timer, e.g. ``Maths mock · 42:10 left``."""
    ahead, left = remaining(assessment.starts_at - now), remaining(assessment.ends_at - now)
    words = {
        Stage.AHEAD: f"starts in {ahead}",
        Stage.RUNNING: f"{left} left",
        Stage.LAST_MINUTES: f"last 5 minutes · {left} left",
        Stage.PAUSED: "paused",
        Stage.OVER: "time is up",
    }
    return f"{cut(assessment.name, TIMER_NAME)} · {words[stage(assessment, now)]}"


def assessment_line(assessment: PanelAssessment, now: float) -> str:
    """Return the panel's sentence on an assessment."""
    begin, ahead = clock(assessment.starts_at), remaining(assessment.starts_at - now)
    end, left = clock(assessment.ends_at), remaining(assessment.ends_at - now)
    words = {
        Stage.AHEAD: f"Begins in {ahead}, at {begin}.",
        Stage.RUNNING: f"{left} left, until {end}.",
        Stage.LAST_MINUTES: f"{left} left, until {end}. Finish and save your work.",
        Stage.PAUSED: "Paused. Your time stands still until the invigilator lets it go on.",
        Stage.OVER: "The time is up.",
    }
    return words[stage(assessment, now)]
