"""Laptops with real screens, and lessons held without a window; all of it ends with the test."""

import os
import subprocess
from collections.abc import Callable, Iterator

import mss
import pytest
import xcffib.xproto as xp
from PIL import Image

from tests.end_to_end.stage import Campus, Laptop, Lesson, hold_lesson
from tests.student_client.backends.conftest import Client, Colour, xorg

__all__ = ["xorg"]


class Glass(Client):
    """A student's screen as the student sees it, and as a program of the student's may use it."""

    def shot(self) -> Image.Image:
        with mss.MSS(display=self.display) as shots:
            grabbed = shots.grab(shots.monitors[0])
        return Image.frombytes("RGB", grabbed.size, bytes(grabbed.bgra), "raw", "BGRX")

    def pixel(self, x: int, y: int) -> Colour:
        """One pixel, for a test that looks too often to afford the whole glass."""
        reply = self.core.GetImage(xp.ImageFormat.ZPixmap, self.screen.root, x, y, 1, 1, 0xFFFFFF).reply()
        blue, green, red = list(reply.data)[:3]
        return red, green, blue

    def run(self, *command: str) -> str:
        environ = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=10).stdout


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return Campus(tmp_path_factory.mktemp("campus"))


@pytest.fixture
def glass() -> Iterator[Callable[[str], Glass]]:
    opened: list[Glass] = []

    def look(display: str) -> Glass:
        opened.append(Glass(display))
        return opened[-1]

    yield look
    for one in opened:
        one.close()


@pytest.fixture
def laptop(campus: Campus) -> Iterator[Callable[[str], Laptop]]:
    """A function that enrols a laptop and starts its client on a display."""
    laptops: list[Laptop] = []

    def start(display: str) -> Laptop:
        device = f"LAPTOP-{len(campus.college.register.devices) + 1:02}"
        laptops.append(Laptop(campus.enrolled(device), {"DISPLAY": display}, "--no-mdns"))
        return laptops[-1].start()

    yield start
    for one in laptops:
        one.stop()


@pytest.fixture
def lesson(campus: Campus) -> Iterator[Callable[..., Lesson]]:
    """A function that holds a lesson with these laptops and returns once every tile is live."""
    held: list[Lesson] = []

    def begin(*laptops: Laptop, **terms: object) -> Lesson:
        dial = [one.address for one in laptops]
        held.append(hold_lesson(campus.identity(), dial=dial, **terms))  # type: ignore[arg-type]
        held[-1].until(lambda: all(held[-1].live(one.device) for one in laptops))
        return held[-1]

    yield begin
    for one in held:
        one.stop()
