"""Notices on a real screen: polite, beside the messages, and gone when what they were about is."""

import time
from itertools import pairwise
from typing import Any

import xcffib.xproto as xp

from student_client.local import (
    ClearNotice,
    MessageShown,
    Notice,
    PanelAssessment,
    ScreenLocked,
    ScreenUnlocked,
    UnlockScreen,
)

NOTICE_ID = "c" * 32


def notice(sentence: str = "Games are closed in this lesson.", key: str = NOTICE_ID, left: float = 45) -> Notice:
    detail = "Minecraft will be closed. What you want to keep, save it now."
    return Notice(id=key, sentence=sentence, detail=detail, until=time.time() + left if left else 0)


def cards(screen: Any, pid: int) -> list[tuple[int, int, int, int]]:
    """The places of messages and notices, topmost on the screen first; none of them where one goes meanwhile."""
    try:
        own = [window for window in screen.windows() if screen.pid(window) == pid]
        found = [window for window in own if screen.name(window) in ("Message", "Notice")]
        return sorted((screen.area(window) for window in found), key=lambda area: area[1])
    except (xp.WindowError, xp.DrawableError):
        return []


def press_button(screen: Any, area: tuple[int, int, int, int]) -> None:
    x, y, width, height = area
    screen.run("xdotool", "mousemove", str(x + width - 60), str(y + height - 30), "click", "1")


def test_the_keyboard_stays_with_the_students_work(xvfb: str, start: Any, look: Any, until: Any) -> None:
    screen = look(xvfb)
    essay = screen.window(0x00FF00, (0, 0, 1920, 1080), override=True, events=xp.EventMask.KeyPress)
    screen.run("xdotool", "windowfocus", "--sync", str(essay))
    desktop = start(xvfb).ready()
    desktop.send(notice())
    until(lambda: len(cards(screen, desktop.process.pid)) == 1)
    assert screen.focus() == essay
    screen.events()
    screen.run("xdotool", "key", "a")
    assert [event for event in screen.events() if isinstance(event, xp.KeyPressEvent)]


def test_stacks_with_messages_and_is_replaced_and_cleared(
    xvfb: str, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    pid = desktop.process.pid
    desktop.send(notice(key=says.message_id), says.message(), notice(key="d" * 32, left=0))
    until(lambda: len(cards(screen, pid)) == 3)
    assert all(above[1] + above[3] < below[1] for above, below in pairwise(cards(screen, pid)))
    desktop.send(notice("It is closed now. " * 6, key=says.message_id))
    until(lambda: [height for *_, height in cards(screen, pid) if height > 200])
    assert len(cards(screen, pid)) == 3
    desktop.send(ClearNotice(id=says.message_id), ClearNotice(id="e" * 32))
    until(lambda: len(cards(screen, pid)) == 2)


def test_put_away_it_stays_away_unless_it_says_something_new(xvfb: str, start: Any, look: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    pid, told = desktop.process.pid, notice()
    desktop.send(told)
    press_button(screen, until(lambda: cards(screen, pid))[0])
    until(lambda: cards(screen, pid) == [])
    desktop.send(told)
    desktop.drain(0.4)
    assert cards(screen, pid) == []
    desktop.send(notice("Now it says something else."))
    until(lambda: len(cards(screen, pid)) == 1)


def test_a_lock_hides_it_and_keeps_it(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    pid = desktop.process.pid
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    desktop.send(notice(), notice(key="d" * 32), says.message(), ClearNotice(id="d" * 32))
    desktop.wait(MessageShown)
    assert cards(screen, pid) == []
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    until(lambda: len(cards(screen, pid)) == 2)


def test_leaves_the_assessments_time_to_be_seen(new_xvfb: Any, start: Any, look: Any, says: Any, until: Any) -> None:
    display = new_xvfb("-screen", "0", "1366x768x24")
    screen, desktop = look(display), start(display, env={"QT_SCALE_FACTOR": "2"}).ready()
    pid, now = desktop.process.pid, time.time()
    mock = PanelAssessment(name="Maths mock", starts_at=now - 60, ends_at=now + 3000)
    desktop.send(notice(), says.panel(viewers=(says.viewer(),), assessment=mock))
    timer = until(lambda: screen.own(pid, "Lessonlight assessment"))

    def clear() -> bool:
        _, top, _, height = screen.area(timer)
        return bool(places := cards(screen, pid)) and top > 80 and places[0][1] >= top + height

    until(clear)
