"""The small dialogs of a lesson: lock, message, end. Each says whom it concerns and what will happen."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from protocol.text import plain
from tutor_app.classroom.student import Student
from tutor_app.ui.sheet import Sheet, people, screens, unreachable
from tutor_app.ui.widgets import button, is_enter, label

SENTENCE: Final = 280  # characters, as in the protocol
TEXT: Final = 1000
RECENT: Final = 4


def sentence_field(example: str, text: str = "") -> QLineEdit:
    """Return a field for what a lock screen says."""
    field = QLineEdit(text, placeholderText=f"For example: {example}")
    field.setMaxLength(SENTENCE)
    field.setAccessibleName("A sentence for the lock screen, if you like")
    return field


class LockDialog(Sheet):
    """Asks for an optional sentence; Enter locks at once."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, students: Sequence[Student], total: int, recent: Sequence[str]) -> None:
        super().__init__(parent, f"Lock {screens(students, total)}", unreachable(students))
        self.field = sentence_field("Eyes on the board, please")
        name = label(self.field.accessibleName())
        name.setBuddy(self.field)
        self.add(name)
        self.add(self.field)
        self._offer(recent[:RECENT])
        self.add(label("The lock ends by itself after 10 minutes; while your lesson runs it is renewed.", kind="soft"))
        lock = button("Lock", kind="primary", default=True)
        lock.clicked.connect(self.accept)
        self.add_buttons([lock])
        self.field.setFocus()

    def accept(self) -> None:
        """Lock."""
        self.chosen.emit(plain(self.field.text().strip(), SENTENCE))
        super().accept()

    def _offer(self, recent: Sequence[str]) -> None:
        if recent:
            self.add(label("Said before", kind="soft"))
        for sentence in recent:
            one = button(sentence, kind="quote")
            one.clicked.connect(lambda _=False, text=sentence: self._take(text))
            self.add(one)

    def _take(self, sentence: str) -> None:
        self.field.setText(sentence)
        self.field.setFocus()


class MessageDialog(Sheet):
    """Asks for a text; Enter sends, Shift+Enter begins a new line."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, students: Sequence[Student], total: int) -> None:
        super().__init__(parent, f"Send a message to {people(students, total)}", unreachable(students))
        self.field = QPlainTextEdit()
        self.field.setPlaceholderText("The students read it at once and can go on working.")
        self.field.setAccessibleName("Message")
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(110)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._count)
        self._room = label(kind="soft")
        self._send = button("Send", kind="primary", default=True)
        self._send.clicked.connect(self.accept)
        self.add(self.field)
        self.add(self._room)
        self.add_buttons([self._send])
        self._count()
        self.field.setFocus()

    @property
    def text(self) -> str:
        """What would be sent."""
        return plain(self.field.toPlainText(), TEXT * 2, multiline=True).strip()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter sends."""
        if watched is self.field and isinstance(event, QKeyEvent) and is_enter(event):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                return False
            self._send.click()
            return True
        return super().eventFilter(watched, event)

    def accept(self) -> None:
        """Send."""
        self.chosen.emit(self.text)
        super().accept()

    def _count(self) -> None:
        used = len(self.text)
        self._send.setEnabled(0 < used <= TEXT)
        over = f"{used - TEXT} characters too many" if used > TEXT else f"{used} of {TEXT} characters"
        self._room.setText(f"{over}. Enter sends, Shift+Enter begins a new line.")


class EndDialog(Sheet):
    """Asks before a lesson ends. Locked screens are unlocked: a lock never outlives its lesson."""

    chosen = Signal()

    def __init__(self, parent: QWidget, lesson: str, live: int, locked: int, closing: bool, *, note: str = "") -> None:
        what = "Close and end" if closing else "End"
        laptops = f"{live} laptop{'s' if live != 1 else ''}"
        words = f"Viewing ends at once on {laptops}." if live else "Nobody is being viewed."
        if locked:
            words += " One locked screen is unlocked." if locked == 1 else f" {locked} locked screens are unlocked."
        super().__init__(parent, f"{what} {lesson}?", f"{words} {note}".strip())
        end = button("Unlock all and end" if locked else "End lesson", kind="primary", default=True)
        end.clicked.connect(self.accept)
        self.add_buttons([end], cancel="Go on teaching")

    def accept(self) -> None:
        """End it."""
        self.chosen.emit()
        super().accept()
