"""A video being watched."""

import time
from typing import Any, Final

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from tutor_app.demo.programs.chrome import (
    Program,
    font,
    write,
)
from tutor_app.demo.programs.pictures import VIDEO, landscape, scene


class Screen(QWidget):
    """The video's picture, 25 a second."""

    def __init__(self, name: str, captions: list[str], hue: int) -> None:
        super().__init__()
        self.setFixedSize(VIDEO)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._scene = scene(name, hue)
        self._captions = captions
        self._began = time.monotonic()
        timer = QTimer(self, interval=40, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self.update)
        timer.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw this moment's picture and its caption."""
        at = time.monotonic() - self._began
        painter = QPainter(self)
        self._scene.paint(painter, at + 4)
        painter.resetTransform()
        painter.setFont(font(22, bold=True))
        caption = self._captions[int(at / 5) % len(self._captions)]
        box = QRect(0, VIDEO.height() - 62, VIDEO.width(), 40)
        painter.setPen(QColor(0, 0, 0, 190))
        painter.drawText(box.translated(2, 2), Qt.AlignmentFlag.AlignCenter, caption)
        painter.setPen(QColor("white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, caption)
        painter.end()


class Player(Program):
    """A video player: the moving picture, its progress, and what comes next."""

    LENGTH: Final = 300.0  # seconds

    def __init__(self, video: dict[str, Any], hue: int) -> None:
        super().__init__(video["title"], hue + 220, 36)
        self._video = video
        self._screen = Screen(video["scene"], video["captions"], hue)
        self._screen.setParent(self)
        self._screen.move(120, 110)
        self._began = time.monotonic()
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(lambda: self.update(120, 660, VIDEO.width(), 60))
        timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what stands around the picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor("#12161b"))
        self._progress(painter, (time.monotonic() - self._began + 42) % self.LENGTH)
        white, grey = QColor("#f2f5f7"), QColor("#9aa7b4")
        write(painter, QRect(120, 740, 960, 50), self._video["title"], 34, white, bold=True)
        write(painter, QRect(120, 800, 960, 90), "Geography and science in five minutes. With captions.", 20, grey)
        write(painter, QRect(1180, 110, 600, 40), "Up next", 24, white, bold=True)
        for number, title in enumerate(self._video["next"][1:]):
            top = 170 + 170 * number
            painter.drawPixmap(1180, top, landscape(260, 146, self._hue + 60 * number, number))
            write(painter, QRect(1464, top + 12, 340, 80), title, 22, white)
            write(painter, QRect(1464, top + 84, 340, 40), f"{4 + number} minutes", 18, grey)
        painter.end()
        super().paintEvent(event)

    def _progress(self, painter: QPainter, at: float) -> None:
        painter.fillRect(120, 672, VIDEO.width(), 5, QColor("#39434d"))
        painter.fillRect(120, 672, int(VIDEO.width() * at / self.LENGTH), 5, QColor("#e5533d"))
        clock = f"❚❚    {int(at) // 60}:{int(at) % 60:02} / {int(self.LENGTH) // 60}:00"
        write(painter, QRect(120, 690, 500, 30), clock, 18, QColor("#c9d2da"))
