"""The student's panel: this lesson, its rules, who viewed this screen, and what can be seen; in plain words."""

import time
from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from student_client.backends.base import Hotkey
from student_client.desktop import theme
from student_client.desktop.icons import icon
from student_client.desktop.labels import PlainLabel, link, web_address
from student_client.desktop.panel_assessment import AssessmentPart
from student_client.desktop.panel_calls import PanelCalls
from student_client.desktop.shapes import rounded
from student_client.desktop.words import lesson_line, lesson_title, period, rules_now
from student_client.local import CodeAnswer, PanelState, ReceiptLine

WIDTH = 480
GAP = 12  # to badge and screen edge
PADDING = 20

FLAGS = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint


class Panel(QWidget):
    """A card below the badge; Esc or its cross closes it."""

    hand_moved = Signal(bool, str)  # raised, with what words
    cover_asked = Signal()
    code_typed = Signal(str)

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
        self._calls, self._assessment = PanelCalls(), AssessmentPart()
        self._calls.hand_moved.connect(self.hand_moved)
        self._calls.cover_asked.connect(self.cover_asked)
        self._assessment.code_typed.connect(self.code_typed)
        self._area.setWidget(self._content())
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

    def name_keys(self, names: Mapping[Hotkey, str]) -> None:
        """Take what the keys are called that do the same from anywhere."""
        self._calls.name_keys(names)

    def show_answer(self, answer: CodeAnswer) -> None:
        """Show what became of a release code."""
        self._assessment.show_answer(answer)
        if self.isVisible():
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
        self._title = PlainLabel("title", "")
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

    def _content(self) -> QWidget:
        """Return what scrolls: two parts that are written anew, and two in which a student may be typing."""
        content = QWidget()
        self._before, self._after = QWidget(), QWidget()
        self._layout = QVBoxLayout(content)
        self._layout.setContentsMargins(PADDING - 1, 0, PADDING - 1, 0)
        self._layout.setSpacing(8)
        for part in (self._before, self._calls, self._assessment, self._after):
            self._layout.addWidget(part)
        self._layout.addStretch(1)
        return content

    def _fit(self) -> None:
        """As tall as its content where the screen allows; the rest scrolls."""
        screen = QGuiApplication.screenAt(self._anchor.center()) or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        width = min(WIDTH, area.width() - 2 * GAP)
        self._measure()
        height_for = self._layout.totalHeightForWidth
        inner = width - 2 - (10 if height_for(width - 2) > area.height() else 0)
        wanted = height_for(inner) + self._title.heightForWidth(width - 2 * PADDING - 40) + 2 * PADDING + 24
        below = area.bottom() - self._anchor.bottom() - 2 * GAP
        above = self._anchor.top() - area.top() - 2 * GAP
        upwards = below < wanted and above > below
        height = min(wanted, above if upwards else below)
        top = self._anchor.top() - GAP - height if upwards else self._anchor.bottom() + GAP
        left = max(area.left() + GAP, min(self._anchor.right() + 1, area.right() + 1 - GAP) - width)
        self.setGeometry(QRect(QPoint(left, top), QSize(width, height)))

    def _measure(self) -> None:
        """Have every part's size known now: Qt would find out only when it is shown, or in a later turn of its loop."""
        for widget in self.findChildren(QWidget):
            widget.ensurePolished()
        for part in (self._before, self._calls, self._assessment, self._after):
            if (layout := part.layout()) is not None:
                layout.activate()
            part.updateGeometry()

    def _fill(self) -> None:
        """Write everything anew, where the reader was."""
        self._close.setIcon(icon("x", theme.tokens().soft))
        scrolled = self._area.verticalScrollBar().value()
        link_had_focus = self._after.isAncestorOf(self.focusWidget()) if self.focusWidget() else False
        before, after = _part(), _part()
        self._title.setText(lesson_title(self._state, time.time()) if self._state else "Lessonlight is starting")
        self._calls.setVisible(self._state is not None)
        if self._state is not None:
            _write_before(before, self._state)
            self._calls.show_state(self._state)
            self._assessment.show_assessment(self._state.assessment)
            _write_after(after, self._state)
        self._before, self._after = self._replace(self._before, before), self._replace(self._after, after)
        self._reading_at = scrolled
        self._read_on()
        QTimer.singleShot(0, self, self._forget_reading)
        links = self._after.findChildren(QPushButton)
        _chain(self._area, *self._calls.in_order, *self._assessment.in_order, *links, self._close)
        if link_had_focus and links:
            links[0].setFocus()

    def _replace(self, old: QWidget, new: QVBoxLayout) -> QWidget:
        widget = QWidget()
        widget.setLayout(new)
        self._layout.replaceWidget(old, widget)
        widget.show()  # now: a layout does not reckon with what is not shown yet
        old.hide()
        old.deleteLater()
        return widget

    def _read_on(self) -> None:
        """Go back to where the reader was; again when the bar hears of the new content's height."""
        if self._reading_at:
            self._area.verticalScrollBar().setValue(self._reading_at)

    def _forget_reading(self) -> None:
        self._reading_at = 0


