"""The indicator of a real desktop process: there first, there always, and no picture without it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from protocol.messages import ScreenState
from student_client.desktop import theme
from student_client.desktop.capture_work import INDICATOR_LEASE
from student_client.desktop.indicator import WATCHED_CHECK_MS
from student_client.local import DesktopFacts, DesktopReady, Picture

GREEN = 0x00FF00


def rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


@pytest.fixture
def openbox(xvfb: str, look: Callable[[str], Any], until: Callable[..., Any]) -> Iterator[None]:
    """A window manager on the display."""
    environment = {**os.environ, "DISPLAY": xvfb}
    process = subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    screen = look(xvfb)
    until(lambda: "_NET_SUPPORTING_WM_CHECK(WINDOW)" in screen.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"))
    yield
    process.terminate()
    process.wait()


def seen(screen: Any, badge: int, colour: str) -> bool:
    """Whether the badge's edge of that colour is on the glass, at its left and right ends."""
    x, y, width, height = screen.area(badge)
    shot = screen.shot()
    return all(shot.getpixel((at, y + height // 2)) == rgb(colour) for at in (x, x + width - 1))


def test_is_mapped_before_the_process_says_ready(xvfb: str, start: Any, look: Any) -> None:
    screen = look(xvfb)
    desktop = start(xvfb)
    ready = desktop.wait(DesktopReady)
    badge = screen.badge(desktop.process.pid)
    assert badge
    x, y, width, _ = screen.area(badge)
    assert x + width == 1920 - 16
    assert y == 16
    assert seen(screen, badge, theme.LIGHT.line)
    assert ready.user
    assert ready.host


def test_lights_up_while_somebody_views(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    badge = screen.badge(desktop.process.pid)
    desktop.send(says.panel(viewers=(says.viewer(),)))
    until(lambda: seen(screen, badge, theme.LIGHT.accent))
    desktop.send(says.panel())
    until(lambda: seen(screen, badge, theme.LIGHT.line))


def test_is_above_whatever_else_insists_on_the_top(xvfb: str, start: Any, look: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    badge = screen.badge(desktop.process.pid)
    over = screen.window(GREEN, (0, 0, 1920, 1080), override=True)
    until(lambda: screen.windows()[-1] == badge and over in screen.windows())
    until(lambda: seen(screen, badge, theme.LIGHT.line))


def test_is_above_a_full_screen_window(xvfb: str, openbox: None, start: Any, look: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    badge = screen.badge(desktop.process.pid)
    film = screen.window(GREEN, (100, 100, 400, 300))
    screen.fill_screen(film)
    until(lambda: screen.shot().getpixel((5, 5)) == (0, 255, 0), what="the film fills the screen")
    screen.fill_screen(film)
    until(lambda: seen(screen, badge, theme.LIGHT.line))


def test_cannot_be_closed_and_does_not_take_the_focus(xvfb: str, openbox: None, start: Any, look: Any) -> None:
    screen = look(xvfb)
    probe = screen.window(GREEN, (100, 100, 400, 300))
    screen.run("xdotool", "windowfocus", "--sync", str(probe))
    desktop = start(xvfb).ready()
    badge = screen.badge(desktop.process.pid)
    assert screen.focus() == probe
    screen.ask_to_close(badge)
    screen.run("xdotool", "windowclose", str(badge))  # destroys it, whoever owns it
    screen.until(lambda: screen.badge(desktop.process.pid) not in (0, badge))
    assert desktop.process.poll() is None


def test_comes_back_from_off_the_screen(xvfb: str, start: Any, look: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    badge = screen.badge(desktop.process.pid)
    screen.run("xdotool", "windowmove", str(badge), "5000", "5000")
    until(lambda: screen.area(screen.badge(desktop.process.pid))[1] == 16)


def test_can_be_dragged_but_not_off_the_screen(xvfb: str, start: Any, look: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    x, y, width, height = screen.area(screen.badge(desktop.process.pid))
    grip = f"{x + 40} {y + 18}".split()
    screen.run("xdotool", "mousemove", *grip, "mousedown", "1")
    for step in ("900 500", "400 900", "100 1079"):
        screen.run("xdotool", "mousemove", *step.split())
    screen.run("xdotool", "mouseup", "1")
    until(lambda: screen.area(screen.badge(desktop.process.pid)) == (60, 1080 - height, width, height))
    screen.run("xdotool", "mousemove", "100", "1070", "mousedown", "1", "mousemove", "0", "5", "mouseup", "1")
    until(lambda: screen.area(screen.badge(desktop.process.pid))[0] == 0)


def test_hidden_again_and_again_stops_the_pictures(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    desktop.send(says.panel(), says.capture())
    desktop.wait(Picture)

    lively = screen.window(GREEN, (50, 50, 300, 300))

    def hide_for(seconds: float) -> list[Any]:
        """Hide the badge whenever it shows, change the screen all the time; return what was sent meanwhile."""
        end, got, colour = time.monotonic() + seconds, [], 0
        while time.monotonic() < end:
            if badge := screen.badge(desktop.process.pid):
                screen.unmap(badge)
            colour += 0x102030
            screen.recolour(lively, colour)
            got += desktop.read(0.01)
        return got

    hide_for(1.0)
    assert not [message for message in hide_for(1.5) if isinstance(message, Picture)]
    told = desktop.wait(DesktopFacts, where=lambda facts: facts.screen == ScreenState.INDICATOR_HIDDEN)
    assert "indicator is hidden" in told.reason
    given_up_at = time.time()
    until(lambda: screen.badge(desktop.process.pid))
    desktop.wait(DesktopFacts, where=lambda facts: facts.screen == ScreenState.LIVE)
    desktop.wait(Picture, where=lambda picture: picture.captured_at > given_up_at)


def test_opens_and_closes_the_panel(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen, desktop = look(xvfb), start(xvfb).ready()
    desktop.send(says.panel())
    pid = desktop.process.pid
    x, y, *_ = screen.area(screen.badge(pid))
    screen.run("xdotool", "mousemove", str(x + 40), str(y + 18), "click", "1")
    panel = until(lambda: screen.own(pid, "Lessonlight"))
    until(lambda: screen.focus() == panel)
    screen.run("xdotool", "key", "Escape")
    until(lambda: not screen.own(pid, "Lessonlight"))


def test_a_watched_indicator_confirms_before_its_word_is_worth_nothing() -> None:
    assert WATCHED_CHECK_MS / 1000 <= 0.8 * INDICATOR_LEASE
