"""Rules by the keyboard: another set, a change for a while, its end; and who may not."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from protocol.messages import Changeable, ChangeRule, DropChange, SetRules, Verb
from protocol.role import Role
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, Held
from tutor_app.classroom.phrases import rules_name
from tutor_app.classroom.rules import MOST_CHANGES, Edit
from tutor_app.ui.rules_dialog import FULL, RulesDialog
from tutor_app.ui.rules_menu import RulesMenu, offered

ENTER = Qt.Key.Key_Return


def menu(held: Held) -> RulesMenu:
    held.press(Qt.Key.Key_F7)
    held.qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), RulesMenu), timeout=2000)
    shown = QApplication.activePopupWidget()
    assert isinstance(shown, RulesMenu)
    return shown


def press(shown: QMenu, beginning: str) -> None:
    next(one for one in shown.actions() if one.text().startswith(beginning)).trigger()
    shown.close()


def commands(held: Held, kind: type) -> list[Any]:
    return [command for _, command in held.commands if isinstance(command, kind)]


def test_another_rule_set_goes_to_everybody_and_stands_in_the_bar(lesson: Held) -> None:
    assert "rules: Lesson" in lesson.wall_page.bar._facts.text
    other = next(name for name in offered(made.policy(), Role.TUTOR) if name != "lesson")
    press(menu(lesson), other.replace("-", " ").capitalize())
    assert {one.rules for one in commands(lesson, SetRules)} == {other}
    assert len(commands(lesson, SetRules)) == 6
    lesson.passes(1)
    lesson.qtbot.waitUntil(lambda: not lesson.page._soon.isActive())
    lesson.passes(1)
    assert f"rules: {rules_name(other)}" in lesson.wall_page.bar._facts.text


def test_an_assessments_rules_are_not_offered_in_a_lesson() -> None:
    policy = made.policy()
    sets = dict(policy.rules)
    sets["exam"] = _changed(sets["lesson"], is_assessment=True)
    sets["heads"] = _changed(sets["lesson"], roles=(Role.INVIGILATOR,))
    names = offered(_changed(policy, rules=sets), Role.TUTOR)
    assert "lesson" in names
    assert "exam" not in names
    assert "heads" not in names


def _changed(value: Any, **changes: object) -> Any:
    fields = {name: getattr(value, name) for name in value.__struct_fields__} | changes
    return type(value)(**fields)


def test_a_site_is_allowed_for_the_selected_for_twenty_minutes(lesson: Held) -> None:
    lesson.select(2, 3)
    lesson.press(Qt.Key.Key_B, CTRL)
    assert isinstance(lesson.dialog(), RulesDialog)
    QTest.keyClicks(QApplication.focusWidget(), "https://www.desmos.com/calculator")
    lesson.press(ENTER)
    assert [device for device, _ in lesson.commands] == ["LAPTOP-02", "LAPTOP-03"]
    (first, second) = commands(lesson, ChangeRule)
    assert first == second
    assert (first.verb, first.subject, first.value, first.lease) == (
        Verb.ALLOW,
        Changeable.SITE,
        "desmos.com/calculator",
        1200,
    )


def test_a_program_is_blocked_for_everybody_until_the_tutor_ends_it(lesson: Held) -> None:
    lesson.press(Qt.Key.Key_B, CTRL)
    dialog = lesson.dialog()
    assert isinstance(dialog, RulesDialog)
    dialog.choose(Verb.BLOCK, Changeable.APPLICATION)
    dialog.length.setCurrentIndex(dialog.length.count() - 1)
    dialog.field.setFocus()
    QTest.keyClicks(dialog.field, "steam*")
    lesson.press(ENTER)
    change = commands(lesson, ChangeRule)[0]
    assert (change.verb, change.value, change.lease) == (Verb.BLOCK, "steam*", 55 * 60)
    lesson.arrive(9)
    assert [device for device, command in lesson.commands if command.id == change.id][-1] == "LAPTOP-09"
    press(menu(lesson), "End now: Blocked steam* · everybody · until 11:00")
    assert {one.change for one in commands(lesson, DropChange)} == {change.id}
    assert len(commands(lesson, DropChange)) == 7
    assert not [one for one in menu(lesson).actions() if one.text().startswith("End now")]


@pytest.mark.parametrize("typed", ["", "   ", "https://"])
def test_nothing_cannot_be_allowed(lesson: Held, typed: str) -> None:
    lesson.press(Qt.Key.Key_B, CTRL)
    dialog = lesson.dialog()
    QTest.keyClicks(QApplication.focusWidget(), typed)
    lesson.press(ENTER)
    assert dialog.isVisible()
    assert lesson.commands == []
    dialog.reject()


def test_while_there_are_as_many_changes_as_can_be_it_says_what_to_do(lesson: Held) -> None:
    for number in range(MOST_CHANGES):
        lesson.run.change_rule(Edit(verb=Verb.ALLOW, subject=Changeable.SITE, value=f"{number}.example"), None)
    sent = len(lesson.commands)
    lesson.press(Qt.Key.Key_B, CTRL)
    dialog = lesson.dialog()
    assert FULL in [one.text() for one in dialog.findChildren(QLabel)]
    QTest.keyClicks(QApplication.focusWidget(), "desmos.com")
    lesson.press(ENTER)
    assert dialog.isVisible()
    assert len(lesson.commands) == sent
    dialog.reject()
