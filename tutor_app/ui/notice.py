"""A strip above the wall for the one thing the tutor should know now, with the next step as a button."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import IconButton, button, label


class Notice(QWidget):
    """Hidden while there is nothing to say."""

    pressed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._strip = QFrame()
        self._words = label(wrap=True)
        self._step = button("", kind="primary")
        self._step.clicked.connect(self.pressed)
        self._close = IconButton(theme, "close", "Dismiss")
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self._strip)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self._words, 1)
        row.addWidget(self._step)
        row.addWidget(self._close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 8, 16, 0)
        outer.addWidget(self._strip)
        self.hide()

    @property
    def text(self) -> str:
        """What the strip says; nothing while it is hidden."""
        return "" if self.isHidden() else self._words.text()

    def tell(self, sentence: str, *, step: str = "", problem: bool = False) -> None:
        """Say this; nothing hides the strip."""
        self._words.setText(sentence)
        self._step.setText(step)
        self._step.setVisible(bool(step))
        self._close.setVisible(not step)
        self._strip.setObjectName("problem" if problem else "notice")
        self._strip.style().unpolish(self._strip)
        self._strip.style().polish(self._strip)
        self.setVisible(bool(sentence))
