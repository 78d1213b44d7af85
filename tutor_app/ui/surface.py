"""One student's screen in its own pixels: whole at first, then what has changed is laid over it."""

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage, QPainter

from protocol.messages import Patches
from tutor_app.ui.decode import Strip


class Surface:
    """Holds the pixels. Belongs to the window's thread; they are never saved."""

    def __init__(self) -> None:
        self.image = QImage()
        self.cursor: QPoint | None = None
        self._watch = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see yet."""
        return self.image.isNull()

    @property
    def size(self) -> QSize:
        """The screen's size in its own pixels."""
        return self.image.size()

    def clear(self) -> None:
        """Forget everything, until the first patches of a watch come."""
        self.image, self.cursor, self._watch = QImage(), None, 0

    def lay(self, shown: Patches, strips: Iterable[Strip]) -> list[QRect] | None:
        """Lay what has changed over what was there; returns where, or None for patches of something else.

        What changes is no base for patches that are not of the same watch, nor before its first.
        """
        if shown.sequence > 1 and (shown.watch != self._watch or self.is_empty):
            return None
        self._watch = shown.watch
        self.cursor = QPoint(shown.cursor.x, shown.cursor.y) if shown.cursor else None
        size = QSize(shown.screen_width, shown.screen_height)
        if size != self.size:
            self.image = QImage(size, QImage.Format.Format_RGB32)
            self.image.fill(0)
        changed: list[QRect] = []
        painter = QPainter(self.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for strip in strips:
            order = QImage.Format.Format_RGBX8888 if strip.red_first else QImage.Format.Format_RGB32
            # Shares the strip's memory, which outlives it here.
            piece = QImage(strip.pixels, strip.width, strip.height, 4 * strip.width, order)
            painter.drawImage(strip.x, strip.y, piece)
            changed.append(QRect(strip.x, strip.y, strip.width, strip.height))
        painter.end()
        return changed
