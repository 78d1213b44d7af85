"""Tiles that catch up with what was drawn are, to the bit, those of the whole screen."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Stream
from student_client.backends.base import Raw
from student_client.desktop.decide import Channel
from student_client.desktop.encode import scale_and_encode
from student_client.desktop.tiles import TileMaker
from student_client.regions import Rect

LEFT = 100  # the monitor's place on the desktop


class Screen:
    """One monitor of noise, that notes what of it is grabbed."""

    def __init__(self, width: int, height: int, seed: int = 1) -> None:
        self.place = Rect(LEFT, 0, width, height)
        self.chance = random.Random(seed)
        self.rows = [bytearray(self.chance.randbytes(4 * width)) for _ in range(height)]
        self.grabbed: list[Rect | None] = []
        self.now = 1.0

    def paint(self, box: Rect) -> Rect:
        """Draw there; returns where on the desktop."""
        for row in self.rows[box.y : box.bottom]:
            row[4 * box.x : 4 * box.right] = self.chance.randbytes(4 * box.width)
        return box.moved(LEFT, 0)

    def area(self, _monitor: int) -> Rect:
        return self.place

    def grab(self, monitor: int, part: Rect | None = None) -> Raw:
        self.grabbed.append(part)
        x, y, width, height = part or Rect(0, 0, self.place.width, self.place.height)
        pixels = bytearray().join(row[4 * x : 4 * (x + width)] for row in self.rows[y : y + height])
        return Raw(width, height, monitor, self.now, pixels)


def tile(width: int, height: int, channel: int = 1) -> Channel:
    return Channel(channel, Stream.TILE, 1, width, height, 1.0)


def whole(screen: Screen, channel: Channel) -> bytes:
    return scale_and_encode(Screen.grab(screen, 1), channel.width, channel.height, Stream.TILE).jpeg


@st.composite
def paintings(draw: st.DrawFn) -> tuple[int, int, int, list[list[Rect]]]:
    width, height = draw(st.integers(40, 400)), draw(st.integers(40, 300))
    across, down = st.integers(0, width - 1), st.integers(0, height - 1)
    box = st.builds(Rect, across, down, st.integers(1, 120), st.integers(1, 80))
    clipped = box.map(lambda one: one.within(Rect(0, 0, width, height)))
    return width, height, draw(st.integers(8, width)), draw(st.lists(st.lists(clipped, max_size=4), max_size=4))


@given(paintings())
def test_a_tile_is_that_of_the_whole_screen_whatever_was_drawn_before(
    painting: tuple[int, int, int, list[list[Rect]]],
) -> None:
    width, height, asked, turns = painting
    screen, maker, channel = Screen(width, height), TileMaker(), tile(asked, 300)
    assert maker.make(channel, screen.area, screen.grab).jpeg == whole(screen, channel)
    for boxes in turns:
        maker.draw([screen.paint(box) for box in boxes], screen.area)
        assert maker.make(channel, screen.area, screen.grab).jpeg == whole(screen, channel)


def test_only_what_was_drawn_on_is_grabbed_again() -> None:
    screen, maker, channel = Screen(640, 360), TileMaker(), tile(160, 90)
    maker.make(channel, screen.area, screen.grab)
    assert screen.grabbed == [None]
    maker.draw([screen.paint(Rect(33, 35, 10, 10))], screen.area)
    screen.now = 2.0
    assert maker.make(channel, screen.area, screen.grab).captured_at == 2.0
    assert screen.grabbed[1:] == [Rect(32, 32, 16, 16)]
    maker.draw([screen.paint(Rect(0, 0, 640, 200))], screen.area)
    maker.make(channel, screen.area, screen.grab)
    assert screen.grabbed[2:] == [None], "most of it: in one go"


def test_two_sizes_do_not_take_the_news_from_each_other() -> None:
    screen, maker = Screen(640, 360), TileMaker()
    sizes = tile(160, 90), tile(300, 300, channel=2)
    for box in (Rect(0, 0, 640, 360), Rect(50, 60, 70, 80), Rect(300, 0, 5, 360)):
        maker.draw([screen.paint(box)], screen.area)
        for channel in sizes:
            assert maker.make(channel, screen.area, screen.grab).jpeg == whole(screen, channel)


def test_a_monitor_of_another_size_or_place_is_grabbed_anew() -> None:
    screen, maker, channel = Screen(640, 360), TileMaker(), tile(160, 90)
    maker.make(channel, screen.area, screen.grab)
    screen.place = screen.place.moved(50, 0)
    maker.draw([], screen.area)
    maker.make(channel, screen.area, screen.grab)
    assert screen.grabbed == [None, None]


def test_a_monitor_that_shrinks_while_it_is_grabbed_is_shown_as_it_is() -> None:
    screen, maker, channel = Screen(640, 360), TileMaker(), tile(160, 90)
    maker.make(channel, screen.area, screen.grab)
    smaller = Screen(320, 200)
    maker.draw([Rect(LEFT, 0, 10, 10)], screen.area)
    assert maker.make(channel, screen.area, lambda _monitor, _part: smaller.grab(1)).screen_width == 320
    assert maker.make(channel, screen.area, screen.grab).jpeg == whole(screen, channel)


def test_nothing_is_kept_once_forgotten() -> None:
    screen, maker, channel = Screen(640, 360), TileMaker(), tile(160, 90)
    maker.make(channel, screen.area, screen.grab)
    maker.forget()
    maker.make(channel, screen.area, screen.grab)
    assert screen.grabbed == [None, None]


@pytest.mark.parametrize("asked", [321, 640, 1000])
def test_a_screen_hardly_larger_than_its_tile_is_grabbed_whole(asked: int) -> None:
    screen, maker, channel = Screen(640, 360), TileMaker(), tile(asked, 1000)
    maker.make(channel, screen.area, screen.grab)
    maker.draw([screen.paint(Rect(0, 0, 8, 8))], screen.area)
    made = maker.make(channel, screen.area, screen.grab)
    assert screen.grabbed == [None, None]
    assert made.jpeg == whole(screen, channel)
