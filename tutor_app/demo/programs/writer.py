"""An essay being typed."""

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QTextEdit

from tutor_app.demo.programs.chrome import Bar, Program, font


class Writer(Program):
    """A word processor in which an essay is being typed, with a writer's pauses."""

    def __init__(self, essay: dict[str, Any], hue: int) -> None:
        super().__init__(essay["title"], hue)
        self._words = QLabel()
        self._words.setFont(font(13))
        self._words.setContentsMargins(24, 6, 24, 6)
        self._words.setStyleSheet("background: #f8fafb; color: #5b6876")
        self._page = self._empty_page()
        desk = QFrame()
        desk.setStyleSheet("QFrame { background: #dfe4ea }")
        column = QHBoxLayout(desk)
        column.setContentsMargins(0, 26, 0, 0)
        column.addWidget(self._page, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(Bar(("Liberation Serif", "14", "B", "I", "U", "Heading", "¶", "• —", "Page 1", "100 %")))
        self.body.addWidget(desk, 1)
        self.body.addWidget(self._words)
        self._paragraph(essay["heading"], 34, bold=True)
        for text in essay["written"]:
            self._paragraph(text, 23)
        self._paragraph("", 23)
        self._beginning = self._page.textCursor().position()
        self._typing = "\n".join(essay["typing"])
        self._typed = len(self._typing) // 5
        self._page.insertPlainText(self._typing[: self._typed])
        self._page.setFocus()
        self._type()

    def _empty_page(self) -> QTextEdit:
        page = QTextEdit()
        page.setFixedWidth(980)
        page.setMinimumHeight(880)
        page.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setStyleSheet(
            "QTextEdit { background: white; color: #1f2933; border: 1px solid #c9d1da; padding: 54px 88px }"
        )
        return page

    def _paragraph(self, text: str, size: int, *, bold: bool = False) -> None:
        cursor = self._page.textCursor()
        if cursor.position():
            cursor.insertBlock()
        shape, letters = QTextBlockFormat(), QTextCharFormat()
        shape.setLineHeight(136, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        shape.setBottomMargin(16)
        letters.setFont(font(size, bold=bold, serif=True))
        cursor.setBlockFormat(shape)
        cursor.setCharFormat(letters)
        cursor.insertText(text, letters)
        self._page.setTextCursor(cursor)

    def _type(self) -> None:
        if self._typed == len(self._typing):
            self._start_over()
        letter = self._typing[self._typed]
        self._typed += 1
        self._page.insertPlainText(letter)
        self._page.ensureCursorVisible()
        if letter in " \n":
            self._words.setText(f"Page 1 of 1      {len(self._page.toPlainText().split())} words      English (UK)")
        pause = {".": 900, ",": 320, "\n": 1500}.get(letter, 70 + 60 * (self._typed % 3))
        QTimer.singleShot(pause, self._type)

    def _start_over(self) -> None:
        cursor = self._page.textCursor()
        cursor.setPosition(self._beginning, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._typed = 0