def _part() -> QVBoxLayout:
    layout = QVBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    return layout


def _write_before(layout: QVBoxLayout, state: PanelState) -> None:
    layout.addWidget(PlainLabel("soft", lesson_line(state)))
    if state.problem:
        layout.addWidget(PlainLabel("problem", state.problem))


def _write_after(layout: QVBoxLayout, state: PanelState) -> None:
    if state.lesson or state.is_break or state.rules:
        _head(layout, "Rules now")
        layout.addLayout(_rules(state))
    if state.allowed:
        _head(layout, "Allowed now")
        layout.addWidget(PlainLabel("words", ", ".join(state.allowed)))
    _head(layout, "Who viewed my screen")
    layout.addLayout(_receipts(state.receipts))
    if state.what_can_be_seen:
        _head(layout, "What can be seen")
        layout.addWidget(PlainLabel("words", state.what_can_be_seen))
    url = web_address(state.report_abuse_url)
    if state.help_text or url is not None:
        _head(layout, "If something is wrong")
    if state.help_text:
        layout.addWidget(PlainLabel("words", state.help_text))
    if url is not None:
        layout.addWidget(link("Report abuse", url), 0, Qt.AlignmentFlag.AlignLeft)
    if foot := " · ".join(part for part in (state.device, state.college) if part):
        layout.addSpacing(8)
        layout.addWidget(PlainLabel("soft", foot))


def _head(layout: QVBoxLayout, words: str) -> None:
    layout.addSpacing(8)
    layout.addWidget(PlainLabel("heading", words))


def _chain(*widgets: QWidget) -> None:
    """Have Tab go through these in this order."""
    for one, other in pairwise(widgets):
        QWidget.setTabOrder(one, other)


def _rules(state: PanelState) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(4)
    above, rules = rules_now(state)
    if above:
        column.addWidget(PlainLabel("words", above))
    for rule in rules:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(QLabel("•"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(PlainLabel("words", rule), 1)
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
        grid.addWidget(PlainLabel("soft", "Nobody has viewed this screen yet."), 0, 0, 1, 3)
    now = time.time()
    for row, receipt in enumerate(sorted(receipts, key=_newest_first)):
        cells = (
            PlainLabel("cell", receipt.name),
            PlainLabel("soft", receipt.what),
            PlainLabel("soft", period(receipt, now)),
        )
        for column, cell in enumerate(cells):
            grid.addWidget(cell, 2 * row, column, Qt.AlignmentFlag.AlignTop)
        line = QFrame()
        line.setObjectName("rule")
        grid.addWidget(line, 2 * row + 1, 0, 1, 3)
    return grid


def _newest_first(receipt: ReceiptLine) -> tuple[bool, float]:
    return receipt.until != 0, -receipt.since
