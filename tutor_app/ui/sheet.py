"""What all dialogs share: a title, words, a body, and buttons of which Enter presses the first."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tutor_app.classroom.student import Student
from tutor_app.ui.runs import single_line
from tutor_app.ui.widgets import button, label


class Sheet(QDialog):
    """Window-modal, opened by `open()`; closes and is thrown away by Esc or Cancel."""

    def __init__(self, parent: QWidget, title: str, words: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(460)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 20, 24, 20)
        self._column.setSpacing(8)
        self._column.addWidget(label(title, kind="title", wrap=True))
        if words:
            self._column.addWidget(label(words, kind="soft", wrap=True))
        self._column.addSpacing(4)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the height the wrapped words need."""
        self.adjustSize()
        super().showEvent(event)

    def add(self, widget: QWidget) -> None:
        """Put a widget below what is there."""
        self._column.addWidget(widget)

    def add_buttons(self, buttons: Sequence[QPushButton], cancel: str = "Cancel") -> None:
        """Put the buttons at the bottom right, Cancel at their left."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        leave = button(cancel)
        leave.clicked.connect(self.reject)
        row.addWidget(leave)
        for one in reversed(buttons):
            row.addWidget(one)
        self._column.addSpacing(8)
        self._column.addLayout(row)


def screens(students: Sequence[Student], total: int) -> str:
    """Return whose screens: "Student 06’s screen", "3 screens", "all 30 screens"."""
    return f"{single_line(students[0].name)}’s screen" if len(students) == 1 else _number(students, total, "screens")


def people(students: Sequence[Student], total: int) -> str:
    """Return who: "Student 06", "3 students", "all 30 students"."""
    return single_line(students[0].name) if len(students) == 1 else _number(students, total, "students")


def unreachable(students: Sequence[Student]) -> str:
    """Return a sentence about those that no command can reach now, or nothing."""
    number = sum(not student.linked for student in students)
    if not number:
        return ""
    if number == len(students):
        return "None of them is connected at the moment." if number > 1 else "It is not connected at the moment."
    return f"{number} of them {'are' if number > 1 else 'is'} not connected at the moment and will not get it."


def _number(students: Sequence[Student], total: int, what: str) -> str:
    return f"{'all ' if len(students) == total else ''}{len(students)} {what}"
