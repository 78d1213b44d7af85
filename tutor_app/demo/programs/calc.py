"""A table nobody touches."""

from typing import Any

from PySide6.QtCore import QRect
from PySide6.QtGui import (
    QColor,
    QLinearGradient,
    QPainter,
    QPaintEvent,
)

from tutor_app.demo.programs.chrome import LINE, PAPER, SOFT, Bar, Program, write
from tutor_app.demo.programs.pictures import tint


class Calc(Program):
    """A spreadsheet that its reader has left alone."""

    COLUMN, ROW, LEFT, TOP = 170, 34, 60, 96

    def __init__(self, sheet: dict[str, Any], hue: int) -> None:
        super().__init__(sheet["title"], hue + 130)
        self._sheet = sheet
        self.body.addWidget(Bar(("DejaVu Sans", "12", "B", "I", "U", "£ %", "∑", "Sort", "Chart")))
        self.body.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the table and its chart."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(0, self.TOP - 10, self.width(), self.height(), QColor("white"))
        self._grid(painter)
        self._cell(painter, 1, 1, self._sheet["heading"], bold=True, columns=4)
        for row, cells in enumerate([self._sheet["columns"], *self._sheet["rows"]]):
            for column, value in enumerate(cells):
                self._cell(painter, column + 1, row + 3, str(value), bold=row == 0)
        self._chart(painter, QRect(1180, 170, 620, 460))
        painter.end()

    def _grid(self, painter: QPainter) -> None:
        painter.fillRect(0, self.TOP - 10, self.width(), self.ROW, PAPER)
        painter.fillRect(0, self.TOP - 10, self.LEFT, self.height(), PAPER)
        for column in range(12):
            x = self.LEFT + self.COLUMN * column
            painter.setPen(LINE)
            painter.drawLine(x, self.TOP - 10, x, self.height())
            write(painter, QRect(x + 78, self.TOP - 4, 40, 30), "ABCDEFGHIJKL"[column], 15, SOFT)
        for row in range(30):
            y = self.TOP - 10 + self.ROW * (row + 1)
            painter.setPen(LINE)
            painter.drawLine(0, y, self.width(), y)
            write(painter, QRect(20, y + 7, 40, 30), str(row + 1), 15, SOFT)

    def _cell(
        self, painter: QPainter, column: int, row: int, text: str, *, bold: bool = False, columns: int = 1
    ) -> None:
        x, y = self.LEFT + self.COLUMN * (column - 1), self.TOP - 10 + self.ROW * row
        write(painter, QRect(x + 10, y + 7, self.COLUMN * columns - 12, self.ROW), text, 17, bold=bold)

    def _chart(self, painter: QPainter, area: QRect) -> None:
        painter.setPen(LINE)
        painter.setBrush(QColor("white"))
        painter.drawRoundedRect(area, 10, 10)
        write(painter, area.adjusted(28, 22, 0, 0), self._sheet["heading"], 20, bold=True)
        rows = self._sheet["rows"]
        most, step = max(row[-1] for row in rows), (area.width() - 80) // len(rows)
        for number, row in enumerate(rows):
            height = int((area.height() - 150) * row[-1] / most)
            bar = QRect(area.x() + 40 + step * number, area.bottom() - 60 - height, step - 18, height)
            shade = QLinearGradient(bar.topLeft(), bar.bottomLeft())
            shade.setColorAt(0, tint(self._hue, 130, 140))
            shade.setColorAt(1, tint(self._hue, 130, 100))
            painter.fillRect(bar, shade)
            write(painter, QRect(bar.x(), area.bottom() - 48, step, 30), str(row[0]), 16, SOFT)
