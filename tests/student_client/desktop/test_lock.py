"""The lock on real screens: all is covered, nothing gets through, and it ends."""

import time
from typing import Any

import xcffib.xproto as xp
from PIL import ImageChops

from student_client.local import MessageShown, MessageUnderstood, Quit, ScreenLocked, ScreenUnlocked, UnlockScreen

GREEN = 0x00FF00
INPUT = xp.EventMask.KeyPress | xp.EventMask.KeyRelease | xp.EventMask.ButtonPress | xp.EventMask.PointerMotion
ON_TIME = 0.5  # SECURITY rule 13: new windows and monitors are covered within 500 ms


def uncovered(screen: Any) -> int:
    """How many pixels are greener than anything the lock shows: its colours all have blue ≥ red ≥ green."""
    red, green, blue = screen.shot().split()
    wrong = ImageChops.lighter(ImageChops.subtract(green, red, offset=-6), ImageChops.subtract(red, blue, offset=-6))
    return sum(wrong.histogram()[1:])


def background(screen: Any) -> int:
    """Fill the whole desktop with green, under everything; return the window."""
    geometry = screen.core.GetGeometry(screen.root).reply()
    return int(screen.window(GREEN, (0, 0, geometry.width, geometry.height), override=True, events=INPUT))


def pressed(screen: Any) -> list[Any]:
    return [event for event in screen.events() if isinstance(event, xp.KeyPressEvent | xp.ButtonPressEvent)]


def poke(screen: Any, probe: int) -> None:
    """Type and click on the probe, by pointer and by force."""
    screen.run("xdotool", "mousemove", "300", "300", "click", "1", "key", "a")
    screen.run("xdotool", "windowfocus", str(probe), "key", "b", "click", "1")
    screen.run("xdotool", "windowraise", str(probe), "windowfocus", str(probe), "key", "Return", "click", "3")


def lock_windows(screen: Any, pid: int) -> list[tuple[int, int, int, int]]:
    names = [(window, screen.name(window)) for window in screen.windows() if screen.pid(window) == pid]
    return sorted(screen.area(window) for window, name in names if name == "Your screen is locked")


