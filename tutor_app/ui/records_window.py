"""The records: flags, lessons, attendance, with filters and CSV. Asks the records' own thread, never waits for it."""

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTabBar,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from tutor_app.records.export import write_csv
from tutor_app.records.queries import Filter, Listing, Page, groups
from tutor_app.ui.background import Background
from tutor_app.ui.records_table import ASSESSMENTS, TABLES, Reader, RecordsModel, Table, cells
from tutor_app.ui.report_dialog import Questions, ReportDialog, Reports
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Choice, button, label

_T = TypeVar("_T")
_MOST: Final = 500  # rows on the screen; the CSV file has them all
_EVERY_GROUP: Final = "All groups"


class RecordsWindow(QDialog):
    """A window of its own beside the lesson. `labels` maps the policy's categories of flags to what they are called."""

    listed = Signal()
    exported = Signal(str)

    def __init__(
        self,
        theme: Theme,
        records: Questions,
        zone: tzinfo,
        labels: Mapping[str, str],
        parent: QWidget | None = None,
        *,
        college: str = "",
    ) -> None:
        super().__init__(parent)
        self._reports = Reports(records, college, zone, labels)
        self.setWindowTitle("Records")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(1080, 620)
        self._records, self._reader = records, Reader(zone, labels)
        self._asking: Background[Listing[Any]] = Background(self)
        self._naming: Background[tuple[str, ...]] = Background(self)
        self._saving: Background[int] = Background(self)
        self.model = RecordsModel(self._reader)
        self.tabs = QTabBar(expanding=False, usesScrollButtons=False)
        for table in TABLES:
            self.tabs.addTab(table.name)
        self.field = QLineEdit(placeholderText="Find a student…", clearButtonEnabled=True)
        self.field.setAccessibleName("Find a student")
        self.group = Choice(theme, [_EVERY_GROUP])
        self.group.setAccessibleName("Group")
        self.table = QTableView()
        self.words = label(kind="soft")
        self.export = button("Export as CSV…")
        self.report = button("Report…")
        self._typing = QTimer(self, singleShot=True, interval=200)
        self.report.hide()
        self._lay_out()
        self._connect()

    def showEvent(self, event: QShowEvent) -> None:
        """List what there is now."""
        super().showEvent(event)
        self._naming.follow(self._records.query(groups), self._name_groups, self._failed)
        self.refresh()

    def refresh(self) -> None:
        """Ask for the rows as the filters stand."""
        table, where = self._table(), self._filter()
        self.words.setText("Looking…")
        question = self._records.query(lambda connection: table.ask(connection, where, Page(limit=_MOST)))
        self._asking.follow(question, lambda listing: self._show(table, listing), self._failed)

    def save(self, file: Path) -> None:
        """Write every row of the listing into a CSV file."""
        table, where, reader = self._table(), self._filter(), self._reader
        header = [column.title for column in table.columns]

        def work() -> int:
            listing = self._records.query(lambda connection: table.ask(connection, where, Page())).result()
            return write_csv(file, header, cells(table, listing.rows, reader), bom=True)

        self.words.setText("Writing…")
        self._saving.run(work, lambda count: self._saved(file, count), self._failed)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _table(self) -> Table:
        return TABLES[self.tabs.currentIndex()]

    def _filter(self) -> Filter:
        group = self.group.currentText()
        return Filter(student=self.field.text().strip(), group="" if group == _EVERY_GROUP else group)

    def _name_groups(self, names: tuple[str, ...]) -> None:
        chosen = self.group.currentText()
        self.group.blockSignals(True)
        self.group.clear()
        self.group.addItems([_EVERY_GROUP, *names])
        self.group.setCurrentText(chosen)
        self.group.blockSignals(False)

    def _show(self, table: Table, listing: Listing[Any]) -> None:
        self.model.show(table, listing.rows)
        self.table.resizeColumnsToContents()
        self.field.setEnabled(table.name not in ("Lessons", ASSESSMENTS))
        self.report.setVisible(table.name == ASSESSMENTS)
        self.report.setEnabled(bool(listing.rows))
        if listing.rows and table.name == ASSESSMENTS:
            self.table.selectRow(0)
        total, shown = listing.total, len(listing.rows)
        rows = f"{total} row{'s' if total != 1 else ''}"
        self.words.setText(f"The newest {shown} of {rows}; the CSV file has them all." if shown < total else rows)
        if not total:
            self.words.setText("Nothing is on record here yet, or nothing matches.")
        self.export.setEnabled(bool(total))
        self.listed.emit()

    def _failed(self, error: Exception) -> None:
        self.words.setText(str(error))
        self.listed.emit()

    def _saved(self, file: Path, count: int) -> None:
        self.words.setText(f"{count} row{'s' if count != 1 else ''} written to {file}.")
        self.exported.emit(str(file))

    def ask_report(self) -> None:
        """Offer the report of the assessment in hand."""
        index = self.table.currentIndex()
        if self.model.table.name == ASSESSMENTS and index.isValid():
            row = self.model.row(index.row())
            ReportDialog(self, self._reports, row.id, row.name).open()

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, "Export as CSV", f"{self._table().name.lower()}.csv", "CSV files (*.csv)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(lambda file: self.save(Path(file)))
        dialog.open()

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(lambda _: self.refresh())
        self.group.currentIndexChanged.connect(lambda _: self.refresh())
        self.field.textChanged.connect(lambda _: self._typing.start())
        self._typing.timeout.connect(self.refresh)
        self.export.clicked.connect(self._ask_file)
        self.report.clicked.connect(self.ask_report)
        self.table.doubleClicked.connect(lambda _: self.ask_report())

    def _lay_out(self) -> None:
        self.table.setModel(self.model)
        self.table.setAlternatingRowColors(False)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.table.horizontalHeader().setMaximumSectionSize(320)
        self.table.horizontalHeader().setMinimumSectionSize(80)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setAccessibleName("Records")
        self.field.setMaximumWidth(220)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self.tabs)
        above.addStretch(1)
        above.addWidget(self.field)
        above.addWidget(self.group)
        below = QHBoxLayout()
        below.addWidget(self.words, 1)
        below.addWidget(self.report)
        below.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        column.addLayout(above)
        column.addWidget(self.table, 1)
        column.addLayout(below)
