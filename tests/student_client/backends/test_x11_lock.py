import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from student_client.backends.base import LockError
from student_client.backends.x11_lock import X11ScreenLock


@pytest.fixture
def new_lock() -> Iterator[Callable[[str], X11ScreenLock]]:
    locks: list[X11ScreenLock] = []

    def start(display: str) -> X11ScreenLock:
        locks.append(X11ScreenLock(display))
        return locks[-1]

    yield start
    for lock in locks:
        lock.close()


def press_everything(tool: Any, display: str) -> None:
    tool(display, "xdotool", "key", "a", "key", "ctrl+c", "key", "alt+Tab", "key", "Return")
    tool(display, "xdotool", "type", "--delay", "1", "let me out")
    tool(display, "xdotool", "mousemove", "300", "250", "click", "1", "click", "3", "click", "4")


def test_no_key_or_click_reaches_a_window_while_held(
    xvfb: str, new_lock: Any, new_client: Any, tool: Any, poll: Any
) -> None:
    probe, lock = new_client(xvfb), new_lock(xvfb)
    window = probe.window((100, 100, 400, 300))
    probe.set_focus(window)
    tool(xvfb, "xdotool", "key", "z")
    assert poll(probe.received), "the probe hears nothing even without a lock"

    assert lock.hold()
    assert lock.held
    press_everything(tool, xvfb)
    tool(xvfb, "xdotool", "windowfocus", "--sync", str(window))
    press_everything(tool, xvfb)
    lock.pump()
    assert lock.held
    press_everything(tool, xvfb)
    assert probe.received() == []

    lock.release()
    assert not lock.held
    tool(xvfb, "xdotool", "key", "z", "mousemove", "300", "250", "click", "1")
    heard: list[tuple[str, int]] = []

    def heard_both() -> bool:
        heard.extend(probe.received())
        return len(heard) >= 2

    assert poll(heard_both)
    assert [kind for kind, _ in heard] == ["key", "click"], "nothing of what was pressed while locked comes after it"


def test_a_window_with_a_passive_grab_or_made_while_held_hears_nothing(
    xvfb: str, new_lock: Any, new_client: Any, tool: Any
) -> None:
    probe, lock = new_client(xvfb), new_lock(xvfb)
    any_modifier, any_key = 0x8000, 0
    probe.core.GrabKey(True, probe.screen.root, any_modifier, any_key, 1, 1, is_checked=True).check()
    lock.hold()
    probe.set_focus(probe.window((0, 0, 1920, 1080)))
    press_everything(tool, xvfb)
    assert probe.received() == []


def test_a_second_keyboard_and_pointer_are_held_too(
    xvfb: str, new_lock: Any, new_client: Any, tool: Any, poll: Any
) -> None:
    probe, lock = new_client(xvfb), new_lock(xvfb)
    lock.hold()
    probe.add_master(probe.window())
    probe.press()
    assert poll(probe.received), "the trick works without us"
    lock.pump()
    assert lock.held
    probe.press()
    assert probe.received() == []
    lock.release()
    probe.press()
    assert poll(probe.received)


def test_other_clients_cannot_have_the_lock_killed(xvfb: str, new_lock: Any, new_client: Any) -> None:
    student, lock = new_client(xvfb), new_lock(xvfb)
    lock.hold()
    lock.raise_over([student.window()])
    base = lock._connection.x.setup.resource_id_base
    assert not any(student.kill(base + number) for number in range(64))
    lock.pump()
    assert lock.held


def test_release_gives_the_focus_back(xvfb: str, new_lock: Any, new_client: Any) -> None:
    probe, lock = new_client(xvfb), new_lock(xvfb)
    essay, other = probe.window(), probe.window()
    probe.set_focus(essay)
    lock.hold()
    probe.set_focus(other)
    lock.release()
    assert probe.focus() == essay

    lock.hold()
    probe.set_focus(other)
    probe.core.DestroyWindow(essay, is_checked=True).check()
    lock.release()
    assert probe.focus() == other, "a window that is gone cannot have the focus, and that is no error"


def test_what_somebody_else_holds_is_tried_again(xvfb: str, new_lock: Any, new_client: Any) -> None:
    menu, lock = new_client(xvfb), new_lock(xvfb)
    assert menu.grab_keyboard()
    assert not lock.hold()
    lock.pump()
    assert not lock.held
    menu.ungrab_keyboard()
    lock.pump()
    assert lock.held


