"""What a student does, painted by an X client of our own from pictures that already lie in the X server.

``python -m benchmarks.painter :7`` obeys orders from its input, one JSON object a line: ``{"do": "video"}`` begins an
activity and answers ``{"is": "begun"}`` once it is on the screen; ``{"do": "stop"}`` ends it and answers
``{"is": "painted", "frames": {number: monotonic seconds}}``, empty where the activity has no counter. Painting costs
this process next to nothing and the students' processes nothing.
"""

import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks import pictures
from benchmarks.x11 import Box, Display

ACTIVITIES: Final = ("idle", "typing", "browsing", "video", "film")
FRAME: Final = 1 / 25
FILM_FRAMES: Final = 50
WHOLE_FRAMES: Final = 20
SCROLL: Final = 430
BITS: Final = 10
BIT: Final = 48  # pixels: large enough to survive any scaling and any quality
VIDEO_AT: Final = (120, 110)
MARK: Final = (255, 0, 255)
PROBE: Final = (700, 500)  # where a `Flip` turns from black to white; the middle has the cursor on it
FOOT: Final = (700, 1030)  # and where one of the whole screen does so, too: nobody is done who has shown half of it
WORD: Final = (PROBE[0] - 120, PROBE[1] - 15, 240, 30)


class Painter:
    """Paints on one display. `do` returns what paints an activity, step by step."""

    def __init__(self, display: str, *, second: bool = False) -> None:
        """A `second` painter of the same screen paints over the first, and still below everything else."""
        self.display = Display(display)
        self.window = self.display.cover(over_lowest=second)
        self.pen = self.display.pen(self.window)
        self.screen: Box = (0, 0, *self.display.size)
        self._pages = [self.display.upload(pictures.page(seed), self.pen) for seed in range(2)]
        self._films: dict[bool, list[int]] = {}
        self.painted: dict[int, float] = {}
        self.show_page(0)

    # ── single pictures ─────────────────────────────────────────────────────────────────────────────────────────────

    def show_page(self, number: int, top: int = 0) -> float:
        """Fill the screen with a page from `top` down; return the moment before the server was asked."""
        _, _, width, height = self.screen
        began = time.monotonic()
        self.display.copy(self._pages[number], self.window, self.pen, (0, top, width, height))
        self.display.flush()
        return began

    def mark(self, box: Box | None = None, colour: tuple[int, int, int] = MARK) -> float:
        """Fill a box, or the screen, with a plain colour; return the moment before the server was asked."""
        began = time.monotonic()
        self.display.fill(self.window, self.pen, colour, [box or self.screen])
        self.display.flush()
        return began

    # ── activities ──────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, activity: str) -> Iterator[float]:
        """Begin an activity; each step yields the seconds until its next step is due, counted from the first."""
        self.painted = {}
        steps: dict[str, Callable[[], Iterator[float]]] = {
            "idle": self._idle,
            "typing": self._type,
            "browsing": self._browse,
            "video": lambda: self._play(whole=False),
            "film": lambda: self._play(whole=True),
        }
        return steps[activity]()

    def _idle(self) -> Iterator[float]:
        self.show_page(0)
        while True:
            yield 3600.0

    def _type(self) -> Iterator[float]:
        """A line of text twice a second, on a page that begins again when it is full."""
        paper: Box = (500, 120, 920, 840)
        width = paper[2] - 40
        lines = [self.display.upload(pictures.text_line(number, width), self.pen) for number in range(24)]
        while True:
            self.display.fill(self.window, self.pen, (255, 255, 255), [paper])
            for number, line in enumerate(lines):
                at = paper[0] + 20, paper[1] + 20 + number * pictures.LINE
                self.display.copy(line, self.window, self.pen, (0, 0, width, pictures.LINE), at)
                yield 0.5

    def _browse(self) -> Iterator[float]:
        """Scrolls on every 2.4 seconds, in a movement of ten steps; at the foot of a page the next one is opened."""
        foot = pictures.PAGE_HEIGHT - self.screen[3]
        number = 0
        while True:
            number = 1 - number
            self.show_page(number)
            yield 2.4
            for begin in range(0, foot, SCROLL):
                for step in range(1, 11):
                    self.show_page(number, min(foot, begin + SCROLL * step // 10))
                    yield FRAME
                yield 2.0

    def _play(self, *, whole: bool) -> Iterator[float]:
        """A film at 25 pictures a second, each with its number in black and white squares."""
        self.show_page(0)
        size = self.display.size if whole else pictures.FILM
        at = (0, 0) if whole else VIDEO_AT
        frames = self._film(whole)
        buffer = self.display.pixmap(*size)
        number = 0
        while True:
            self.display.copy(frames[number % len(frames)], buffer, self.pen, (0, 0, *size))
            for colour, boxes in counter_boxes(number):
                self.display.fill(buffer, self.pen, colour, boxes)
            self.painted[number % (1 << BITS)] = time.monotonic()
            self.display.copy(buffer, self.window, self.pen, (0, 0, *size), at)
            number += 1
            yield FRAME

    def _film(self, whole: bool) -> list[int]:
        if whole not in self._films:
            shots = (
                pictures.film(self.display.size, WHOLE_FRAMES) if whole else pictures.film(pictures.FILM, FILM_FRAMES)
            )
            self._films[whole] = [self.display.upload(shot, self.pen) for shot in shots]
        return self._films[whole]


class Flip:
    """Two pages of text and pictures that take turns in one box of the screen, told apart at its `probes`."""

    def __init__(self, painter: Painter, box: Box) -> None:
        self._painter, self._box, self.white = painter, box, False
        left, top, width, height = box
        self.probes = [at for at in (PROBE, FOOT) if top <= at[1] < top + height]
        self._pixmaps = []
        for seed, colour in enumerate(("black", "white"), 2):
            page = pictures.page(seed)
            for x, y in self.probes:
                page.paste(colour, (x - 40, y - 40, x + 40, y + 40))
            crop = page.crop((left, top, left + width, top + height))
            self._pixmaps.append(painter.display.upload(crop, painter.pen))

    def turn(self) -> float:
        """Show the other one; return the moment before the server was asked. `white` is what it has at its probes."""
        self.white = not self.white
        painter, (left, top, width, height) = self._painter, self._box
        began = time.monotonic()
        source = self._pixmaps[self.white]
        painter.display.copy(source, painter.window, painter.pen, (0, 0, width, height), (left, top))
        painter.display.flush()
        return began


# ── the counter in the film ─────────────────────────────────────────────────────────────────────────────────────────


def counter_boxes(number: int) -> list[tuple[tuple[int, int, int], list[Box]]]:
    """Return the squares, by colour, that say a number. It is in Gray code: a picture half old is off by one only."""
    gray = number ^ number >> 1
    black: list[Box] = []
    white: list[Box] = []
    for bit in range(BITS):
        (white if gray >> bit & 1 else black).append((bit * BIT, 0, BIT, BIT))
    return [(colour, boxes) for colour, boxes in (((0, 0, 0), black), ((255, 255, 255), white)) if boxes]


def counter_places(origin: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the middle of each square on the student's screen, the lowest bit first."""
    return [(origin[0] + (bit + 0.5) * BIT, origin[1] + BIT / 2) for bit in range(BITS)]


def read_counter(bits: list[bool]) -> int:
    """Return the number the squares say."""
    gray = sum(1 << bit for bit, on in enumerate(bits) if on)
    number = 0
    while gray:
        number ^= gray
        gray >>= 1
    return number


# ── as a process ────────────────────────────────────────────────────────────────────────────────────────────────────


def _obey(painter: Painter) -> None:
    steps: Iterator[float] | None = None
    due = 0.0
    pending = b""
    while True:
        wait = None if steps is None else max(0.0, due - time.monotonic())
        if select.select([sys.stdin], [], [], wait)[0]:
            data = os.read(sys.stdin.fileno(), 4096)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                steps, due = _order(painter, json.loads(line)), 0.0
        elif steps is not None:
            first = due == 0.0
            wait = next(steps)
            painter.display.flush()
            # What an activity has to prepare for its first step is not time that it has lost.
            due = (time.monotonic() if first else due) + wait
            if first:
                _say({"is": "begun"})


def _order(painter: Painter, order: dict[str, Any]) -> Iterator[float] | None:
    if order["do"] == "stop":
        _say({"is": "painted", "frames": painter.painted})
        return None
    return painter.do(order["do"])


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    """Paint on the display named by the only argument until the input ends."""
    painter = Painter(sys.argv[1])
    _say({"is": "ready"})
    _obey(painter)


if __name__ == "__main__":
    main()
