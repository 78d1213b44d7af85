"""The panel's two buttons: "I need help" and "Cover my screen and tell my tutor"; or why one is not there."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from student_client.backends.base import Hotkey
from student_client.desktop.labels import PlainLabel
from student_client.desktop.words import HAND_UP, keys_line, no_call, no_cover
from student_client.local import PanelState

LONGEST = 200  # protocol.messages.Line


class PanelCalls(QWidget):
    """Shows what can be called for now. What the student is writing stays while the rest of the panel changes."""

    hand_moved = Signal(bool, str)  # raised, with what words
    cover_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._hand = False
        self._names: Mapping[Hotkey, str] = {}
        self._help, self._cover = _button("I need help"), _button("Cover my screen\nand tell my tutor")
        self._cover.setObjectName("danger")
        self._cover.setAccessibleName("Cover my screen and tell my tutor")
        self._cover.setAccessibleDescription(
            "Covers the screen at once and tells your tutor what was open, no picture."
        )
        self._about = QLineEdit()
        self._about.setMaxLength(LONGEST)
        self._about.setPlaceholderText("What is it about? (You may leave this empty)")
        self._about.setAccessibleName("What do you need help with? You may leave this empty.")
        self._no_help, self._no_cover, self._keys = (
            PlainLabel("soft", ""),
            PlainLabel("soft", ""),
            PlainLabel("soft", ""),
        )
        self._help.clicked.connect(self._move_hand)
        self._about.returnPressed.connect(self._move_hand)
        self._cover.clicked.connect(self.cover_asked)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._help, 1)
        row.addWidget(self._cover, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        for widget in (self._about, self._no_help, self._no_cover, self._keys):
            column.addWidget(widget)

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """What takes the keyboard, in reading order."""
        return self._help, self._cover, self._about

    def show_state(self, state: PanelState) -> None:
        """Offer what is possible now, and say kindly why something is not."""
        self._hand = state.hand
        no_help, no_covering = no_call(state), no_cover(state)
        self._help.setText(f"{HAND_UP} · take it down" if state.hand else "I need help")
        self._help.setVisible(not no_help or state.hand)
        self._about.setVisible(not no_help and not state.hand)
        self._cover.setVisible(not no_covering)
        keys = keys_line(self._names, help_offered=not no_help and not state.hand, cover_offered=not no_covering)
        for label, words in ((self._no_help, no_help), (self._no_cover, no_covering), (self._keys, keys)):
            label.setText(words)
            label.setVisible(bool(words))
        if state.hand:
            self._about.clear()

    def name_keys(self, names: Mapping[Hotkey, str]) -> None:
        """Take what the keys are called that do the same from anywhere."""
        self._names = names

    def _move_hand(self) -> None:
        self.hand_moved.emit(not self._hand, "" if self._hand else self._about.text().strip())


def _button(words: str) -> QPushButton:
    button = QPushButton(words)
    button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return button
