"""Times and activity in words."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.phrases import (
    Run,
    Tone,
    activity_runs,
    clock_time,
    countdown,
    day,
    duration,
    rules_name,
    said,
    time_left,
)
from tutor_app.classroom.student import Action, Answer

JULY = 1_783_328_400.0  # 2026-07-06 09:00 UTC, when London is an hour ahead


@pytest.mark.parametrize(
    ("seconds", "words"), [(521, "8:41"), (520.2, "8:41"), (59, "0:59"), (0, "0:00"), (-3, "0:00"), (600, "10:00")]
)
def test_countdown(seconds: float, words: str) -> None:
    assert countdown(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.9, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"), (-1, "0 s")],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "run"),
    [
        (28 * 60, Run("28 min left", Tone.STRONG)),
        (27 * 60 + 1, Run("28 min left", Tone.STRONG)),
        (300, Run("5:00 left", Tone.WARN)),
        (45, Run("0:45 left", Tone.WARN)),
        (0, Run("the time is over", Tone.WARN)),
    ],
)
def test_time_left(seconds: float, run: Run) -> None:
    assert time_left(seconds) == run


def test_clocks_are_the_colleges() -> None:
    assert (clock_time(JULY, UTC), clock_time(JULY, ZoneInfo("Europe/London"))) == ("09:00", "10:00")
    assert day(JULY, UTC) == "6 Jul"


def line(**changes: object) -> Line:
    facts = {
        "number": 1,
        "at": JULY,
        "kind": Kind.COMMAND,
        "text": "Lock → 3 students",
        "action": Action.LOCK,
        "devices": ("a", "b", "c"),
    } | changes
    return Line(**facts)  # type: ignore[arg-type]


def test_answers_are_counted_in_words_and_tones() -> None:
    answers = {"a": Answer.CONFIRMED, "b": Answer.CONFIRMED, "c": Answer.REFUSED}
    runs = activity_runs(line(answers=answers), UTC)
    assert said(runs) == "09:00  Lock → 3 students: 2 confirmed, 1 refused"
    assert {run.text: run.tone for run in runs}["2 confirmed"] is Tone.LIVE
    assert {run.text: run.tone for run in runs}["1 refused"] is Tone.DANGER


def test_who_was_not_there_did_not_fail_to_answer() -> None:
    answers = {"a": Answer.CONFIRMED, "b": Answer.UNHEARD, "c": Answer.UNREACHED}
    assert said(activity_runs(line(answers=answers), UTC)).endswith(": 1 confirmed, 1 no answer, 1 not connected")


def test_a_message_to_one_is_shown() -> None:
    told = line(text="Message → Ann", action=Action.MESSAGE, devices=("a",), answers={"a": Answer.CONFIRMED})
    assert said(activity_runs(told, UTC)) == "09:00  Message → Ann: shown"


def test_what_was_undone_says_so() -> None:
    assert said(activity_runs(line(undone=True), UTC)).endswith("· taken back")


def test_a_rule_set_is_called_by_its_name_in_words() -> None:
    assert rules_name("no-games") == "No games"
