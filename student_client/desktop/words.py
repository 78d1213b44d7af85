"""The student's sentences: times, and who is viewing, in words. Pure: `now` is an argument, the zone the system's."""

from collections.abc import Sequence
from datetime import datetime

from student_client.local import PanelState, ReceiptLine, Viewer

BADGE_NAME = 32  # characters of a name that the badge has room for

CALM = "Lessonlight · nobody is viewing"
TROUBLE = "Lessonlight has a problem · nobody is viewing"


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
    return f"{state.lesson}, until {day_and_clock(state.ends_at, now)}" if state.lesson else "No lesson now"


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
