""" "Eyes on me" by the keyboard, its strip, and its end."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from protocol.messages import Lock, TextMessage, Unlock
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import Held
from tutor_app.ui.eyes import EyesDialog
from tutor_app.ui.lesson_run import FIVE_MINUTES

ENTER = Qt.Key.Key_Return


def lock_all(held: Held) -> None:
    held.press(Qt.Key.Key_F9)
    assert isinstance(held.dialog(), EyesDialog)
    held.press(ENTER)
    held.confirm()
    held.run.take([made.locked(number, 300, held.clock.now) for number in range(1, 7)])


def strip(held: Held) -> str:
    held.qtbot.waitUntil(lambda: not held.wall_page._standing.isActive())
    return held.wall_page.eyes.text


def test_f9_and_enter_lock_everybody_and_f9_releases(lesson: Held) -> None:
    lock_all(lesson)
    assert {device for device, command in lesson.commands if isinstance(command, Lock)} == {
        made.device(number) for number in range(1, 7)
    }
    assert {command.lease for _, command in lesson.commands if isinstance(command, Lock)} == {300}
    assert strip(lesson) == "Eyes on me · 5:00 left · 6 of 6 locked"
    assert lesson.window.actions_["eyes"].text() == "Release all"
    lesson.wire.orders.clear()
    lesson.press(Qt.Key.Key_F9)
    assert {type(command) for _, command in lesson.commands} == {Unlock}
    assert len(lesson.commands) == 6
    assert strip(lesson) == ""


def test_the_time_and_the_sentence_are_remembered(lesson: Held) -> None:
    lesson.press(Qt.Key.Key_F9)
    dialog = lesson.dialog()
    assert isinstance(dialog, EyesDialog)
    QTest.keyClicks(QApplication.focusWidget(), "Look up")
    dialog._group.button(10).click()
    lesson.press(ENTER)
    assert {(one.lease, one.sentence) for _, one in lesson.commands if isinstance(one, Lock)} == {(600, "Look up")}
    lesson.press(Qt.Key.Key_F9)
    lesson.press(Qt.Key.Key_F9)
    dialog = lesson.dialog()
    assert isinstance(dialog, EyesDialog)
    assert (dialog.field.text(), dialog._group.checkedId()) == ("Look up", 10)
    dialog.reject()


def test_the_strip_counts_down_and_everybody_is_free_at_its_end(lesson: Held) -> None:
    lock_all(lesson)
    lesson.passes(299)
    assert strip(lesson).startswith("Eyes on me · 0:01 left")
    lesson.wire.orders.clear()
    lesson.passes(1)
    assert sorted({type(command) for _, command in lesson.commands}, key=str) == [Unlock]
    assert strip(lesson) == ""


def test_who_comes_late_is_locked_at_once(lesson: Held) -> None:
    lock_all(lesson)
    lesson.wire.orders.clear()
    lesson.arrive(9)
    assert [(device, type(command)) for device, command in lesson.commands] == [("LAPTOP-09", Lock)]


def test_the_lessons_end_unlocks_everybody(lesson: Held) -> None:
    lock_all(lesson)
    lesson.wire.orders.clear()
    lesson.run.end()
    assert {device for device, command in lesson.commands if isinstance(command, Unlock)} == {
        made.device(number) for number in range(1, 7)
    }


# ── five minutes left ───────────────────────────────────────────────────────────────────────────────────────────────


def test_students_are_told_once_that_five_minutes_are_left(lesson: Held) -> None:
    lesson.passes(49 * 60)
    assert lesson.commands == []
    lesson.passes(60)
    lesson.passes(1)
    texts = [(device, command.text) for device, command in lesson.commands if isinstance(command, TextMessage)]
    assert texts == [(made.device(number), FIVE_MINUTES) for number in range(1, 7)]
    assert "min left" not in lesson.wall_page.bar._facts.text
    assert "4:59 left" in lesson.wall_page.bar._facts.text


def test_a_tutor_may_do_without(lesson: Held) -> None:
    lesson.remembered.keep("five-minutes", 0)
    lesson.passes(50 * 60)
    assert lesson.commands == []
