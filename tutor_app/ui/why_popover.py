"""The answer to "Why?": what is known about a tile without a picture, and what to do next."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tutor_app.classroom.explain import Explanation
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import button, label


class WhyPopover(QFrame):
    """A small window that goes away by a click elsewhere or Esc."""

    def __init__(self, theme: Theme, explanation: Explanation, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popover")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(explanation.title)
        self.setFixedWidth(360)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        title = label(explanation.title, kind="strong", wrap=True)
        column.addWidget(title)
        column.addWidget(label(explanation.known, kind="soft", wrap=True))
        if explanation.steps:
            column.addSpacing(4)
            column.addWidget(label("What to do", kind="strong"))
        for number, step in enumerate(explanation.steps, 1):
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(label(f"{number}.", kind="soft"), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label(step, wrap=True), 1)
            column.addLayout(row)
        close = button("Close", kind="link")
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self._theme = theme

    def open_at(self, place: QRect) -> None:
        """Show it under a place on the screen, or above where there is no room below."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(place.center()) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        size = self.sizeHint().expandedTo(self.size())
        x = min(max(room.left() + 8, place.center().x() - size.width() // 2), room.right() - size.width() - 8)
        below = place.bottom() + 6
        y = below if below + size.height() <= room.bottom() else max(room.top() + 8, place.top() - size.height() - 6)
        self.move(QPoint(x, y))
        self.show()
