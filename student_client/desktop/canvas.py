"""What a watcher of the focus view has of the screen, and which rectangles bring it up to date: pure.

Large or moving areas are sent in haste. What went out in haste and then rests for REST seconds is sent once more,
finely, a bounded area at a time, so that nothing new ever waits for a repair.
"""

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Final

from student_client.regions import CELL, Rect, Region

REST: Final = 0.15  # seconds; with two or three turns of repair after it, a resting screen is fine within 300 ms
SMALL: Final = 128 * 1024  # pixels that are fine at once: a few lines of text, a menu
_REPAIR: Final = 768 * 1024  # pixels a turn, when nothing else is sent: a tenth of a turn's time
_LEAST_REPAIR: Final = 96 * 1024
_SLOW: Final = 0.1  # seconds for a credit after which repairs are made smaller
_HEAT: Final = 0.3  # seconds within which an area
_OFTEN: Final = 3  # sent this often counts as moving
_STRETCH: Final = 0.02  # seconds: what was sent in one go is remembered as one


@dataclass(frozen=True, slots=True)
class Piece:
    """One rectangle to send. `moving` is not worth comparing with what was there; `repair` shows nothing new."""

    area: Rect
    fine: bool
    moving: bool = False
    repair: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send now, of a screen of `width` × `height`; `whole` when it covers all of it."""

    width: int
    height: int
    whole: bool
    pieces: tuple[Piece, ...]

    @property
    def moving(self) -> int:
        """How many pixels of it move."""
        return sum(piece.area.area for piece in self.pieces if piece.moving)


class Canvas:
    """One focus channel's picture of one screen; `in_parts` is False where it is scaled, and so always sent whole."""

    def __init__(self, width: int, height: int, in_parts: bool) -> None:
        self._screen = Rect(0, 0, width, height)
        self._in_parts = in_parts
        self._damage = Region(width, height)
        self._whole = True
        self._hasty: deque[tuple[float, Region]] = deque()
        self._recent: deque[tuple[float, Region]] = deque()
        self._repair_area = max(_REPAIR, self._screen.area // 4)

    @property
    def dirty(self) -> bool:
        """Whether the screen may differ from what was sent."""
        return self._whole or bool(self._damage)

    @property
    def repair_at(self) -> float | None:
        """When the first area that was sent in haste has rested, None where everything is fine."""
        return self._hasty[0][0] + REST if self._hasty else None

    def draw(self, rect: Rect) -> None:
        """Something was drawn there."""
        self._damage.add(rect)

    def refresh(self) -> None:
        """The next plan has to be whole."""
        self._whole = True

    def keep_in_one(self) -> None:
        """Send all of the screen each time from now on: in its own size it was more than a message may hold."""
        self._in_parts = False

    def taken(self) -> None:
        """All that was drawn so far has been grabbed."""
        self._whole = False
        self._damage.clear()

    def credited(self, seconds: float) -> None:
        """The last message was drained so many seconds after it was taken: repairs follow the link's strength."""
        factor, most = (0.5 if seconds > _SLOW else 2.0), max(_REPAIR, self._screen.area // 4)
        self._repair_area = int(min(most, max(_LEAST_REPAIR, self._repair_area * factor)))

    def plan(self, now: float, pressed: bool = False) -> Plan:
        """Return what is to be sent; `pressed` when there is no budget left for fine moving pictures."""
        boxes = self._damage.boxes() if self._damage else ()
        if not self._in_parts or self._whole:
            return self._plan_in_one(boxes, now)
        small = sum(box.area for box in boxes) <= SMALL
        pieces = []
        for box in boxes:
            moving = self._moves(box, now)
            pieces.append(Piece(box, fine=small and not (moving and pressed), moving=moving))
        return Plan(*self._screen[2:], False, (*pieces, *self._repairs(boxes, now)))

    def sent(self, pieces: tuple[Piece, ...], now: float) -> None:
        """These have gone out."""
        while self._recent and self._recent[0][0] < now - _HEAT:
            self._recent.popleft()
        if not self._recent or self._recent[-1][0] < now - _STRETCH:
            self._recent.append((now, self._nothing()))
        for piece in pieces:
            for _, region in self._hasty:
                region.remove(piece.area)
            if not piece.repair:
                self._recent[-1][1].add(piece.area)
        hasty = self._nothing()
        for piece in pieces:
            if not piece.fine:
                hasty.add(piece.area)
        self._hasty.append((now, hasty))
        self._hasty = deque((at, region) for at, region in self._hasty if region)

    def _plan_in_one(self, boxes: tuple[Rect, ...], now: float) -> Plan:
        drawn, rested = bool(boxes) or self._whole, self.repair_at is not None and self.repair_at <= now
        if not drawn and not rested:
            return Plan(*self._screen[2:], False, ())
        moving = bool(boxes) and all(self._moves(box, now) for box in boxes)
        fine = not drawn or not (self._in_parts or moving)
        return Plan(*self._screen[2:], True, (Piece(self._screen, fine, moving, repair=not drawn),))

    def _repairs(self, drawn: tuple[Rect, ...], now: float) -> list[Piece]:
        rested = self._nothing()
        for at, region in self._hasty:
            if at + REST <= now:
                rested.join(region)
        for box in drawn:
            rested.remove(box)
        left = _LEAST_REPAIR if drawn else self._repair_area
        pieces = []
        # Beside something new not a cell more: a box around them would show the same pixels twice.
        for box in rested.exact() if drawn else rested.boxes():
            if left <= 0:
                break
            part = box._replace(height=min(box.height, max(CELL, left // box.width // CELL * CELL)))
            pieces.append(Piece(part, fine=True, repair=True))
            left -= part.area
        return pieces

    def _moves(self, box: Rect, now: float) -> bool:
        often = (True for at, region in reversed(self._recent) if at >= now - _HEAT and region.share(box) >= 0.5)
        return sum(islice(often, _OFTEN)) == _OFTEN

    def _nothing(self) -> Region:
        return Region(*self._screen[2:])
