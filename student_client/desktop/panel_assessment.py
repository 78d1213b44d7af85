"""The panel's part on an assessment: its name, the time left, the one application, and where a release code goes."""

import time

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QHideEvent, QRegularExpressionValidator, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from student_client.desktop.labels import PlainLabel
from student_client.desktop.second_hand import SecondHand
from student_client.desktop.words import Stage, assessment_line, remaining, stage
from student_client.local import CODE_DIGITS, CodeAnswer, PanelAssessment

SPACED = QRegularExpression("[0-9 ]{0,12}")  # a sheet may print the code in groups


class AssessmentPart(QWidget):
    """Shown while an assessment holds; counts down while it is visible. What is being typed stays."""

    code_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._assessment: PanelAssessment | None = None
        self._wait_until = 0.0
        self._name, self._time, self._only = PlainLabel("strong", ""), PlainLabel("words", ""), PlainLabel("words", "")
        self._code, self._release, self._answer = QLineEdit(), QPushButton("Release"), PlainLabel("words", "")
        self._hand = SecondHand(self)
        self._hand.tick.connect(self._count)
        self._build()
        self.hide()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """What takes the keyboard, in reading order."""
        return self._code, self._release

    def show_assessment(self, assessment: PanelAssessment | None) -> None:
        """Show the assessment in force, or nothing."""
        self._assessment = assessment
        if assessment is None:
            self._code.clear()
            self._answer.clear()
            self._wait_until = 0.0
        else:
            self._name.setText(assessment.name)
            self._only.setText(f"Only {assessment.only} can be used until it ends.")
            self._only.setVisible(bool(assessment.only))
        self.setVisible(assessment is not None)
        self._wind()
        self._count()

    def show_answer(self, answer: CodeAnswer) -> None:
        """Say what became of a code, and take no other before it may be looked at."""
        self._code.clear()
        self._answer.setText(answer.sentence)
        self._answer.setVisible(bool(answer.sentence))
        self._wait_until = answer.wait_until
        self._wind()
        self._count()

    def showEvent(self, event: QShowEvent) -> None:
        """Count down."""
        super().showEvent(event)
        self._wind()
        self._count()

    def hideEvent(self, event: QHideEvent) -> None:
        """Count no more."""
        super().hideEvent(event)
        self._wind()

    def _build(self) -> None:
        self._answer.hide()
        self._code.setValidator(QRegularExpressionValidator(SPACED, self))
        self._code.setPlaceholderText("8 digits")
        self._code.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhNoPredictiveText)
        self._code.setAccessibleName("Release code")
        self._code.setAccessibleDescription("The eight digits from the invigilator's sheet.")
        self._code.textChanged.connect(self._count)
        self._code.returnPressed.connect(self._send)
        self._release.clicked.connect(self._send)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._code, 1)
        row.addWidget(self._release)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        for label in (PlainLabel("heading", "Assessment"), self._name, self._time, self._only):
            column.addWidget(label)
        column.addSpacing(4)
        column.addWidget(PlainLabel("soft", "The invigilator can end it on this laptop with a release code:"))
        column.addLayout(row)
        column.addWidget(self._answer)

    @property
    def _digits(self) -> str:
        return self._code.text().replace(" ", "")

    def _send(self) -> None:
        if len(self._digits) == CODE_DIGITS and self._wait_until <= time.time():
            self._release.setEnabled(False)
            self.code_typed.emit(self._digits)

    def _wind(self) -> None:
        """Tick while somebody looks and something changes by the second."""
        ends = [self._wait_until]
        if self._assessment is not None and not self._assessment.paused:
            ends += [self._assessment.starts_at, self._assessment.ends_at]
        self._hand.follow(*(ends if self.isVisible() and self._assessment is not None else ()))

    def _count(self) -> None:
        now = time.time()
        wait = self._wait_until - now
        self._code.setEnabled(wait <= 0)
        self._code.setPlaceholderText("8 digits" if wait <= 0 else f"You can try again in {remaining(wait)}")
        self._release.setEnabled(wait <= 0 and len(self._digits) == CODE_DIGITS)
        if self._assessment is None:
            return
        self._time.setText(assessment_line(self._assessment, now))
        at = stage(self._assessment, now)
        name = "warning" if at.urgent or at is Stage.PAUSED else "words"
        if name != self._time.objectName():
            self._time.setObjectName(name)
            self._time.style().unpolish(self._time)
            self._time.style().polish(self._time)
