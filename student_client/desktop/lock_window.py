"""What a locked screen shows: one window on each monitor, over everything. It takes no keys and no clicks itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap, QScreen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QVBoxLayout

from student_client.desktop.icons import icon_pixmap
from student_client.desktop.over_window import FLAGS, ScreenWindow
from student_client.desktop.theme import LOCK
from student_client.desktop.words import CALM, WORK_IS_SAFE, clock, cut

COMPACT_BELOW = 640  # logical pixels of height, e.g. 1366×768 at 200 %
WIDEST = 900
SENTENCE_PADDING = 28  # as in the style sheet
PILL_PADDING = 20
CLOCK_ROOM = 80
# How many messages are shown, and how many characters of each: the first that fits. After unlocking all can be read.
ROOM_FOR_NOTES = ((2, 280), (1, 280), (1, 160), (1, 80), (1, 40))


@dataclass(frozen=True, slots=True)
class Note:
    """A tutor's text as it is shown on the lock window."""

    by: str
    at: float
    text: str


def label(name: str, wrap: bool = False) -> QLabel:
    """Return a label of the style sheet's `name` for text from outside: plain, centred."""
    made = QLabel()
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setWordWrap(wrap)
    return made


class LockWindow(ScreenWindow):
    """The lock on one screen."""

    def __init__(self, screen: QScreen) -> None:
        super().__init__("lock", "Your screen is locked", screen, FLAGS | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._viewing = CALM
        self._said_notes: tuple[Note, ...] = ()
        self._build()
        self.fit()

    def lay_out(self, height: int) -> None:
        """Take sizes and widths for the screen."""
        self._set_compact(height < COMPACT_BELOW)
        self._set_widths()
        self._elide_viewing()
        if self._said_notes:
            self.say_notes(self._said_notes)

    def say(self, sentence: str, line: str, now: float) -> None:
        """Show the tutor's sentence and who locked it until when; only what differs is painted again."""
        if (sentence, len(line)) != (self._sentence.text(), len(self._line.text())):
            self._sentence.setText(sentence)
            self._sentence.setVisible(bool(sentence))
            self._line.setText(line)
            self._set_widths()
        self._line.setText(line)
        self._clock.setText(clock(now))
        self.setAccessibleDescription(f"{sentence} {line}".strip())

    def say_viewing(self, text: str) -> None:
        """Show who is viewing: the badge is covered as well."""
        self._viewing = text
        self._elide_viewing()

    def say_help(self, text: str) -> None:
        """Show the small line: that the work is safe, and how to call for help."""
        if text != self._small.text():
            self._small.setText(text)
            self._set_widths()

    def say_code(self, text: str) -> None:
        """Show where a release code goes, or nothing."""
        if text != self._code.text():
            self._code.setText(text)
            self._code.setVisible(bool(text))
            self._set_widths()
            self.say_notes(self._said_notes)

    def say_notes(self, notes: Sequence[Note]) -> None:
        """Show the latest messages, newest last."""
        self._said_notes = tuple(notes)
        self._icon.setVisible(not (notes and self.property("compact")))
        for count, length in ROOM_FOR_NOTES:
            self._lay_notes(notes[-count:], length)
            if self._layout.totalHeightForWidth(self.width()) <= self.height():
                break

    def _build(self) -> None:
        self._clock, self._pill, self._icon = label("lockClock"), label("lockPill"), label("lockIcon")
        self._title, self._sentence = label("lockTitle", wrap=True), label("lockSentence", wrap=True)
        self._line, self._small = label("lockLine", wrap=True), label("lockSmall", wrap=True)
        self._code = label("lockSmall", wrap=True)
        self._code.hide()
        self._title.setText("Your screen is locked")
        self.say_help(WORK_IS_SAFE)
        self._icon.setPixmap(self._lock_icon(64))
        top = QHBoxLayout()
        top.addWidget(self._clock)
        top.addStretch(1)
        top.addWidget(self._pill)
        self._notes = QVBoxLayout()
        self._notes.setSpacing(8)
        self._layout = QVBoxLayout(self)
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # the window is as large as the screen
        self._layout.addLayout(top)
        self._layout.addStretch(1)
        for widget in (self._icon, self._title, self._sentence, self._line, self._small, self._code):
            row = QHBoxLayout()  # not an alignment: with that, Qt reckons a wrapped label's height at another width
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            self._layout.addLayout(row)
        self._layout.addLayout(self._notes)
        self._layout.addStretch(1)

    def _set_widths(self) -> None:
        """Give each wrapped label the width of its words, or the widest that reads well."""
        widest = min(WIDEST, self.screen_covered.geometry().width() * 9 // 10)
        for words in (self._title, self._sentence, self._line, self._small, self._code):
            words.ensurePolished()
            margins = words.width() - words.contentsRect().width()
            frame = 2 * SENTENCE_PADDING if words is self._sentence else margins
            wanted = words.fontMetrics().boundingRect(words.text()).width() + frame + 8
            words.setFixedWidth(min(widest, wanted))

    def _set_compact(self, compact: bool) -> None:
        if self.property("compact") == compact:
            return
        self.setProperty("compact", compact)
        self._layout.setSpacing(6 if compact else 18)
        margin = 12 if compact else 32
        self._layout.setContentsMargins(margin, margin, margin, margin)
        self._icon.setPixmap(self._lock_icon(36 if compact else 64))
        self.repolish()

    def _lock_icon(self, side: int) -> QPixmap:
        return icon_pixmap("lock-simple", side, LOCK.title, self.screen_covered.devicePixelRatio())

    def _elide_viewing(self) -> None:
        self._pill.ensurePolished()
        room = (
            self.screen_covered.geometry().width()
            - 2 * self._layout.contentsMargins().left()
            - CLOCK_ROOM
            - 2 * PILL_PADDING
        )
        self._pill.setText(self._pill.fontMetrics().elidedText(self._viewing, Qt.TextElideMode.ElideRight, room))

    def _lay_notes(self, notes: Sequence[Note], length: int) -> None:
        while (item := self._notes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for note in notes:
            box = self._note_box(note, length)
            self._notes.addWidget(box)
            box.show()  # now: a layout does not reckon with what is not shown yet
            for words in box.findChildren(QLabel):
                words.ensurePolished()
        self._layout.invalidate()

    def _note_box(self, note: Note, length: int) -> QFrame:
        box = QFrame()
        box.setObjectName("lockMessage")
        box.setMaximumSize(QSize(640, 16777215))
        head, text = label("lockSmall", wrap=True), label("lockLine", wrap=True)
        head.setText(f"Message from {note.by} · {clock(note.at)}")
        text.setText(cut(note.text, length))
        inside = QVBoxLayout(box)
        inside.setContentsMargins(20, 12, 20, 12)
        inside.setSpacing(4)
        inside.addWidget(head)
        inside.addWidget(text)
        centred = QFrame()
        row = QHBoxLayout(centred)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(box, 4)
        row.addStretch(1)
        return centred
