"""A device was found with a student: what, by whom, when, what was decided, who was told. Amended, not overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final
from uuid import uuid4

from PySide6.QtCore import QDateTime, QTimeZone, Signal
from PySide6.QtWidgets import QCheckBox, QDateTimeEdit, QGridLayout, QLineEdit, QWidget

from protocol.identity import Identity
from protocol.text import plain
from tutor_app.assessment.report import DECISIONS
from tutor_app.classroom.phrases import clock_time
from tutor_app.records.values import DeviceFound
from tutor_app.ui.runs import single_line
from tutor_app.ui.sheet import Sheet
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Choice, button, indent, label

KINDS: Final = ("Mobile phone", "Smart watch", "Earbuds or headphones", "Tablet or laptop", "Other device")
_SEARCH: Final = (
    "Staff do not search students, their bags or their devices. Ask for the device to be handed in and put it away "
    "switched off; do not look into it. The examining body's own instructions come first."
)
_TEXT: Final = 200
_DETAILS: Final = 1000


class FoundDialog(Sheet):
    """For a new record, or an amendment of `before`. `students` maps device → name. `chosen` carries the record."""

    chosen = Signal(DeviceFound)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        students: Mapping[str, str],
        *,
        assessment: str,
        staff: Identity,
        now: float,
        zone: tzinfo,
        before: Sequence[DeviceFound] = (),
    ) -> None:
        super().__init__(parent, "Amend: device found" if before else "Found with a device", _SEARCH)
        self.setMinimumWidth(560)
        self._assessment, self._staff, self._now, self._zone = assessment, staff, now, zone
        self._before, self._devices = before, list(students)
        self.student = Choice(theme, [single_line(name) for name in students.values()])
        self.what = Choice(theme, KINDS)
        self.found_by = QLineEdit(staff.name)
        self.at = QDateTimeEdit()
        self.decision = Choice(theme, ["Choose…", *DECISIONS.values()])
        self.details = QLineEdit(placeholderText="Where it was, whether it was switched on, what the student said")
        self.body = QLineEdit(placeholderText="Leave empty where none is concerned")
        self.told = QCheckBox("It was told")
        self.told_by, self.told_at, self.reference = QLineEdit(staff.name), QDateTimeEdit(), QLineEdit()
        self._problem = label(kind="danger", wrap=True)
        self._lay_out()
        for field in (self.at, self.told_at):
            field.setTimeZone(QTimeZone(str(zone).encode()))
            field.setDisplayFormat("d MMMM yyyy HH:mm")
            indent(field)
            field.setDateTime(QDateTime.fromSecsSinceEpoch(int(now), QTimeZone(str(zone).encode())))
        if before:
            self._fill(before[-1])
        self.body.textChanged.connect(lambda _: self._follow())
        self.told.toggled.connect(lambda _: self._follow())
        self._follow()
        self.what.setFocus()

    @property
    def problem(self) -> str:
        """What is missing."""
        return self._problem.text()

    def accept(self) -> None:
        """Record it, or say what is missing."""
        problem = self._missing()
        self._problem.setText(problem)
        if not problem:
            self.chosen.emit(self._record())
            super().accept()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _record(self) -> DeviceFound:
        device = self._devices[self.student.currentIndex()]
        body = _text(self.body)
        told = bool(body) and self.told.isChecked()
        made = DeviceFound(
            id=uuid4().hex,
            version=1,
            assessment=self._assessment,
            device=device,
            student=self.student.currentText(),
            what=self.what.currentText(),
            details=_text(self.details, _DETAILS),
            found_by=_text(self.found_by),
            found_at=float(self.at.dateTime().toSecsSinceEpoch()),
            decision=list(DECISIONS)[self.decision.currentIndex() - 1],
            body=body,
            body_told_by=_text(self.told_by) if told else "",
            body_told_at=float(self.told_at.dateTime().toSecsSinceEpoch()) if told else None,
            body_reference=_text(self.reference) if told else "",
            by_id=self._staff.id,
            by_name=self._staff.name,
            at=self._now,
        )
        if not self._before:
            return made
        last = self._before[-1]
        return replace(made, id=last.id, version=last.version + 1, device=last.device, student=last.student)

    def _missing(self) -> str:
        if self.decision.currentIndex() == 0:
            return "Say what was decided."
        if not _text(self.found_by):
            return "Say who found it."
        if self.told.isChecked() and self.body.text().strip() and not _text(self.told_by):
            return "Say who told the examining body."
        return ""

    def _fill(self, last: DeviceFound) -> None:
        if last.device in self._devices:
            self.student.setCurrentIndex(self._devices.index(last.device))
        self.student.setEnabled(False)
        self.what.setCurrentText(last.what)
        self.found_by.setText(last.found_by)
        self.details.setText(single_line(last.details))
        self.body.setText(last.body)
        self.reference.setText(last.body_reference)
        if last.decision in DECISIONS:
            self.decision.setCurrentIndex(list(DECISIONS).index(last.decision) + 1)
        self.at.setDateTime(QDateTime.fromSecsSinceEpoch(int(last.found_at), self.at.timeZone()))
        if last.body_told_at is not None:
            self.told.setChecked(True)
            self.told_by.setText(last.body_told_by)
            self.told_at.setDateTime(QDateTime.fromSecsSinceEpoch(int(last.body_told_at), self.told_at.timeZone()))

    def _follow(self) -> None:
        concerned = bool(self.body.text().strip())
        self.told.setEnabled(concerned)
        for field in (self.told_by, self.told_at, self.reference):
            field.setEnabled(concerned and self.told.isChecked())

    def _lay_out(self) -> None:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        rows = (
            ("Student", self.student),
            ("What", self.what),
            ("Found by", self.found_by),
            ("When", self.at),
            ("Decided", self.decision),
            ("Details", self.details),
            ("Examining body", self.body),
            ("", self.told),
            ("Told by", self.told_by),
            ("Told at", self.told_at),
            ("Reference", self.reference),
        )
        for row, (words, field) in enumerate(rows):
            if words:
                what = label(words)
                what.setBuddy(field)
                field.setAccessibleName(words)
                grid.addWidget(what, row, 0)
            grid.addWidget(field, row, 1)
        self.add(table)
        for line in self._history():
            self.add(label(line, kind="soft", wrap=True))
        self.add(self._problem)
        record = button("Record the amendment" if self._before else "Record", kind="primary", default=True)
        record.clicked.connect(self.accept)
        self.add_buttons([record])

    def _history(self) -> list[str]:
        return [
            f"Version {one.version}, {clock_time(one.at, self._zone)}, {one.by_name}: {one.what}, "
            f"{DECISIONS.get(one.decision, one.decision).lower()}" + (f", {one.body}" if one.body else "")
            for one in self._before
        ]


class FoundList(Sheet):
    """What was found so far: each can be amended, another one recorded. `chosen` carries an id, "" for another."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, found: Sequence[DeviceFound], zone: tzinfo) -> None:
        super().__init__(parent, "Devices found", "An amendment is added; what was written before stays on record.")
        for one in found:
            decided = DECISIONS.get(one.decision, one.decision).lower()
            words = f"{clock_time(one.found_at, zone)}  {one.student}: {one.what}, {decided}"
            row = button(f"Amend:  {single_line(words)}", kind="quote")
            row.clicked.connect(lambda _=False, id_=one.id: self._choose(id_))
            self.add(row)
        another = button("Record another", kind="primary", default=True)
        another.clicked.connect(lambda: self._choose(""))
        self.add_buttons([another], cancel="Close")
        another.setFocus()

    def _choose(self, id_: str) -> None:
        self.chosen.emit(id_)
        self.accept()


def _text(field: QLineEdit, limit: int = _TEXT) -> str:
    return plain(field.text().strip(), limit)
