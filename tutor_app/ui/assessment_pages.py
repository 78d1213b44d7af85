"""The pages of the wizard that starts an assessment: what, extra time, check-list, laptops. Each says what is amiss."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from protocol.policy.document import RuleSet
from protocol.policy.sites import site_of
from protocol.text import plain
from tutor_app.classroom.arrange import natural
from tutor_app.classroom.assessment_plan import (
    LINE,
    MOST_ALLOWED,
    Check,
    Readiness,
    Ready,
    lines_of,
    unanswered,
)
from tutor_app.classroom.student import Student
from tutor_app.ui.runs import single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Choice, indent, label

NAME: Final = 80  # characters, as in the protocol
REASON: Final = 280
_LONGEST: Final = 600  # minutes; the policy's longest lesson is said beside it
_MOST_EXTRA: Final = 600


class Page(QWidget):
    """One page: `title` is its heading, `words` stand below it. `problem` is why it cannot be left forwards."""

    edited = Signal()
    title = ""
    words = ""

    def problem(self) -> str:
        """Return what is missing, nothing where all is well."""
        return ""


class WhatPage(Page):
    """Name, rules, length, and what is allowed besides the rules."""

    title = "What is assessed"

    def __init__(
        self, theme: Theme, group: str, sets: Mapping[str, RuleSet], name: str, until: Callable[[int], str]
    ) -> None:
        super().__init__()
        self._sets, self._until = sets, until
        self.name = QLineEdit(name)
        self.name.setMaxLength(NAME)
        self.name.setPlaceholderText("For example: Maths mock, paper 2")
        self.rules = Choice(theme, [rules.title or slug for slug, rules in sets.items()])
        self.length = QSpinBox(minimum=1, maximum=_LONGEST, value=60, suffix=" minutes")
        self.length.setAccelerated(True)
        self.length.setMaximumWidth(160)
        indent(self.length)
        self.only = QLineEdit(placeholderText="Leave empty to allow several")
        self.only.setMaxLength(LINE)
        self.applications, self.sites = _lines("calc, geogebra"), _lines("bbc.co.uk/bitesize")
        self._end = label(kind="soft", wrap=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(10)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label("Group"), 0, 0)
        grid.addWidget(label(single_line(group), kind="strong"), 0, 1)
        rows = (("Name", self.name), ("Rules", self.rules), ("Length", self.length), ("Only application", self.only),
                ("Also allowed: applications", self.applications), ("Also allowed: sites", self.sites))  # fmt: skip
        for row, (words, field) in enumerate(rows, start=1):
            what = label(words)
            what.setBuddy(field)
            field.setAccessibleName(words)
            grid.addWidget(what, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, row, 1)
        grid.addWidget(self._end, len(rows) + 1, 1)
        grid.setRowStretch(len(rows) + 2, 1)
        self.name.textChanged.connect(self.edited)
        self.length.valueChanged.connect(self._say_end)
        self.only.textChanged.connect(lambda text: self.applications.setEnabled(not text.strip()))
        for field in (self.only, self.applications, self.sites):
            field.textChanged.connect(self.edited)
        self._say_end()

    @property
    def rule_set(self) -> str:
        """The name of the chosen rule set."""
        return list(self._sets)[self.rules.currentIndex()] if self._sets else ""

    @property
    def seconds(self) -> float:
        """The length without extra time."""
        return self.length.value() * 60.0

    def allowed_applications(self) -> tuple[str, ...]:
        """Return what may run besides what the rules allow; nothing where it is locked to one."""
        return () if self.only.text().strip() else lines_of(self.applications.toPlainText())

    def allowed_sites(self) -> tuple[str, ...]:
        """Return the sites besides those of the rules."""
        return tuple(dict.fromkeys(filter(None, map(site_of, lines_of(self.sites.toPlainText())))))

    def problem(self) -> str:
        """A name is needed, and no more than the protocol carries."""
        if not self._sets:
            return "The policy has no rules for assessments that your role may apply. Ask the network manager."
        if not plain(self.name.text(), NAME).strip():
            return "Give the assessment a name: students read it, and it stands in the report."
        if wrong := next((line for line in lines_of(self.sites.toPlainText()) if not site_of(line)), ""):
            return f"“{wrong}” is not a site. Write it as bbc.co.uk/bitesize."
        if max(len(self.allowed_applications()), len(self.allowed_sites())) > MOST_ALLOWED:
            return f"No more than {MOST_ALLOWED} applications and {MOST_ALLOWED} sites can be allowed."
        return ""

    def _say_end(self) -> None:
        self._end.setText(self._until(self.length.value()))
        self.edited.emit()


class ExtraPage(Page):
    """Extra time for each student, in minutes, begun with what the policy says."""

    title = "Extra time"
    words = "From the policy's adjustments; change it where an access arrangement says otherwise. Space or F2 edits."

    def __init__(self, students: Sequence[Student]) -> None:
        super().__init__()
        self._students = sorted(students, key=lambda student: natural(student.name))
        self._suggested: dict[str, int] = {}
        self.table = _table(("Student", "Login", "Extra minutes", "By the policy"), "Extra time")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.AllEditTriggers)
        self.table.setRowCount(len(self._students))
        for row, student in enumerate(self._students):
            self.table.setItem(row, 0, _cell(student.name))
            self.table.setItem(row, 1, _cell(student.user))
            minutes = QTableWidgetItem()
            minutes.setData(Qt.ItemDataRole.DisplayRole, 0)
            self.table.setItem(row, 2, minutes)
            self.table.setItem(row, 3, _cell(""))
        _fill(self, self.table)

    def suggest(self, minutes: Mapping[str, int]) -> None:
        """Take the policy's minutes by device; what was typed by hand stays."""
        for row, student in enumerate(self._students):
            new, before = minutes.get(student.device, 0), self._suggested.get(student.device, 0)
            if self._minutes(row) == before:
                _item(self.table, row, 2).setData(Qt.ItemDataRole.DisplayRole, new)
            _item(self.table, row, 3).setText(f"{new} min" if new else "")
        self._suggested = dict(minutes)

    def set_minutes(self, device: str, minutes: int) -> None:
        """Give one student this much."""
        row = next(row for row, student in enumerate(self._students) if student.device == device)
        _item(self.table, row, 2).setData(Qt.ItemDataRole.DisplayRole, minutes)

    def seconds(self) -> dict[str, float]:
        """Return the extra time by device, of those who have some."""
        given = {student.device: self._minutes(row) * 60.0 for row, student in enumerate(self._students)}
        return {device: seconds for device, seconds in given.items() if seconds}

    def problem(self) -> str:
        """Extra time is not negative and not without end."""
        for row, student in enumerate(self._students):
            if not 0 <= self._minutes(row) <= _MOST_EXTRA:
                return f"The extra time of {single_line(student.name)} has to be between 0 and {_MOST_EXTRA} minutes."
        return ""

    def _minutes(self, row: int) -> int:
        value = _item(self.table, row, 2).data(Qt.ItemDataRole.DisplayRole)
        return int(value) if isinstance(value, int) else -1


