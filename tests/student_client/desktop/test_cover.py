"""The student's own cover on real screens: at once, everywhere, and no picture of what is below after the press."""

import io
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops
from platformdirs import user_cache_path

from protocol.messages import Stream
from student_client.desktop.succession import succession_file
from student_client.local import (
    Capture,
    NextPicture,
    Picture,
    ScreenCovered,
    ScreenLocked,
    ScreenPatches,
    ScreenUnlocked,
)

GREEN = 0x00FF00
COVER_KEY = "ctrl+alt+shift+c"
ON_TIME = 1.5  # the goal is 0.1; tests share their two cores, and a look at the whole screen takes a tenth itself


@pytest.fixture
def manager(xvfb: str, look: Any, until: Any) -> Iterator[None]:
    """A window manager on the display."""
    environment = {**os.environ, "DISPLAY": xvfb}
    process = subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: "CHECK(WINDOW)" in look(xvfb).run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"))
    yield
    process.terminate()
    process.wait()


def bad_site(screen: Any, override: bool = True) -> int:
    """Fill the screen with what a student should not have to see."""
    geometry = screen.core.GetGeometry(screen.root).reply()
    window: int = screen.window(GREEN, (0, 0, geometry.width, geometry.height), override=override)
    for name, value in (("WM_CLASS", b"browser\0Browser\0"), ("WM_NAME", b"A bad site")):
        screen.core.ChangeProperty(0, window, screen.atom(name), 31, 8, len(value), value, is_checked=True).check()
    return window


def greens(picture: Image.Image) -> int:
    """How many pixels are as green as the site and nothing of ours: also on a picture that was compressed."""
    red, green, blue = picture.convert("RGB").split()
    return sum(ImageChops.subtract(green, ImageChops.lighter(red, blue), offset=-100).histogram()[1:])


def jpegs(message: Any) -> list[bytes]:
    if isinstance(message, Picture):
        return [message.jpeg]
    return [patch.jpeg for patch in message.patches] if isinstance(message, ScreenPatches) else []


def shows_site(message: Any) -> bool:
    return any(greens(Image.open(io.BytesIO(jpeg))) for jpeg in jpegs(message))


def kinds(messages: list[Any]) -> set[type]:
    """Return which kinds of pictures are among them."""
    return {type(message) for message in messages if jpegs(message)}


@pytest.fixture
def covered(xvfb: str, start: Any, look: Any, says: Any) -> tuple[Any, Any]:
    """The screen and the desktop process, in a lesson, covered by the key."""
    screen = look(xvfb)
    bad_site(screen)
    desktop = start(xvfb).ready()
    desktop.send(says.panel(can_call=True))
    assert greens(screen.shot()) > 1920 * 1000
    cover(screen)
    assert desktop.wait(ScreenCovered).covered
    screen.until(lambda: greens(screen.shot()) == 0)
    return screen, desktop


def cover(screen: Any) -> None:
    screen.run("xdotool", "key", COVER_KEY)


def cover_windows(screen: Any, pid: int) -> int:
    own = [window for window in screen.windows() if screen.pid(window) == pid]
    return sum(screen.name(window) == "Your screen is covered" for window in own)


