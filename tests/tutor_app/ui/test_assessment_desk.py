"""An assessment from the invigilator's keys to the orders and the records, with laptops that do what they are told."""

import logging
from concurrent.futures import Future

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget

from protocol.messages import AssessmentFacts, PauseAssessment, StartAssessment, StopAssessment
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.assessing import Hall
from tests.tutor_app.ui.conftest import CTRL, SHIFT, Held
from tutor_app.assessment.checklist import items
from tutor_app.assessment.codes import grouped, release_code
from tutor_app.assessment.sheet import SheetStore
from tutor_app.classroom.assessment_plan import Plan
from tutor_app.classroom.sitting import Stage
from tutor_app.network.conversation import unsent
from tutor_app.records.values import (
    AssessmentChecked,
    AssessmentEnded,
    AssessmentNoted,
    AssessmentStarted,
    DeviceFound,
)
from tutor_app.ui.assessment_dialogs import CodesDialog, FinishDialog, PauseDialog
from tutor_app.ui.assessment_wizard import AssessmentWizard
from tutor_app.ui.found_dialog import FoundDialog
from tutor_app.ui.report_dialog import ReportDialog


@pytest.fixture
def lesson(hold) -> Held:
    return hold(6, tutor=made.INVIGILATOR)


@pytest.fixture
def hall(lesson) -> Hall:
    """Five of six are here; LAPTOP-06 is missing."""
    room = Hall(lesson.page, lesson.wire, lesson.clock, lesson.pictures)
    room.arrive(1, 2, 3, 4, 5)
    lesson.wire.orders.clear()
    return room


def wizard_of(lesson) -> AssessmentWizard:
    lesson.page.desk.ask_start()
    dialog = lesson.dialog()
    assert isinstance(dialog, AssessmentWizard)
    return dialog


def tick_all(wizard: AssessmentWizard) -> None:
    for box in wizard.checks.boxes.values():
        box.setChecked(True)


@pytest.fixture
def begun(lesson, hall) -> Hall:
    """An assessment of an hour on the five, confirmed."""
    wizard = wizard_of(lesson)
    wizard.what.name.setText("Mock")
    wizard.forward()
    wizard.forward()
    tick_all(wizard)
    wizard.forward()
    wizard.forward()
    hall.answer()
    return hall


def sitting(lesson, number: int):
    return lesson.page.desk.held.sittings[made.device(number)]


def orders_of(lesson, kind: type) -> list[str]:
    return [order.device for order in lesson.wire.orders if isinstance(order.command, kind)]


# ── the wizard ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_wizard_is_gone_through_by_keyboard_alone(lesson, hall):
    lesson.press(Qt.Key.Key_F6)
    wizard = lesson.dialog()
    assert isinstance(wizard, AssessmentWizard)
    wizard.what.name.setText("Mock")
    lesson.press(Qt.Key.Key_Return)
    assert wizard.page is wizard.extra
    wizard.next.setFocus()
    lesson.press(Qt.Key.Key_Return)
    assert wizard.page is wizard.checks
    for box in wizard.checks.boxes.values():
        box.setFocus()
        lesson.press(Qt.Key.Key_Space)
    wizard.next.setFocus()
    lesson.press(Qt.Key.Key_Return)
    assert wizard.page is wizard.laptops
    assert wizard.laptops.summary.text() == "5 ready · 1 missing"
    wizard.next.setFocus()
    lesson.press(Qt.Key.Key_Return)
    assert orders_of(lesson, StartAssessment) == [made.device(n) for n in range(1, 6)]


def test_it_needs_a_name_and_every_item_ticked_or_explained(lesson, hall):
    wizard = wizard_of(lesson)
    wizard.what.name.clear()
    wizard.forward()
    assert wizard.page is wizard.what
    assert "name" in wizard.problem
    wizard.what.name.setText("Mock")
    assert not wizard.problem
    wizard.forward()
    wizard.forward()
    tick_all(wizard)
    last = list(wizard.checks.boxes)[-1]
    wizard.checks.boxes[last].setChecked(False)
    wizard.forward()
    assert wizard.problem == "One item is neither ticked nor explained."
    wizard.checks.reasons[last].setText("No loudspeaker")
    wizard.forward()
    assert wizard.page is wizard.laptops
    wizard.forward()
    checks = lesson.journal.of(AssessmentChecked)
    assert [(one.ticked, one.reason) for one in checks[-2:]] == [(True, ""), (False, "No loudspeaker")]
    assert {one.by_name for one in checks} == {"Ida Marsh"}
    assert {one.at for one in checks} == {lesson.clock.now}


