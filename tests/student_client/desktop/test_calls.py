"""Asking for help on a real screen: by the panel, by a key, and by F1 on the lock."""

from typing import Any

import pytest

from student_client.local import (
    CodeAnswer,
    CodeTyped,
    HandMoved,
    MessageShown,
    PanelAssessment,
    ScreenLocked,
    ScreenUnlocked,
    UnlockScreen,
)

HELP_KEY, PANEL_KEY = "ctrl+alt+shift+h", "ctrl+alt+shift+l"


def hands(messages: list[Any]) -> list[HandMoved]:
    return [message for message in messages if isinstance(message, HandMoved)]


@pytest.fixture
def lesson(xvfb: str, start: Any, look: Any, says: Any) -> tuple[Any, Any]:
    """The screen and the desktop process in a lesson whose tutor is there."""
    desktop = start(xvfb).ready()
    desktop.send(says.panel(can_call=True))
    desktop.drain(0.2)
    return look(xvfb), desktop


def test_the_key_raises_the_hand(lesson: tuple[Any, Any]) -> None:
    screen, desktop = lesson
    screen.run("xdotool", "key", HELP_KEY)
    assert desktop.wait(HandMoved) == HandMoved(raised=True)


def test_the_panel_raises_it_with_a_few_words_and_takes_it_down(lesson: tuple[Any, Any], says: Any, until: Any) -> None:
    screen, desktop = lesson
    screen.run("xdotool", "key", PANEL_KEY)
    panel = until(lambda: screen.own(desktop.process.pid, "Lessonlight"))
    until(lambda: screen.focus() == panel)
    screen.run("xdotool", "key", "Tab", "Tab", "Tab", "q", "u", "e", "s", "t", "i", "o", "n", "space", "4", "Return")
    assert desktop.wait(HandMoved) == HandMoved(raised=True, text="question 4")
    desktop.send(says.panel(can_call=True, hand=True))
    desktop.drain(0.3)
    screen.run("xdotool", "key", "Escape", PANEL_KEY)
    panel = until(lambda: screen.own(desktop.process.pid, "Lessonlight"))
    until(lambda: screen.focus() == panel)
    screen.run("xdotool", "key", "Tab", "space")
    assert desktop.wait(HandMoved) == HandMoved(raised=False)


def test_where_nobody_would_see_it_the_panel_says_so(lesson: tuple[Any, Any], says: Any, until: Any) -> None:
    screen, desktop = lesson
    desktop.send(says.panel(can_call=False))
    desktop.drain(0.2)
    screen.run("xdotool", "key", HELP_KEY)
    until(lambda: screen.own(desktop.process.pid, "Lessonlight"))
    assert hands(desktop.drain(0.3)) == []


def test_f1_on_the_lock_raises_it_and_nothing_else_does(lesson: tuple[Any, Any], says: Any) -> None:
    screen, desktop = lesson
    desktop.send(says.lock())
    desktop.wait(ScreenLocked, where=lambda told: told.held)
    screen.run("xdotool", "key", "F2", "a", "Return", "Escape")
    assert hands(desktop.drain(0.5)) == []
    screen.run("xdotool", "key", "F1")
    assert desktop.wait(HandMoved) == HandMoved(raised=True)
    desktop.send(says.panel(can_call=False))
    desktop.drain(0.2)
    screen.run("xdotool", "key", "F1")
    assert hands(desktop.drain(0.5)) == []


def test_a_release_code_is_typed_by_keyboard_alone(lesson: tuple[Any, Any], says: Any, until: Any) -> None:
    screen, desktop = lesson
    now = says.panel().ends_at - 1800
    mock = PanelAssessment(name="Maths mock", starts_at=now - 60, ends_at=now + 3000)
    desktop.send(says.panel(can_call=True, assessment=mock))
    screen.run("xdotool", "key", PANEL_KEY)
    panel = until(lambda: screen.own(desktop.process.pid, "Lessonlight"))
    until(lambda: screen.focus() == panel)
    screen.run("xdotool", "key", *["Tab"] * 4, *"1234", "space", "x", *"5678", "Return")
    assert desktop.wait(CodeTyped).code == "12345678"
    desktop.send(CodeAnswer(released=False, sentence="That is not the code.", wait_until=now + 600))
    desktop.drain(0.2)
    screen.run("xdotool", "key", *"12345678", "Return")
    assert not [message for message in desktop.drain(0.3) if isinstance(message, CodeTyped)]


def test_a_release_code_is_typed_on_the_lock_too(lesson: tuple[Any, Any], says: Any) -> None:
    screen, desktop = lesson
    desktop.send(says.lock())
    desktop.wait(ScreenLocked, where=lambda told: told.held)
    screen.run("xdotool", "key", *"12345678")
    assert not [one for one in desktop.drain(0.5) if isinstance(one, CodeTyped)], "there is no assessment"
    now = says.panel().ends_at - 1800
    mock = PanelAssessment(name="Maths mock", starts_at=now - 60, ends_at=now + 3000)
    desktop.send(says.panel(can_call=True, assessment=mock), says.message())
    desktop.wait(MessageShown)  # what came before it has been taken
    screen.run("xdotool", "key", *"123", "x", "BackSpace", "3", "Return", *"45678")
    assert desktop.wait(CodeTyped).code == "12345678"
    desktop.send(
        CodeAnswer(released=False, sentence="That is not the code. 4 tries are left."), says.message(key="d" * 32)
    )
    desktop.wait(MessageShown)
    screen.run("xdotool", "key", *"876")
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    desktop.send(says.lock())
    desktop.wait(ScreenLocked, where=lambda told: told.held)
    screen.run("xdotool", "key", *"87654321")
    assert desktop.wait(CodeTyped).code == "87654321"
