"""Messages of a tutor, as cards at the top of the screen. They ask for nothing: work goes on beside them."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from student_client.desktop.over_window import OverWindow
from student_client.desktop.panel import WIDTH as PANEL_WIDTH
from student_client.desktop.shapes import rounded
from student_client.desktop.words import clock

WIDTH = 460
MARGIN = 16
BELOW_BADGE = 60  # badge.EDGE + badge.HEIGHT and a little: it stays readable above them
TALLEST_TEXT = 220
BESIDE_TEXT = 150  # the height of a card without its text, and some ground below it
MOST = 20  # a tutor who sends more loses the oldest from the screen


@dataclass(frozen=True, slots=True)
class TutorText:
    """One message: from whom, when, what."""

    id: str
    by: str
    at: float
    text: str


class MessageWindow(OverWindow):
    """One card. `shown` tells once that it is on the screen, `understood` that the student pressed the button."""

    shown = Signal()
    understood = Signal()

    def __init__(self, message: TutorText) -> None:
        super().__init__("window", "Message")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"Message from {message.by}")
        self.setAccessibleDescription(message.text)
        self.message = message
        self._told = False
        self._build()
        self.exposure.connect(self._tell_shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the keyboard once the student has turned to it."""
        self.activateWindow()
        super().mousePressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Round the corners."""
        super().resizeEvent(event)
        self.setMask(rounded(event.size()))

    def _tell_shown(self) -> None:
        if self.exposed and not self._told:
            self._told = True
            QTimer.singleShot(0, self, self.shown.emit)  # after Qt has sent the painting to the window system

    def _build(self) -> None:
        card = QFrame(self)
        card.setObjectName("card")
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(card)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(20, 16, 20, 16)
        inside.setSpacing(8)
        inside.addLayout(self._head())
        inside.addWidget(self._text())
        button = QPushButton("Understood")
        button.setObjectName("primary")
        button.setAccessibleDescription(f"Tells {self.message.by} that you have read it, and closes the message.")
        button.clicked.connect(self.understood)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button)
        inside.addLayout(row)
        self.setFixedWidth(min(WIDTH, QGuiApplication.primaryScreen().availableGeometry().width() - 2 * MARGIN))

    def _head(self) -> QHBoxLayout:
        who, when = QLabel(f"Message from {self.message.by}"), QLabel(clock(self.message.at))
        who.setObjectName("title")
        when.setObjectName("soft")
        who.setWordWrap(True)
        row = QHBoxLayout()
        for label in (who, when):
            label.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(who, 1)
        row.addWidget(when, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _text(self) -> QWidget:
        text = QLabel(self.message.text)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        text.ensurePolished()
        height = text.heightForWidth(WIDTH - 2 * 20 - 12)
        tallest = min(
            TALLEST_TEXT, QGuiApplication.primaryScreen().availableGeometry().height() - BELOW_BADGE - BESIDE_TEXT
        )
        if height <= tallest:
            return text
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(text)
        area.setFixedHeight(tallest)
        return area


class MessageStack(QObject):
    """All messages not yet understood, oldest at the top."""

    shown = Signal(str)
    understood = Signal(str)
    changed = Signal()  # windows have come or gone

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._windows: dict[str, MessageWindow] = {}

    @property
    def native_windows(self) -> tuple[int, ...]:
        """The native ids of the cards on the screen, lowest first."""
        return tuple(window.native for window in self._windows.values() if window.isVisible())

    def add(self, message: TutorText) -> None:
        """Show a message; one with a known id replaces it."""
        self._remove(message.id)
        while len(self._windows) >= MOST:
            self._remove(next(iter(self._windows)))
        window = MessageWindow(message)
        window.shown.connect(lambda: self.shown.emit(message.id))
        window.understood.connect(lambda: self._understand(message.id))
        self._windows[message.id] = window
        self._arrange()
        window.show()
        self.changed.emit()

    def clear(self) -> None:
        """Take all of them away, unanswered."""
        for key in list(self._windows):
            self._remove(key)
        self.changed.emit()

    def _understand(self, key: str) -> None:
        self._remove(key)
        self._arrange()
        self.changed.emit()
        self.understood.emit(key)

    def _remove(self, key: str) -> None:
        window = self._windows.pop(key, None)
        if window is not None:
            window.hide()
            window.deleteLater()

    def _arrange(self) -> None:
        """One below the other at the top, in the middle; what does not fit begins again at the top, a step aside."""
        area = QGuiApplication.primaryScreen().availableGeometry()
        top, aside = area.top() + BELOW_BADGE, 0
        for window in self._windows.values():
            window.adjustSize()
            if top + window.height() > area.bottom() and top > area.top() + BELOW_BADGE + aside:
                aside += 2 * MARGIN
                top = area.top() + BELOW_BADGE + aside
            beside_panel = area.right() - PANEL_WIDTH - 2 * MARGIN - window.width()
            left = max(area.left() + MARGIN, min(area.center().x() - window.width() // 2, beside_panel))
            top = max(area.top(), min(top, area.bottom() - window.height()))
            window.move(QPoint(left + aside, top))
            top += window.height() + MARGIN // 2