def test_the_check_list_is_the_policys_and_else_the_products_own(lesson, hall):
    desk = lesson.page.desk
    desk._policy = replace(desk._policy, checklist=("Calculators are reset.", "Seats & walls are checked."))
    assert tuple(wizard_of(lesson).checks.boxes) == ("Calculators are reset.", "Seats & walls are checked.")
    lesson.dialog().reject()
    desk._policy = replace(desk._policy, checklist=())
    assert tuple(wizard_of(lesson).checks.boxes) == items()


def test_extra_time_begins_with_the_policys_and_can_be_changed(lesson, hall):
    wizard = wizard_of(lesson)
    wizard.what.length.setValue(60)
    wizard.forward()
    assert wizard.extra.seconds() == {made.device(4): 900.0}
    wizard.extra.set_minutes(made.device(2), 10)
    wizard._go(-1)
    wizard.what.length.setValue(120)
    wizard.forward()
    assert wizard.extra.seconds() == {made.device(4): 1800.0, made.device(2): 600.0}
    wizard.extra.set_minutes(made.device(2), -5)
    wizard.forward()
    assert "Student 02" in wizard.problem


def test_what_is_allowed_reaches_the_terms(lesson, hall):
    wizard = wizard_of(lesson)
    wizard.what.sites.setPlainText("https://BBC.co.uk/bitesize/\nexample.org")
    wizard.what.applications.setPlainText("calc, geogebra")
    plan = wizard.plan()
    assert plan.allow_sites == ("bbc.co.uk/bitesize", "example.org")
    assert plan.allow_applications == ("calc", "geogebra")
    wizard.what.name.setText("Mock")
    wizard.what.sites.setPlainText("bbc news")
    assert wizard.what.problem() == "“bbc news” is not a site. Write it as bbc.co.uk/bitesize."
    wizard.what.only.setText("writer")
    assert (wizard.plan().only, wizard.plan().allow_applications) == ("writer", ())


def test_laptops_that_come_and_go_are_followed_and_those_left_out_are_not_started(lesson, hall):
    wizard = wizard_of(lesson)
    wizard.forward()
    wizard.forward()
    tick_all(wizard)
    wizard.forward()
    hall.arrive(6, limited=(6,))
    assert wizard.laptops.summary.text() == "5 ready · 1 ready, but cannot hold every rule"
    lesson.run.take([made.lost(1, lesson.clock.now)])
    wizard.laptops.leave_out(made.device(2))
    assert wizard.next.text() == "Start for 4 students"
    wizard.forward()
    assert sorted(orders_of(lesson, StartAssessment)) == [made.device(n) for n in (3, 4, 5, 6)]


def test_a_tutor_may_not_start_one(hold):
    lesson = hold(6)
    lesson.arrive(1)
    lesson.page.follow()
    action = lesson.window.actions_["assess"]
    assert not action.isEnabled()
    assert "invigilator" in action.toolTip()


# ── while it is held ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_start_is_recorded_with_its_times_and_exceptions(lesson, begun):
    (start,) = lesson.journal.of(AssessmentStarted)
    assert (start.name, start.rules, start.length, start.by_name) == ("Mock", "assessment", 3600.0, "Ida Marsh")
    notes = lesson.journal.of(AssessmentNoted)
    assert sum(one.what == "started" for one in notes) == 5
    (exception,) = [one for one in notes if one.what == "exception"]
    assert (exception.student, exception.detail) == ("Student 04", "An adjustment lifts: no-usb")


