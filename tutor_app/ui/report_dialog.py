"""Saving the report of an assessment, at its end or later: reads the records, writes PDF or CSV, elsewhere."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Protocol, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from sqlalchemy import Connection

from tutor_app.assessment.report import HEADER, Report, report
from tutor_app.records.assessment_queries import on_record
from tutor_app.records.export import write_csv
from tutor_app.records.problems import RecordsError
from tutor_app.ui.assessment_dialogs import ask_file
from tutor_app.ui.background import Background
from tutor_app.ui.report_pdf import save_report
from tutor_app.ui.sheet import Sheet
from tutor_app.ui.widgets import button, label

_T = TypeVar("_T")


class Questions(Protocol):
    """The reading half of `tutor_app.records.records.Records`."""

    def query(self, ask: Callable[[Connection], _T]) -> "Future[_T]":
        """Run a question on the reading thread."""
        ...


@dataclass(frozen=True)
class Reports:
    """Makes reports from the records for one college; `labels` maps categories of flags to what people call them."""

    questions: Questions
    college: str
    zone: tzinfo
    labels: Mapping[str, str]

    def of(self, assessment: str) -> Report:
        """Return a report; blocks, so not for the window's thread. Raises RecordsError."""
        record = self.questions.query(lambda connection: on_record(connection, assessment)).result()
        if record is None:
            raise RecordsError("This assessment is not on record.")
        return report(record, self.college, self.zone, self.labels)

    def save(self, assessment: str, file: Path) -> str:
        """Write a report, as CSV or PDF by the file's name; returns what was written, in words. Blocks."""
        made = self.of(assessment)
        if file.suffix.casefold() == ".csv":
            return f"{write_csv(file, HEADER, made.lines, bom=True)} lines written to {file}."
        pages = save_report(made, file)
        return f"{pages} page{'s' if pages != 1 else ''} written to {file}."


class ReportDialog(Sheet):
    """Offers the report as PDF and CSV; stays open until it is closed, so that both can be saved."""

    saved = Signal(str)

    def __init__(self, parent: QWidget, reports: Reports, assessment: str, name: str) -> None:
        words = "Save its report now, or later from Records. It names students: keep it where your college keeps such."
        super().__init__(parent, f"{name} is over", words)
        self._reports, self._assessment, self._name = reports, assessment, name
        self._work: Background[str] = Background(self)
        self.words = label(wrap=True)
        self.pdf = button("Save as PDF…", kind="primary", default=True)
        self.csv = button("Save as CSV…")
        self.pdf.clicked.connect(lambda: self._ask("pdf"))
        self.csv.clicked.connect(lambda: self._ask("csv"))
        self.add(self.words)
        self.add_buttons([self.pdf, self.csv], cancel="Close")
        self.pdf.setFocus()

    def save(self, file: Path) -> None:
        """Write the report into this file."""
        self.words.setText("Writing…")
        self._work.run(lambda: self._reports.save(self._assessment, file), self._saved, self._failed)

    def _ask(self, kind: str) -> None:
        ask_file(self, "Save the report", f"assessment {self._name}", kind, self.save)

    def _saved(self, words: str) -> None:
        self.words.setText(words)
        self.saved.emit(words)

    def _failed(self, error: Exception) -> None:
        self.words.setText(str(error))
        self.saved.emit("")
