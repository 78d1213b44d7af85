"""Starting a lesson: sensible to begin with, and refused with the hours where it cannot be held."""

import dataclasses
from datetime import datetime

import msgspec
import pytest
from PySide6.QtCore import Qt, QTime
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from protocol.messages import LessonTerms
from protocol.policy.timetable import TimetableEntry
from tests.tutor_app.ui import synthetic as made
from tutor_app.signin import SignedIn
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.start_lesson import StartLessonPage, groups_of, sensible_end
from tutor_app.ui.theme import Theme

TEN = 1_793_959_200.0  # Friday 2026-11-06 10:00 in London


@pytest.fixture
def clock() -> made.Clock:
    return made.Clock(TEN)


def open_page(
    qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock, who: SignedIn | None = None
) -> StartLessonPage:
    page = StartLessonPage(theme, who or made.signed_in(), remembered, clock=clock)
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock) -> StartLessonPage:
    return open_page(qtbot, theme, remembered, clock)


def limited(*groups: str) -> SignedIn:
    """The tutor may hold lessons for these groups only."""
    who = made.signed_in()
    policy = msgspec.structs.replace(who.policy, staff={made.TUTOR.id: groups})
    bundle = type(who.bundle.bundle)(**vars(who.bundle.bundle) | {"policy": policy})
    return SignedIn(who.credentials, type(who.bundle)(bundle, b"", who.bundle.devices))


def started(qtbot: QtBot, page: StartLessonPage) -> LessonTerms:
    with qtbot.waitSignal(page.started, timeout=1000) as signal:
        QTest.keyClick(page.name, Qt.Key.Key_Return)
    lesson = signal.args[0]
    assert isinstance(lesson, LessonTerms)
    return lesson


def ends(lesson: LessonTerms) -> str:
    return f"{datetime.fromtimestamp(lesson.ends_at, made.LONDON):%H:%M}"


def test_typing_a_name_and_enter_is_enough(qtbot: QtBot, page: StartLessonPage) -> None:
    QTest.keyClicks(page.name, "Maths")
    lesson = started(qtbot, page)
    assert (lesson.name, lesson.group, ends(lesson)) == ("Maths", "10B", "11:00")
    assert lesson.starts_at == TEN


def test_without_a_name_it_asks_for_one(page: StartLessonPage) -> None:
    page.submit()
    assert page.problem.startswith("Give the lesson a name")


def test_half_an_hour_or_an_hour_by_a_button(qtbot: QtBot, page: StartLessonPage) -> None:
    for words, end in (("+30 min", "10:30"), ("+60 min", "11:00")):
        button = next(one for one in page.findChildren(object) if getattr(one, "text", str)() == words)
        button.click()
        assert page.end.time().toString("HH:mm") == end


def test_out_of_hours_the_refusal_says_which_hours(
    qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock
) -> None:
    clock.now += 12 * 3600
    page = open_page(qtbot, theme, remembered, clock)
    page.name.setText("Maths")
    page.submit()
    assert page.problem == "College hours on Friday: 08:00–18:00. Monday 08:00–18:00."


def test_too_long_and_already_over_are_refused(page: StartLessonPage) -> None:
    page.name.setText("Maths")
    page.end.setTime(QTime(17, 0))
    page.submit()
    assert page.problem == "A lesson may last 180 minutes at most."
    page.end.setTime(QTime(9, 0))
    page.submit()
    assert page.problem == "The lesson’s end has passed already." or "end has passed" in page.problem


def test_the_end_keeps_inside_hours_and_round() -> None:
    policy = made.policy()
    assert sensible_end(policy, TEN + 7 * 60, 60) == TEN + 65 * 60
    assert sensible_end(policy, TEN + 7.5 * 3600, 60) == TEN + 8 * 3600, "closing time is 18:00"


def test_the_last_lesson_is_remembered(
    qtbot: QtBot, page: StartLessonPage, theme: Theme, remembered: Remembered, clock: made.Clock
) -> None:
    page.name.setText("Physics")
    page.group.setCurrentText("11A")
    page.room.setText("Lab 2")
    assert started(qtbot, page).group == "11A"
    again = open_page(qtbot, theme, remembered, clock)
    assert (again.name.text(), again.group.currentText(), again.room.text()) == ("Physics", "11A", "Lab 2")
    assert again.name.selectedText() == "Physics"  # the next lesson's name is typed over it


def test_only_the_tutors_own_groups_are_offered() -> None:
    assert groups_of(made.signed_in()) == ["10B", "11A"]
    assert groups_of(limited(" 11a")) == ["11A"]


def test_a_tutor_without_groups_is_told_whom_to_ask(
    qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock
) -> None:
    page = open_page(qtbot, theme, remembered, clock, limited("13Z"))
    assert page.problem == (
        "The policy gives Maths tutor no group that has laptops. Ask the network manager to add one."
    )
    page.submit()
    QApplication.processEvents()


def test_it_says_how_many_laptops_a_group_has(page: StartLessonPage) -> None:
    assert page._expected.text() == "30 laptops in the register"
    page.group.setCurrentText("11A")
    assert page._expected.text() == "1 laptop in the register"


def test_the_end_stands_as_far_from_its_border_as_the_other_fields(page: StartLessonPage) -> None:
    page.name.setFocus()
    image = page.end.grab().toImage()
    dark = [
        x
        for x in range(4, image.width() - 4)
        for y in range(6, image.height() - 6)
        if image.pixelColor(x, y).lightness() < 110
    ]
    assert 8 <= min(dark) <= 14


def timetabled(*entries: TimetableEntry) -> SignedIn:
    who = made.signed_in()
    return dataclasses.replace(who, bundle=dataclasses.replace(who.bundle, timetable=entries))


ON_NOW = TimetableEntry(
    name="Biology", group="11a", tutor="Maths-Tutor", room="Lab 2", weekday=4, starts=9 * 60 + 30, ends=10 * 60 + 40
)


def test_the_lesson_of_the_timetable_is_offered(
    qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock
) -> None:
    page = open_page(qtbot, theme, remembered, clock, timetabled(ON_NOW))
    fields = (page.name.text(), page.group.currentText(), page.room.text(), page.end.time())
    assert fields == ("Biology", "11A", "Lab 2", QTime(10, 40))
    page.name.setText("Cover lesson")
    started = []
    page.started.connect(started.append)
    page.submit()
    assert [(lesson.name, lesson.group, lesson.ends_at) for lesson in started] == [("Cover lesson", "11A", TEN + 2400)]


def test_another_tutor_s_lesson_is_not(qtbot: QtBot, theme: Theme, remembered: Remembered, clock: made.Clock) -> None:
    other = msgspec.structs.replace(ON_NOW, tutor="other")
    earlier = msgspec.structs.replace(ON_NOW, ends=10 * 60)
    page = open_page(qtbot, theme, remembered, clock, timetabled(other, earlier))
    assert page.name.text() == ""


def test_only_the_rules_of_this_role_are_offered(page: StartLessonPage) -> None:
    titles = [page.rules.itemText(index) for index in range(page.rules.count())]
    assert "In this lesson" in titles
    assert "In this assessment" not in titles