def test_the_wall_shows_each_students_time_and_breaches_come_first(lesson, begun):
    lesson.passes(60)
    model = lesson.wall_page.model
    tiles = {model.data(model.index(row), Qt.ItemDataRole.UserRole + 1).device: row for row in range(model.rowCount())}
    tile = model.data(model.index(tiles[made.device(4)]), Qt.ItemDataRole.UserRole + 1)
    assert tile.aside == "74:00 left"
    begun.breach(5, "no-usb", "USB stick (Kingston)")
    assert model.devices[0] == made.device(5)
    assert "1 with breaches" in lesson.page.desk.banner.text
    assert not lesson.wall_page.side.isVisible()


def test_a_pause_for_a_fire_alarm_locks_and_the_end_moves(lesson, begun):
    lesson.press(Qt.Key.Key_P, CTRL | SHIFT)
    dialog = lesson.dialog()
    assert isinstance(dialog, PauseDialog)
    dialog.accept()
    assert len(orders_of(lesson, PauseAssessment)) == 5
    assert {type(order.command).__name__ for order in lesson.wire.orders} == {"PauseAssessment", "Lock"}
    begun.answer()
    lesson.passes(600)
    assert "paused for 10 min" in lesson.page.desk.banner.text
    lesson.page.act("assess-resume")
    begun.answer()
    assert sitting(lesson, 1).ends_at == made.TEN + 3600 + 600
    assert sitting(lesson, 1).is_confirmed
    assert [one.seconds for one in lesson.journal.of(AssessmentNoted) if one.what == "resumed"] == [600.0] * 5


def test_extra_time_and_stop_concern_the_selected_student(lesson, begun):
    lesson.select(2)
    lesson.page.act("assess-time")
    lesson.dialog().accept()
    begun.answer()
    assert sitting(lesson, 2).ends_at == made.TEN + 3600 + 600
    assert sitting(lesson, 1).ends_at == made.TEN + 3600
    lesson.page.act("assess-stop")
    lesson.dialog().accept()
    assert orders_of(lesson, StopAssessment) == [made.device(2)]
    begun.answer()
    assert (sitting(lesson, 2).stage, sitting(lesson, 1).stage) == (Stage.STOPPED, Stage.RUNNING)


def test_a_late_student_is_started_by_one_click(lesson, begun):
    lesson.passes(300)
    begun.arrive(6)
    lesson.passes(1)
    banner = lesson.page.desk.banner
    assert banner.late_text == "Student 06 is here and has not begun."
    banner.full.click()
    begun.answer()
    assert sitting(lesson, 6).ends_at == lesson.clock.now + 3600
    assert banner.late_text == ""


def test_an_order_a_device_never_got_is_sent_again_when_it_is_back(lesson, begun):
    lesson.page.desk.run.give_time([made.device(3)], 5)
    begun.answer(away=(3,))
    assert not sitting(lesson, 3).is_confirmed
    lesson.passes(16)
    begun.answer()
    assert sitting(lesson, 3).is_confirmed
    assert begun.facts[made.device(3)].ends_at == made.TEN + 3900


def test_an_order_that_met_a_link_just_broken_is_sent_again_and_no_refusal(lesson, begun):
    lesson.page.desk.run.give_time([made.device(3)], 5)
    order = lesson.wire.orders.pop()
    lesson.run.take([unsent(order.device, order.command, "the laptop is not connected")])
    assert sitting(lesson, 3).wish is not None
    assert sitting(lesson, 3).why == ""
    lesson.passes(16)
    begun.answer()
    assert sitting(lesson, 3).is_confirmed
    assert begun.facts[made.device(3)].ends_at == made.TEN + 3900


def test_a_found_device_is_recorded_and_amended(lesson, begun):
    lesson.select(2)
    lesson.press(Qt.Key.Key_D, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, FoundDialog)
    assert dialog.student.currentText() == "Student 02"
    dialog.accept()
    assert dialog.problem == "Say what was decided."
    dialog.decision.setCurrentIndex(3)
    dialog.accept()
    lesson.page.act("assess-found")
    listed = lesson.dialog()
    listed.chosen.emit(next(iter(lesson.page.desk.run.found)))
    amend = next(one for one in lesson.wall_page.findChildren(FoundDialog) if one.isVisible() and one is not dialog)
    amend.decision.setCurrentIndex(1)
    amend.body.setText("Board")
    amend.told.setChecked(True)
    amend.reference.setText("R-7")
    amend.accept()
    first, second = lesson.journal.of(DeviceFound)
    assert (first.id, first.version, first.decision) == (second.id, 1, "warned")
    assert (second.version, second.decision, second.student) == (2, "withdrawn", "Student 02")
    assert (second.body, second.body_reference, second.body_told_by) == ("Board", "R-7", "Ida Marsh")
    assert first.body_told_at is None
    assert second.body_told_at is not None
    assert sitting(lesson, 2).found == 1
    listed.close()


