"""Cards at the top of the screen that ask for nothing: work goes on beside them. Messages and notices are cards."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from student_client.desktop.labels import PlainLabel
from student_client.desktop.over_window import OverWindow
from student_client.desktop.panel import WIDTH as PANEL_WIDTH
from student_client.desktop.shapes import rounded

WIDTH = 460
MARGIN = 16
BELOW_BADGE = 60  # badge.EDGE + badge.HEIGHT and a little: it stays readable above them
TALLEST_TEXT = 220
BESIDE_TEXT = 180  # the height of a card without its text, and some ground below it
MOST = 20  # who is sent more loses the oldest from the screen


class CardWindow(OverWindow):
    """One card. `shown` tells once that it is on the screen, `answered` that the student pressed its button."""

    shown = Signal()
    answered = Signal()

    def __init__(self, title: str) -> None:
        super().__init__("window", title)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._told = False
        self.exposure.connect(self._tell_shown)
        card = QFrame(self)
        card.setObjectName("card")
        self._outside = QVBoxLayout(self)
        self._outside.setContentsMargins(0, 0, 0, 0)
        self._outside.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # Qt's minimum supposes short lines
        self._outside.addWidget(card)
        self.inside = QVBoxLayout(card)
        self.inside.setContentsMargins(20, 16, 20, 16)
        self.inside.setSpacing(8)
        self.setFixedWidth(min(WIDTH, QGuiApplication.primaryScreen().availableGeometry().width() - 2 * MARGIN))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the keyboard once the student has turned to it."""
        self.activateWindow()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc is the button."""
        if event.key() == Qt.Key.Key_Escape:
            self.answered.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Round the corners."""
        super().resizeEvent(event)
        self.setMask(rounded(event.size()))

    def fit(self) -> None:
        """Be as tall as the words need."""
        for label in self.findChildren(QLabel):
            label.ensurePolished()
        self._outside.activate()
        self.resize(self.width(), self._outside.totalHeightForWidth(self.width()))

    def add_head(self, title: str, aside: str) -> None:
        """Write the first row."""
        row = QHBoxLayout()
        row.addWidget(PlainLabel("title", title), 1, Qt.AlignmentFlag.AlignTop)
        small = PlainLabel("soft", aside)
        small.setWordWrap(False)
        row.addWidget(small, 0, Qt.AlignmentFlag.AlignTop)
        self.inside.addLayout(row)

    def add_text(self, content: str) -> None:
        """Write the text; a long one scrolls."""
        label = PlainLabel("words", content)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.ensurePolished()
        height = label.heightForWidth(self.width() - 2 * 20 - 12)
        tallest = min(
            TALLEST_TEXT, QGuiApplication.primaryScreen().availableGeometry().height() - BELOW_BADGE - BESIDE_TEXT
        )
        self.inside.addWidget(label if height <= tallest else _scrolled(label, tallest))

    def add_button(self, words: str, description: str) -> None:
        """Add the one button, at the foot."""
        button = QPushButton(words)
        button.setObjectName("primary")
        button.setAccessibleDescription(description)
        button.clicked.connect(self.answered)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button)
        self.inside.addSpacing(4)
        self.inside.addLayout(row)

    def _tell_shown(self) -> None:
        if self.exposed and not self._told:
            self._told = True
            QTimer.singleShot(0, self, self.shown.emit)  # after Qt has sent the painting to the window system


class CardStack(QObject):
    """All cards not yet answered, oldest at the top."""

    changed = Signal()  # windows have come or gone

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._windows: dict[str, CardWindow] = {}
        self._clear = QRect()

    def keep_clear(self, area: QRect) -> None:
        """Begin below this area where it is at the top of the screen, for it is above the cards."""
        if area != self._clear:
            self._clear = area
            self._arrange()

    @property
    def native_windows(self) -> tuple[int, ...]:
        """The native ids of the cards on the screen, lowest first."""
        return tuple(window.native for window in self._windows.values() if window.isVisible())

    def add(self, key: str, make: Callable[[], CardWindow]) -> CardWindow:
        """Show a card; one with a known key takes that one's place."""
        keys = list(self._windows)
        place = keys.index(key) if key in keys else len(keys)
        self._drop(key)
        while len(self._windows) >= MOST:
            self._drop(next(iter(self._windows)))
        window = make()
        items = list(self._windows.items())
        items.insert(place, (key, window))
        self._windows = dict(items)
        self._arrange()
        window.show()
        self.changed.emit()
        return window

    def remove(self, key: str) -> None:
        """Take a card away, if it is there."""
        if key in self._windows:
            self._drop(key)
            self._arrange()
            self.changed.emit()

    def clear(self) -> None:
        """Take all of them away, unanswered."""
        for key in list(self._windows):
            self._drop(key)
        self.changed.emit()

    def _drop(self, key: str) -> None:
        window = self._windows.pop(key, None)
        if window is not None:
            window.hide()
            window.deleteLater()

    def _arrange(self) -> None:
        """One below the other at the top, in the middle; what does not fit begins again at the top, a step aside."""
        area = QGuiApplication.primaryScreen().availableGeometry()
        first, aside = area.top() + BELOW_BADGE, 0
        if not self._clear.isEmpty() and self._clear.top() <= first:
            first = max(first, self._clear.bottom() + 1 + MARGIN // 2)
        top = first
        for window in self._windows.values():
            window.fit()
            if top + window.height() > area.bottom() and top > first + aside:
                aside += 2 * MARGIN
                top = first + aside
            beside_panel = area.right() - PANEL_WIDTH - 2 * MARGIN - window.width()
            left = max(area.left() + MARGIN, min(area.center().x() - window.width() // 2, beside_panel))
            top = max(area.top(), min(top, area.bottom() - window.height()))
            window.move(QPoint(left + aside, top))
            top += window.height() + MARGIN // 2


def _scrolled(label: QLabel, height: int) -> QWidget:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(label)
    area.setFixedHeight(height)
    return area
