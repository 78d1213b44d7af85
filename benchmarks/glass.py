"""Looking at a display from outside, as an eye would: where a student's screen is shown on it, and when it changes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import ImageChops

from benchmarks.painter import MARK, Painter, counter_places, read_counter
from benchmarks.x11 import Display

LOOK_EVERY: Final = 0.0005  # seconds between two looks at a pixel
_NEAR: Final = 60  # how far a colour may be off after a JPEG


class NotShownError(Exception):
    """What should be seen on a display is not there; the text says what."""


@dataclass(frozen=True)
class Place:
    """Where and how large a student's whole screen is shown on another display."""

    left: float
    top: float
    scale: float
    down: float

    def of(self, at: tuple[float, float]) -> tuple[int, int]:
        """Return where a point of the student's screen is shown."""
        return round(self.left + at[0] * self.scale), round(self.top + at[1] * self.down)


def find_screen(glass: Display, painter: Painter, within: float = 10.0) -> Place:
    """Fill the student's screen with one colour and return where that is seen; raises NotShownError."""
    painter.mark()
    end = time.monotonic() + within
    before = None
    while time.monotonic() < end:
        time.sleep(0.4)
        box = _box_of(glass, MARK)
        # Twice the same, or a viewer that is still resizing would be measured where it no longer is.
        if box and box == before:
            left, top, right, bottom = box
            width, height = painter.display.size
            return Place(left, top, (right - left) / width, (bottom - top) / height)
        before = box
    raise NotShownError("the student's screen is not seen on the tutor's display")


def wait_until(glass: Display, at: tuple[int, int], so: Callable[[tuple[int, int, int]], bool], within: float) -> float:
    """Look at one pixel until it is so; return the moment (monotonic). Raises NotShownError."""
    end = time.monotonic() + within
    while True:
        seen = so(glass.colour_at(at))
        now = time.monotonic()
        if seen:
            return now
        if now > end:
            raise NotShownError(f"nothing changed on the glass at {at} within {within} s")
        time.sleep(LOOK_EVERY)


def near(colour: tuple[int, int, int]) -> Callable[[tuple[int, int, int]], bool]:
    """Return whether a pixel has about this colour, as a test."""
    return lambda seen: all(abs(one - other) < _NEAR for one, other in zip(seen, colour, strict=True))


def watch_counter(glass: Display, place: Place, origin: tuple[int, int], seconds: float) -> dict[int, float]:
    """Read the film's counter for so long; return when (monotonic) each number was first seen."""
    spots = [place.of(spot) for spot in counter_places(origin)]
    left, top, right = spots[0][0], spots[0][1], spots[-1][0]
    seen: dict[int, float] = {}
    last = -1
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        row = glass.look((left, top, right - left + 1, 1))
        number = read_counter([row[(x - left) * 4 + 1] > 127 for x, _ in spots])
        if number != last:
            seen.setdefault(number, now)
            last = number
        time.sleep(0.002)
    return seen


def _box_of(glass: Display, colour: tuple[int, int, int]) -> tuple[int, int, int, int] | None:
    """Return the box around all pixels near a colour, or None where it is too small for a screen."""
    bands = [
        band.point([255 * (abs(value - wanted) < _NEAR) for value in range(256)])
        for band, wanted in zip(glass.picture().split(), colour, strict=True)
    ]
    box = ImageChops.darker(ImageChops.darker(bands[0], bands[1]), bands[2]).getbbox()
    if box is None or (box[2] - box[0]) * (box[3] - box[1]) < 100 * 100:
        return None
    return box
