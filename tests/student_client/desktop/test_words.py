import time
from datetime import datetime

import pytest

from student_client.desktop import words
from student_client.local import PanelAssessment, PanelState, ReceiptLine, Viewer


def at(text: str) -> float:
    """The local time `text` of one and the same day, as Unix seconds."""
    return datetime.fromisoformat(f"2026-11-03T{text}").astimezone().timestamp()


NOW = at("10:30")


def viewer(name: str, since: str, lesson: str = "Maths 10B") -> Viewer:
    return Viewer(name=name, lesson=lesson, since=at(since))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(521, "8:41"), (520.2, "8:41"), (59.01, "1:00"), (5, "0:05"), (0, "0:00"), (-3, "0:00"), (3600, "1:00:00")],
)
def test_remaining_counts_a_begun_second(seconds: float, shown: str) -> None:
    assert words.remaining(seconds) == shown


@pytest.mark.parametrize(
    ("viewers", "shown"),
    [
        ((), "Lessonlight · nobody is viewing"),
        ((viewer("Mr Ali", "10:04"),), "Mr Ali is viewing your screen · Maths 10B · since 10:04"),
        (
            (viewer("Ms Bo", "10:20", "Cover"), viewer("Mr Ali", "10:04")),
            "Mr Ali and 1 other are viewing your screen · Maths 10B · since 10:04",
        ),
        (
            tuple(viewer(name, "10:04") for name in ("Mr Ali", "Ms Bo", "Dr Cy")),
            "Mr Ali and 2 others are viewing your screen · Maths 10B · since 10:04",
        ),
        (
            (viewer("Mr Ali", "10:04"), viewer("Mr Ali", "10:10")),
            "Mr Ali is viewing your screen · Maths 10B · since 10:04",
        ),
    ],
)
def test_viewing_says_who_what_and_since_when(viewers: tuple[Viewer, ...], shown: str) -> None:
    assert words.viewing(viewers) == shown


def test_a_long_name_does_not_push_the_time_off_the_badge(says: object) -> None:
    state = says.panel(viewers=(viewer("N" * 80, "10:04", "L" * 80),))  # type: ignore[attr-defined]
    shown = words.badge(state)
    assert shown.endswith("since 10:04")
    assert len(shown) < 120


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [
        (at("10:04"), 0.0, "10:04 – now"),
        (at("10:21"), at("10:23"), "10:21 – 10:23"),
        (at("10:21"), at("10:21") + 20, "10:21"),
        (at("10:21") - 86400, at("10:23") - 86400, "yesterday 10:21 – 10:23"),
        (at("10:21") - 3 * 86400, at("10:21") - 3 * 86400, "31 Oct 10:21"),
    ],
)
def test_period_names_the_day_unless_it_is_today(since: float, until: float, shown: str) -> None:
    assert words.period(ReceiptLine(name="x", what="y", since=since, until=until), NOW) == shown


def panel(says: object, **changes: object) -> PanelState:
    return says.panel(**changes)  # type: ignore[attr-defined, no-any-return]


def test_title_and_line_of_a_lesson(says: object) -> None:
    assert words.lesson_title(panel(says, ends_at=at("11:00")), NOW) == "Maths 10B, until 11:00"
    assert words.lesson_line(panel(says, tutor="Mr Ali")).startswith("With Mr Ali. Nobody is viewing")
    watched = panel(says, tutor="Mr Ali", viewers=(viewer("Mr Ali", "10:04"),))
    assert words.lesson_line(watched) == "Mr Ali is viewing your screen."


def test_without_a_lesson_nobody_can_see(says: object) -> None:
    assert words.lesson_title(panel(says, lesson=""), time.time()) == "No lesson now"
    assert words.lesson_line(panel(says, lesson="")) == "Nobody can see your screen."


def test_a_problem_shows_on_the_badge_unless_somebody_views(says: object) -> None:
    assert "problem" in words.badge(panel(says, problem="The policy has run out."))
    watched = panel(says, problem="The policy has run out.", viewers=(viewer("Mr Ali", "10:04"),))
    assert words.badge(watched).startswith("Mr Ali")
    assert words.badge(None) == words.CALM


def test_the_lock_says_how_to_call_only_where_somebody_hears(says: object) -> None:
    assert words.lock_help(panel(says, can_call=True)).endswith("Need help? Press F1 to raise your hand.")
    assert words.lock_help(panel(says, can_call=True, hand=True)).endswith("Your hand is up: your tutor knows.")
    assert words.lock_help(panel(says)) == words.lock_help(None) == words.WORK_IS_SAFE


def test_the_cover_never_says_that_somebody_was_told_who_was_not(says: object) -> None:
    state = panel(says)
    assert words.cover_words(state, agent=True, heard=True).told.startswith("Your tutor has been told")
    assert words.cover_words(state, agent=False, heard=True).told.startswith("Your tutor has been told")
    told = words.cover_words(state, agent=True, heard=False).told
    assert "will be told" in told
    assert "tell an adult near you now" in told
    for nobody in (
        words.cover_words(state, agent=False, heard=False),
        words.cover_words(None, agent=True, heard=False),
    ):
        assert nobody.told.startswith("Lessonlight cannot tell")


@pytest.mark.parametrize(
    ("until", "shown"),
    [
        (0, ""),
        (NOW + 42, "Closes by itself in 0:42. Save your work now."),
        (NOW, "It is being closed now."),
    ],
)
def test_closing_counts_down(until: float, shown: str) -> None:
    assert words.closing(until, NOW) == shown


@pytest.mark.parametrize(
    ("begins", "ends", "paused", "shown", "last"),
    [
        ("10:00", "11:00", False, "30:00 left, until 11:00.", False),
        ("10:00", "10:35", False, "5:00 left, until 10:35. Finish and save your work.", True),
        ("10:00", "10:31", True, "Paused. Your time stands still until the invigilator lets it go on.", False),
        ("10:32", "10:34", False, "Begins in 2:00, at 10:32.", False),
        ("10:00", "10:30", False, "The time is up.", True),
    ],
)
def test_an_assessment_in_a_sentence(begins: str, ends: str, paused: bool, shown: str, last: bool) -> None:
    mock = PanelAssessment(name="Maths mock", starts_at=at(begins), ends_at=at(ends), paused=paused)
    assert words.assessment_line(mock, NOW) == shown
    assert words.stage(mock, NOW).urgent == last


def test_an_assessment_without_its_tutor_is_no_time_off(says: object) -> None:
    mock = PanelAssessment(name="Maths mock", starts_at=at("10:00"), ends_at=at("11:00"))
    alone = panel(says, lesson="", assessment=mock)
    assert words.lesson_title(alone, NOW) == "Maths mock, until 11:00"
    assert words.no_cover(alone) == ""
    assert "put your own hand up" in words.no_call(alone)


def test_break_time_is_said_in_so_many_words(says: object) -> None:
    free = words.rules_now(panel(says, lesson="", rules=(), is_break=True))
    assert free == ("It is break time: the lesson’s rules do not hold now.", ())
    above, rules = words.rules_now(panel(says, lesson="", rules=("No USB sticks",), is_break=True))
    assert above.endswith("These rules still hold:")
    assert rules == ("No USB sticks",)
    assert words.rules_now(panel(says, is_break=True))[0] == "It is break time."
    assert words.rules_now(panel(says, rules=())) == ("No special rules in this lesson.", ())
