"""Pixels to JPEG: scaled to what was asked for, and small enough to be sent."""

import io
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, cast

from PIL import Image, JpegImagePlugin

from protocol import turbojpeg
from protocol.messages import Stream
from student_client.backends.base import Encoded, Raw

_LEAST_QUALITY = 30  # below it text is mud: fewer pixels then show more
_QUALITY_STEP = 15
_SHRINK = 0.8
# WORKAROUND: the pixels of a screen are blue, green, red, unused. Pillow can pack them for libjpeg from where they lie,
# but its JPEG writer takes RGBX images for what they say; copying them into order costs a sixth of the encoding.
# This process saves no other RGBX images.
JpegImagePlugin.RAWMODE["RGBX"] = "BGR"

_SUBSAMPLING_444, _SUBSAMPLING_420 = 0, 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one stream's pictures are made; `limit` is in bytes."""

    quality: int
    subsampling: int
    limit: int


# The limits are SECURITY rule 5's. A focus view is read, so its small coloured letters keep all their colour.
RECIPES = {
    Stream.TILE: Recipe(75, _SUBSAMPLING_420, 128 * 1024),
    Stream.FOCUS: Recipe(92, _SUBSAMPLING_444, 1024 * 1024),
}


def hasty(quality: int) -> Recipe:
    """Return how a focus view's large or moving areas are made: with half the colour, at the quality there is for."""
    return Recipe(quality, _SUBSAMPLING_420, RECIPES[Stream.FOCUS].limit)


class _Sheet(io.RawIOBase):
    """A file in memory: Pillow lets other threads run only while it writes to a real file."""

    def __init__(self) -> None:
        self._file = os.memfd_create("jpeg", os.MFD_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor, which Pillow writes to."""
        return self._file

    def cut(self) -> bytes:
        """Return what was written since the last call."""
        length = os.lseek(self._file, 0, os.SEEK_CUR)
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.pread(self._file, length, 0)

    def __del__(self) -> None:
        os.close(self._file)


class _Page(io.BytesIO):
    """The same, where there are no files in memory."""

    def cut(self) -> bytes:
        """Return what was written since the last call."""
        written = self.getvalue()
        self.seek(0)
        self.truncate()
        return written


class _Desk(threading.local):
    """Each thread writes to a sheet of its own."""

    def __init__(self) -> None:
        self.sheet = _Sheet() if hasattr(os, "memfd_create") else _Page()


_desk = _Desk()


class EncodeError(Exception):
    """The picture does not fit its limit at any size, or cannot be encoded at all."""


def fitted(width: int, height: int, asked_width: int, asked_height: int) -> tuple[int, int]:
    """Return the largest size of the same shape that is larger neither than asked nor than the picture itself."""
    scale = min(1.0, asked_width / width, asked_height / height)
    return max(1, min(asked_width, round(width * scale))), max(1, min(asked_height, round(height * scale)))


def encode_bgrx(pixels: bytes | bytearray | memoryview, width: int, height: int, recipe: Recipe) -> bytes:
    """Return pixels as grabbed as a baseline JPEG of the same size; other threads run meanwhile. Raises EncodeError."""
    turbo, view = turbojpeg.load(), memoryview(pixels)
    if turbo is not None and not view.readonly:
        try:
            return turbo.encode(view, width, height, recipe.quality, recipe.subsampling)
        except turbojpeg.TurboJpegError as error:
            raise EncodeError(f"A picture of {width} by {height} could not be encoded: {error}.") from error
    # A memoryview of bytes is as good; Pillow's types name only the two.
    return _jpeg(Image.frombuffer("RGBX", (width, height), cast(bytes, pixels), "raw", "RGBX", 0, 1), recipe)


def scale_and_encode(
    raw: Raw, asked_width: int, asked_height: int, stream: Stream, recipe: Recipe | None = None
) -> Encoded:
    """Return `raw` as a baseline JPEG within the asked size and the stream's limit; raises EncodeError."""
    screen, asked = (raw.width, raw.height), (asked_width, asked_height)
    size, jpeg = _encoded(screen, asked, lambda size: _scaled(raw, size), recipe or RECIPES[stream])
    return Encoded(*size, *screen, jpeg, raw.captured_at)


def resize_and_encode(
    blocks: Image.Image, screen: tuple[int, int], asked: tuple[int, int], stream: Stream, captured_at: float
) -> Encoded:
    """Do the same with a screen that has been averaged to blocks already, see `_scaled`."""
    size, jpeg = _encoded(screen, asked, lambda size: _resized(blocks, size), RECIPES[stream])
    return Encoded(*size, *screen, jpeg, captured_at)


def image_of(raw: Raw) -> Image.Image:
    """Return the pixels as an image that shares their memory, blue and red changed over."""
    return Image.frombuffer("RGBX", (raw.width, raw.height), raw.pixels, "raw", "RGBX", 0, 1)


def _encoded(
    screen: tuple[int, int], asked: tuple[int, int], picture: Callable[[tuple[int, int]], Image.Image], recipe: Recipe
) -> tuple[tuple[int, int], bytes]:
    size = fitted(*screen, *asked)
    jpeg = _within_limit(picture(size), recipe)
    while jpeg is None:
        smaller = max(1, int(size[0] * _SHRINK)), max(1, int(size[1] * _SHRINK))
        if smaller == size:
            raise EncodeError(f"A picture of {screen[0]} by {screen[1]} does not fit {recipe.limit} bytes at any size.")
        size = smaller
        jpeg = _within_limit(picture(size), recipe)
    return size, jpeg


def _within_limit(picture: Image.Image, recipe: Recipe) -> bytes | None:
    """Return the JPEG at the best quality that keeps the limit, or None."""
    for quality in range(recipe.quality, _LEAST_QUALITY - 1, -_QUALITY_STEP):
        jpeg = _jpeg(picture, replace(recipe, quality=quality))
        if len(jpeg) <= recipe.limit:
            return jpeg
    return None


def _jpeg(picture: Image.Image, recipe: Recipe) -> bytes:
    sheet = _desk.sheet
    picture.save(cast(IO[bytes], sheet), "JPEG", quality=recipe.quality, subsampling=recipe.subsampling)
    return sheet.cut()


def _scaled(raw: Raw, size: tuple[int, int]) -> Image.Image:
    """Return an image of that size, blue and red still changed over.

    Averaging whole blocks (`reduce`) is five times cheaper than a filter at full size, and at a whole factor gives
    the same picture. Hamming costs what bilinear does and keeps letters crisper.
    """
    picture = image_of(raw)
    factor = min(raw.width // size[0], raw.height // size[1])
    return _resized(picture.reduce(factor) if factor > 1 else picture, size)


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Image.Resampling.HAMMING)
