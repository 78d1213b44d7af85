"""Sees whether a tile shows nothing: one colour all over, but for the student's badge."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tutor_app.classroom.events import Blank

_ACROSS, _DOWN = 16, 9
_ALIKE: Final = 6  # of 255: JPEG keeps a plain surface closer than that
_MOST: Final = 0.9  # of the cells: the badge covers less than a tenth of the screen
_BLACK: Final = 12  # of 255


def may_be_blank(width: int, height: int, jpeg_bytes: int) -> bool:
    """Whether a picture is small enough to be a plain surface, which takes a few bits for 64 pixels; few tiles are."""
    return jpeg_bytes <= 1536 + width * height // 16


def blankness(image: QImage, jpeg_bytes: int) -> Blank:
    """Return what a tile shows nothing but; `jpeg_bytes` is what it came in."""
    if not may_be_blank(image.width(), image.height(), jpeg_bytes):
        return Blank.NO
    cells = image.scaled(
        _ACROSS, _DOWN, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_RGB32)
    values = bytes(cells.constBits())
    usual = [sorted(values[channel::4])[_ACROSS * _DOWN // 2] for channel in range(3)]
    alike = sum(
        all(abs(values[at + channel] - usual[channel]) <= _ALIKE for channel in range(3))
        for at in range(0, len(values), 4)
    )
    if alike < _MOST * _ACROSS * _DOWN:
        return Blank.NO
    return Blank.BLACK if max(usual) <= _BLACK else Blank.PLAIN
