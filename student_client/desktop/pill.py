"""A small pill above all windows: a sign and a line of text. Badge and assessment timer are pills."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from student_client.desktop.over_window import FLAGS, OverWindow
from student_client.desktop.shapes import rounded

HEIGHT = 36
PADDING = 16
GAP = 8
STROKE = 2.0


class Pill(OverWindow):
    """`text` is what it shows, after a sign as wide as `sign`. `clicked` asks for the panel."""

    clicked = Signal()

    def __init__(self, name: str, title: str, sign: int) -> None:
        super().__init__(name, title, FLAGS | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.text = ""
        self._sign = sign

    def wanted_width(self) -> int:
        """Return the width that sign and text need."""
        return 2 * PADDING + self._sign + GAP + self.width_of(self.text) + 2

    def width_of(self, words: str) -> int:
        """Return the width of words in the pill's font."""
        return QFontMetrics(self._font()).horizontalAdvance(words)

    def round_off(self, size: QSize) -> None:
        """Cut the corners off."""
        self.setMask(rounded(size, HEIGHT / 2))

    def paint_pill(self, painter: QPainter, edge: str, surface: str) -> QRectF:
        """Draw the ground, set the font, and return where the sign goes."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        painter.fillRect(self.rect(), QColor(edge))  # what the mask leaves of the corners
        painter.setPen(QPen(QColor(edge), STROKE))
        painter.setBrush(QColor(surface))
        inside = QRectF(self.rect()).adjusted(STROKE / 2, STROKE / 2, -STROKE / 2, -STROKE / 2)
        painter.drawRoundedRect(inside, inside.height() / 2, inside.height() / 2)
        return QRectF(PADDING, (HEIGHT - self._sign) / 2, self._sign, self._sign)

    def paint_text(self, painter: QPainter, colour: str, aside: int = 0) -> None:
        """Write the text, elided where it has to leave `aside` pixels at its right and there is not room enough."""
        left = PADDING + self._sign + GAP
        where = QRect(left, 0, self.width() - left - PADDING - aside + 2, HEIGHT)
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, where.width())
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(14)
        return font
