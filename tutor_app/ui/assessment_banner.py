"""The strip above the wall while an assessment is held: its whole state in one line, what can be done, who is late."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tutor_app.classroom.assessment import Assessment
from tutor_app.classroom.assessment_words import banner
from tutor_app.classroom.student import Student
from tutor_app.ui.actions import Actions
from tutor_app.ui.assessment_dialogs import who
from tutor_app.ui.lesson_bar import ActionButton, Overflow
from tutor_app.ui.runs import RunsLabel
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import button, label

_NAMES: Final = ("assess-take", "assess-resume", "assess-pause", "assess-time", "assess-found", "assess-codes",
                 "assess-stop", "assess-close")  # fmt: skip


class AssessmentBanner(QFrame):
    """Hidden while no assessment is held. `late_chosen` carries devices, and whether they end with the others."""

    late_chosen = Signal(tuple, bool)

    def __init__(self, theme: Theme, actions: Actions, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("assessment")
        self._zone = zone
        self._late: tuple[str, ...] = ()
        self._runs = RunsLabel(theme, wrap=True)
        self._actions = [actions[name] for name in _NAMES]
        self._row = Overflow(theme, [ActionButton(theme, action) for action in self._actions])
        self._late_row = QWidget()
        self._late_words = label(wrap=True)
        self.full = button("Start, full time", kind="primary")
        self.with_others = button("Start, end with the others")
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._fit)
        for action in self._actions:
            action.changed.connect(self._soon.start)
        self.full.clicked.connect(lambda: self.late_chosen.emit(self._late, False))
        self.with_others.clicked.connect(lambda: self.late_chosen.emit(self._late, True))
        self._lay_out()
        self.hide()

    @property
    def text(self) -> str:
        """What the first line says."""
        return self._runs.text

    @property
    def late_text(self) -> str:
        """What is said of late students; nothing while there are none."""
        return "" if self._late_row.isHidden() else self._late_words.text()

    def show_state(self, assessment: Assessment | None, late: Sequence[Student], now: float) -> None:
        """Say how the assessment stands."""
        self.setVisible(assessment is not None)
        if assessment is None:
            return
        self._runs.set_runs(banner(assessment, now, self._zone))
        self._late = tuple(student.device for student in late)
        self._late_row.setVisible(bool(late))
        if late:
            have = "is here and has" if len(late) == 1 else "are here and have"
            self._late_words.setText(f"{who([student.name for student in late])} {have} not begun.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move buttons into "More" or out of it."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._row.fit(self.width() - 32)

    def _lay_out(self) -> None:
        late = QHBoxLayout(self._late_row)
        late.setContentsMargins(0, 0, 0, 0)
        late.setSpacing(8)
        late.addWidget(self._late_words, 1)
        late.addWidget(self.full)
        late.addWidget(self.with_others)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(8)
        column.addWidget(self._runs)
        column.addWidget(self._row)
        column.addWidget(self._late_row)
