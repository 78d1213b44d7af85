"""The focus view of a real desktop process on a real display: what a watcher lays together is what is on the screen."""

import io
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
import xcffib.xproto as xp
from PIL import Image, ImageChops, ImageStat

from protocol.messages import Stream
from student_client.local import Capture, NextPicture, Refresh, ScreenPatches

INTERVAL = 0.033


class Watcher:
    """Lays the patches over what was there, and gives credit at once."""

    def __init__(self, desktop: Any, width: int = 1920, height: int = 1080) -> None:
        self.desktop = desktop
        self.canvas = Image.new("RGB", (0, 0))
        self.taken: list[tuple[float, ScreenPatches]] = []
        desktop.send(
            Capture(channel=7, stream=Stream.FOCUS, monitor=0, width=width, height=height, interval_ms=33)
        )  # fmt: skip

    def look(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        end = time.monotonic() + seconds
        while not until() and (left := end - time.monotonic()) > 0:
            for message in self.desktop.read(min(left, 0.01)):
                if isinstance(message, ScreenPatches):
                    self.take(message)

    def take(self, message: ScreenPatches) -> None:
        self.taken.append((time.monotonic(), message))
        size = (message.screen_width, message.screen_height)
        if size != self.canvas.size:
            assert message.whole
            self.canvas = Image.new("RGB", size)
        for patch in message.patches:
            with Image.open(io.BytesIO(patch.jpeg)) as picture:
                self.canvas.paste(picture, (patch.x, patch.y))
        self.desktop.send(NextPicture(channel=7))

    def rest(self) -> None:
        """Look until nothing has come for a while."""
        begun = time.monotonic()
        self.look(10, lambda: time.monotonic() - max([begun, *(at for at, _ in self.taken[-1:])]) > 0.5)

    def error(self, screen: Any) -> tuple[float, int]:
        """The mean and the worst difference to the screen itself."""
        difference = ImageChops.difference(self.canvas, screen.shot())
        return max(ImageStat.Stat(difference).mean), max(high for _, high in difference.getextrema())


class Pen:
    """A drawing program."""

    def __init__(self, screen: Any) -> None:
        self.core, self.root = screen.core, screen.root
        self.context = screen.connection.generate_id()
        self.core.CreateGC(self.context, self.root, 0, [])

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        self.core.ChangeGC(self.context, xp.GC.Foreground, [colour])
        self.core.PolyFillRectangle(self.root, self.context, 1, [xp.RECTANGLE.synthetic(x, y, width, height)])
        self.core.GetInputFocus().reply()


@pytest.fixture
def desktop(xvfb: str, start: Any) -> Any:
    return start(xvfb).ready()


@pytest.fixture
def screen(xvfb: str, look: Any) -> Any:
    return look(xvfb)


@pytest.fixture
def watcher(desktop: Any) -> Watcher:
    watcher = Watcher(desktop)
    watcher.look(10, lambda: bool(watcher.taken))
    watcher.rest()
    assert watcher.taken[0][1].whole
    return watcher


def test_scribbles_end_in_the_picture_that_is_on_the_screen(watcher: Watcher, screen: Any) -> None:
    pen, dice = Pen(screen), random.Random(5)
    for _ in range(120):
        width, height = dice.choice(((7, 12), (300, 20), (900, 500), (1920, 1080)))
        pen.fill(dice.randrange(1900), dice.randrange(1060), width, height, dice.randrange(1 << 24))
        watcher.look(dice.choice((0, 0, 0.02)))
    watcher.rest()
    mean, worst = watcher.error(screen)
    assert mean < 1.0
    assert worst < 40
    assert not any(message.whole for _, message in watcher.taken[1:])


def test_a_small_change_is_small_and_at_once(watcher: Watcher, screen: Any) -> None:
    pen, delays = Pen(screen), []
    for number in range(10):
        watcher.taken.clear()
        drawn_at = time.monotonic()
        pen.fill(300 + 9 * number, 400, 7, 12, 0x2040F0)
        watcher.look(3, lambda: any(message.patches for _, message in watcher.taken))
        at, message = watcher.taken[0]
        delays.append(at - drawn_at)
        assert sum(patch.width * patch.height for patch in message.patches) <= 32 * 32
        watcher.look(0.1)
    assert sorted(delays)[len(delays) // 2] < INTERVAL, "after a rest nothing waits for its turn"


def test_a_resting_screen_is_repaired_soon_and_then_silent(watcher: Watcher, screen: Any) -> None:
    pen = Pen(screen)
    watcher.taken.clear()
    for line in range(0, 1080, 6):
        pen.core.PolyFillRectangle(
            pen.root, pen.context, 1, [xp.RECTANGLE.synthetic(0, line, 1920, 3)]
        )  # fmt: skip
    pen.fill(0, 300, 1920, 400, 0xC01020)
    watcher.rest()
    assert watcher.error(screen)[0] < 1.0
    assert watcher.taken[-1][0] - watcher.taken[0][0] < 1.0  # 0.3 s of rest, on cores that others use as well
    watcher.taken.clear()
    watcher.look(0.5)
    assert watcher.taken == []


def test_a_refresh_is_whole(watcher: Watcher) -> None:
    watcher.taken.clear()
    watcher.desktop.send(Refresh(channel=7))
    watcher.look(5, lambda: bool(watcher.taken))
    assert watcher.taken[0][1].whole


def test_the_cursor_goes_along_without_a_picture(watcher: Watcher, screen: Any) -> None:
    watcher.taken.clear()
    screen.run("xdotool", "mousemove_relative", "--", "-100", "-50")
    watcher.look(5, lambda: bool(watcher.taken))
    place = screen.core.QueryPointer(screen.root).reply()
    watcher.rest()
    cursor = watcher.taken[-1][1].cursor
    assert cursor is not None
    assert (cursor.x, cursor.y) == (place.root_x, place.root_y)
    assert all(not message.patches for _, message in watcher.taken)


def test_a_screen_larger_than_asked_is_scaled(desktop: Any, screen: Any) -> None:
    watcher = Watcher(desktop, 960, 960)
    watcher.look(10, lambda: bool(watcher.taken))
    Pen(screen).fill(0, 0, 960, 540, 0x20C040)
    watcher.rest()
    assert watcher.canvas.size == (960, 540)
    assert all(abs(a - b) < 6 for a, b in zip(watcher.canvas.getpixel((100, 100)), (0x20, 0xC0, 0x40), strict=True))
    assert watcher.canvas.getpixel((700, 400)) == screen.shot().getpixel((1400, 800))
