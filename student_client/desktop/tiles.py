"""Tiles: whole small pictures of a monitor, of which only what was drawn on since the last one is grabbed again."""

from collections.abc import Callable, Iterable
from typing import Final

from PIL import Image

from student_client.backends.base import Encoded, Raw
from student_client.desktop.decide import Channel
from student_client.desktop.encode import fitted, image_of, resize_and_encode, scale_and_encode
from student_client.regions import Rect, Region

_WHOLE: Final = 0.5  # where more than this share of the screen was drawn on, one grab of all of it is cheaper
_KEPT: Final = 4  # monitors times sizes

Grab = Callable[[int, Rect | None], Raw]
AreaOf = Callable[[int], Rect]


class TileMaker:
    """Keeps each monitor as it was last seen, averaged to blocks; give every damage to `draw` before `make`."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], _Kept] = {}

    def draw(self, damage: Iterable[Rect], area_of: AreaOf) -> None:
        """These rectangles of the desktop were drawn on."""
        damage = tuple(damage)
        for (monitor, factor), kept in tuple(self._kept.items()):
            if area_of(monitor) == kept.area:
                kept.draw(damage)
            else:
                del self._kept[monitor, factor]

    def forget(self) -> None:
        """Keep nothing: nobody looks, or damage was missed."""
        self._kept.clear()

    def make(self, channel: Channel, area_of: AreaOf, grab: Grab) -> Encoded:
        """Return the tile of what is on the screen now; raises EncodeError."""
        area, monitor = area_of(channel.monitor), channel.monitor
        width, height = fitted(area.width, area.height, channel.width, channel.height)
        factor = min(area.width // width, area.height // height)
        if factor > 1:
            kept = self._keep(monitor, factor, area)
            if (captured_at := kept.catch_up(lambda part: grab(monitor, part))) is not None:
                screen, asked = (area.width, area.height), (channel.width, channel.height)
                return resize_and_encode(kept.picture, screen, asked, channel.stream, captured_at)
            del self._kept[monitor, factor]
        return scale_and_encode(grab(monitor, None), channel.width, channel.height, channel.stream)

    def _keep(self, monitor: int, factor: int, area: Rect) -> "_Kept":
        known = self._kept.pop((monitor, factor), None)
        if known is None or known.area != area:
            known = _Kept(area, factor)
        if len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[monitor, factor] = known  # the one used last stands last
        return known


class _Kept:
    """A monitor averaged to blocks of `factor` × `factor` pixels, and where it has been drawn on since."""

    def __init__(self, area: Rect, factor: int) -> None:
        self.area = area
        self.picture = Image.new("RGBX", (0, 0))
        self._factor = factor
        self._screen = Rect(0, 0, area.width, area.height)
        self._damage = Region(area.width, area.height)
        self._damage.add(self._screen)
        self._captured_at = 0.0

    def draw(self, damage: Iterable[Rect]) -> None:
        for rect in damage:
            self._damage.add(rect.moved(-self.area.x, -self.area.y))

    def catch_up(self, grab: Callable[[Rect | None], Raw]) -> float | None:
        """Bring `picture` up to date; return when that was, None where the monitor is no longer of this size."""
        parts = [self._aligned(box) for box in self._damage.boxes()]
        if sum(part.area for part in parts) > _WHOLE * self._screen.area:
            raw = grab(None)
            if (raw.width, raw.height) != self._screen[2:]:
                return None
            self.picture, self._captured_at = image_of(raw).reduce(self._factor), raw.captured_at
            parts = []
        for part in parts:
            raw = grab(part)
            if (raw.width, raw.height) != part[2:]:
                return None
            blocks = image_of(raw).reduce(self._factor)
            self.picture.paste(blocks, (part.x // self._factor, part.y // self._factor))
            self._captured_at = raw.captured_at
        self._damage.clear()
        return self._captured_at

    def _aligned(self, box: Rect) -> Rect:
        """Return the whole blocks that a box touches, so that each is averaged over all of its pixels."""
        block = self._factor
        left, top, right, bottom = box.x // block, box.y // block, -(-box.right // block), -(-box.bottom // block)
        blocks = Rect(block * left, block * top, block * (right - left), block * (bottom - top))
        return blocks.within(self._screen) or blocks