class ChecksPage(Page):
    """The check-list: every item ticked, or left out with a reason."""

    title = "Before it starts"
    words = "Tick what is done. What cannot be done needs a reason; all of it is recorded with the time and your name."

    def __init__(self, items: Sequence[str], by: str, clock: Callable[[], float]) -> None:
        super().__init__()
        self._by, self._clock = by, clock
        self._ticked_at: dict[str, float] = {}
        self.boxes = {item: QCheckBox(item.replace("&", "&&")) for item in items}
        self.reasons = {item: QLineEdit(placeholderText="If not: why?") for item in items}
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(4)
        for item, box in self.boxes.items():
            reason = self.reasons[item]
            reason.setMaxLength(REASON)
            reason.setAccessibleName(f"Why not: {item}")
            box.setAccessibleName(item)
            box.toggled.connect(lambda on, one=item: self._tick(one, on))
            reason.textChanged.connect(self.edited)
            column.addWidget(box)
            column.addWidget(reason)
            column.addSpacing(4)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        _fill(self, scroll)

    def checks(self) -> tuple[Check, ...]:
        """Return every item as it was answered."""
        return tuple(self._check(item) for item in self.boxes)

    def problem(self) -> str:
        """How many items are open."""
        open_ = len(unanswered(self.boxes, {check.item: check for check in self.checks()}))
        left = "One item is" if open_ == 1 else f"{open_} items are"
        return f"{left} neither ticked nor explained." if open_ else ""

    def _check(self, item: str) -> Check:
        ticked = self.boxes[item].isChecked()
        reason = "" if ticked else plain(self.reasons[item].text().strip(), REASON)
        at = self._ticked_at[item] if ticked else self._clock()
        return Check(item=item, ticked=ticked, at=at, by=self._by, reason=reason)

    def _tick(self, item: str, on: bool) -> None:
        self.reasons[item].setVisible(not on)
        if on:
            self._ticked_at[item] = self._clock()
        self.edited.emit()