# ── the codes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_codes_are_hidden_until_they_are_asked_for_and_never_recorded_or_logged(lesson, begun, caplog):
    caplog.set_level(logging.DEBUG)
    lesson.page.act("assess-codes")
    dialog = lesson.dialog()
    assert isinstance(dialog, CodesDialog)
    secrets = [terms.secret for terms in lesson.page.desk.held.terms.values()]
    codes = [release_code(secret) for secret in secrets]
    shown = [dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())]
    assert set(shown) == {"•••• ••••"}
    dialog.reveal.click()
    assert {dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())} == set(map(grouped, codes))
    dialog._hiding.timeout.emit()
    assert set(shown) == {dialog.table.item(row, 2).text() for row in range(dialog.table.rowCount())}
    written = repr(lesson.journal.records) + caplog.text
    for secret, code in zip(secrets, codes, strict=True):
        assert code not in written
        assert grouped(code) not in written
        assert repr(secret)[2:-1] not in written
    assert [one.detail for one in lesson.journal.of(AssessmentNoted) if one.what == "sheet"] == ["shown on the screen"]


def test_the_sheet_survives_a_restart_and_goes_with_the_end(lesson, begun, tmp_path):
    store = SheetStore(b"a private key", tmp_path / "assessments")
    held = lesson.page.desk.held
    assert store.find(held.id).terms == held.terms
    lesson.page.desk.run.close()
    assert store.find(held.id) is None


# ── a second invigilator, a restart, the end ────────────────────────────────────────────────────────────────────────


class Kept:
    """Records that answer with what a journal was given."""

    def __init__(self, journal) -> None:
        self.journal = journal

    def query(self, ask) -> Future[object]:
        answer: Future[object] = Future()
        answer.set_result(tuple(self.journal.of(DeviceFound)))
        return answer


def restarted(hold, begun, lesson, tutor, questions: object = None) -> tuple[Held, Hall]:
    again = hold(6, tutor=tutor, questions=questions)
    again.clock.now = lesson.clock.now + 60
    room = Hall(again.page, again.wire, again.clock, again.pictures)
    room.facts = begun.facts
    room.arrive(1, 2, 3, 4, 5)
    return again, room


def test_a_restarted_app_has_its_assessment_and_its_codes_again(hold, lesson, begun):
    codes = lesson.page.desk._codes(lesson.page.desk.held)
    again, _ = restarted(hold, begun, lesson, made.INVIGILATOR)
    desk = again.page.desk
    assert desk.held.is_own
    assert desk._codes(desk.held) == codes
    assert sitting(again, 4).extra == 900
    assert orders_of(again, StartAssessment) == []


def test_a_device_found_before_a_restart_is_shown_and_can_be_amended_after_it(hold, lesson, begun, qtbot):
    lesson.select(2)
    lesson.page.act("assess-found")
    first = lesson.dialog()
    first.decision.setCurrentIndex(3)
    first.accept()
    again, _ = restarted(hold, begun, lesson, made.INVIGILATOR, Kept(lesson.journal))
    qtbot.waitUntil(lambda: sitting(again, 2).found == 1)
    again.page.act("assess-found")
    listed = again.dialog()
    listed.chosen.emit(next(iter(again.page.desk.run.found)))
    amend = next(one for one in again.wall_page.findChildren(FoundDialog) if one.isVisible())
    amend.body.setText("Board")
    amend.accept()
    before, after = lesson.journal.of(DeviceFound)[0], again.journal.of(DeviceFound)[0]
    assert (after.id, after.version, after.body) == (before.id, 2, "Board")
    assert sitting(again, 2).found == 1
    listed.close()


