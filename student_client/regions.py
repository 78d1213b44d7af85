"""Areas of a screen: rectangles, and regions made of them. Pure; pixels throughout.

A `Region` is a grid of 16×16 cells, the blocks JPEG works in, with one integer of bits a row: adding, removing and
comparing cost a few operations a row, however scattered the drawing was, and boxes taken from it never overlap.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import groupby
from typing import Final, NamedTuple

CELL: Final = 16
BOXES: Final = 16  # so many are worth a JPEG of their own each; more would cost more in headers than they save
_CHEAP: Final = 8192  # pixels: a JPEG more costs about as much time and bytes as this much of a bigger one
_COMPARED: Final = 24  # boxes that are compared pair by pair; above it, rows are joined first


class Rect(NamedTuple):
    """A rectangle by its upper left corner and its size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that is not in it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row that is not in it."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return self.width * self.height

    def within(self, other: "Rect") -> "Rect | None":
        """Return the part that lies in `other`, or None."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None

    def covers(self, other: "Rect") -> bool:
        """Whether all of `other` lies in it."""
        return (
            self.x <= other.x and self.y <= other.y and self.right >= other.right and self.bottom >= other.bottom
        )  # fmt: skip

    def around(self, other: "Rect") -> "Rect":
        """Return the smallest rectangle that holds both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Rect(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def moved(self, x: int, y: int) -> "Rect":
        """Return it so much further right and down."""
        return Rect(self.x + x, self.y + y, self.width, self.height)

    def bands(self, count: int) -> tuple["Rect", ...]:
        """Cut it into at most `count` horizontal bands of whole cells, counted from its own top."""
        step = max(CELL, -(-self.height // count // CELL) * CELL)
        return tuple(
            Rect(self.x, top, self.width, min(step, self.bottom - top)) for top in range(self.y, self.bottom, step)
        )


class Region:
    """A set of cells of a screen of `width` × `height`; what lies outside it is left out."""

    def __init__(self, width: int, height: int) -> None:
        self._screen = Rect(0, 0, width, height)
        self._rows = [0] * -(-height // CELL)

    def __bool__(self) -> bool:
        return any(self._rows)

    @property
    def cells(self) -> int:
        """How many cells are set."""
        return sum(row.bit_count() for row in self._rows)

    def add(self, rect: Rect) -> None:
        """Set every cell that `rect` touches."""
        if (inside := rect.within(self._screen)) is not None:
            bits = _bits(inside)
            for row in _touched(inside):
                self._rows[row] |= bits

    def remove(self, rect: Rect) -> None:
        """Clear every cell that lies in `rect` as far as it lies on the screen."""
        if (inside := rect.within(self._screen)) is None:
            return
        left, top = -(-inside.x // CELL), -(-inside.y // CELL)
        right = -(-inside.right // CELL) if inside.right == self._screen.width else inside.right // CELL
        bottom = -(-inside.bottom // CELL) if inside.bottom == self._screen.height else inside.bottom // CELL
        bits = (1 << max(left, right)) - (1 << left)
        for row in range(top, bottom):
            self._rows[row] &= ~bits

    def share(self, rect: Rect) -> float:
        """Return how much of the cells that `rect` touches is set, 0 to 1."""
        if (inside := rect.within(self._screen)) is None:
            return 0.0
        bits, rows = _bits(inside), _touched(inside)
        there = self._rows[rows.start : rows.stop]
        return sum([(row & bits).bit_count() for row in there]) / (bits.bit_count() * len(there))

    def join(self, other: "Region") -> None:
        """Set what is set in another region of the same screen."""
        self._rows = [one | two for one, two in zip(self._rows, other._rows, strict=True)]  # noqa: SLF001 - its own kind

    def clear(self) -> None:
        """Clear everything."""
        self._rows = [0] * len(self._rows)

    def boxes(self, most: int = BOXES) -> tuple[Rect, ...]:
        """Return at most `most` disjoint rectangles that hold every set cell, and where it is cheaper some more."""
        boxes = _stacked(self._rows)
        step = 1
        while len(boxes) > _COMPARED:
            boxes = _stacked([_span(rows) for rows in _joined(self._rows, step)], step)
            step *= 2
        return tuple(found for box in _merged(boxes, most) if (found := _pixels(box).within(self._screen)))

    def exact(self, most: int = BOXES) -> tuple[Rect, ...]:
        """Return at most `most` disjoint rectangles of set cells and no others; the rest is left for another time."""
        return tuple(found for box in _stacked(self._rows)[:most] if (found := _pixels(box).within(self._screen)))


def boxes_of(rects: Iterable[Rect], screen: Rect) -> tuple[Rect, ...]:
    """Return at most BOXES disjoint rectangles that hold all of `rects` that lies on a screen with a place."""
    region = Region(screen.width, screen.height)
    for rect in rects:
        region.add(rect.moved(-screen.x, -screen.y))
    return tuple(box.moved(screen.x, screen.y) for box in region.boxes())


def _bits(rect: Rect) -> int:
    return (1 << -(-rect.right // CELL)) - (1 << rect.x // CELL)


def _touched(rect: Rect) -> range:
    return range(rect.y // CELL, -(-rect.bottom // CELL))


def _pixels(cells: Rect) -> Rect:
    return Rect(*(CELL * number for number in cells))


def _runs(bits: int) -> Iterator[tuple[int, int]]:
    """Yield start and length of every run of ones."""
    at = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & (bits + 1)).bit_length() - 1
        yield at + zeros, ones
        bits >>= ones
        at += zeros + ones


def _stacked(rows: list[int], step: int = 1) -> list[Rect]:
    """Return the rows' runs as rectangles in cells; equal runs of neighbouring rows, `step` cells high, are one."""
    done: list[Rect] = []
    growing: dict[tuple[int, int], Rect] = {}
    top = 0
    for bits, equal in groupby(rows):
        height = step * sum(1 for _ in equal)
        still: dict[tuple[int, int], Rect] = {}
        for start, length in _runs(bits):
            above = growing.pop((start, length), Rect(start, top, length, 0))
            still[start, length] = Rect(start, above.y, length, above.height + height)
        done += growing.values()
        growing = still
        top += height
    return [*done, *growing.values()]


def _joined(rows: list[int], step: int) -> Iterator[int]:
    for top in range(0, len(rows), step):
        bits = 0
        for row in rows[top : top + step]:
            bits |= row
        yield bits


def _span(bits: int) -> int:
    """Return the bits with every gap between the first and the last filled."""
    return (1 << bits.bit_length()) - (bits & -bits) if bits else 0


def _merged(boxes: list[Rect], most: int) -> list[Rect]:
    """Join boxes where that wastes little, and on until no more than `most` are left; they stay disjoint."""
    if not boxes:
        return boxes
    while len(boxes) > 1:
        waste, one, other = min(
            (one.around(other).area - one.area - other.area, one, other)
            for number, one in enumerate(boxes)
            for other in boxes[number + 1 :]
        )
        if len(boxes) <= most and waste * CELL * CELL > _CHEAP:
            break
        boxes = _absorbed([box for box in boxes if box not in (one, other)], one.around(other))
    # A small window above everything cuts a screen into boxes no two of which are worth joining.
    whole = reduce(Rect.around, boxes)
    waste = whole.area - sum(box.area for box in boxes)
    return [whole] if waste * CELL * CELL <= _CHEAP * (len(boxes) - 1) else boxes


def _absorbed(boxes: list[Rect], grown: Rect) -> list[Rect]:
    """Return the boxes with `grown`, which takes in whatever it touches."""
    while touched := [box for box in boxes if box.within(grown)]:
        boxes = [box for box in boxes if box not in touched]
        for box in touched:
            grown = grown.around(box)
    return [*boxes, grown]
