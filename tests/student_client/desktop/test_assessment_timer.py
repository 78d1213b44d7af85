"""The time left beside the indicator, on a real screen and by itself."""

import time
from typing import Any

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from student_client.desktop import theme
from student_client.desktop.assessment_timer import AssessmentTimer
from student_client.local import PanelAssessment

NAME = "Lessonlight assessment"


def assessment(left: float = 2530, paused: bool = False, begun: float = 900) -> PanelAssessment:
    now = time.time()
    return PanelAssessment(name="Maths mock", starts_at=now - begun, ends_at=now + left, paused=paused)


@pytest.fixture
def timer(qtbot: QtBot) -> AssessmentTimer:
    made = AssessmentTimer()
    qtbot.addWidget(made)
    made.keep_beside(QRect(1400, 16, 500, 36))
    return made


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"left": 2530.5}, "Maths mock · 42:11 left"),
        ({"left": 299.5}, "Maths mock · last 5 minutes · 5:00 left"),
        ({"left": 200, "paused": True}, "Maths mock · paused"),
        ({"begun": -59.5}, "Maths mock · starts in 1:00"),
        ({"left": -1}, "Maths mock · time is up"),
    ],
)
def test_says_how_much_time_is_left(timer: AssessmentTimer, changes: dict[str, Any], shown: str) -> None:
    timer.show_assessment(assessment(**changes))
    assert timer.text == shown


def test_counts_down_only_while_there_is_something_to_count(timer: AssessmentTimer, qtbot: QtBot) -> None:
    timer.show_assessment(assessment())
    before = timer.text
    qtbot.waitUntil(lambda: timer.text != before, timeout=2500)
    timer.show_assessment(assessment(paused=True))
    assert not timer._hand.running
    timer.show_assessment(assessment())
    timer.show_assessment(None)
    assert not timer._hand.running
    assert not timer.isVisible()


@pytest.mark.parametrize("badge", [QRect(1400, 16, 500, 36), QRect(0, 500, 1000, 36), QRect(0, 1040, 1900, 36)])
def test_finds_a_place_beside_the_badge(timer: AssessmentTimer, badge: QRect) -> None:
    timer.show_assessment(assessment())
    timer.keep_beside(badge)
    assert not timer.geometry().intersects(badge)
    assert timer.screen().availableGeometry().contains(timer.geometry())


def test_is_on_the_screen_beside_the_badge_and_comes_back(
    xvfb: str, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    pid = desktop.process.pid
    assert not screen.own(pid, NAME)
    desktop.send(says.panel(assessment=assessment(left=200)))
    shown = until(lambda: screen.own(pid, NAME))
    x, y, width, height = screen.area(shown)
    assert x + width < screen.area(screen.badge(pid))[0]
    warn = bytes.fromhex(theme.LIGHT.warn[1:])
    until(lambda: screen.shot().getpixel((x, y + height // 2)) == tuple(warn))
    screen.unmap(shown)
    until(lambda: screen.own(pid, NAME))
    desktop.send(says.panel())
    until(lambda: not screen.own(pid, NAME))
