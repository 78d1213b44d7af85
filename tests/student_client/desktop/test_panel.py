"""The panel as a student reads it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from student_client.backends.base import Hotkey
from student_client.desktop import theme
from student_client.desktop.panel import Panel
from student_client.local import CodeAnswer, PanelAssessment

BADGE = QRect(1400, 16, 500, 36)
COVER = "Cover my screen and tell my tutor"


@pytest.fixture
def panel(qtbot: QtBot, qapp: Any) -> Iterator[Panel]:
    qapp.setStyleSheet(theme.style_sheet())
    made = Panel()
    qtbot.addWidget(made)
    yield made
    qapp.setStyleSheet("")


def words(panel: Panel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def buttons(panel: Panel) -> dict[str, QPushButton]:
    shown = [button for button in panel.findChildren(QPushButton) if button.isVisible()]
    return {button.accessibleName() or button.text(): button for button in shown}


def field(panel: Panel, name: str) -> QLineEdit:
    (found,) = [each for each in panel.findChildren(QLineEdit) if each.accessibleName().startswith(name)]
    return found


def assessment(left: float = 2530, **changes: Any) -> PanelAssessment:
    now = time.time()
    return PanelAssessment(name="Maths mock", starts_at=now - 900, ends_at=now + left, **changes)


def test_says_lesson_rules_viewers_and_what_can_be_seen(panel: Panel, says: Any) -> None:
    state = says.panel(tutor="Mr Ali")
    panel.show_state(state)
    panel.open_at(BADGE)
    shown = words(panel)
    assert shown[0].startswith("Maths 10B, until ")
    assert "With Mr Ali. Nobody is viewing your screen at the moment." in shown
    for expected in (*state.rules, state.what_can_be_seen, state.help_text, "LAPTOP-07 · Key College"):
        assert expected in shown
    assert shown.index("small picture") < shown.index("full screen") < shown.index("out of college hours")


def test_everything_from_outside_is_plain_text(panel: Panel, says: Any) -> None:
    evil = "<a href='file:///etc/passwd'>click</a> <b>bold</b>"
    panel.show_state(says.panel(lesson=evil, tutor=evil, rules=(evil,), what_can_be_seen=evil, problem=evil))
    panel.open_at(BADGE)
    labels = [label for label in panel.findChildren(QLabel) if "<a " in label.text()]
    assert len(labels) >= 5
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


def test_outside_lessons_it_says_that_nobody_can_see(panel: Panel, says: Any) -> None:
    panel.show_state(says.panel(lesson="", tutor="", rules=(), receipts=()))
    panel.open_at(BADGE)
    shown = words(panel)
    assert shown[0] == "No lesson now"
    assert "Nobody can see your screen." in shown
    assert "Nobody has viewed this screen yet." in shown
    assert "Rules now" not in shown


def test_nothing_is_invented_where_the_agent_says_nothing(panel: Panel, says: Any) -> None:
    panel.show_state(says.panel(what_can_be_seen="", help_text="", report_abuse_url="", college="", device=""))
    panel.open_at(BADGE)
    assert not {"What can be seen", "If something is wrong", ""} & set(words(panel)[1:])
    assert set(buttons(panel)) == {"Close", COVER}


@pytest.mark.parametrize(
    ("url", "opens"), [("https://www.ceop.police.uk/", True), ("file:///etc/passwd", False), ("javascript:1", False)]
)
def test_report_abuse_opens_the_web_and_nothing_else(
    panel: Panel, says: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, url: str, opens: bool
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    panel.show_state(says.panel(report_abuse_url=url))
    panel.open_at(BADGE)
    links = [button for button in panel.findChildren(QPushButton) if button.text() == "Report abuse"]
    assert bool(links) == opens
    for link in links:
        qtbot.keyClick(link, Qt.Key.Key_Space)
        assert opened == [QUrl(url)]


def test_is_used_by_keyboard_alone(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel())
    panel.open_at(BADGE)
    qtbot.waitUntil(panel.isActiveWindow)
    reached = set()
    for _ in range(4):
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        reached.add(panel.focusWidget().accessibleName() or getattr(panel.focusWidget(), "text", str)())
    assert {"Close", "Report abuse"} <= reached
    qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_what_does_not_fit_scrolls(panel: Panel, says: Any, qtbot: QtBot) -> None:
    many = tuple(says.receipt(f"Tutor {number}", "small picture", 900 + number, 600) for number in range(50))
    panel.show_state(says.panel(receipts=many))
    panel.open_at(BADGE)
    area = QGuiApplication.primaryScreen().availableGeometry()
    assert area.contains(panel.geometry())
    bar = panel.findChild(QScrollArea).verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    for _ in range(4):
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Down)
    where = bar.value()
    assert where > 0
    panel.show_state(says.panel(receipts=many, viewers=(says.viewer(),)))
    qtbot.waitUntil(lambda: bar.value() == where)  # the reader stays where they read


def test_opens_above_a_badge_at_the_foot_of_the_screen(panel: Panel, says: Any) -> None:
    panel.show_state(says.panel())
    foot = QRect(20, QGuiApplication.primaryScreen().availableGeometry().bottom() - 40, 300, 36)
    panel.open_at(foot)
    assert panel.geometry().bottom() < foot.top()
    assert QGuiApplication.primaryScreen().availableGeometry().contains(panel.geometry())


def test_help_and_cover_are_offered_where_they_work(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel(can_call=True))
    panel.open_at(BADGE)
    field(panel, "What do you need").setText("  question 4 ")
    with qtbot.waitSignal(panel.hand_moved) as moved:
        qtbot.keyClick(buttons(panel)["I need help"], Qt.Key.Key_Space)
    assert moved.args == [True, "question 4"]
    panel.show_state(says.panel(can_call=True, hand=True))
    with qtbot.waitSignal(panel.hand_moved) as moved:
        qtbot.keyClick(buttons(panel)["Hand is up · take it down"], Qt.Key.Key_Space)
    assert moved.args == [False, ""]
    with qtbot.waitSignal(panel.cover_asked):
        qtbot.keyClick(buttons(panel)[COVER], Qt.Key.Key_Space)


@pytest.mark.parametrize(
    ("changes", "offered", "said"),
    [
        ({"can_call": False}, {COVER}, "Your tutor cannot be reached"),
        ({"lesson": "", "can_call": False}, set(), "Outside lessons nobody would see a raised hand"),
        ({"can_call": False, "hand": True}, {COVER, "Hand is up · take it down"}, "Your tutor cannot be reached"),
    ],
)
def test_what_is_not_offered_is_explained(
    panel: Panel, says: Any, changes: dict[str, Any], offered: set[str], said: str
) -> None:
    panel.show_state(says.panel(**changes))
    panel.open_at(BADGE)
    assert set(buttons(panel)) == offered | {"Close", "Report abuse"}
    assert any(line.startswith(said) for line in words(panel))


def test_what_is_being_typed_stays_while_the_rest_changes(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel(can_call=True, assessment=assessment()))
    panel.open_at(BADGE)
    qtbot.waitUntil(panel.isActiveWindow)
    about, code = field(panel, "What do you need"), field(panel, "Release code")
    qtbot.keyClicks(code, "12 34x")
    about.setFocus()
    qtbot.keyClicks(about, "question")
    panel.show_state(says.panel(can_call=True, assessment=assessment(), viewers=(says.viewer(),)))
    qtbot.keyClicks(panel.focusWidget(), " 4")
    assert (about.text(), code.text()) == ("question 4", "12 34")


def test_break_time_and_what_is_allowed_are_said(panel: Panel, says: Any) -> None:
    panel.show_state(says.panel(lesson="", is_break=True, rules=("No USB sticks",), allowed=("desmos.com", "Writer")))
    panel.open_at(BADGE)
    shown = words(panel)
    assert shown[0] == "Break time"
    assert "It is break time: the lesson’s rules do not hold now. These rules still hold:" in shown
    assert "desmos.com, Writer" in shown


def test_the_assessment_counts_down_while_it_is_looked_at(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel(assessment=assessment(left=299, only="Writer")))
    panel.open_at(BADGE)
    assert "Only Writer can be used until it ends." in words(panel)

    def line() -> str:
        return next(words for words in words(panel) if "left, until" in words)

    first = line()
    assert first.startswith("4:5")
    assert first.endswith("Finish and save your work.")
    qtbot.waitUntil(lambda: line() != first, timeout=2500)
    panel.hide()
    assert not panel._assessment._hand.running
    panel.open_at(BADGE)
    panel.show_state(says.panel(assessment=assessment(paused=True)))
    assert any(words.startswith("Paused.") for words in words(panel))
    assert not panel._assessment._hand.running
    panel.show_state(says.panel())
    assert "Assessment" not in words(panel)


def test_a_release_code_has_eight_digits_and_waits_after_too_many_tries(panel: Panel, says: Any, qtbot: QtBot) -> None:
    typed: list[str] = []
    panel.code_typed.connect(typed.append)
    panel.show_state(says.panel(assessment=assessment()))
    panel.open_at(BADGE)
    code, release = field(panel, "Release code"), buttons(panel)["Release"]
    qtbot.keyClicks(code, "1234567")
    assert not release.isEnabled()
    qtbot.keyClick(code, Qt.Key.Key_Return)
    qtbot.keyClicks(code, "8")
    qtbot.mouseClick(release, Qt.MouseButton.LeftButton)
    assert typed == ["12345678"]
    panel.show_answer(CodeAnswer(released=False, sentence="That is not the code.", wait_until=time.time() + 1.5))
    assert "That is not the code." in words(panel)
    assert not code.isEnabled()
    assert code.placeholderText().startswith("You can try again in 0:0")
    qtbot.waitUntil(code.isEnabled, timeout=3000)


@pytest.mark.parametrize("size", [(683, 384), (1366, 768), (1920, 1080)], ids=str)
def test_nothing_is_clipped(panel: Panel, says: Any, qtbot: QtBot, size: tuple[int, int]) -> None:
    long = "A rather long sentence that has to be wrapped, and then some more of it, until nobody reads it. " * 2
    receipts = (says.receipt("A tutor with a long name of their own", "out of college hours", 86400, 86400),)
    state = says.panel(
        can_call=True, rules=(long.strip(),), allowed=("a-very-long-site-name." * 7,) * 3, receipts=receipts,
        problem=long.strip(), assessment=assessment(only="W" * 60),
    )  # fmt: skip
    panel.name_keys({key: f"Ctrl+Alt+Shift+{key.value}" for key in Hotkey})
    panel.show_state(state)
    panel.open_at(BADGE)
    panel.resize(min(480, size[0] - 24), size[1] - 76)
    qtbot.waitUntil(lambda: panel.height() == size[1] - 76)
    for label in panel.findChildren(QLabel):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for name, button in buttons(panel).items():
        assert button.width() >= button.minimumSizeHint().width(), name
        assert button.height() >= button.minimumSizeHint().height(), name
    area = panel.findChild(QScrollArea)
    assert area.widget().width() <= area.viewport().width()


def test_is_as_tall_as_what_it_says(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel(lesson="", rules=(), tutor=""))
    panel.open_at(BADGE)
    foot = next(label for label in panel.findChildren(QLabel) if label.text().startswith("LAPTOP"))
    qtbot.waitUntil(lambda: foot.height() > 0)
    spare = panel.height() - foot.mapTo(panel, foot.rect().bottomLeft()).y()
    assert 15 <= spare <= 45


def test_the_keyboard_goes_in_reading_order(panel: Panel, says: Any, qtbot: QtBot) -> None:
    panel.show_state(says.panel(can_call=True, assessment=assessment()))
    panel.open_at(BADGE)
    qtbot.waitUntil(panel.isActiveWindow)
    field(panel, "Release code").setText("12345678")
    reached = []
    for _ in range(7):
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Tab)
        widget = panel.focusWidget()
        reached.append(widget.accessibleName() or widget.text())
    assert [name.partition("?")[0] for name in reached] == [
        "I need help", COVER, "What do you need help with", "Release code", "Release", "Report abuse", "Close"
    ]  # fmt: skip
