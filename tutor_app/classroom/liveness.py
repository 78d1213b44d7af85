"""Whether a picture can be believed: a screen that rests is current, one that stays while somebody types is not."""

from typing import Final

from tutor_app.classroom.events import Blank
from tutor_app.classroom.student import Presence, Student

FROZEN_AFTER: Final = 15.0  # seconds beyond the interval its tile was asked in
FROZEN_INPUTS: Final = 10  # key presses and clicks: a few may change nothing on a screen
BLANK_AFTER: Final = 15.0  # seconds: a film's fade or a page that loads is over by then


def is_frozen(student: Student, now: float) -> bool:
    """Whether the picture has stayed the same while the student typed or clicked, though it was asked for."""
    asked = student.proof
    if student.presence is not Presence.LIVE or student.lock or not student.first_picture_at or asked.every is None:
        return False
    late = now - asked.since >= FROZEN_AFTER + asked.every
    return late and student.inputs - asked.inputs >= FROZEN_INPUTS


def is_blank(student: Student, now: float) -> bool:
    """Whether the picture has shown one colour all over for a while."""
    here = student.presence is Presence.LIVE and not student.lock
    return here and student.blank is not Blank.NO and now - student.blank_since >= BLANK_AFTER


def doubt(student: Student, now: float) -> str:
    """Return why a live picture is not to be believed, in words; nothing where it is."""
    if is_frozen(student, now):
        return "Picture unchanged while typing"
    if is_blank(student, now):
        return "Picture is all black" if student.blank is Blank.BLACK else "Picture is one plain colour"
    return ""


def stale_since(student: Student, now: float) -> float | None:
    """Return when a picture that is still shown, but no longer current, was last new; None for a current one."""
    reconnecting = student.presence is Presence.RECONNECTING
    return student.last_picture_at if student.last_picture_at and (reconnecting or is_frozen(student, now)) else None
