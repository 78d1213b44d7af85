"""The small dialogs of an assessment: pause, extra time, stop, end, and the release codes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from protocol.text import plain
from tutor_app.assessment.codes import grouped
from tutor_app.ui.dialogs import SENTENCE
from tutor_app.ui.runs import single_line
from tutor_app.ui.sheet import Sheet
from tutor_app.ui.widgets import button, indent, label

FIRE: Final = "Leave the laptop as it is and follow your invigilator."
REVEALED_FOR: Final = 60_000  # milliseconds codes stay on the screen: a student may stand behind
_HIDDEN: Final = "•••• ••••"


def who(names: Sequence[str]) -> str:
    """Return one name, or how many students."""
    return single_line(names[0]) if len(names) == 1 else f"{len(names)} students"


class PauseDialog(Sheet):
    """Pauses: the end moves by the pause's length. Screens can be locked with a sentence meanwhile."""

    chosen = Signal(object)
    """The sentence to lock with, or None."""

    def __init__(self, parent: QWidget, names: Sequence[str]) -> None:
        words = "The time stops now. When you let it go on, each end moves by the length of the pause."
        super().__init__(parent, f"Pause the assessment for {who(names)}?", words)
        self.lock = QCheckBox("Lock the screens meanwhile, with this sentence:")
        self.lock.setChecked(True)
        self.sentence = QLineEdit(FIRE)
        self.sentence.setMaxLength(SENTENCE)
        self.sentence.setAccessibleName("Sentence on the locked screens")
        self.lock.toggled.connect(self.sentence.setEnabled)
        self.add(self.lock)
        self.add(self.sentence)
        pause = button("Pause now", kind="primary", default=True)
        pause.clicked.connect(self.accept)
        self.add_buttons([pause])
        pause.setFocus()

    def accept(self) -> None:
        """Pause."""
        self.chosen.emit(plain(self.sentence.text().strip(), SENTENCE) if self.lock.isChecked() else None)
        super().accept()


class ExtraTimeDialog(Sheet):
    """Asks for minutes; Enter gives them."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget, names: Sequence[str], end_with: Callable[[int], str]) -> None:
        super().__init__(parent, f"Extra time for {who(names)}", "It is recorded, and stands in the report.")
        self._end_with = end_with
        self.minutes = QSpinBox(minimum=1, maximum=600, value=10, suffix=" minutes")
        self.minutes.setAccessibleName("Minutes more")
        indent(self.minutes)
        self._end = label(kind="soft", wrap=True)
        self.minutes.valueChanged.connect(lambda value: self._end.setText(self._end_with(value)))
        self._end.setText(end_with(10))
        give = button("Give extra time", kind="primary", default=True)
        give.clicked.connect(self.accept)
        self.add(self.minutes)
        self.add(self._end)
        self.add_buttons([give])
        self.minutes.setFocus()
        self.minutes.selectAll()

    def accept(self) -> None:
        """Give it."""
        self.chosen.emit(self.minutes.value())
        super().accept()


class StopDialog(Sheet):
    """Asks before the assessment ends for some, or for everybody."""

    chosen = Signal()

    def __init__(self, parent: QWidget, names: Sequence[str]) -> None:
        words = "Their laptops are free at once. This cannot be undone; they could only start again."
        super().__init__(parent, f"End the assessment for {who(names)}?", words)
        stop = button(f"End it for {who(names)}", kind="danger")
        stop.clicked.connect(self.accept)
        self.add_buttons([stop], cancel="Let it go on")

    def accept(self) -> None:
        """End it."""
        self.chosen.emit()
        super().accept()


class FinishDialog(Sheet):
    """Asks before the assessment is closed and its report made."""

    chosen = Signal()

    def __init__(self, parent: QWidget, name: str, at_work: int, unreached: int) -> None:
        super().__init__(parent, f"Close {single_line(name)}?", _finish_words(at_work, unreached))
        self.add(
            label("The release codes are deleted. The report can be saved next, and later from Records.", wrap=True)
        )
        close = button("End for everybody and close" if at_work else "Close", kind="primary", default=not at_work)
        close.clicked.connect(self.accept)
        self.add_buttons([close], cancel="Go on")

    def accept(self) -> None:
        """Close it."""
        self.chosen.emit()
        super().accept()


def _finish_words(at_work: int, unreached: int) -> str:
    if not at_work:
        return "Everybody's time is up."
    words = f"{at_work} student{'s are' if at_work != 1 else ' is'} still at work; their laptops are free at once."
    if unreached:
        words += f" {unreached} of them cannot be reached now and will hold to their own end."
    return words


class CodesDialog(Sheet):
    """The sheet on the screen: hidden until revealed, hidden again after a minute. `saved` carries the PDF's path."""

    saved = Signal(Path)
    revealed = Signal()

    def __init__(self, parent: QWidget, title: str, rows: Sequence[tuple[str, str, str]]) -> None:
        words = (
            "A code ends the assessment on one laptop, also without a network. See that no student can read along; "
            "write down who was released and why."
        )
        super().__init__(parent, f"Release codes: {title}", words)
        self.setMinimumWidth(560)
        self._rows, self._title = rows, title
        self.table = QTableWidget(len(rows), 3)
        self.table.setHorizontalHeaderLabels(["Student", "Laptop", "Code"])
        self.table.setAccessibleName("Release codes")
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setMinimumHeight(300)
        for row, (student, device, _) in enumerate(rows):
            self.table.setItem(row, 0, QTableWidgetItem(single_line(student)))
            self.table.setItem(row, 1, QTableWidgetItem(single_line(device)))
        self._hiding = QTimer(self, singleShot=True, interval=REVEALED_FOR)
        self._hiding.timeout.connect(lambda: self.show_codes(False))
        self.reveal = button("Show the codes")
        self.reveal.clicked.connect(self._toggle)
        save = button("Save as PDF…", kind="primary")
        save.clicked.connect(self._ask_file)
        self.add(self.table)
        self.add_buttons([save, self.reveal], cancel="Close")
        self.show_codes(False)

    @property
    def is_revealed(self) -> bool:
        """Whether the codes can be read."""
        return self._hiding.isActive()

    def show_codes(self, on: bool) -> None:
        """Show the codes for a minute, or hide them."""
        for row, (_, _, code) in enumerate(self._rows):
            self.table.setItem(row, 2, QTableWidgetItem(grouped(code) if on else _HIDDEN))
        self.reveal.setText("Hide the codes" if on else "Show the codes")
        self.reveal.setAccessibleName(self.reveal.text())
        if on:
            self._hiding.start()
            self.revealed.emit()
        else:
            self._hiding.stop()

    def _toggle(self) -> None:
        self.show_codes(not self.is_revealed)

    def _ask_file(self) -> None:
        ask_file(self, "Save the release codes", f"release codes {self._title}", "pdf", self.saved.emit)


def ask_file(parent: QWidget, title: str, name: str, kind: str, then: Callable[[Path], object]) -> None:
    """Ask where to save a file of this kind ("pdf", "csv")."""
    safe = "".join(char if char.isalnum() or char in " -_" else "-" for char in name).strip() or "assessment"
    dialog = QFileDialog(parent, title, f"{safe}.{kind}", f"{kind.upper()} files (*.{kind})")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(kind)
    dialog.fileSelected.connect(lambda file: then(Path(file)))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
