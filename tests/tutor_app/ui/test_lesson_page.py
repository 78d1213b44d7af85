"""A tutor's keys become orders; what the devices answer comes back onto the wall."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from protocol.messages import Lock, Result, Stream, TextMessage, Unlock
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, SHIFT, Held
from tutor_app.classroom.tile import Look
from tutor_app.records.values import CommandAsked, Flagged, FlagWithdrawn, LessonEnded, LessonStarted
from tutor_app.ui.dialogs import EndDialog, LockDialog, MessageDialog
from tutor_app.ui.flag_dialog import FlagDialog
from tutor_app.ui.wall_model import Role

ENTER = Qt.Key.Key_Return


def look(held: Held, number: int) -> Look:
    row = held.wall_page.model.row(made.device(number))
    assert row is not None
    look: Look = held.wall_page.model.index(row).data(Role.TILE).look
    return look


def test_ctrl_l_and_enter_lock_the_selected_at_once(lesson: Held) -> None:
    lesson.select(2, 4)
    lesson.press(Qt.Key.Key_L, CTRL)
    assert isinstance(lesson.dialog(), LockDialog)
    lesson.press(ENTER)
    assert [device for device, _ in lesson.commands] == ["LAPTOP-02", "LAPTOP-04"]
    assert all(isinstance(command, Lock) and command.sentence == "" for _, command in lesson.commands)
    assert look(lesson, 2) is Look.ASKED
    lesson.confirm()
    lesson.run.take([made.locked(2, 600, lesson.clock.now)])
    assert look(lesson, 2) is Look.LOCKED
    assert lesson.journal.of(CommandAsked)


def test_a_sentence_goes_with_the_lock_and_is_offered_again(lesson: Held) -> None:
    lesson.select(1)
    lesson.press(Qt.Key.Key_L, CTRL)
    lesson.dialog()
    QTest.keyClicks(QApplication.focusWidget(), "Eyes on the board")
    lesson.press(ENTER)
    assert lesson.commands[0][1].sentence == "Eyes on the board"  # type: ignore[union-attr]
    assert lesson.remembered.sentences == ["Eyes on the board"]
    lesson.press(Qt.Key.Key_L, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, LockDialog)
    quote = next(one for one in dialog.children() if getattr(one, "text", str)() == "Eyes on the board")
    quote.click()  # type: ignore[attr-defined]
    assert dialog.field.text() == "Eyes on the board"
    lesson.press(Qt.Key.Key_Escape)
    assert len(lesson.commands) == 1


def test_shift_locks_everybody_whatever_is_selected(lesson: Held) -> None:
    lesson.select(1)
    lesson.press(Qt.Key.Key_L, CTRL | SHIFT)
    dialog = lesson.dialog()
    assert dialog.windowTitle() == "Lock all 30 screens"
    lesson.press(ENTER)
    assert len(lesson.commands) == 6
    assert lesson.wall_page.side.rows[0].text.endswith("6 asked, 24 not connected")


def test_with_nobody_selected_the_buttons_say_all(lesson: Held) -> None:
    lock = lesson.window.actions_["lock"]
    assert lock.text() == "Lock all"
    lesson.select(3)
    assert lock.text() == "Lock"
    assert lesson.window.actions_["flag"].isEnabled()
    lesson.press(Qt.Key.Key_Escape)
    assert lock.text() == "Lock all"
    assert not lesson.window.actions_["flag"].isEnabled()


def test_unlocking_takes_no_dialog(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 300, lesson.clock.now), made.locked(3, 300, lesson.clock.now)])
    lesson.press(Qt.Key.Key_U, CTRL)
    assert [(device, type(command)) for device, command in lesson.commands] == [
        ("LAPTOP-02", Unlock),
        ("LAPTOP-03", Unlock),
    ]


def test_a_message_is_sent_by_enter_and_its_failure_stands_on_the_tile(lesson: Held) -> None:
    lesson.select(5)
    lesson.press(Qt.Key.Key_M, CTRL)
    assert isinstance(lesson.dialog(), MessageDialog)
    QTest.keyClicks(QApplication.focusWidget(), "Save your work")
    lesson.press(ENTER, SHIFT)
    QTest.keyClicks(QApplication.focusWidget(), "now")
    lesson.press(ENTER)
    device, command = lesson.commands[0]
    assert isinstance(command, TextMessage)
    assert (device, command.text) == ("LAPTOP-05", "Save your work\nnow")
    lesson.run.take([made.answered(lesson.wire.orders[0], Result.FAILED, "no display", lesson.clock.now)])
    row = lesson.wall_page.model.row("LAPTOP-05")
    assert row is not None
    assert lesson.wall_page.model.index(row).data(Role.TILE).badge.text == "Message failed: no display"
    assert "failed" in lesson.wall_page.side.rows[0].text


def test_an_empty_message_cannot_be_sent(lesson: Held) -> None:
    lesson.press(Qt.Key.Key_M, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, MessageDialog)
    lesson.press(ENTER)
    assert dialog.isVisible()
    dialog.field.setPlainText("x" * 1001)
    lesson.press(ENTER)
    assert dialog.isVisible()
    assert lesson.commands == []
    dialog.reject()


def test_flagging_by_keyboard_goes_on_record_and_can_be_undone(lesson: Held) -> None:
    lesson.select(6)
    lesson.press(Qt.Key.Key_G, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, FlagDialog)
    assert "No picture is kept." in dialog.advice
    lesson.press(Qt.Key.Key_Down)
    lesson.press(Qt.Key.Key_Tab)
    QTest.keyClicks(QApplication.focusWidget(), "third time today")
    lesson.press(ENTER)
    flagged = lesson.journal.of(Flagged)
    assert [(one.device, one.category, one.note) for one in flagged] == [  # type: ignore[union-attr]
        ("LAPTOP-06", list(made.policy().flags)[1], "third time today")
    ]
    undo = lesson.wall_page.side.rows[0]
    undo.undone.emit(undo.line.number)
    assert len(lesson.journal.of(FlagWithdrawn)) == 1
    assert lesson.run.classroom.students["LAPTOP-06"].flags == 0


def test_every_categorys_advice_is_shown(lesson: Held) -> None:
    lesson.select(6)
    lesson.press(Qt.Key.Key_G, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, FlagDialog)
    for row, category in enumerate(made.policy().flags.values()):
        dialog.list.setCurrentRow(row)
        assert category.advice in dialog.advice
        assert ("yourself, now" in dialog.advice) is (category.route != "tutor")
    dialog.reject()


def test_undo_of_a_lock_unlocks_and_then_is_gone(lesson: Held) -> None:
    lesson.run.lock(["LAPTOP-01"])
    row = lesson.wall_page.side.rows[0]
    row.undone.emit(row.line.number)
    assert [type(command) for _, command in lesson.commands] == [Lock, Unlock]
    assert "taken back" in lesson.wall_page.side.rows[1].text


def test_the_end_is_asked_for_and_recorded(lesson: Held) -> None:
    lesson.press(Qt.Key.Key_E, CTRL)
    assert isinstance(lesson.dialog(), EndDialog)
    with lesson.qtbot.waitSignal(lesson.page.closed):
        lesson.press(ENTER)
    assert ("end", "ended by the tutor") in lesson.wire.told
    assert lesson.journal.of(LessonStarted)
    assert lesson.journal.of(LessonEnded)
    assert look(lesson, 1) is Look.PAUSED
    assert lesson.pictures.get("LAPTOP-01") is None


def test_the_clock_ends_a_lesson_and_offers_another(lesson: Held) -> None:
    lesson.passes(56 * 60)
    assert ("end", "The lesson's time is over.") in lesson.wire.told
    assert lesson.wall_page.notice.text.startswith("The lesson ended at 11:01")
    assert not lesson.window.actions_["lock"].isEnabled()
    with lesson.qtbot.waitSignal(lesson.page.closed):
        lesson.wall_page.notice.pressed.emit()


def test_leases_are_renewed_while_the_lesson_runs(lesson: Held) -> None:
    lesson.run.lock(["LAPTOP-01"])
    lesson.confirm()
    lesson.run.take([made.locked(1, 600, lesson.clock.now)])
    lesson.wire.orders.clear()
    lesson.clock.now += 400
    for _ in range(5):
        lesson.passes(1)
    assert [(device, type(command)) for device, command in lesson.commands] == [("LAPTOP-01", Lock)]


# ── closing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_closing_without_locks_ends_the_lesson(lesson: Held) -> None:
    with lesson.qtbot.waitSignal(lesson.window.finished):
        lesson.window.close()
    assert ("end", "closed by the tutor") in lesson.wire.told


def test_closing_with_locks_asks_and_unlocks(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 300, lesson.clock.now)])
    lesson.window.close()
    dialog = lesson.dialog()
    assert isinstance(dialog, EndDialog)
    assert lesson.window.isVisible()
    assert not any(what == "end" for what, _ in lesson.wire.told)
    with lesson.qtbot.waitSignal(lesson.window.finished):
        lesson.press(ENTER)
    assert [(device, type(command)) for device, command in lesson.commands] == [("LAPTOP-02", Unlock)]
    assert ("end", "ended by the tutor") in lesson.wire.told


def test_closing_can_be_thought_better_of(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 300, lesson.clock.now)])
    lesson.window.close()
    lesson.dialog()
    lesson.press(Qt.Key.Key_Escape)
    assert lesson.window.isVisible()
    assert not lesson.run.is_over


# ── one student large ───────────────────────────────────────────────────────────────────────────────────────────────


def test_enter_opens_esc_goes_back_arrows_go_on(lesson: Held) -> None:
    lesson.select(2)
    lesson.press(ENTER)
    assert lesson.page.focused == "LAPTOP-02"
    lesson.qtbot.waitUntil(lambda: ("LAPTOP-02", Stream.FOCUS) in lesson.wire.asks)
    ask = lesson.wire.asks["LAPTOP-02", Stream.FOCUS]
    assert ask.interval_ms == 33
    assert ask.width > 1000
    lesson.press(Qt.Key.Key_Right)
    assert lesson.page.focused == "LAPTOP-03"
    assert ("LAPTOP-02", Stream.FOCUS) not in lesson.wire.asks
    assert ("LAPTOP-03", Stream.FOCUS) in lesson.wire.asks
    lesson.press(Qt.Key.Key_Left)
    lesson.press(Qt.Key.Key_Left)
    assert lesson.page.focused == "LAPTOP-01"
    lesson.press(Qt.Key.Key_Escape)
    assert lesson.page.focused == ""
    assert lesson.wall.selected() == ["LAPTOP-01"]
    assert not [key for key in lesson.wire.asks if key[1] is Stream.FOCUS]


def test_actions_concern_the_one_in_view(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-03")
    lesson.press(Qt.Key.Key_L, CTRL)
    lesson.dialog()
    lesson.press(ENTER)
    assert [device for device, _ in lesson.commands] == ["LAPTOP-03"]


def test_finding_works_from_the_large_view_and_esc_clears(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-03")
    lesson.press(Qt.Key.Key_F, CTRL)
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    QTest.keyClicks(QApplication.focusWidget(), "student 04")
    assert lesson.wall_page.model.devices == ["LAPTOP-04"]
    lesson.press(ENTER)
    assert lesson.wall.selected() == ["LAPTOP-04"]
    lesson.press(Qt.Key.Key_F, CTRL)
    lesson.press(Qt.Key.Key_Escape)
    assert len(lesson.wall_page.model.devices) == 30
    assert QApplication.focusWidget() is lesson.wall


def test_a_role_without_focus_opens_nothing(hold: Callable[..., Held]) -> None:
    held = hold(3)
    held.arrive(1)
    student = held.run.classroom.students["LAPTOP-01"]
    held.run.take([made.Permitted(device="LAPTOP-01", until=student.permit_until, may=frozenset(), at=held.clock.now)])
    held.page.open_student("LAPTOP-01")
    assert held.page.focused == ""
