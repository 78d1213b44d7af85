import io
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from protocol.messages import Stream
from student_client.backends.base import CaptureError, Encoded, Monitor, Raw
from student_client.backends.x11_capture import X11Capture
from student_client.desktop.encode import scale_and_encode
from student_client.regions import Rect

RED, GREEN, BLUE, WHITE = (220, 30, 30), (20, 160, 60), (30, 60, 200), (255, 255, 255)


@pytest.fixture
def new_capture() -> Iterator[Callable[[str], X11Capture]]:
    captures: list[X11Capture] = []

    def start(display: str) -> X11Capture:
        captures.append(X11Capture(display))
        return captures[-1]

    yield start
    for capture in captures:
        capture.close()


def pixel(raw: Raw, x: int, y: int) -> tuple[int, int, int]:
    at = (y * raw.width + x) * 4
    blue, green, red = raw.pixels[at : at + 3]
    return red, green, blue


def shown(encoded: Encoded, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a place given as a share of the picture's width and height."""
    with Image.open(io.BytesIO(encoded.jpeg)) as picture:
        return picture.getpixel((int(x * picture.width), int(y * picture.height)))


def near(one: tuple[int, ...], other: tuple[int, ...], tolerance: int = 8) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def test_grabs_the_pixels_that_are_on_the_screen(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    client.fill((0, 0, 960, 540), RED)
    client.fill((960, 540, 960, 540), BLUE)
    before = time.time()
    raw = capture.grab(0)
    assert (raw.width, raw.height, raw.monitor, len(raw.pixels)) == (1920, 1080, 0, 1920 * 1080 * 4)
    assert before <= raw.captured_at <= time.time()
    assert pixel(raw, 959, 539) == RED
    assert pixel(raw, 960, 540) == BLUE
    assert pixel(raw, 960, 539) == (0, 0, 0)


@pytest.mark.parametrize(("stream", "size"), [(Stream.TILE, (320, 180)), (Stream.FOCUS, (1920, 1080))])
def test_colours_survive_scaling_and_encoding(
    xvfb: str, new_capture: Any, new_client: Any, stream: Stream, size: tuple[int, int]
) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    places = {(0.25, 0.25): RED, (0.75, 0.25): GREEN, (0.25, 0.75): BLUE, (0.75, 0.75): WHITE}
    for (x, y), colour in places.items():
        client.fill((int(1920 * (x - 0.25)), int(1080 * (y - 0.25)), 960, 540), colour)
    encoded = scale_and_encode(capture.grab(1), *size, stream)
    assert (encoded.width, encoded.height) == size
    for (x, y), colour in places.items():
        assert near(shown(encoded, x, y), colour), (x, y)


def test_tells_a_change_once_until_the_damage_is_taken(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    assert capture.changed()
    assert not capture.changed()
    assert capture.take_damage() == (Rect(0, 0, 1920, 1080),)
    assert not capture.changed()
    assert capture.take_damage() == ()

    client.fill((0, 0, 10, 10), RED)
    assert capture.wait_change(3.0)
    for step in range(20):
        client.fill((step, 0, 10, 10), GREEN)
    assert not capture.wait_change(0.05), "a screen that is painted on wakes nobody twice"
    assert capture.take_damage() == (Rect(0, 0, 32, 16),)
    assert not capture.changed()


def test_what_is_drawn_after_the_damage_was_taken_is_told_again(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    capture.take_damage()
    client.fill((50, 50, 10, 10), BLUE)
    assert capture.take_damage() == (Rect(48, 48, 16, 16),)
    client.fill((0, 0, 10, 10), RED)
    assert pixel(capture.grab(0), 5, 5) == RED
    assert capture.changed()
    assert capture.take_damage() == (Rect(0, 0, 16, 16),)
    assert not capture.changed()


def test_damage_is_where_it_was_drawn_in_few_boxes(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    capture.take_damage()
    dots = [Rect(x, y, 3, 3) for x in range(5, 1900, 97) for y in range(5, 1060, 97)]
    for dot in dots:
        client.fill(tuple(dot), RED)
    damage = capture.take_damage()
    assert 1 <= len(damage) <= 16
    assert all(any(box.covers(dot) for box in damage) for dot in dots)
    client.fill((1900, 1070, 20, 10), RED)
    assert capture.take_damage() == (Rect(1888, 1056, 32, 24),)


def test_a_part_of_the_screen(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    client.fill((960, 540, 100, 100), BLUE)
    raw = capture.grab(1, Rect(950, 530, 33, 21))
    assert (raw.width, raw.height, len(raw.pixels)) == (33, 21, 33 * 21 * 4)
    assert (pixel(raw, 9, 9), pixel(raw, 10, 10)) == ((0, 0, 0), BLUE)
    gone = capture.grab(1, Rect(1900, 1000, 33, 21))
    assert (gone.width, gone.height) == (1920, 1080), "what no longer lies on the screen is all of it"


def test_a_followed_pointer_wakes_once_until_it_is_asked_for(xvfb: str, new_capture: Any, tool: Any) -> None:
    capture = new_capture(xvfb)
    capture.take_damage()
    capture.changed()
    tool(xvfb, "xdotool", "mousemove", "100", "100")
    assert not capture.wait_change(0.1), "nobody looks"
    capture.follow_pointer(True)
    assert capture.pointer() == (100, 100)
    tool(xvfb, "xdotool", "mousemove_relative", "200", "100")
    assert capture.wait_change(3.0)
    for _ in range(4):
        tool(xvfb, "xdotool", "mousemove_relative", "10", "0")
    assert not capture.wait_change(0.1)
    assert capture.take_damage() == ()
    assert capture.pointer() == (340, 200)
    assert not capture.wait_change(0.1)
    tool(xvfb, "xdotool", "mousemove_relative", "7", "7")
    assert capture.wait_change(3.0)
    capture.follow_pointer(False)
    tool(xvfb, "xdotool", "mousemove_relative", "1", "1")
    assert not capture.wait_change(0.1)
    assert capture.pointer() == (348, 208)


def test_waiting_ends_by_time_by_a_change_and_by_the_wake(xvfb: str, new_capture: Any, new_client: Any) -> None:
    client, capture = new_client(xvfb), new_capture(xvfb)
    capture.take_damage()
    started = time.monotonic()
    assert not capture.wait_change(0.1)
    assert 0.09 <= time.monotonic() - started < 1.0

    drawer = threading.Timer(0.05, client.fill, ((0, 0, 10, 10), RED))
    drawer.start()
    assert capture.wait_change(5.0)
    assert time.monotonic() - started < 3.0
    drawer.join()

    capture.take_damage()
    here, there = socket.socketpair()
    with here, there:
        there.send(b"!")
        started = time.monotonic()
        assert not capture.wait_change(5.0, here)
        assert time.monotonic() - started < 1.0


def test_waiting_costs_no_processor_time(xvfb: str, new_capture: Any) -> None:
    capture = new_capture(xvfb)
    capture.take_damage()
    while capture.wait_change(0.2):  # what the windows of other tests leave when they go
        capture.take_damage()
    before = time.thread_time()
    assert not capture.wait_change(1.0)
    assert time.thread_time() - before < 0.005


def test_a_display_that_goes_is_an_error_in_words(new_capture: Any) -> None:
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24"], pass_fds=(write,), stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        capture = new_capture(f":{pipe.readline().strip()}")
    capture.take_damage()
    ender = threading.Timer(0.1, server.terminate)
    ender.start()
    with pytest.raises(CaptureError, match="cannot be reached"):
        capture.wait_change(10.0)
    ender.join()
    server.wait()
    for question in (capture.changed, capture.monitors, capture.fileno, lambda: capture.grab(0)):
        with pytest.raises(CaptureError, match="cannot be reached"):
            question()
    capture.close()
    with pytest.raises(CaptureError, match="closed"):
        capture.grab(0)


def test_no_display_is_an_error_in_words() -> None:
    with pytest.raises(CaptureError, match=":9999 cannot be reached"):
        X11Capture(":9999")


def test_a_display_without_damage_is_an_error_in_words_and_leaks_nothing(new_xvfb: Any) -> None:
    display = new_xvfb("-extension", "DAMAGE", "-screen", "0", "640x480x24")
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(CaptureError, match="lacks DAMAGE"):
            X11Capture(display)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_files


def test_xinerama_screens_are_monitors(new_xvfb: Any, new_capture: Any) -> None:
    """Xvfb has no option to lay its joined screens side by side: both begin at 0, 0."""
    display = new_xvfb("+xinerama", "-screen", "0", "800x600x24", "-screen", "1", "640x480x24")
    capture = new_capture(display)
    assert [(m.width, m.height) for m in capture.monitors()] == [(800, 600), (640, 480)]
    raw = capture.grab(2)
    assert (raw.width, raw.height) == (640, 480)


@pytest.mark.xorg
def test_two_outputs_and_a_desktop_that_changes(xorg: str, new_capture: Any, new_client: Any, tool: Any) -> None:
    client, capture = new_client(xorg), new_capture(xorg)
    left, right = Monitor(1, 0, 0, 1280, 960, "DUMMY0", True), Monitor(2, 1280, 0, 1024, 768, "DUMMY1", False)
    assert capture.monitors() == (left, right)
    client.fill((0, 0, 1280, 960), RED)
    client.fill((1280, 0, 1024, 768), BLUE)
    one, other, both = capture.grab(1), capture.grab(2), capture.grab(0)
    assert (one.width, one.height, pixel(one, 1279, 959)) == (1280, 960, RED)
    assert (other.width, other.height, pixel(other, 0, 0)) == (1024, 768, BLUE)
    tile = scale_and_encode(both, 320, 180, Stream.TILE)
    assert (tile.width, tile.height, tile.screen_width, tile.screen_height) == (320, 133, 2304, 960)
    assert near(shown(tile, 0.3, 0.5), RED)
    assert near(shown(tile, 0.8, 0.4), BLUE)

    capture.changed()
    tool(xorg, "xrandr", "--output", "DUMMY1", "--off", "--output", "DUMMY0", "--mode", "800x600")
    assert capture.wait_change(3.0)
    assert [(m.width, m.height) for m in capture.monitors()] == [(800, 600)]
    raw = capture.grab(2)
    assert (raw.width, raw.height) == (800, 600), "a monitor that went gives the whole desktop"

    tool(xorg, "xrandr", "--output", "DUMMY0", "--mode", "1600x900")
    assert capture.wait_change(3.0)
    client.fill((1500, 800, 100, 100), GREEN)
    assert capture.take_damage() == (Rect(0, 0, 1600, 900),)
    raw = capture.grab(1)
    assert (raw.width, raw.height, pixel(raw, 1599, 899)) == (1600, 900, GREEN)


@pytest.mark.xorg
def test_a_desktop_that_shrinks_just_before_the_grab_and_then_grows(xorg: str, new_capture: Any, tool: Any) -> None:
    capture = new_capture(xorg)
    capture.grab(0)
    tool(xorg, "xrandr", "--output", "DUMMY1", "--off", "--output", "DUMMY0", "--mode", "800x600")
    capture._read_events = lambda: None  # we have not heard of it yet
    raw = capture.grab(0)
    assert (raw.width, raw.height) == (800, 600)

    capture = new_capture(xorg)  # its shared memory is no larger than the desktop is now
    capture.grab(0)
    tool(xorg, "xrandr", "--output", "DUMMY0", "--mode", "1600x900")
    assert capture.wait_change(3.0)
    raw = capture.grab(0)
    assert (raw.width, raw.height) == (1600, 900)