_READY_WORDS: Final = {
    Readiness.READY: "Ready",
    Readiness.LIMITED: "Ready, but cannot hold every rule",
    Readiness.MISSING: "Missing",
    Readiness.UNABLE: "Not possible",
}
_READY_ORDER: Final = (Readiness.UNABLE, Readiness.LIMITED, Readiness.MISSING, Readiness.READY)
_READY_TONES: Final = {Readiness.READY: "live", Readiness.LIMITED: "warn", Readiness.MISSING: "soft",
                       Readiness.UNABLE: "danger"}  # fmt: skip


class LaptopsPage(Page):
    """Which laptops are ready. Who is not to sit it is unticked; who is missing can be started when they come."""

    title = "Laptops"
    words = "Untick who does not sit it. Who is missing now can be started later, by one click."

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._out: set[str] = set()
        self._devices: list[str] = []
        self._ready: dict[str, Ready] = {}
        self.table = _table(("Student", "Laptop", "State", "Why"), "Laptops")
        self.table.itemChanged.connect(self._toggled)
        self.summary: QLabel = label(kind="strong")
        _fill(self, self.summary, self.table)

    def show_laptops(self, students: Sequence[Student], ready: Mapping[str, Ready]) -> None:
        """Show the state as it is now, what is amiss on top."""
        self._ready = dict(ready)
        ordered = sorted(
            students, key=lambda one: (_READY_ORDER.index(ready[one.device].readiness), natural(one.name), one.device)
        )
        self._devices = [student.device for student in ordered]
        self.table.blockSignals(True)
        self.table.setRowCount(len(ordered))
        for row, student in enumerate(ordered):
            self._show_row(row, student, ready[student.device])
        self.table.resizeRowsToContents()
        self.table.blockSignals(False)
        self._count()

    def devices(self) -> tuple[str, ...]:
        """Return who sits it."""
        return tuple(device for device in self._devices if device not in self._out)

    def startable(self) -> tuple[str, ...]:
        """Return those of them on whose laptops it can start now."""
        return tuple(device for device in self.devices() if self._ready[device].can_start)

    def leave_out(self, device: str, out: bool = True) -> None:
        """Untick a student, or tick them again."""
        state = Qt.CheckState.Unchecked if out else Qt.CheckState.Checked
        _item(self.table, self._devices.index(device), 0).setCheckState(state)

    def problem(self) -> str:
        """It has to start for somebody."""
        return "" if self.startable() else "There is no laptop on which it can start now."

    def _show_row(self, row: int, student: Student, ready: Ready) -> None:
        who = _cell(student.name)
        who.setFlags(who.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        out = student.device in self._out
        who.setCheckState(Qt.CheckState.Unchecked if out else Qt.CheckState.Checked)
        state = _cell(_READY_WORDS[ready.readiness])
        state.setForeground(QColor(str(getattr(self._theme.tokens, _READY_TONES[ready.readiness]))))
        cells = (who, _cell(student.device), state, _cell("  ".join(ready.words)))
        for column, cell in enumerate(cells):
            self.table.setItem(row, column, cell)

    def _toggled(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            device = self._devices[item.row()]
            if item.checkState() is Qt.CheckState.Checked:
                self._out.discard(device)
            else:
                self._out.add(device)
            self._count()

    def _count(self) -> None:
        counted = [self._ready[device].readiness for device in self.devices()]
        words = [f"{counted.count(one)} {_COUNT_WORDS[one]}" for one in reversed(_READY_ORDER) if counted.count(one)]
        if self._out:
            words.append(f"{len(self._out)} left out")
        self.summary.setText(" · ".join(words) or "Nobody")
        self.edited.emit()


_COUNT_WORDS: Final = {
    Readiness.READY: "ready",
    Readiness.LIMITED: "ready, but cannot hold every rule",
    Readiness.MISSING: "missing",
    Readiness.UNABLE: "not possible",
}


def _lines(example: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setPlaceholderText(f"One a line. For example: {example}")
    field.setTabChangesFocus(True)
    field.setFixedHeight(58)
    return field


def _table(header: Sequence[str], name: str) -> QTableWidget:
    table = QTableWidget(0, len(header))
    table.setHorizontalHeaderLabels(list(header))
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setWordWrap(True)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.verticalHeader().hide()
    across = table.horizontalHeader()
    across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    across.setStretchLastSection(True)
    return table


def _item(table: QTableWidget, row: int, column: int) -> QTableWidgetItem:
    item = table.item(row, column)
    assert item is not None
    return item


def _cell(text: str) -> QTableWidgetItem:
    cell = QTableWidgetItem(single_line(text))
    cell.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    return cell


def _fill(page: QWidget, *widgets: QWidget) -> None:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    for widget in widgets:
        column.addWidget(widget)
