"""The student's panel: this lesson, its rules, who viewed this screen, and what can be seen; in plain words."""

import time

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from student_client.desktop import theme
from student_client.desktop.icons import icon
from student_client.desktop.shapes import rounded
from student_client.desktop.words import lesson_line, lesson_title, period
from student_client.local import PanelState, ReceiptLine

WIDTH = 480
GAP = 12  # to badge and screen edge
PADDING = 20

FLAGS = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint


def text(name: str, content: str) -> QLabel:
    """Return a label of the style sheet's `name` for text from outside: plain, wrapped."""
    label = QLabel(content)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


class Panel(QWidget):
    """A card below the badge; Esc or its cross closes it."""

    def __init__(self) -> None:
        super().__init__(None, FLAGS)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Lessonlight")
        self.setAccessibleName("Lessonlight: this lesson and who viewed my screen")
        self._state: PanelState | None = None
        self._anchor = QRect()
        card = QFrame(self)
        card.setObjectName("card")
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(card)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._reading_at = 0
        self._area.verticalScrollBar().rangeChanged.connect(self._read_on)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, PADDING, 1, PADDING)
        inside.setSpacing(8)
        inside.addLayout(self._head())
        inside.addWidget(self._area)
        self._fill()

    def show_state(self, state: PanelState) -> None:
        """Show what the agent has said last."""
        if state == self._state:
            return
        self._state = state
        if self.isVisible():
            self._fill()
            self._fit()

    def open_at(self, badge: QRect) -> None:
        """Open below the badge (above it where there is no room), with the keyboard."""
        self._anchor = badge
        self._fill()
        self._fit()
        self.show()
        self.raise_()
        self.activateWindow()
        self._area.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Round the corners."""
        super().resizeEvent(event)
        self.setMask(rounded(event.size()))

    def _head(self) -> QHBoxLayout:
        self._title = text("title", "")
        self._close = QPushButton()
        self._close.setObjectName("close")
        self._close.setAccessibleName("Close")
        self._close.setToolTip("Close (Esc)")
        self._close.setIconSize(QSize(16, 16))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.setContentsMargins(PADDING - 1, 0, PADDING - 5, 0)
        row.addWidget(self._title, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _fit(self) -> None:
        """As tall as its content where the screen allows; the rest scrolls."""
        screen = QGuiApplication.screenAt(self._anchor.center()) or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        width = min(WIDTH, area.width() - 2 * GAP)
        content = self._area.widget() or self._area
        inner = width - 2 - (10 if content.heightForWidth(width - 2) > area.height() else 0)
        wanted = content.heightForWidth(inner) + self._title.heightForWidth(width - 2 * PADDING - 40) + 2 * PADDING + 24
        below = area.bottom() - self._anchor.bottom() - 2 * GAP
        above = self._anchor.top() - area.top() - 2 * GAP
        upwards = below < wanted and above > below
        height = min(wanted, above if upwards else below)
        top = self._anchor.top() - GAP - height if upwards else self._anchor.bottom() + GAP
        left = max(area.left() + GAP, min(self._anchor.right() + 1, area.right() + 1 - GAP) - width)
        self.setGeometry(QRect(QPoint(left, top), QSize(width, height)))

    def _fill(self) -> None:
        """Write everything anew, where the reader was."""
        self._close.setIcon(icon("x", theme.tokens().soft))
        scrolled = self._area.verticalScrollBar().value()
        link_had_focus = isinstance(self.focusWidget(), QPushButton) and self.focusWidget() is not self._close
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(PADDING - 1, 0, PADDING - 1, 0)
        layout.setSpacing(8)
        self._title.setText(lesson_title(self._state, time.time()) if self._state else "Lessonlight is starting")
        if self._state is not None:
            self._write(layout, self._state)
        layout.addStretch(1)
        self._area.setWidget(content)
        self._reading_at = scrolled
        self._read_on()
        QTimer.singleShot(0, self, self._forget_reading)
        if link_had_focus and (link := content.findChild(QPushButton)) is not None:
            link.setFocus()

    def _read_on(self) -> None:
        """Go back to where the reader was; again when the bar hears of the new content's height."""
        if self._reading_at:
            self._area.verticalScrollBar().setValue(self._reading_at)

    def _forget_reading(self) -> None:
        self._reading_at = 0

    def _write(self, layout: QVBoxLayout, state: PanelState) -> None:
        layout.addWidget(text("soft", lesson_line(state)))
        if state.problem:
            layout.addWidget(text("problem", state.problem))
        if state.lesson:
            layout.addSpacing(8)
            layout.addWidget(text("heading", "Rules now"))
            layout.addLayout(_rules(state.rules))
        layout.addSpacing(8)
        layout.addWidget(text("heading", "Who viewed my screen"))
        layout.addLayout(_receipts(state.receipts))
        if state.what_can_be_seen:
            layout.addSpacing(8)
            layout.addWidget(text("heading", "What can be seen"))
            layout.addWidget(text("words", state.what_can_be_seen))
        if state.help_text or state.report_abuse_url:
            layout.addSpacing(8)
            layout.addWidget(text("heading", "If something is wrong"))
        if state.help_text:
            layout.addWidget(text("words", state.help_text))
        if (url := QUrl(state.report_abuse_url, QUrl.ParsingMode.StrictMode)).scheme() in ("https", "http"):
            layout.addWidget(_link("Report abuse", url), 0, Qt.AlignmentFlag.AlignLeft)
        foot = " · ".join(part for part in (state.device, state.college) if part)
        if foot:
            layout.addSpacing(8)
            layout.addWidget(text("soft", foot))


def _rules(rules: tuple[str, ...]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    for rule in rules or ("No special rules in this lesson.",):
        row = QHBoxLayout()
        row.setSpacing(8)
        if rules:
            row.addWidget(QLabel("•"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text("words", rule), 1)
        column.addLayout(row)
    return column


def _receipts(receipts: tuple[ReceiptLine, ...]) -> QGridLayout:
    """Name, what, when; the newest first, a hairline below each."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    for column, share in enumerate((4, 4, 3)):
        grid.setColumnStretch(column, share)
    if not receipts:
        grid.addWidget(text("soft", "Nobody has viewed this screen yet."), 0, 0, 1, 3)
    now = time.time()
    for row, receipt in enumerate(sorted(receipts, key=_newest_first)):
        cells = (text("cell", receipt.name), text("soft", receipt.what), text("soft", period(receipt, now)))
        for column, cell in enumerate(cells):
            grid.addWidget(cell, 2 * row, column, Qt.AlignmentFlag.AlignTop)
        line = QFrame()
        line.setObjectName("rule")
        grid.addWidget(line, 2 * row + 1, 0, 1, 3)
    return grid


def _newest_first(receipt: ReceiptLine) -> tuple[bool, float]:
    return receipt.until != 0, -receipt.since


def _link(words: str, url: QUrl) -> QPushButton:
    button = QPushButton(words)
    button.setObjectName("link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(url.toDisplayString())
    button.setAccessibleDescription(f"Opens {url.toDisplayString()} in your browser.")
    button.clicked.connect(lambda: QDesktopServices.openUrl(url))
    return button
