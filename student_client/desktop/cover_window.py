"""What a student who covered their own screen sees: that it was right, who knows, who helps, and the way back."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QScreen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from student_client.desktop import theme
from student_client.desktop.icons import icon_pixmap
from student_client.desktop.labels import PlainLabel, link, web_address
from student_client.desktop.over_window import ScreenWindow
from student_client.desktop.words import CoverWords

COMPACT_BELOW = 560  # logical pixels of height, e.g. 1366×768 at 200 %
WIDEST = 640
BELOW_BADGE = 60  # badge.EDGE + badge.HEIGHT and a little
ICON = 56


class CoverWindow(ScreenWindow):
    """The cover on one screen, with the keyboard; the student's work goes on below. `show_again` is the second step."""

    show_again = Signal()

    def __init__(self, screen: QScreen) -> None:
        super().__init__("cover", "Your screen is covered", screen)
        self._words: CoverWords | None = None
        self._build()
        for widget in self.findChildren(QWidget):
            widget.ensurePolished()
        self.fit()

    def say(self, words: CoverWords) -> None:
        """Show who has been told, who can help and where to report."""
        if words == self._words:
            return
        self._words = words
        self._told.setText(words.told)
        self._help.setText(words.help_text)
        self._help.setVisible(bool(words.help_text))
        self.setAccessibleDescription(f"{words.told} {words.help_text}".strip())
        self._lay_link(words.report_abuse_url)

    def lay_out(self, height: int) -> None:
        """Leave the icon away where there is little room."""
        compact = height < COMPACT_BELOW
        margin = 12 if compact else 40
        self._icon.setVisible(not compact)
        self._outside.setContentsMargins(margin, BELOW_BADGE, margin, margin)
        self._inside.setContentsMargins(*((20, 16, 20, 16) if compact else (32, 28, 32, 28)))
        self._inside.setSpacing(8 if compact else 12)
        self._card.setMaximumWidth(min(WIDEST, self.screen_covered.geometry().width() - 2 * margin))

    def take_keyboard(self) -> None:
        """Hear keys from now on; no button has the focus, so that a key meant for elsewhere presses none."""
        self.activateWindow()
        self.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the question, never the cover."""
        if event.key() == Qt.Key.Key_Escape:
            self._ask(False)
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._icon, self._card = QLabel(), QFrame()
        pixmap = icon_pixmap("shield-check", ICON, theme.tokens().accent, self.screen_covered.devicePixelRatio())
        self._icon.setPixmap(pixmap)
        self._told, self._help = PlainLabel("coverLine", ""), PlainLabel("words", "")
        self._link_row = QHBoxLayout()
        self._steps = self._build_steps()
        self._card.setObjectName("coverCard")
        inside = self._inside = QVBoxLayout(self._card)
        inside.addWidget(self._icon)
        for widget in (
            PlainLabel("coverTitle", "Your screen is covered"),
            PlainLabel("coverLine", "You did the right thing."),
        ):
            inside.addWidget(widget)
        inside.addWidget(self._told)
        inside.addSpacing(4)
        inside.addWidget(self._help)
        inside.addLayout(self._link_row)
        inside.addSpacing(8)
        inside.addWidget(self._steps)
        self._outside = QVBoxLayout(self)
        self._outside.addWidget(self._scrolled())

    def _scrolled(self) -> QScrollArea:
        """Return the card in the middle of an area that scrolls where the college's words are too many."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card, 100)
        row.addStretch(1)
        column.addStretch(2)
        column.addLayout(row)
        column.addStretch(3)
        area = QScrollArea()
        area.setObjectName("coverArea")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        return area

    def _build_steps(self) -> QStackedWidget:
        self._show, self._keep = QPushButton("Show my screen again"), QPushButton("Keep it covered")
        self._yes = QPushButton("Yes, show it")
        self._keep.setObjectName("primary")
        self._show.clicked.connect(lambda: self._ask(True))
        self._keep.clicked.connect(lambda: self._ask(False))
        self._yes.clicked.connect(self.show_again)
        steps = QStackedWidget()
        steps.addWidget(_step("Somebody can help you first: you need not look at it again.", self._show))
        steps.addWidget(
            _step("What was open will be seen again: by you, and by a tutor who is viewing.", self._keep, self._yes)
        )
        return steps

    def _ask(self, whether: bool) -> None:
        self._steps.setCurrentIndex(int(whether))
        (self._keep if whether else self._show).setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_link(self, address: str) -> None:
        while (item := self._link_row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        if (url := web_address(address)) is not None:
            button = link("Report abuse", url)
            button.clicked.connect(lambda: self._ask(True))  # the page opens below the cover
            self._link_row.addWidget(button)
            self._link_row.addWidget(PlainLabel("soft", url.toDisplayString()), 1)
            for one, other in pairwise((self, button, self._show, self._keep, self._yes)):
                QWidget.setTabOrder(one, other)


def _step(words: str, *buttons: QPushButton) -> QWidget:
    step = QWidget()
    column, row = QVBoxLayout(step), QHBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    column.addWidget(PlainLabel("soft", words))
    for button in buttons:
        button.setAccessibleDescription(words)
        row.addWidget(button)
    row.addStretch(1)
    column.addLayout(row)
    column.addStretch(1)
    return step
