"""Times and the activity list in words. Texts come in runs, each with a tone, so that views only have to paint."""

import math
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from tutor_app.classroom.activity import Line
from tutor_app.classroom.student import Action, Answer

LAST_MINUTES: Final = 300.0  # seconds before a lesson's end in which the time is counted down and told to students


class Tone(StrEnum):
    """What a run of text means; a theme gives it a colour. Never the only bearer of a meaning."""

    INK = "ink"
    STRONG = "strong"
    SOFT = "soft"
    ACCENT = "accent"
    LIVE = "live"
    WARN = "warn"
    DANGER = "danger"
    LOCKED = "locked"


@dataclass(frozen=True)
class Run:
    """A stretch of plain text in one tone."""

    text: str
    tone: Tone = Tone.SOFT


def said(runs: tuple[Run, ...]) -> str:
    """Return the runs as one text, for screen readers."""
    return "".join(run.text for run in runs)


def clock_time(at: float, zone: tzinfo) -> str:
    """Return a moment as the clock on the wall shows it: "09:12"."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M")


def day(at: float, zone: tzinfo) -> str:
    """Return a date in short: "3 Nov"."""
    moment = datetime.fromtimestamp(at, zone)
    return f"{moment.day} {moment:%b}"


def rules_name(name: str) -> str:
    """Return what staff call a rule set; its title is written for students: "In this lesson"."""
    return name.replace("-", " ").capitalize()


def countdown(seconds: float) -> str:
    """Return a time left as minutes and seconds: "8:41"."""
    whole = max(0, math.ceil(seconds))
    return f"{whole // 60}:{whole % 60:02}"


def duration(seconds: float) -> str:
    """Return a length of time, roughly: "4 s", "12 min", "2 h 5 min"."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(seconds: float) -> Run:
    """Return how long the lesson goes on; the last five minutes are counted down."""
    if seconds <= 0:
        return Run("the time is over", Tone.WARN)
    if seconds <= LAST_MINUTES:
        return Run(f"{countdown(seconds)} left", Tone.WARN)
    return Run(f"{duration(math.ceil(seconds / 60) * 60)} left", Tone.STRONG)


_ANSWERED: Final = {
    Answer.CONFIRMED: ("confirmed", Tone.LIVE),
    Answer.ASKED: ("asked", Tone.SOFT),
    Answer.REFUSED: ("refused", Tone.DANGER),
    Answer.FAILED: ("failed", Tone.DANGER),
    Answer.UNHEARD: ("no answer", Tone.WARN),
    Answer.UNREACHED: ("not connected", Tone.WARN),
}


def answer_word(answer: Answer, action: Action | None) -> str:
    """Return an answer in a word or two; a message that was confirmed was shown."""
    if answer is Answer.CONFIRMED and action is Action.MESSAGE:
        return "shown"
    return _ANSWERED[answer][0]


def activity_runs(line: Line, zone: tzinfo) -> tuple[Run, ...]:
    """Return one line of the activity list: "10:32 Lock → 3 students: 2 confirmed, 1 asked"."""
    runs = [Run(f"{clock_time(line.at, zone)}  "), Run(line.text, Tone.INK)]
    many = len(line.devices) > 1
    for answer, (_, tone) in _ANSWERED.items():
        number = line.count(answer)
        if number:
            word = answer_word(answer, line.action)
            runs.append(Run(": " if len(runs) == 2 else ", "))
            runs.append(Run(f"{number} {word}" if many else word, tone))
    if line.undone:
        runs.append(Run(" · taken back"))
    return tuple(runs)
