""" "Eyes on me": the dialog that locks everybody for a while, and the strip that says so until they are released."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from protocol.text import plain
from tutor_app.classroom.locks import EyesOnMe
from tutor_app.classroom.phrases import Run, Tone, countdown
from tutor_app.ui.dialogs import SENTENCE, sentence_field
from tutor_app.ui.runs import RunsLabel
from tutor_app.ui.sheet import Sheet
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Picture, button, choice_chip, label

MINUTES: Final = (1, 2, 5, 10)
ORDINARY: Final = 5
_OPEN_END: Final = 0  # "until I end it"


class EyesDialog(Sheet):
    """Asks for how long, and for a sentence; Enter locks."""

    chosen = Signal(str, int)
    """The sentence, and minutes: 0 until the tutor ends it."""

    def __init__(self, parent: QWidget, number: int, minutes: int, sentence: str) -> None:
        words = "Students who come later are locked too. Nobody stays locked when the time or the lesson is over."
        screens = "1 screen" if number == 1 else f"{number} screens"
        super().__init__(parent, f"Eyes on me: lock {screens}", words)
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        for one in (*MINUTES, _OPEN_END):
            chip = choice_chip(f"{one} min" if one else "Until I end it")
            self._group.addButton(chip, one)
            row.addWidget(chip)
        row.addStretch(1)
        chosen = self._group.button(minutes) or self._group.button(ORDINARY)
        chosen.setChecked(True)
        self.field = sentence_field("Eyes on me, please", sentence)
        lock = button("Lock everybody", kind="primary", default=True)
        lock.clicked.connect(self.accept)
        holder = QWidget()
        row.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(row)
        self.add(label("For how long", kind="soft"))
        self.add(holder)
        self.add(label("A sentence for the lock screen, if you like", kind="soft"))
        self.add(self.field)
        self.add_buttons([lock])
        self.field.setFocus()

    def accept(self) -> None:
        """Lock."""
        self.chosen.emit(plain(self.field.text().strip(), SENTENCE), self._group.checkedId())
        super().accept()


class EyesStrip(QWidget):
    """Hidden unless "Eyes on me" holds."""

    released = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        strip = QFrame()
        strip.setObjectName("eyes")
        self._runs = RunsLabel(theme)
        self.release = button("Release all", kind="primary")
        self.release.setToolTip("F9")
        self.release.clicked.connect(self.released)
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(Picture(theme, "lock", 18, "locked"))
        row.addWidget(self._runs, 1)
        row.addWidget(self.release)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 8, 16, 0)
        outer.addWidget(strip)
        self.hide()

    @property
    def text(self) -> str:
        """What the strip says; nothing while it is hidden."""
        return "" if self.isHidden() else self._runs.text

    def refresh(self, eyes: EyesOnMe | None, locked: int, here: int, now: float) -> None:
        """Say how it stands."""
        if eyes:
            left = f"{countdown(eyes.until - now)} left" if eyes.timed else "until you end it"
            confirmed = Run(f"{locked} of {here} locked", Tone.SOFT if locked == here else Tone.WARN)
            self._runs.set_runs((Run("Eyes on me", Tone.STRONG), Run(f" · {left} · "), confirmed))
        self.setVisible(eyes is not None)
