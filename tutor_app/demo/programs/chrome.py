"""What every desktop of the demo has: a task bar, a title bar, a tool bar, text."""

import time
from typing import Final

from PySide6.QtCore import QDateTime, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tutor_app.demo.programs.pictures import tint

TASKBAR: Final = 44
TITLE_BAR: Final = 40
TEXT: Final = Qt.TextFlag.TextWordWrap
INK, SOFT, LINE, PAPER = QColor("#1f2933"), QColor("#5b6876"), QColor("#d7dde4"), QColor("#eef1f5")


def font(size: int, *, bold: bool = False, serif: bool = False) -> QFont:
    """Return a font in pixels; the families are what Debian and the desktops on it have."""
    chosen = QFont(["Liberation Serif", "DejaVu Serif"] if serif else ["Inter", "Cantarell", "DejaVu Sans"])
    chosen.setPixelSize(size)
    chosen.setBold(bold)
    return chosen


def write(
    painter: QPainter,
    area: QRect,
    text: str,
    size: int,
    colour: QColor = INK,
    *,
    bold: bool = False,
    serif: bool = False,
) -> int:
    """Write wrapped text from the top of `area`; return where it ends below."""
    painter.setFont(font(size, bold=bold, serif=serif))
    painter.setPen(colour)
    return painter.drawText(area, TEXT, text).bottom()  # type: ignore[no-any-return, attr-defined, unused-ignore]


class Taskbar(QWidget):
    """The bar at the bottom of a desktop: a few programs and the time, which changes once a minute."""

    def __init__(self, area: QRect, hue: int) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeDock)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setGeometry(area)
        self._hue = hue
        self._tick()

    def _tick(self) -> None:
        self._clock = QDateTime.currentDateTime().toString("ddd d MMM   HH:mm")
        self.update()
        QTimer.singleShot(60_500 - int(time.time() * 1000) % 60_000, self._tick)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw programs and clock."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), tint(self._hue, 60, 40))
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(6):
            painter.setBrush(tint(self._hue + 53 * number, 150, 150 if number else 220))
            painter.drawRoundedRect(QRectF(16 + 46 * number, 9, 26, 26), 7, 7)
        painter.setPen(QColor("white"))
        painter.setFont(font(15))
        painter.drawText(
            self.rect().adjusted(0, 0, -20, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._clock
        )
        painter.end()


class Program(QWidget):
    """A window over the whole desktop but the taskbar, with a title bar of its own."""

    def __init__(self, title: str, hue: int, shade: int = 234) -> None:
        # Not full-screen: window managers put full-screen windows above everything, the student's badge included.
        super().__init__(None, Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(title)
        self._hue = hue
        self._shade = shade
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, TITLE_BAR, 0, 0)
        self.body.setSpacing(0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the title bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRect(0, 0, self.width(), TITLE_BAR)
        dark = self._shade < 128
        painter.fillRect(bar, tint(self._hue, 60, self._shade))
        painter.setPen(QColor("#e8ecf0") if dark else INK)
        painter.setFont(font(15, bold=True))
        painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, f"{self.windowTitle()} — {QApplication.applicationName()}")
        painter.setPen(Qt.PenStyle.NoPen)
        for number, name in enumerate(("#d9534f", "#9aa5b1", "#9aa5b1")):
            painter.setBrush(QColor(name))
            painter.drawEllipse(self.width() - 30 - 26 * number, 13, 14, 14)
        painter.end()


class Bar(QWidget):
    """A program's tool bar: words and marks that look as they should and do nothing."""

    def __init__(self, words: tuple[str, ...], *, height: int = 46) -> None:
        super().__init__()
        self.setFixedHeight(height)
        self._words = words

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw words and marks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor("#f8fafb"))
        painter.setPen(LINE)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        x = 24
        for word in self._words:
            painter.setFont(font(15, bold=word in "BIU"))
            width = painter.fontMetrics().horizontalAdvance(word) + 20
            if len(word) > 1:
                painter.setPen(LINE)
                painter.setBrush(QColor("white"))
                painter.drawRoundedRect(QRectF(x + 0.5, 8.5, width, self.height() - 18), 6, 6)
            painter.setPen(SOFT)
            painter.drawText(QRect(x, 0, width, self.height()), Qt.AlignmentFlag.AlignCenter, word)
            x += width + 12
        painter.end()
