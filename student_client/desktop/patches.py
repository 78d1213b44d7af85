"""A focus view's plan and the pixels it asks for → the patches to send, large ones encoded by two threads at once."""

import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from protocol.messages import Patch, Stream
from student_client.backends.base import Raw
from student_client.desktop.canvas import Piece, Plan
from student_client.desktop.decide import Channel
from student_client.desktop.encode import RECIPES, Recipe, encode_bgrx, hasty, scale_and_encode
from student_client.regions import CELL, Rect

_WORKERS = 2
_SPLIT = 640 * 1024  # pixels; encoding fewer takes two milliseconds, and handing over costs more than it gains
_COMPARED = 640 * 1024  # pixels; comparing more costs as much as a latency goal can spare
_STRIP = 4 * CELL
_MOST = 60  # patches a message; the protocol allows 64
_PRINTS = 512  # strips remembered a channel; a 4K screen has 34
_POORER = (50, 30, 10)  # qualities tried when a message is too large; noise of 1080p fits at the last

Grab = Callable[[int, Rect | None], Raw]


class ScreenMovedError(Exception):
    """The monitor is not of the size that was planned for: ask where it is now, and plan again."""


@dataclass(frozen=True, slots=True)
class Made:
    """What to send, in the pixels of `width` × `height`. `pieces` are what of the plan it shows."""

    width: int
    height: int
    whole: bool
    captured_at: float
    patches: tuple[Patch, ...]
    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """How many bytes of JPEG it has."""
        return sum(len(patch.jpeg) for patch in self.patches)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A piece and its pixels; `known` to be new where they have been compared with what was there."""

    piece: Piece
    pixels: memoryview
    known: bool = False


class PatchMaker:
    """Makes the patches of one process's focus channels, from one thread; `close` ends the helping threads."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._prints: dict[int, _Prints] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def forget(self, channel_id: int) -> None:
        """The channel is closed."""
        self._prints.pop(channel_id, None)
        self._sizes.pop(channel_id, None)

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def make(self, channel: Channel, plan: Plan, quality: int, grab: Grab) -> Made:
        """Grab what the plan names, and encode what of it has changed; raises ScreenMovedError, EncodeError."""
        made = self._make(channel, plan, quality, grab)
        self._sizes[channel.id] = made.width, made.height
        return made

    def _make(self, channel: Channel, plan: Plan, quality: int, grab: Grab) -> Made:
        if not plan.pieces:
            size = self._sizes.get(channel.id, (plan.width, plan.height))
            return Made(*size, False, time.time(), (), ())
        if plan.width > channel.width or plan.height > channel.height:
            return self._make_scaled(channel, plan, quality, grab)
        prints = self._prints.setdefault(channel.id, _Prints())
        if plan.whole:
            prints.clear()
        if not plan.whole and len(plan.pieces) == 1 and plan.pieces[0].area.area > _COMPARED:
            captured_at, cuts, patches = self._grab_and_encode(channel, plan, quality, grab)
        else:
            grabbed = [(piece, _grabbed(channel, plan, piece, grab)) for piece in plan.pieces]
            changed = _split if plan.whole else prints.changed
            cuts = [cut for piece, raw in grabbed for cut in changed(piece, raw)]
            if len(cuts) > _MOST:
                cuts = [cut for piece, raw in grabbed for cut in _split(piece, raw)]
            captured_at, patches = grabbed[0][1].captured_at, self._at(cuts, RECIPES[Stream.FOCUS], hasty(quality))
        fitting = self._fitting(cuts, patches)
        if fitting is None:
            return self._make_scaled(channel, plan, _POORER[0], grab)
        if not plan.whole:
            fitting, cuts = prints.news(fitting, cuts)
        pieces = tuple(cut.piece for cut in cuts)
        return Made(plan.width, plan.height, plan.whole, captured_at, fitting, pieces)

    def _grab_and_encode(
        self, channel: Channel, plan: Plan, quality: int, grab: Grab
    ) -> tuple[float, list[_Cut], tuple[Patch, ...]]:
        """Make one large piece in bands: while one is being encoded, the next is grabbed."""
        piece = plan.pieces[0]
        cuts: list[_Cut] = []
        times: list[float] = []

        def bands() -> Iterator[_Cut]:
            for area in piece.area.bands(_WORKERS):
                band = replace(piece, area=area)
                raw = _grabbed(channel, plan, band, grab)
                cuts.append(_Cut(band, memoryview(raw.pixels)))
                times.append(raw.captured_at)
                yield cuts[-1]

        patches = tuple(self._helpers.map(_encoder(RECIPES[Stream.FOCUS], hasty(quality)), bands()))
        return times[0], cuts, patches

    def _make_scaled(self, channel: Channel, plan: Plan, quality: int, grab: Grab) -> Made:
        raw = grab(channel.monitor, None)
        recipe = RECIPES[Stream.FOCUS] if all(piece.fine for piece in plan.pieces) else hasty(quality)
        encoded = scale_and_encode(raw, channel.width, channel.height, Stream.FOCUS, recipe)
        patch = Patch(x=0, y=0, width=encoded.width, height=encoded.height, jpeg=encoded.jpeg)
        return Made(encoded.width, encoded.height, True, raw.captured_at, (patch,), plan.pieces)

    def _fitting(self, cuts: list[_Cut], patches: tuple[Patch, ...]) -> tuple[Patch, ...] | None:
        """Return the patches, at a lower quality where they are too large; None if nothing makes them fit."""
        for poorer in _POORER:
            if _fits(patches):
                return patches
            patches = self._at(cuts, hasty(poorer), hasty(poorer))
        return patches if _fits(patches) else None

    def _at(self, cuts: list[_Cut], fine: Recipe, coarse: Recipe) -> tuple[Patch, ...]:
        patch = _encoder(fine, coarse)
        if len(cuts) < 2 or sum(cut.piece.area.area for cut in cuts) < _SPLIT:
            return tuple(map(patch, cuts))
        return tuple(self._helpers.map(patch, cuts))

    @property
    def _helpers(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="encode")
        return self._pool


