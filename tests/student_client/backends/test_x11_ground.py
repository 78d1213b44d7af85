"""The ground on a real display: all covered at once, and back after whatever another client does to it."""

from collections.abc import Iterator
from typing import Any

import mss
import pytest
import xcffib
import xcffib.xproto as xp

from student_client.backends.x11_ground import Ground

COLOUR = (0x1A, 0x14, 0x33)


@pytest.fixture
def ground(xvfb: str) -> Iterator[Ground]:
    made = Ground(xvfb)
    yield made
    made.hide()


@pytest.fixture
def vandal(xvfb: str) -> Iterator[Any]:
    """Another client's connection."""
    connection = xcffib.Connection(xvfb)
    yield connection.core
    connection.disconnect()


def colours(display: str) -> set[tuple[int, int, int]]:
    with mss.MSS(display=display) as shots:
        grabbed = shots.grab(shots.monitors[0])
    pixels = bytes(grabbed.bgra)
    return {(pixels[at + 2], pixels[at + 1], pixels[at]) for at in range(0, len(pixels), 4 * 997)}


def test_covers_everything_until_it_is_hidden(xvfb: str, ground: Ground) -> None:
    before = colours(xvfb)
    ground.show()
    assert colours(xvfb) == {COLOUR} != before
    ground.hide()
    assert colours(xvfb) == before
    ground.hide()


@pytest.mark.parametrize("vandalism", ["UnmapWindow", "DestroyWindow", "KillClient"])
def test_comes_back(xvfb: str, ground: Ground, vandal: Any, vandalism: str) -> None:
    ground.show()
    getattr(vandal, vandalism)(ground.window, is_checked=True).check()
    assert colours(xvfb) != {COLOUR}
    ground.show()
    assert colours(xvfb) == {COLOUR}


def test_grows_with_the_desktop(xvfb: str, ground: Ground, vandal: Any) -> None:
    ground.show()
    half = xp.ConfigWindow.Width
    vandal.ConfigureWindow(ground.window, half, [960], is_checked=True).check()
    assert colours(xvfb) != {COLOUR}
    ground.show()
    assert colours(xvfb) == {COLOUR}
