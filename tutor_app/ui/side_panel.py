"""The panel at the side: who asks for help, who is expected and not here, and what was done, with what came of it."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tutor_app.classroom.activity import Line
from tutor_app.classroom.hands import Raised
from tutor_app.classroom.phrases import Run, Tone, activity_runs
from tutor_app.classroom.student import Student
from tutor_app.ui.help_list import HelpList
from tutor_app.ui.runs import RunsLabel, single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import button, hairline, label

WIDTH: Final = 288
_NAMES: Final = 12  # names listed before "and N more"
_LINES: Final = 60  # the newest; the records window has all


class ActivityRow(QWidget):
    """One line of the activity list, with Undo where that makes sense."""

    undone = Signal(int)

    def __init__(self, theme: Theme, zone: tzinfo, line: Line) -> None:
        super().__init__()
        self._zone, self.line = zone, line
        self._runs = RunsLabel(theme, wrap=True, step=-1)
        self._undo = button("Undo", kind="link")
        self._undo.setAccessibleName(f"Undo: {line.text}")
        self._undo.clicked.connect(lambda: self.undone.emit(self.line.number))
        row = QHBoxLayout()
        row.setContentsMargins(0, 6, 0, 6)
        row.addWidget(self._runs, 1)
        row.addWidget(self._undo, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(hairline())
        self.show_line(line)

    @property
    def text(self) -> str:
        """What the line says."""
        return self._runs.text

    def show_line(self, line: Line, held: bool = True) -> None:
        """Show the line as it stands now; once the lesson is over (`held` False) only flags can be taken back."""
        self.line, self.held = line, held
        self._runs.set_runs(activity_runs(line, self._zone))
        self._undo.setVisible(line.can_undo and (held or bool(line.flags)))


class SidePanel(QFrame):
    """Shows raised hands, who is missing, and the classroom's activity."""

    undo_asked = Signal(int)
    missing_asked = Signal()
    view_asked = Signal(str)
    lower_asked = Signal(str)

    def __init__(self, theme: Theme, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        self._theme, self._zone = theme, zone
        self._rows: dict[int, ActivityRow] = {}
        self._absent = QWidget()
        self._absent_title = RunsLabel(theme)
        self._absent_names = label(kind="soft", wrap=True)
        show = button("Show missing", kind="link")
        show.clicked.connect(self.missing_asked)
        self.help = HelpList(theme)
        self.help.viewed.connect(self.view_asked)
        self.help.lowered.connect(self.lower_asked)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self._scroll = QScrollArea()
        self._lay_out(show)

    @property
    def rows(self) -> list[ActivityRow]:
        """The rows shown, newest first."""
        return [self._rows[number] for number in sorted(self._rows, reverse=True)]

    def show_activity(self, lines: Sequence[Line], held: bool = True) -> None:
        """Show these lines, newest on top."""
        shown, changed = lines[-_LINES:], False
        for line in shown:
            row = self._rows.get(line.number)
            if row is None:
                row = self._rows[line.number] = ActivityRow(self._theme, self._zone, line)
                row.undone.connect(self.undo_asked)
                self._lines.insertWidget(0, row)
                row.show()
                changed = True
            elif row.line != line or row.held is not held:
                row.show_line(line, held)
                changed = True
        for number in set(self._rows) - {line.number for line in shown}:
            self._rows.pop(number).deleteLater()
        if changed:
            self._settle()

    def show_hands(self, raised: Sequence[Raised], now: float) -> None:
        """Show whose hands are up."""
        before = self.help.sizeHint() if not self.help.isHidden() else None
        self.help.show_hands(raised, now)
        if before != (self.help.sizeHint() if raised else None):
            self._settle()

    def _settle(self) -> None:
        """Give every line its height now; else a new one is painted once without."""
        inside = self._scroll.widget()
        column = inside.layout() if inside else None
        if inside and column:
            for row in self._rows.values():
                row.updateGeometry()
            column.activate()
            inside.resize(inside.width(), max(self._scroll.viewport().height(), column.heightForWidth(inside.width())))
            column.activate()

    def show_absent(self, absent: Sequence[Student], expected: int) -> None:
        """Show who was expected and has not been seen."""
        self._absent.setVisible(bool(absent))
        number = Run(f"{len(absent)} of {expected}", Tone.WARN)
        self._absent_title.set_runs((Run("Expected but not seen: ", Tone.STRONG), number))
        names = [single_line(student.name) for student in absent]
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        self._absent_names.setText(", ".join(names[:_NAMES]) + more)

    @property
    def absent_text(self) -> str:
        """What the panel says about who is missing; nothing while all are here."""
        return "" if self._absent.isHidden() else f"{self._absent_title.text}\n{self._absent_names.text()}"

    def _lay_out(self, show: QWidget) -> None:
        absent = QVBoxLayout(self._absent)
        absent.setContentsMargins(0, 0, 0, 12)
        absent.setSpacing(4)
        absent.addWidget(self._absent_title)
        absent.addWidget(self._absent_names)
        absent.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 16, 14, 12)
        column.setSpacing(4)
        column.addWidget(self.help)
        column.addWidget(self._absent)
        column.addWidget(label("Activity", kind="strong"))
        column.addLayout(self._lines)
        column.addStretch(1)
        scroll = self._scroll
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
