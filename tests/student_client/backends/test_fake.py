import io
import socket
import time

import pytest
from PIL import Image, ImageChops

from protocol.jpeg import read_header
from student_client.backends.base import CaptureError, Front, Raw, Unsupported
from student_client.backends.fake import (
    Cue,
    FakeAutostart,
    FakeCapture,
    FakeScreen,
    FakeScreenLock,
    FakeWindows,
    Script,
    fake_backends,
    ground,
    ink,
    square,
)
from student_client.regions import Rect


class Hands:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def as_image(raw: Raw) -> Image.Image:
    return Image.frombytes("RGB", (raw.width, raw.height), bytes(raw.pixels), "raw", "BGRX")


@pytest.fixture
def clock() -> Hands:
    return Hands()


def test_changes_are_told_once_until_the_damage_is_taken(clock: Hands) -> None:
    capture = FakeCapture(FakeScreen(Script(rate=1.0), clock))
    assert capture.changed()
    assert capture.take_damage() == (Rect(0, 0, 1920, 1080),)
    assert not capture.changed()
    clock.now += 1
    assert capture.changed()
    clock.now += 1
    assert not capture.changed()
    assert capture.take_damage()
    assert capture.take_damage() == ()


def test_what_is_not_damaged_has_not_changed(clock: Hands) -> None:
    capture = FakeCapture(FakeScreen(Script(rate=1.0, cues=(Cue(0, ((800, 600), (640, 480))),)), clock))
    before = as_image(capture.grab(0))
    capture.take_damage()
    for _ in range(30):
        clock.now += 1
        now = as_image(capture.grab(0))
        for box in capture.take_damage():
            before.paste(now.crop((box.x, box.y, box.right, box.bottom)), (box.x, box.y))
        assert ImageChops.difference(before, now).getbbox() is None


def test_the_same_moment_gives_the_same_pixels_and_the_next_others(clock: Hands) -> None:
    one, other = (FakeCapture(FakeScreen(Script(look=3), clock)) for _ in range(2))
    first = one.grab(1)
    assert first.pixels == other.grab(1).pixels
    left, top, _ = square(0, 1920, 1080)
    at = (top * 1920 + left) * 4
    assert tuple(first.pixels[at : at + 3])[::-1] == ink(3)
    assert tuple(first.pixels[:3])[::-1] == ground(3)
    clock.now += 1
    assert one.grab(1).pixels != first.pixels


def test_cues_resize_blacken_and_fail(clock: Hands) -> None:
    cues = (
        Cue(0, ((800, 600), (640, 480))),
        Cue(5, ((320, 200),), black=True),
        Cue(9, fails="The cable is out."),
        Cue(12),
    )
    capture = FakeCapture(FakeScreen(Script(rate=0, cues=cues), clock))
    assert [(m.index, m.x, m.width, m.primary) for m in capture.monitors()] == [(1, 0, 800, True), (2, 800, 640, False)]
    both = capture.grab(0)
    assert (both.width, both.height) == (1440, 600)
    capture.changed()
    clock.now += 5
    assert capture.changed()
    raw = capture.grab(2)
    assert (raw.width, raw.height, set(raw.pixels[:3])) == (320, 200, {0})
    clock.now += 4
    for question in (capture.changed, capture.monitors, lambda: capture.grab(0)):
        with pytest.raises(CaptureError, match="The cable is out"):
            question()
    clock.now += 3
    assert capture.take_damage()
    capture.close()
    with pytest.raises(CaptureError):
        capture.grab(0)


def test_waiting_ends_by_time_by_a_change_and_by_the_wake() -> None:
    capture = FakeCapture(FakeScreen(Script(rate=10)))
    capture.take_damage()
    assert capture.wait_change(3.0)
    still = FakeCapture(FakeScreen(Script(rate=0)))
    still.take_damage()
    here, there = socket.socketpair()
    with here, there:
        started = time.monotonic()
        assert not still.wait_change(0.1, here)
        there.send(b"!")
        assert not still.wait_change(9.0, here)
    assert 0.09 < time.monotonic() - started < 3.0


def test_encoded_pictures_are_shared_and_allowed_by_the_protocol(clock: Hands) -> None:
    one, other = (FakeScreen(Script(look=look), clock) for look in (1, 13))
    picture = one.encoded(320, 180)
    header = read_header(picture.jpeg)
    assert (header.width, header.height, picture.screen_width, picture.screen_height) == (320, 180, 1920, 1080)
    assert picture.jpeg is other.encoded(320, 180).jpeg
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        assert all(abs(a - b) < 8 for a, b in zip(image.getpixel((4, 4)), ground(1), strict=True))
    clock.now += 1
    assert one.encoded(320, 180).jpeg != picture.jpeg


def test_a_script_knows_its_next_change() -> None:
    assert Script(rate=2.0).next_change(0.6) == 1.0
    assert Script(rate=0).next_change(0.0) is None
    assert Script(rate=0, cues=(Cue(0), Cue(7))).next_change(3.0) == 7


def test_a_lock_that_is_refused_at_first() -> None:
    lock = FakeScreenLock(refusals=2)
    lock.pump()
    assert not lock.hold()
    lock.pump()
    assert not lock.held
    lock.pump()
    assert lock.held
    lock.release()
    lock.pump()
    assert not lock.held


def test_a_whole_platform() -> None:
    backends = fake_backends(Script())
    assert not isinstance(backends.capture, Unsupported)
    assert not isinstance(backends.facts, Unsupported)
    assert backends.capture().monitors()[0].name == "FAKE-1"
    assert backends.facts().front() == Front(4711, "writer", "essay")
    assert isinstance(backends.autostart, FakeAutostart)
    backends.autostart.install(["/bin/true"])
    assert backends.autostart.installed()
    backends.autostart.remove()
    assert not backends.autostart.installed()


def test_windows_remember_who_was_asked_to_close_them() -> None:
    windows = fake_backends(Script()).windows
    assert windows is FakeWindows
    one, other = FakeWindows(), FakeWindows()
    assert [one.close_windows(7), one.close_windows(8)] == [1, 1]
    assert (one.asked, other.asked) == ([7, 8], [])