def test_a_second_invigilator_sees_it_can_pause_and_takes_over(hold, lesson, begun, tmp_path):
    SheetStore(b"a private key", tmp_path / "assessments").forget(lesson.page.desk.held.id)
    again, room = restarted(hold, begun, lesson, made.INVIGILATOR)
    desk = again.page.desk
    assert "held by Ida Marsh" in desk.banner.text
    assert again.wire.orders == []
    assert not desk.run.codes_known
    assert again.journal.of(AssessmentStarted)[0].taken_from == "Ida Marsh"
    desk.run.pause(None, None)
    room.answer()
    assert all(one.stage is Stage.PAUSED for one in desk.held.sittings.values())
    again.page.act("assess-take")
    assert desk.held.is_own
    assert not again.window.actions_["assess-take"].isVisible()


def made_up(lesson, hall, **changes: object) -> None:
    """Laptop 1 says that it sits an assessment."""
    now = lesson.clock.now
    said = {"id": "ef" * 16, "name": "Mine", "rules": "assessment", "by": "The Head", "starts_at": now - 60}
    hall.facts[made.device(1)] = AssessmentFacts(**(said | {"ends_at": now + 3600} | changes))
    hall.tell(made.device(1))


@pytest.mark.parametrize("changes", [{"rules": "lesson"}, {"rules": "no-such"}, {"ends_at": 253402300799.0}])
def test_what_can_be_no_assessment_is_not_taken_up(lesson, hall, changes):
    made_up(lesson, hall, **changes)
    assert lesson.page.desk.held is None
    assert lesson.journal.of(AssessmentStarted) == []


def test_an_assessment_that_one_laptop_made_up_keeps_nobody_from_starting_one(lesson, hall):
    made_up(lesson, hall)
    desk = lesson.page.desk
    assert not desk.held.is_own
    assert lesson.window.actions_["assess"].isEnabled()
    desk.run.start(Plan(name="Mock", rules="assessment", length=3600, devices=(made.device(2),)), (), [made.device(2)])
    hall.answer()
    made_up(lesson, hall)
    assert (desk.held.is_own, desk.held.plan.name) == (True, "Mock")
    assert sitting(lesson, 2).stage is Stage.RUNNING
    assert not lesson.window.actions_["assess"].isEnabled()


def test_the_end_is_asked_recorded_and_leads_to_the_report(lesson, begun):
    lesson.press(Qt.Key.Key_E, CTRL | SHIFT)
    dialog = lesson.dialog()
    assert isinstance(dialog, FinishDialog)
    dialog.accept()
    assert len(orders_of(lesson, StopAssessment)) == 5
    (end,) = lesson.journal.of(AssessmentEnded)
    assert end.ended_at == lesson.clock.now
    assert lesson.page.desk.held is None
    assert lesson.page.desk.banner.isHidden()
    assert any(one.isVisible() for one in lesson.wall_page.findChildren(ReportDialog))
    begun.tell(made.device(1))
    assert lesson.page.desk.held is None, "what is closed here is not taken up again from a laptop that lags behind"


def test_ending_the_lesson_says_that_the_assessment_goes_on(lesson, begun):
    lesson.page.act("end")
    words = " ".join(one.text() for one in lesson.dialog().findChildren(QLabel))
    assert "the laptops hold to its end, the last at 11:20" in words
    lesson.dialog().reject()
    lesson.run.end()
    assert lesson.journal.of(AssessmentEnded) == []
    assert orders_of(lesson, StopAssessment) == []


def test_a_lesson_that_ends_after_everybodys_time_closes_the_assessment(lesson, begun):
    lesson.clock.now = made.TEN + 3600 + 900
    lesson.run.tick()
    lesson.run.end()
    assert len(lesson.journal.of(AssessmentEnded)) == 1


def test_every_control_of_the_dialogs_has_a_name(lesson, begun):
    for action in ("assess-pause", "assess-codes", "assess-found", "assess-close"):
        lesson.page.act(action)
        dialog = lesson.dialog()
        for widget in dialog.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and type(widget) is QLineEdit:
                named = widget.accessibleName() or widget.parentWidget().accessibleName()
                assert named, f"{action}: {widget}"
        dialog.reject()
        QApplication.processEvents()
