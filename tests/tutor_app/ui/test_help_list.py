"""Raised hands on the wall: the queue at the side, the keys that go through it, and how they go down."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from protocol.messages import HandFacts, LowerHand
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, SHIFT, Held
from tutor_app.classroom.arrange import Filter


def raise_hand(held: Held, number: int, ago: float, text: str = "") -> None:
    hand = HandFacts(since=held.clock.now - ago, text=text)
    held.run.take([made.told(number, held.clock.now, hand=hand)])


def rows(held: Held) -> list[str]:
    held.qtbot.waitUntil(lambda: not held.wall_page._standing.isActive())
    return [row.text for row in held.wall_page.side.help.rows if not held.wall_page.side.help.isHidden()]


def test_the_queue_lists_the_longest_first_and_follows_the_clock(lesson: Held) -> None:
    lesson.clock.now += 600
    raise_hand(lesson, 4, 130, "question 3")
    raise_hand(lesson, 2, 300)
    assert rows(lesson) == ["Student 02 · 5 min", "Student 04 · 2 min · “question 3”"]
    lesson.passes(60)
    assert rows(lesson)[0] == "Student 02 · 6 min"
    lesson.run.take([made.told(2, lesson.clock.now), made.told(4, lesson.clock.now)])
    assert rows(lesson) == []


def test_a_row_opens_the_screen_and_lowers_the_hand(lesson: Held) -> None:
    raise_hand(lesson, 4, 0)
    rows(lesson)
    (row,) = lesson.wall_page.side.help.rows
    view, lower = row.findChildren(QPushButton)
    assert (view.accessibleName(), lower.accessibleName()) == ("View: Student 04", "Lower: Student 04")
    lower.click()
    assert [(device, type(command)) for device, command in lesson.commands] == [("LAPTOP-04", LowerHand)]
    view.click()
    assert lesson.page.focused == "LAPTOP-04"


def test_ctrl_h_goes_from_hand_to_hand_whatever_the_filter_hides(lesson: Held) -> None:
    lesson.clock.now += 600
    raise_hand(lesson, 4, 10)
    raise_hand(lesson, 2, 60)
    lesson.wall_page.filters.choose(Filter.LOCKED)
    lesson.press(Qt.Key.Key_H, CTRL)
    assert lesson.wall.selected() == ["LAPTOP-02"]
    lesson.press(Qt.Key.Key_H, CTRL)
    assert lesson.wall.selected() == ["LAPTOP-04"]
    lesson.press(Qt.Key.Key_H, CTRL)
    assert lesson.wall.selected() == ["LAPTOP-02"]
    lesson.press(Qt.Key.Key_H, CTRL | SHIFT)
    assert [(device, type(command)) for device, command in lesson.commands] == [("LAPTOP-02", LowerHand)]


def test_without_hands_the_keys_do_nothing(lesson: Held) -> None:
    assert not lesson.window.actions_["next-hand"].isEnabled()
    lesson.press(Qt.Key.Key_H, CTRL)
    assert lesson.wall.selected() == []
