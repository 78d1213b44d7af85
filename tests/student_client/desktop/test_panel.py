"""The panel as a student reads it."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from student_client.desktop import theme
from student_client.desktop.panel import Panel

BADGE = QRect(1400, 16, 500, 36)


@pytest.fixture
def panel(qtbot: QtBot, qapp: Any) -> Iterator[Panel]:
    qapp.setStyleSheet(theme.style_sheet())
    made = Panel()
    qtbot.addWidget(made)
    yield made
    qapp.setStyleSheet("")


def words(panel: Panel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel)]


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
    assert [button.accessibleName() or button.text() for button in panel.findChildren(QPushButton)] == ["Close"]


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
