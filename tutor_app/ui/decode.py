"""JPEG → QImage with the decoder pinned: Qt would otherwise try every format it knows on what a peer sent."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QRunnable, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader

from protocol.messages import Frame

ALLOCATION_LIMIT: Final = 160  # MiB: two 4K monitors side by side take 66, a whole 8K screen 133


def decode(jpeg: bytes) -> QImage | None:
    """Return the picture, or None where it cannot be read. The session has checked its header already."""
    QImageReader.setAllocationLimit(ALLOCATION_LIMIT)
    buffer = QBuffer()
    buffer.setData(QByteArray(jpeg))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    reader.setAutoDetectImageFormat(False)
    reader.setDecideFormatFromContent(False)
    image = reader.read()  # releases the GIL, unlike QImage.fromData
    return None if image.isNull() else image


class FocusDecoder(QObject):
    """Decodes large pictures on a worker thread: one at work, the latest one waiting, those between left out."""

    decoded = Signal(str, QImage, Frame)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._at_work = False
        self._waiting: tuple[str, Frame] | None = None
        self._finished.connect(self._done)

    _finished = Signal(str, object, Frame)

    def put(self, device: str, frame: Frame) -> None:
        """Decode this next; it takes the place of one that still waits."""
        if self._at_work:
            self._waiting = device, frame
            return
        self._at_work = True
        self._pool.start(_Work(lambda: self._finished.emit(device, decode(frame.jpeg), frame)))

    def stop(self) -> None:
        """Leave out what waits, and let what is at work end."""
        self._waiting = None
        self._pool.waitForDone(2000)

    def _done(self, device: str, image: QImage | None, frame: Frame) -> None:
        self._at_work = False
        waiting, self._waiting = self._waiting, None
        if image is not None:
            self.decoded.emit(device, image, frame)
        if waiting:
            self.put(*waiting)


class _Work(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()