def test_covers_every_pixel_before_it_says_so(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    background(screen)
    desktop = start(xvfb).ready()
    assert uncovered(screen) > 1920 * 1000
    asked = time.monotonic()
    desktop.send(says.lock())
    told = desktop.wait(ScreenLocked)
    took = time.monotonic() - asked
    assert uncovered(screen) == 0
    assert told.id == says.lock_id
    assert told.held
    assert took < 0.5  # the goal is 0.1; tests share their two cores
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    assert uncovered(screen) > 1920 * 1000


def test_keys_and_clicks_reach_nobody(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen = look(xvfb)
    probe = background(screen)
    desktop = start(xvfb).ready()
    poke(screen, probe)
    assert len(pressed(screen)) >= 6  # the test can fail
    screen.run("xdotool", "windowfocus", "--sync", str(probe))
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    poke(screen, probe)
    assert pressed(screen) == []
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    assert screen.focus() == probe
    poke(screen, probe)
    assert len(pressed(screen)) >= 6


def test_gives_the_focus_back_that_was_moved_while_locked(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    essay = background(screen)
    other = screen.window(GREEN, (10, 10, 50, 50), override=True)
    screen.run("xdotool", "windowfocus", "--sync", str(essay))
    desktop = start(xvfb).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    screen.run("xdotool", "windowfocus", "--sync", str(other))
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    assert screen.focus() == essay


def test_an_open_menu_only_delays_the_grabs(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    menu = background(screen)
    desktop = start(xvfb).ready()
    mode = xp.GrabMode.Async
    grabbed = screen.core.GrabPointer(False, menu, xp.EventMask.ButtonPress, mode, mode, 0, 0, 0).reply()
    assert grabbed.status == xp.GrabStatus.Success
    desktop.send(says.lock())
    assert not desktop.wait(ScreenLocked).held
    assert uncovered(screen) == 0
    screen.core.UngrabPointer(0, is_checked=True).check()
    assert desktop.wait(ScreenLocked).held


def test_new_windows_and_vandals_are_covered_again(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    pid = desktop.process.pid
    background(screen)
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)
    for vandalism in ("windowunmap", "windowclose"):
        before = screen.own(pid, "Your screen is locked")
        screen.run("xdotool", vandalism, str(before))
        until(lambda: screen.own(pid, "Your screen is locked"), timeout=ON_TIME)
        until(lambda: uncovered(screen) == 0, timeout=ON_TIME)
    screen.run("xdotool", "windowmove", str(screen.own(pid, "Your screen is locked")), "700", "700")
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)


def test_two_screens_joined_by_xinerama_of_which_qt_knows_one(new_xvfb: Any, start: Any, look: Any, says: Any) -> None:
    display = new_xvfb("-screen", "0", "800x600x24", "-screen", "1", "1024x768x24", "+xinerama")
    screen = look(display)
    background(screen)
    desktop = start(display).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    assert uncovered(screen) == 0


def test_a_monitor_that_comes_while_locked(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen = look(xvfb)
    background(screen)
    desktop = start(xvfb).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    assert len(lock_windows(screen, desktop.process.pid)) == 1
    screen.run("xrandr", "--setmonitor", "LEFT", "960/254x1080/285+0+0", "screen")
    screen.run("xrandr", "--setmonitor", "RIGHT", "960/254x1080/285+960+0", "none")
    until(lambda: len(lock_windows(screen, desktop.process.pid)) == 2, timeout=2)
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)


def resize(screen: Any, size: str) -> None:
    """Change the one monitor's mode, as a docking station or a projector does."""
    screen.run("xrandr", "--output", "screen", "--mode", size)
    assert screen.shot().size == tuple(map(int, size.split("x")))


def test_a_screen_that_changes_its_size_while_locked(
    new_xvfb: Any, start: Any, look: Any, says: Any, until: Any
) -> None:
    display = new_xvfb("-screen", "0", "1280x1024x24")
    screen = look(display)
    timings = "38.25 800 832 912 1024 600 603 607 624"  # what `cvt 800 600` says
    screen.run("xrandr", "--newmode", "800x600", *timings.split())
    screen.run("xrandr", "--addmode", "screen", "800x600")
    background(screen)
    desktop = start(display).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    for size in ("800x600", "1280x1024"):
        resize(screen, size)
        until(lambda: uncovered(screen) == 0, timeout=2 * ON_TIME)


def test_ends_by_itself_and_a_renewal_moves_the_end(xvfb: str, start: Any, look: Any, says: Any) -> None:
    desktop = start(xvfb).ready()
    asked = time.monotonic()
    desktop.send(says.lock(left=0.5), says.lock(left=1.5))
    desktop.wait(ScreenLocked)
    desktop.wait(ScreenUnlocked)
    assert 1.2 < time.monotonic() - asked < 3
    desktop.send(says.lock(left=-1))
    desktop.wait(ScreenUnlocked)


def test_without_its_agent_it_stays_to_the_end_and_then_the_process_leaves(
    xvfb: str, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen = look(xvfb)
    probe = background(screen)
    desktop = start(xvfb).ready()
    desktop.send(says.lock(left=2.0))
    desktop.wait(ScreenLocked)
    desktop.hang_up()
    time.sleep(0.5)
    poke(screen, probe)
    assert pressed(screen) == []
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)
    assert desktop.process.wait(5) == 0
    assert uncovered(screen) > 1920 * 1000


def test_without_its_agent_and_without_a_lock_the_process_leaves_at_once(xvfb: str, start: Any) -> None:
    desktop = start(xvfb).ready()
    desktop.hang_up()
    assert desktop.process.wait(2) == 0


def test_a_lock_that_comes_first_is_the_first_thing_done(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    background(screen)
    desktop = start(xvfb)
    desktop.send(says.panel(), says.lock())
    assert desktop.wait(ScreenLocked).held
    assert uncovered(screen) == 0
    desktop.ready()


def test_leaves_when_the_agent_says_so(xvfb: str, start: Any, says: Any) -> None:
    desktop = start(xvfb).ready()
    desktop.send(says.message(), says.lock())
    desktop.wait(ScreenLocked)
    desktop.send(Quit())
    assert desktop.process.wait(2) == 0


def test_a_new_desktop_process_takes_the_lock_over_without_a_gap(
    xvfb: str, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen = look(xvfb)
    probe = background(screen)
    old = start(xvfb).ready()
    old.send(says.lock())
    old.wait(ScreenLocked)
    old.hang_up()
    new = start(xvfb).ready()
    assert old.process.poll() is None
    new.send(says.lock())
    new.wait(ScreenLocked, where=lambda told: told.held)
    assert old.process.wait(2) == 0
    poke(screen, probe)
    assert pressed(screen) == []
    until(lambda: uncovered(screen) == 0, timeout=ON_TIME)


def test_messages_are_shown_on_the_lock_and_answered_after_it(
    xvfb: str, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    desktop.send(says.lock())
    desktop.wait(ScreenLocked)
    before = screen.shot()
    desktop.send(says.message())
    assert desktop.wait(MessageShown).id == says.message_id
    until(lambda: ImageChops.difference(before, screen.shot()).crop((500, 600, 1400, 1000)).getbbox(), timeout=2)
    assert not screen.own(desktop.process.pid, "Message")
    desktop.send(UnlockScreen())
    desktop.wait(ScreenUnlocked)
    assert not [told for told in desktop.drain(0.5) if isinstance(told, MessageShown)]
    card = until(lambda: screen.own(desktop.process.pid, "Message"))
    x, y, width, height = screen.area(card)
    screen.run("xdotool", "mousemove", str(x + width - 60), str(y + height - 30), "click", "1")
    assert desktop.wait(MessageUnderstood).id == says.message_id