class _Prints:
    """Check sums of strips and whole JPEGs last sent, to find what was painted and has not changed.

    The strips never overlap: a new one drives out what it touches, so what is remembered is what the watchers have.
    """

    def __init__(self) -> None:
        self._sums: dict[Rect, int] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._sums.clear()

    def changed(self, piece: Piece, raw: Raw) -> list[_Cut]:
        """Return what of a piece may show something new, in parts for two threads where it is large."""
        pixels, area = memoryview(raw.pixels), piece.area
        if piece.repair:
            return _split(piece, raw)
        if piece.moving or area.area > _COMPARED:
            return _split(piece, raw)  # `news` compares the JPEGs
        joined: list[Rect] = []
        for strip in area.bands(-(-area.height // _STRIP)):
            if not self._is_new(strip, zlib.crc32(_rows(pixels, area, strip))):
                continue
            if joined and joined[-1].bottom == strip.y:
                joined[-1] = joined[-1].around(strip)
            else:
                joined.append(strip)
        return [
            replace(cut, known=True)
            for part in joined
            for cut in _split(replace(piece, area=part), _rows(pixels, area, part))
        ]

    def news(self, patches: tuple[Patch, ...], cuts: list[_Cut]) -> tuple[tuple[Patch, ...], list[_Cut]]:
        """Leave out the patches of moving or large pieces whose JPEGs are those sent last."""
        kept = [
            (patch, cut)
            for patch, cut in zip(patches, cuts, strict=True)
            if cut.known or cut.piece.repair or self._is_new(cut.piece.area, zlib.crc32(patch.jpeg))
        ]
        return tuple(patch for patch, _ in kept), [cut for _, cut in kept]

    def _is_new(self, strip: Rect, check_sum: int) -> bool:
        known = self._sums.get(strip)
        if known is None:
            self._drive_out(strip)
        self._sums[strip] = check_sum
        return known != check_sum

    def _drive_out(self, strip: Rect) -> None:
        if len(self._sums) >= _PRINTS:
            self._sums.clear()
        for other in [other for other in self._sums if other.within(strip)]:
            del self._sums[other]


def _encoder(fine: Recipe, coarse: Recipe) -> Callable[[_Cut], Patch]:
    def patch(cut: _Cut) -> Patch:
        x, y, width, height = cut.piece.area
        jpeg = encode_bgrx(cut.pixels, width, height, fine if cut.piece.fine else coarse)
        return Patch(x=x, y=y, width=width, height=height, jpeg=jpeg)

    return patch


def _fits(patches: tuple[Patch, ...]) -> bool:
    return sum(len(patch.jpeg) for patch in patches) <= RECIPES[Stream.FOCUS].limit


def _grabbed(channel: Channel, plan: Plan, piece: Piece, grab: Grab) -> Raw:
    raw = grab(channel.monitor, None if plan.whole else piece.area)
    if (raw.width, raw.height) != (piece.area.width, piece.area.height):
        raise ScreenMovedError
    return raw


def _split(piece: Piece, raw: Raw | memoryview) -> list[_Cut]:
    """Return a piece in as many parts as there are threads, where that is quicker."""
    pixels = memoryview(raw.pixels) if isinstance(raw, Raw) else raw
    parts = piece.area.bands(_WORKERS) if piece.area.area >= _SPLIT else (piece.area,)
    return [_Cut(replace(piece, area=part), _rows(pixels, piece.area, part)) for part in parts]


def _rows(pixels: memoryview, area: Rect, part: Rect) -> memoryview:
    """Return the pixels of those rows of an area, which are one after the other."""
    row = 4 * area.width
    return pixels[(part.y - area.y) * row : (part.bottom - area.y) * row]
