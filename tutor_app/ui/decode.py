"""JPEG → pixels with the decoder pinned: left to themselves Qt and Pillow would try every format they know.

Small pictures are read by Qt in the window's thread, which keeps the GIL: who gives it up for 0.2 ms of work waits for
the network's thread to give it back, a millisecond or five. What changed on a large one is read by libjpeg-turbo,
straight into the order of bytes a window has, or by Pillow where there is none: it carries the same library. Both use
the processor's vector instructions, where the one inside Qt does not, and let other threads run meanwhile.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader

from protocol import turbojpeg
from protocol.messages import Patch, Patches

ALLOCATION_LIMIT: Final = 16  # MiB: a tile of half a 4K screen each way takes 8
WORKERS: Final = 2
INLINE: Final = 96 * 1024  # pixels: under a millisecond of work, while handing over to a thread and back takes half
ROWS: Final = 64  # half a MiB of a 1080p screen: memory the allocator keeps, where whole screens page in anew each time
KEPT: Final = 4 * 3840 * 2160  # bytes: a 4K screen; a message may be twice that, and is not worth keeping room for
_SCANS: Final = 3  # a baseline JPEG needs no more than one for each component; each one more is work for ten bytes
_SCAN: Final = b"\xff\xda"
_START: Final = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Strip:
    """Rows of pixels and where they go on the screen: as QImage.Format_RGB32 has them, or Format_RGBX8888.

    The memory they lie in is used again for the next message.
    """

    x: int
    y: int
    width: int
    height: int
    pixels: bytes | memoryview
    red_first: bool = False


Place: TypeAlias = tuple[Patch, memoryview]


def decode(jpeg: bytes) -> QImage | None:
    """Return the picture, or None where it cannot be read. The session has checked its header already."""
    QImageReader.setAllocationLimit(ALLOCATION_LIMIT)
    if not jpeg.startswith(_START) or jpeg.count(_SCAN) > _SCANS:
        return None
    image = QImage.fromData(jpeg, "JPEG")  # type: ignore[arg-type]  # the stubs say bytes, which it refuses
    return None if image.isNull() else image


def decode_patch(patch: Patch, memory: memoryview | None = None) -> list[Strip] | None:
    """Return a patch in strips, or None where it cannot be read. May be called in any thread.

    `memory` has room for its pixels, four bytes each; None takes new memory.
    """
    if patch.jpeg.count(_SCAN) > _SCANS:
        return None
    turbo = turbojpeg.load()
    if turbo is None:
        return _decode_by_pillow(patch)
    memory = memory or memoryview(bytearray(_size(patch)))
    try:
        turbo.decode(patch.jpeg, memory, patch.width, patch.height)
    except turbojpeg.TurboJpegError:
        return None
    return [Strip(patch.x, patch.y, patch.width, patch.height, memory)]


def _decode_by_pillow(patch: Patch) -> list[Strip] | None:
    try:
        picture = JpegImageFile(io.BytesIO(patch.jpeg))
        if picture.size != (patch.width, patch.height):
            return None
        picture.load()
        image: Image = picture if picture.mode == "RGB" else picture.convert("RGB")
        return [_strip(image, patch, top) for top in range(0, patch.height, ROWS)]
    except Exception:  # Pillow promises no set of errors for what it cannot read
        return None


def _strip(image: Image, patch: Patch, top: int) -> Strip:
    bottom = min(patch.height, top + ROWS)
    pixels = image.crop((0, top, patch.width, bottom)).tobytes("raw", "RGBX")
    return Strip(patch.x, patch.y + top, patch.width, bottom - top, pixels, red_first=True)


def _size(patch: Patch) -> int:
    return 4 * patch.width * patch.height


class _Memory:
    """Room for the pixels of one message, kept for the next: new memory would page in anew each time."""

    def __init__(self) -> None:
        self._memory = memoryview(bytearray())

    def lay_out(self, patches: Iterable[Patch]) -> list[Place]:
        """Return each patch with a place of its own. What lay there before is gone."""
        patches = tuple(patches)
        ends = tuple(accumulate(map(_size, patches)))
        needed, memory = max(ends, default=0), self._memory
        if len(memory) < needed:
            memory = memoryview(bytearray(needed))
        if len(memory) <= KEPT:
            self._memory = memory
        return [(patch, memory[end - _size(patch) : end]) for patch, end in zip(patches, ends, strict=True)]


def decode_patches(places: Iterable[Place]) -> list[list[Strip] | None]:
    """Return all of them, each in strips."""
    return [decode_patch(patch, memory) for patch, memory in places]


class FocusDecoder(QObject):
    """Reads one message's patches at a time: few pixels at once, many in two worker threads."""

    decoded = Signal(str, object, Patches)
    """Device, the strips of all patches that could be read, and the message."""
    _part_done = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.unreadable = 0
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(WORKERS)
        self._pool.setExpiryTimeout(-1)
        self._number = 0
        self._at_work: tuple[str, Patches] | None = None
        self._left = 0
        self._strips: list[Strip] = []
        self._memory = _Memory()
        self._part_done.connect(self._gather)

    @property
    def busy(self) -> bool:
        """Whether a message is being read."""
        return self._at_work is not None

    def put(self, device: str, shown: Patches) -> None:
        """Read this now; nothing else may be at work. `decoded` may come before this returns.

        The strips are good until the next call.
        """
        self._number += 1
        self._at_work, self._strips = (device, shown), []
        places = self._memory.lay_out(shown.patches)
        if sum(patch.width * patch.height for patch in shown.patches) <= INLINE:
            self._left = 1
            self._gather(self._number, decode_patches(places))
            return
        parts = [part for part in _shared_out(places) if part]
        self._left = len(parts)
        for part in parts:
            self._pool.start(_Work(self._work(self._number, part)))

    def stop(self) -> None:
        """Let what is at work end, and say nothing of it."""
        self._number += 1
        self._at_work, self._strips = None, []
        self._pool.waitForDone(2000)
        self._memory = _Memory()

    def _work(self, number: int, part: Sequence[Place]) -> Callable[[], None]:
        return lambda: self._part_done.emit(number, decode_patches(part))

    def _gather(self, number: int, part: list[list[Strip] | None]) -> None:
        if number != self._number or self._at_work is None:
            return  # stopped meanwhile
        for strips in part:
            self.unreadable += strips is None
            self._strips += strips or []
        self._left -= 1
        if not self._left:
            (device, shown), strips, self._at_work, self._strips = self._at_work, self._strips, None, []
            self.decoded.emit(device, strips, shown)


def _shared_out(places: Iterable[Place]) -> list[list[Place]]:
    """Return the patches in parts of about the same number of pixels, one for each worker."""
    parts: list[list[Place]] = [[] for _ in range(WORKERS)]
    pixels = [0] * WORKERS
    for place in sorted(places, key=lambda place: _size(place[0]), reverse=True):
        least = pixels.index(min(pixels))
        parts[least].append(place)
        pixels[least] += _size(place[0])
    return parts


class _Work(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()
