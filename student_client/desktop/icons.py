"""Icons of qtawesome's Phosphor set, drawn from the glyphs' outlines.

Importing qtawesome itself costs 37 MiB (it loads every font it has), a third of what this process may use; its font
file and the code points of the few icons we show are enough.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPixmap, QRawFont

PHOSPHOR = "fonts/phosphor-1.3.0.ttf"
GLYPHS = {
    "lock-simple": 0xF205,
    "eye": 0xF15B,
    "eye-closed": 0xF15C,
    "x": 0xF36D,
    "warning": 0xF35C,
    "hand-palm": 0xF1BD,
    "shield-check": 0xF2B8,
    "timer": 0xF329,
}

_DRAWN_AT = 256.0  # outlines are scaled from this size; Phosphor's own grid


@lru_cache(maxsize=1)
def _font() -> QRawFont:
    package = find_spec("qtawesome")
    if package is None or package.origin is None:
        return QRawFont()
    return QRawFont(str(Path(package.origin).parent / PHOSPHOR), _DRAWN_AT)


@lru_cache(maxsize=len(GLYPHS))
def _outline(name: str) -> QPainterPath:
    font = _font()
    indexes = font.glyphIndexesForString(chr(GLYPHS[name])) if font.isValid() else []
    return font.pathForGlyph(indexes[0]) if indexes else QPainterPath()


def paint_icon(painter: QPainter, name: str, where: QRectF, colour: str) -> None:
    """Draw an icon as large as `where` allows, centred."""
    outline = _outline(name)
    box = outline.boundingRect()
    if box.isEmpty():
        return
    scale = min(where.width() / box.width(), where.height() / box.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(where.center())
    painter.scale(scale, scale)
    painter.translate(-box.center())
    painter.fillPath(outline, QColor(colour))
    painter.restore()


def icon_pixmap(name: str, side: int, colour: str, ratio: float = 1.0) -> QPixmap:
    """Return an icon of `side` logical pixels for a screen of that device pixel ratio."""
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, name, QRectF(0, 0, side, side), colour)
    painter.end()
    return pixmap


def icon(name: str, colour: str) -> QIcon:
    """Return an icon in the sizes of trays and buttons."""
    drawn = QIcon()
    for side in (16, 24, 32, 48, 64):
        drawn.addPixmap(icon_pixmap(name, side, colour))
    return drawn
