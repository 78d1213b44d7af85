"""Flagging behaviour: a category of the college's policy, what to do about it, and a note. No picture is kept."""

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from protocol.policy.document import FlagCategory, Route
from protocol.text import plain
from tutor_app.classroom.student import Student
from tutor_app.ui.sheet import Sheet, people
from tutor_app.ui.widgets import button, is_enter, label

NOTE: Final = 500  # characters
_ROUTES: Final = {
    Route.TUTOR: "It goes into your records.",
    Route.DSL: "It goes into your records only. Tell the designated safeguarding lead yourself, now.",
    Route.HEAD: "It goes into your records only. Tell the head yourself, now.",
}


class FlagDialog(Sheet):
    """Enter flags, from the list or the note."""

    chosen = Signal(str, str, str)
    """The category's slug, the note, the category's label."""

    def __init__(
        self, parent: QWidget, students: Sequence[Student], total: int, categories: Mapping[str, FlagCategory]
    ) -> None:
        super().__init__(parent, f"Flag {people(students, total)}")
        self.setMinimumWidth(520)
        self._categories = categories
        self.list = QListWidget()
        self.list.setAccessibleName("Category")
        self.list.installEventFilter(self)
        for slug, category in categories.items():
            item = QListWidgetItem(category.label)
            item.setData(Qt.ItemDataRole.UserRole, slug)
            self.list.addItem(item)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._advice = label(wrap=True)
        self._advice.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._route = label(kind="soft", wrap=True)
        self.note = QLineEdit(placeholderText="What happened? (optional)")
        self.note.setMaxLength(NOTE)
        self.note.setAccessibleName("Note")
        self._flag = button("Flag", kind="primary", default=True)
        self._lay_out()
        self.list.currentRowChanged.connect(self._advise)
        self.list.itemDoubleClicked.connect(lambda _: self.accept())
        self.list.setCurrentRow(0)
        self._advise()
        self.list.setFocus()

    @property
    def advice(self) -> str:
        """What the dialog says about the category in hand."""
        return f"{self._advice.text()}\n{self._route.text()}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter in the list flags; the list itself would only activate the row."""
        if watched is self.list and is_enter(event):
            self.accept()
            return True
        return super().eventFilter(watched, event)

    def accept(self) -> None:
        """Flag."""
        slug = self._slug()
        if slug:
            self.chosen.emit(slug, plain(self.note.text().strip(), NOTE), self._categories[slug].label)
            super().accept()

    def _slug(self) -> str:
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item else ""

    def _advise(self) -> None:
        slug = self._slug()
        self._flag.setEnabled(bool(slug))
        if not slug:
            self._advice.setText(
                "The college's policy has no categories of flags. Ask the network manager to add some."
            )
            return
        category = self._categories[slug]
        self._advice.setText(category.advice)
        self._route.setText(f"{_ROUTES[category.route]} No picture is kept.")

    def showEvent(self, event: QShowEvent) -> None:
        """Make room for ten categories and for the longest advice: nothing jumps while one is chosen."""
        rows = min(10, max(1, self.list.count()))
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 14)
        width = self.minimumWidth() - 2 * 24 - 2 * 14
        metrics = self._advice.fontMetrics()
        flags = int(Qt.TextFlag.TextWordWrap)
        texts = [category.advice for category in self._categories.values()] or [self._advice.text()]
        heights = [metrics.boundingRect(0, 0, width, 9999, flags, text).height() for text in texts if text]
        self._advice.setMinimumHeight(max(heights, default=0))
        super().showEvent(event)

    def _lay_out(self) -> None:
        notice = QFrame()
        notice.setObjectName("notice")
        inside = QVBoxLayout(notice)
        inside.setContentsMargins(12, 10, 12, 10)
        inside.setSpacing(6)
        inside.addWidget(self._route)
        inside.addWidget(self._advice)
        self._flag.clicked.connect(self.accept)
        self.add(self.list)
        self.add(notice)
        self.add(self.note)
        self.add_buttons([self._flag])
