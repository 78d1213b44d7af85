"""The keys on a real display: heard under every program, held down once, and nothing else heard."""

import select
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from student_client.backends.base import Hotkey, HotkeysError
from student_client.backends.x11_hotkeys import X11Hotkeys

COVER = "ctrl+alt+shift+c"
CONTROL_ALT_SHIFT_C = (37, 64, 50, 54)  # as every PC keyboard has them


@pytest.fixture
def hotkeys(xvfb: str) -> Iterator[X11Hotkeys]:
    made = X11Hotkeys(xvfb)
    yield made
    made.close()


@pytest.fixture
def heard(hotkeys: X11Hotkeys, poll: Callable[..., bool]) -> Callable[[int], list[Hotkey]]:
    """Wait until so many keys were heard in all, and return them."""
    got: list[Hotkey] = []

    def wait(count: int) -> list[Hotkey]:
        def enough() -> bool:
            got.extend(hotkeys.take())
            return len(got) >= count

        assert poll(enough)
        return got

    return wait


def test_each_key_is_heard_over_a_program_with_the_focus(xvfb: str, heard: Any, new_client: Any, tool: Any) -> None:
    client = new_client(xvfb)
    client.set_focus(client.window())
    tool(xvfb, "xdotool", "key", COVER, "ctrl+alt+shift+h", "ctrl+alt+shift+l")
    assert heard(3) == [Hotkey.COVER, Hotkey.HELP, Hotkey.PANEL]


def test_no_other_key_is(xvfb: str, hotkeys: X11Hotkeys, heard: Any, new_client: Any, tool: Any) -> None:
    client = new_client(xvfb)
    client.set_focus(client.window())
    client.received()
    tool(xvfb, "xdotool", "key", "c", "ctrl+c", "ctrl+alt+c", "ctrl+shift+c", "F1")
    assert len([kind for kind, _ in client.received() if kind == "key"]) >= 5
    tool(xvfb, "xdotool", "key", COVER)
    assert heard(1) == [Hotkey.COVER]


def test_caps_and_num_lock_change_nothing(xvfb: str, heard: Any, tool: Any) -> None:
    tool(xvfb, "xdotool", "key", "Caps_Lock", COVER)
    assert heard(1) == [Hotkey.COVER]
    tool(xvfb, "xdotool", "key", "Num_Lock", "ctrl+alt+shift+h", "Caps_Lock", "Num_Lock")
    assert heard(2) == [Hotkey.COVER, Hotkey.HELP]


def test_a_key_held_down_counts_once(xvfb: str, hotkeys: X11Hotkeys, heard: Any, tool: Any, poll: Any) -> None:
    tool(xvfb, "xset", "r", "rate", "100", "50")
    tool(xvfb, "xdotool", "keydown", "ctrl", "keydown", "alt", "keydown", "shift", "keydown", "c")
    assert not poll(lambda: len(heard(1)) > 1, seconds=0.6)
    tool(xvfb, "xdotool", "keyup", "c", "keyup", "shift", "keyup", "alt", "keyup", "ctrl", "key", "ctrl+alt+shift+h")
    assert heard(2) == [Hotkey.COVER, Hotkey.HELP]


def test_another_layout_moves_the_letters(xvfb: str, hotkeys: X11Hotkeys, heard: Any, tool: Any) -> None:
    tool(xvfb, "setxkbmap", "de")
    tool(xvfb, "setxkbmap", "us", "-variant", "dvorak")
    assert hotkeys.take() == ()
    tool(xvfb, "xdotool", "key", COVER)
    assert heard(1) == [Hotkey.COVER]


def test_no_press_is_missed_while_the_server_tells_of_another_keyboard(
    xvfb: str, hotkeys: X11Hotkeys, new_client: Any
) -> None:
    """As when a student types on a second keyboard: the server tells of a mapping, and the press follows at once."""
    client, presses = new_client(xvfb), 100

    def type_them() -> None:
        for number in range(presses):
            client.core.ChangeKeyboardMapping(1, 253, 1, [ord("a") + number % 26])  # a key that no keyboard has
            client.sync()
            time.sleep(number * 3e-5)  # a little later each time, so as to meet every moment of what the mapping starts
            client.press(*CONTROL_ALT_SHIFT_C)
            time.sleep(0.01)  # else it would be a key held down

    typing = threading.Thread(target=type_them)
    typing.start()
    heard = []
    while typing.is_alive() or select.select([hotkeys.fileno()], [], [], 0.1)[0]:
        select.select([hotkeys.fileno()], [], [], 0.01)
        heard += hotkeys.take()
    assert heard == [Hotkey.COVER] * presses


def test_a_key_that_another_program_has_is_left_out(xvfb: str, hotkeys: X11Hotkeys) -> None:
    assert hotkeys.names[Hotkey.COVER] == "Ctrl+Alt+Shift+C"
    second = X11Hotkeys(xvfb)
    assert dict(second.names) == {}
    hotkeys.close()
    second.close()
    third = X11Hotkeys(xvfb)
    assert set(third.names) == set(Hotkey)
    third.close()


def test_a_display_that_is_away_is_said() -> None:
    with pytest.raises(HotkeysError, match="cannot be reached"):
        X11Hotkeys(":9999")