def test_a_menu_that_holds_the_keyboard_is_sent_an_escape(xvfb: str, new_lock: Any, new_client: Any, poll: Any) -> None:
    menu, lock = new_client(xvfb), new_lock(xvfb)
    menu.grab_keyboard()
    lock.hold()

    def a_menu_that_closes_at_a_key() -> bool:
        lock.pump()
        if menu.received():
            menu.ungrab_keyboard()
        return bool(lock.held)

    assert poll(a_menu_that_closes_at_a_key)


def test_two_locks_do_not_share(xvfb: str, new_lock: Any) -> None:
    first, second = new_lock(xvfb), new_lock(xvfb)
    assert first.hold()
    assert first.hold()
    assert first.reassert()
    assert not second.hold()
    first.close()
    second.pump()
    assert second.held


@pytest.mark.parametrize("trick", ["new window", "raised window", "several"])
def test_lock_windows_come_back_on_top(xvfb: str, new_lock: Any, new_client: Any, poll: Any, trick: str) -> None:
    student, cover, lock = new_client(xvfb), new_client(xvfb), new_lock(xvfb)
    old = student.window()
    ours = [cover.window((0, 0, 960, 1080)), cover.window((960, 0, 960, 1080))]
    student.raise_window(old)
    lock.raise_over(ours)
    lock.pump()
    assert poll(lambda: cover.stacking()[-2:] == ours)

    started = time.monotonic()
    for _ in range(3 if trick == "several" else 1):
        student.raise_window(old) if trick == "raised window" else student.window()
    assert cover.stacking()[-2:] != ours, "the trick works without us"
    while cover.stacking()[-2:] != ours and time.monotonic() - started < 0.5:
        select.select([lock], [], [], 0.25)
        lock.pump()
    assert cover.stacking()[-2:] == ours
    assert time.monotonic() - started < 0.5

    lock.release()
    student.raise_window(old)
    lock.pump()
    assert cover.stacking()[-1] == old


def test_a_rival_for_the_top_does_not_make_us_run_hot(xvfb: str, new_lock: Any, new_client: Any) -> None:
    rival, cover, lock = new_client(xvfb), new_client(xvfb), new_lock(xvfb)
    theirs, ours = rival.window(), cover.window()
    lock.raise_over([ours])
    restacked = 0
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        rival.raise_window(theirs)
        lock.pump()
        restacked += cover.stacking()[-1] == ours
    assert 2 <= restacked <= 12


def test_a_display_that_goes_is_an_error_in_words() -> None:
    with pytest.raises(LockError, match="cannot be reached"):
        X11ScreenLock(":9999")
    read, write = os.pipe()
    with contextlib.closing(os.fdopen(read)) as pipe:
        server = subprocess.Popen(["Xvfb", "-displayfd", str(write)], pass_fds=(write,), stderr=subprocess.DEVNULL)
        os.close(write)
        lock = X11ScreenLock(f":{pipe.readline().strip()}")
    lock.hold()
    server.terminate()
    server.wait()
    for action in (lock.pump, lock.hold, lock.reassert, lock.fileno, lock.release):
        with pytest.raises(LockError, match="cannot be reached"):
            action()
    lock.close()
    with pytest.raises(LockError, match="closed"):
        lock.hold()


def test_f1_is_told_once_and_no_other_key_is(xvfb: str, tool: Any, poll: Any) -> None:
    lock = X11ScreenLock(xvfb)
    tool(xvfb, "xdotool", "key", "F1")
    lock.hold()
    lock.pump()
    assert not lock.take_help()
    tool(xvfb, "xdotool", "key", "a", "F2", "Return")

    def helped() -> bool:
        lock.pump()
        return lock.take_help()

    assert not poll(helped, 0.3)
    tool(xvfb, "xdotool", "key", "F1")
    assert poll(helped)
    assert not lock.take_help()
    lock.close()


def test_digits_are_heard_where_they_are_wanted_and_no_other_key_is(xvfb: str, tool: Any, poll: Any) -> None:
    lock = X11ScreenLock(xvfb)
    lock.hold()
    heard = ""

    def hears(text: str) -> bool:
        nonlocal heard
        lock.pump()
        heard += lock.take_digits()
        return heard.endswith(text)

    tool(xvfb, "xdotool", "key", "1", "2")
    assert not poll(lambda: hears("2"), 0.3)
    lock.hear_digits(True)
    tool(xvfb, "xdotool", "key", "a", "3", "Return", "KP_4", "BackSpace", "5", "F1")
    assert poll(lambda: hears("5"))
    assert heard == "34\b5"
    assert lock.take_help()
    lock.hear_digits(False)
    tool(xvfb, "xdotool", "key", "6")
    assert not poll(lambda: hears("6"), 0.3)
    lock.close()
