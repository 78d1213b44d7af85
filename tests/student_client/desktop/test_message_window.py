"""Messages on a real screen: seen, never in the way of the keyboard, answered by one button."""

from itertools import pairwise
from typing import Any

import xcffib.xproto as xp

from student_client.local import MessageShown, MessageUnderstood

GREEN = 0x00FF00


def cards(screen: Any, pid: int) -> list[tuple[int, int, int, int]]:
    """The places of the message windows, topmost on the screen first."""
    own = [window for window in screen.windows() if screen.pid(window) == pid and screen.name(window) == "Message"]
    return sorted((screen.area(window) for window in own), key=lambda area: area[1])


def click_button(screen: Any, area: tuple[int, int, int, int]) -> None:
    x, y, width, height = area
    screen.run("xdotool", "mousemove", str(x + width - 60), str(y + height - 30), "click", "1")


def test_the_keyboard_stays_with_the_students_work(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    essay = screen.window(GREEN, (0, 0, 1920, 1080), override=True, events=xp.EventMask.KeyPress)
    screen.run("xdotool", "windowfocus", "--sync", str(essay))
    desktop = start(xvfb).ready()
    desktop.send(says.message())
    assert desktop.wait(MessageShown).id == says.message_id
    x, y, width, height = cards(screen, desktop.process.pid)[0]
    shot = screen.shot().crop((x, y, x + width, y + height))
    assert (0, 255, 0) not in {colour for _, colour in shot.crop((20, 20, width - 20, height - 20)).getcolors(1 << 20)}
    assert screen.focus() == essay
    screen.events()
    screen.run("xdotool", "key", "a")
    assert [event for event in screen.events() if isinstance(event, xp.KeyPressEvent)]


def test_understood_is_told_and_takes_the_message_away(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    desktop.send(says.message())
    desktop.wait(MessageShown)
    click_button(screen, cards(screen, desktop.process.pid)[0])
    assert desktop.wait(MessageUnderstood).id == says.message_id
    until(lambda: cards(screen, desktop.process.pid) == [])


def test_several_stack_without_covering_each_other(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    keys = [letter * 32 for letter in "abc"]
    for key in keys:
        desktop.send(says.message("A longer text. " * (60 if key[0] == "b" else 2), key))
    assert [desktop.wait(MessageShown).id for _ in keys] == keys
    areas = cards(screen, desktop.process.pid)
    assert len(areas) == 3
    assert all(above[1] + above[3] < below[1] for above, below in pairwise(areas))
    click_button(screen, areas[0])
    assert desktop.wait(MessageUnderstood).id == keys[0]
    until(lambda: cards(screen, desktop.process.pid)[0][1] == areas[0][1])
    click_button(screen, cards(screen, desktop.process.pid)[0])
    assert desktop.wait(MessageUnderstood).id == keys[1]


def test_the_button_is_on_the_smallest_screen_we_know(new_xvfb: Any, start: Any, look: Any, says: Any) -> None:
    display = new_xvfb("-screen", "0", "1366x768x24")
    screen, desktop = look(display), start(display, env={"QT_SCALE_FACTOR": "2"}).ready()
    desktop.send(says.message(), says.message("A longer text. " * 60, "c" * 32))
    desktop.wait(MessageShown, where=lambda told: told.id == "c" * 32)
    x, y, width, height = cards(screen, desktop.process.pid)[-1]
    assert y + height <= 768
    screen.run("xdotool", "mousemove", str(x + width - 120), str(y + height - 60), "click", "1")
    assert desktop.wait(MessageUnderstood).id == "c" * 32


def test_more_than_fit_are_still_bounded(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    for number in range(25):
        desktop.send(says.message(key=f"{number:032x}"))
    desktop.wait(MessageShown, where=lambda told: told.id == f"{24:032x}")
    until(lambda: len(cards(screen, desktop.process.pid)) == 20)
    assert all(y + height <= 1080 for _, y, _, height in cards(screen, desktop.process.pid))
