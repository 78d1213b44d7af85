"""What the students do is drawn, moves where it should, and rests where it should."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import mss
import pytest
from PIL import Image, ImageChops

from tutor_app.demo.desktops import PROGRAMS
from tutor_app.demo.programs.chrome import TASKBAR
from tutor_app.demo.stage import ACTIVITIES

Show = Callable[[str, int], Callable[[], Image.Image]]


@pytest.fixture
def show(xvfb: str) -> Iterator[Show]:
    """Start one desktop; returns a function that photographs it, without the task bar and its clock."""
    started: list[subprocess.Popen[bytes]] = []

    def photograph() -> Image.Image:
        with mss.MSS(display=xvfb) as shots:
            area = {"left": 0, "top": 0, "width": 1920, "height": 1080 - TASKBAR}
            grabbed = shots.grab(area)
        return Image.frombytes("RGB", grabbed.size, bytes(grabbed.bgra), "raw", "BGRX")

    def start(activity: str, variation: int) -> Callable[[], Image.Image]:
        argv = [sys.executable, "-m", "tutor_app.demo.desktops", activity, "--variation", str(variation)]
        started.append(subprocess.Popen(argv, env={**os.environ, "DISPLAY": xvfb}))
        end = time.monotonic() + 15
        while len(photograph().getcolors(1 << 24) or ()) < 30:  # a screen with nothing on it has one colour
            assert time.monotonic() < end
            time.sleep(0.05)
        return photograph

    yield start
    for process in started:
        process.kill()
        process.wait()


def changes(photograph: Callable[[], Image.Image], within: float) -> bool:
    first, end = photograph(), time.monotonic() + within
    while time.monotonic() < end:
        if ImageChops.difference(first, photograph()).getbbox():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(("activity", "variation"), [("essay", 0), ("browsing", 1), ("video", 0), ("video", 1)])
def test_work_can_be_seen_going_on(show: Show, activity: str, variation: int) -> None:
    assert changes(show(activity, variation), within=6)


def test_an_idle_desktop_rests(show: Show) -> None:
    photograph = show("idle", 0)
    changes(photograph, within=0.5)  # the first showing
    assert not changes(photograph, within=1.5)


def test_every_activity_has_its_program() -> None:
    assert set(PROGRAMS) == set(ACTIVITIES)
