"""What the tutor sees is what is on the student's glass: regions of known colours, through the whole way and back."""

from collections.abc import Callable
from statistics import median

import pytest
from PySide6.QtGui import QImage

from protocol.messages import Stream
from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import Laptop, Lesson
from tutor_app.network.wishes import WatchAsk
from tutor_app.ui.decode import decode

Colour = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]

TOLERANCE = 10  # of 255: JPEG with 4:2:0 chroma, in the middle of a region of one colour
COLOURS: tuple[Colour, ...] = (
    (200, 30, 30), (30, 160, 60), (30, 60, 200), (240, 200, 40),
    (128, 128, 128), (250, 250, 250), (10, 10, 10), (150, 40, 160),
    (40, 170, 180), (250, 130, 20), (90, 60, 30), (190, 210, 240),
)  # fmt: skip


def regions(area: Rectangle, turn: int = 0) -> dict[Rectangle, Colour]:
    """Twelve regions of different colours that fill an area, four by three; `turn` gives each another colour."""
    x, y, width, height = area[0], area[1], area[2] // 4, area[3] // 3
    return {
        (x + width * column, y + height * row, width, height): COLOURS[(4 * row + column + turn) % 12]
        for row in range(3)
        for column in range(4)
    }


def paint(glass: Glass, painted: dict[Rectangle, Colour]) -> None:
    for rectangle, colour in painted.items():
        glass.fill(rectangle, colour)


def seen(lesson: Lesson, device: str, stream: Stream, screen: tuple[int, int], painted: dict[Rectangle, Colour]) -> int:
    """How far the tutor's latest picture is from what was painted: the worst colour channel of the worst region.

    The median of a region's middle is compared, so that the student's badge in one of its corners does not count.
    """
    image = _tile(lesson, device, screen) if stream is Stream.TILE else lesson.screen(device)
    if image is None or (stream is Stream.FOCUS and (image.width(), image.height()) != screen):
        return 255
    scale_x, scale_y = image.width() / screen[0], image.height() / screen[1]
    worst = 0
    for (x, y, width, height), colour in painted.items():
        pixels = [
            image.pixelColor(int((x + width * column / 10) * scale_x), int((y + height * row / 10) * scale_y))
            for column in range(3, 8)
            for row in range(3, 8)
        ]
        got = [median(channel) for channel in zip(*((p.red(), p.green(), p.blue()) for p in pixels), strict=True)]
        worst = max(worst, *(abs(int(one) - other) for one, other in zip(got, colour, strict=True)))
    return worst


def _tile(lesson: Lesson, device: str, screen: tuple[int, int]) -> QImage | None:
    frame = lesson.frame(device)
    return decode(frame.jpeg) if frame and (frame.screen_width, frame.screen_height) == screen else None


def shows(
    lesson: Lesson, device: str, screen: tuple[int, int], painted: dict[Rectangle, Colour], stream: Stream = Stream.TILE
) -> None:
    """Wait until the tutor's picture shows this."""
    lesson.until(
        lambda: seen(lesson, device, stream, screen, painted) <= TOLERANCE,
        what=lambda: f"{stream} is off by {seen(lesson, device, stream, screen, painted)}",
    )


def focus(lesson: Lesson, device: str, width: int, height: int, monitor: int = 0) -> None:
    ask = WatchAsk(stream=Stream.FOCUS, monitor=monitor, width=width, height=height, interval_ms=33)
    lesson.network.watch(device, ask)


def test_tile_and_focus_view_show_the_students_screen(
    xvfb: str, glass: Callable[[str], Glass], laptop: Callable[[str], Laptop], lesson: Callable[..., Lesson]
) -> None:
    screen, full = glass(xvfb), (1920, 1080)
    before, after = regions((0, 0, *full)), regions((0, 0, *full), turn=5)
    paint(screen, before)
    student = laptop(xvfb)
    held = lesson(student)
    shows(held, student.device, full, before)
    tile = held.frame(student.device)
    assert tile
    assert (tile.width, tile.height) == (320, 180)

    focus(held, student.device, 1920, 1080)
    shows(held, student.device, full, before, Stream.FOCUS)
    paint(screen, after)
    shows(held, student.device, full, after, Stream.FOCUS)
    shows(held, student.device, full, after)


@pytest.mark.xorg
def test_two_monitors_stand_side_by_side_on_the_tile_and_alone_in_the_focus_view(
    xorg: str, glass: Callable[[str], Glass], laptop: Callable[[str], Laptop], lesson: Callable[..., Lesson]
) -> None:
    left, right = regions((0, 0, 1280, 960)), regions((1280, 0, 1024, 768), turn=7)
    paint(glass(xorg), left | right)
    student = laptop(xorg)
    held = lesson(student)
    shows(held, student.device, (2304, 960), left | right)
    assert _sizes(held, student.device) == [(1280, 960), (1024, 768)]

    for monitor, size, painted in ((1, (1280, 960), left), (2, (1024, 768), right)):
        focus(held, student.device, *size, monitor=monitor)
        alone = {(x - (monitor - 1) * 1280, y, w, h): colour for (x, y, w, h), colour in painted.items()}
        shows(held, student.device, size, alone, Stream.FOCUS)


@pytest.mark.xorg
def test_a_screen_that_changes_its_size_is_followed(
    xorg: str, glass: Callable[[str], Glass], laptop: Callable[[str], Laptop], lesson: Callable[..., Lesson]
) -> None:
    screen = glass(xorg)
    wide = regions((0, 0, 2304, 960))
    paint(screen, wide)
    student = laptop(xorg)
    held = lesson(student)
    focus(held, student.device, 2304, 960)
    shows(held, student.device, (2304, 960), wide, Stream.FOCUS)

    screen.run("xrandr", "--output", "DUMMY1", "--off", "--output", "DUMMY0", "--mode", "800x600")
    small = regions((0, 0, 800, 600), turn=3)
    paint(screen, small)
    shows(held, student.device, (800, 600), small, Stream.FOCUS)
    shows(held, student.device, (800, 600), small)
    held.until(lambda: _sizes(held, student.device) == [(800, 600)])

    screen.run("xrandr", "--output", "DUMMY0", "--mode", "1600x900")
    large = regions((0, 0, 1600, 900), turn=9)
    paint(screen, large)
    shows(held, student.device, (1600, 900), large, Stream.FOCUS)


def _sizes(lesson: Lesson, device: str) -> list[tuple[int, int]]:
    student = lesson.student(device)
    return [(one.width, one.height) for one in student.monitors] if student else []