def test_the_key_covers_every_pixel_on_time(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen = look(xvfb)
    site = bad_site(screen)
    screen.run("xdotool", "windowfocus", "--sync", str(site))
    desktop = start(xvfb).ready()
    desktop.send(says.panel(can_call=True))
    desktop.drain(0.2)
    cover(screen)
    until(lambda: greens(screen.shot()) == 0, timeout=ON_TIME)
    told = desktop.wait(ScreenCovered, timeout=ON_TIME)
    assert told.covered
    assert (told.front.program, told.front.title) == ("Browser", "A bad site")


def test_no_picture_from_before_leaves_after_the_press(xvfb: str, start: Any, look: Any, says: Any) -> None:
    screen = look(xvfb)
    site = bad_site(screen)
    desktop = start(xvfb).ready()
    focus = Capture(channel=2, stream=Stream.FOCUS, monitor=0, width=1920, height=1080, interval_ms=33)
    desktop.send(says.panel(can_call=True), says.capture(), focus)

    def read_until(over: Any) -> list[Any]:
        """Credit everything, while the screen is never still: something is under way whenever the key is pressed."""
        got: list[Any] = []
        step, end = 0, time.monotonic() + 20
        while not over(got) and time.monotonic() < end:
            step += 1
            screen.recolour(site, GREEN - (step % 2) * 0x001000)
            got += (new := desktop.read(0.01))
            desktop.send(*(NextPicture(channel=2) for message in new if isinstance(message, ScreenPatches)))
        return got

    before = read_until(lambda got: len([message for message in got if shows_site(message)]) > 8)
    assert kinds(before) == {Picture, ScreenPatches}
    cover(screen)
    got = read_until(lambda got: any(isinstance(message, ScreenCovered) for message in got))
    told = next(number for number, message in enumerate(got) if isinstance(message, ScreenCovered))
    end = time.monotonic() + 1.5
    shown = {type(message) for message in got if jpegs(message) and not shows_site(message)}
    after = got[told:] + read_until(
        lambda more: time.monotonic() > end and shown | kinds(more) == {Picture, ScreenPatches}
    )
    assert [message for message in after if shows_site(message)] == []
    assert shown | kinds(after) == {Picture, ScreenPatches}, "the cover is shown"


def test_showing_again_takes_two_steps(covered: tuple[Any, Any], until: Any) -> None:
    screen, desktop = covered
    screen.run("xdotool", "key", "Escape", "Tab", "Tab", "space")  # report abuse, show my screen again
    desktop.drain(0.3)
    assert greens(screen.shot()) == 0
    screen.run("xdotool", "key", "Escape", "space", "space", "space", "Tab", "space")  # no; ask, no, ask; yes
    assert not desktop.wait(ScreenCovered).covered
    until(lambda: greens(screen.shot()) > 1920 * 1000)


def test_typing_goes_on_where_it_was(xvfb: str, manager: None, start: Any, look: Any, says: Any, until: Any) -> None:
    screen = look(xvfb)
    site = bad_site(screen, override=False)
    desktop = start(xvfb).ready()
    desktop.send(says.panel(can_call=True))
    screen.run("xdotool", "windowactivate", "--sync", str(site))
    until(lambda: screen.focus() == site)
    cover(screen)
    desktop.wait(ScreenCovered)
    until(lambda: screen.focus() not in (site, 0, 1))
    screen.run("xdotool", "key", "Tab", "Tab", "space", "Tab", "space")
    assert not desktop.wait(ScreenCovered).covered
    until(lambda: screen.focus() == site)


def test_the_panels_button_tells_of_the_program_below_it(
    xvfb: str, manager: None, start: Any, look: Any, says: Any, until: Any
) -> None:
    screen = look(xvfb)
    site = bad_site(screen, override=False)
    desktop = start(xvfb).ready()
    desktop.send(says.panel(can_call=True))
    screen.run("xdotool", "windowactivate", "--sync", str(site))
    screen.run("xdotool", "key", "ctrl+alt+shift+l")
    panel = until(lambda: screen.own(desktop.process.pid, "Lessonlight") or screen.focus() not in (site, 0, 1))
    assert panel
    until(lambda: screen.focus() != site)
    screen.run("xdotool", "key", "Tab", "Tab", "space")  # I need help, cover my screen
    told = desktop.wait(ScreenCovered)
    assert told.front.title == "A bad site"
    until(lambda: greens(screen.shot()) == 0)


def test_outside_lessons_the_panel_explains(xvfb: str, start: Any, look: Any, says: Any, until: Any) -> None:
    screen = look(xvfb)
    desktop = start(xvfb).ready()
    desktop.send(says.panel(lesson="", rules=(), tutor=""))
    desktop.drain(0.2)
    cover(screen)
    until(lambda: screen.own(desktop.process.pid, "Lessonlight"))
    assert not [told for told in desktop.drain(0.3) if isinstance(told, ScreenCovered)]
    assert cover_windows(screen, desktop.process.pid) == 0


def test_vandals_and_new_windows_are_covered_again(covered: tuple[Any, Any], until: Any) -> None:
    screen, desktop = covered
    bad_site(screen)
    until(lambda: greens(screen.shot()) == 0, timeout=ON_TIME)
    for vandalism in ("windowunmap", "windowclose"):
        before = screen.own(desktop.process.pid, "Your screen is covered")
        screen.run("xdotool", vandalism, str(before))
        until(lambda: greens(screen.shot()) == 0, timeout=2 * ON_TIME)


def test_a_monitor_that_comes_is_covered(covered: tuple[Any, Any], until: Any) -> None:
    screen, desktop = covered
    screen.run("xrandr", "--setmonitor", "LEFT", "960/254x1080/285+0+0", "screen")
    screen.run("xrandr", "--setmonitor", "RIGHT", "960/254x1080/285+960+0", "none")
    until(lambda: cover_windows(screen, desktop.process.pid) == 2, timeout=3)
    until(lambda: greens(screen.shot()) == 0, timeout=ON_TIME)


def test_a_lock_comes_and_goes_over_it(covered: tuple[Any, Any], says: Any, until: Any) -> None:
    screen, desktop = covered
    desktop.send(says.lock(left=1.0))
    desktop.wait(ScreenLocked)
    assert greens(screen.shot()) == 0
    desktop.wait(ScreenUnlocked)
    until(lambda: greens(screen.shot()) == 0, timeout=ON_TIME)
    assert cover_windows(screen, desktop.process.pid) == 1


def test_without_its_agent_it_stays_until_the_student_ends_it(covered: tuple[Any, Any], until: Any) -> None:
    screen, desktop = covered
    desktop.hang_up()
    until(lambda: not screen.badge(desktop.process.pid))
    assert greens(screen.shot()) == 0
    assert desktop.process.poll() is None
    screen.run("xdotool", "key", "Tab", "Tab", "space", "Tab", "space")
    assert desktop.process.wait(5) == 0
    assert greens(screen.shot()) > 1920 * 1000


def stays_on_top(screen: Any, pid: int) -> bool:
    """Watch for half a second, many times as long as two processes take to climb over each other."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        if screen.windows()[-1] != screen.badge(pid):
            return False
    return True


def test_a_new_desktop_process_leaves_the_cover_to_the_student(
    covered: tuple[Any, Any], start: Any, xvfb: str, says: Any, until: Any
) -> None:
    screen, old = covered
    old.hang_up()
    new = start(xvfb).ready()
    new.send(says.panel())
    until(lambda: screen.badge(new.process.pid))
    signature = succession_file(new.path, xvfb)
    signed = new.path.parent / signature.relative_to(user_cache_path())
    until(lambda: signed.read_text() == str(new.process.pid))
    until(lambda: screen.windows()[-1] == screen.badge(new.process.pid))
    screen.run("xdotool", "windowunmap", str(screen.own(old.process.pid, "Your screen is covered")))
    until(lambda: greens(screen.shot()) == 0, timeout=2 * ON_TIME)
    until(lambda: stays_on_top(screen, new.process.pid), timeout=ON_TIME)
    assert old.process.poll() is None
