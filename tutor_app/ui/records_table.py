"""The records' listings as tables: what their columns are called and how a value reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from sqlalchemy import Connection

from tutor_app.classroom.phrases import clock_time, duration
from tutor_app.records import assessment_queries, queries
from tutor_app.ui.runs import single_line

Index = QModelIndex | QPersistentModelIndex
Row = Any  # a dataclass of `queries`; its columns are picked below


@dataclass(frozen=True)
class Reader:
    """For whom a listing is put into words: the clocks of `zone`, and category → label."""

    zone: tzinfo
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """A column: its title, how it reads from a row, and whether that is a category, which the policy gives a label."""

    title: str
    read: Callable[[Row, tzinfo], str]
    category: bool = False

    def text(self, row: Row, reader: "Reader") -> str:
        """Return the cell's text."""
        said = self.read(row, reader.zone)
        return reader.labels.get(said, said) if self.category else said


@dataclass(frozen=True)
class Table:
    """One listing: its name, its question, its columns."""

    name: str
    ask: Callable[[Connection, queries.Filter, queries.Page], "queries.Listing[Any]"]
    columns: tuple[Column, ...]


def _date(at: float | None, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}" if at else ""


def _clock(at: float | None, zone: tzinfo) -> str:
    return clock_time(at, zone) if at else ""


def _withdrawn(row: Row, zone: tzinfo) -> str:
    return f"{_date(row.withdrawn_at, zone)} by {row.withdrawn_by_name}" if row.withdrawn_at else ""


def _ended(row: Row, zone: tzinfo) -> str:
    return _clock(row.ended_at, zone) or f"not ended (until {_clock(row.ends_at, zone)})"


ASSESSMENTS: Final = "Assessments"

TABLES: Final = (
    Table(
        "Flags",
        queries.flags,
        (
            Column("When", lambda row, zone: _date(row.at, zone)),
            Column("Student", lambda row, _: str(row.student)),
            Column("User", lambda row, _: str(row.user)),
            Column("Category", lambda row, _: str(row.category), category=True),
            Column("Note", lambda row, _: str(row.what)),
            Column("Lesson", lambda row, _: f"{row.lesson_name} · {row.group}"),
            Column("By", lambda row, _: str(row.giver)),
            Column("Taken back", _withdrawn),
        ),
    ),
    Table(
        "Lessons",
        queries.lessons,
        (
            Column("Began", lambda row, zone: _date(row.started_at, zone)),
            Column("Ended", _ended),
            Column("Lesson", lambda row, _: str(row.name)),
            Column("Group", lambda row, _: str(row.group)),
            Column("Room", lambda row, _: str(row.room)),
            Column("Tutor", lambda row, _: str(row.tutor_name)),
            Column("Seen", lambda row, _: f"{row.seen} of {row.expected}"),
            Column("Flags", lambda row, _: str(row.flags)),
        ),
    ),
    Table(
        "Attendance",
        queries.attendance,
        (
            Column("Lesson began", lambda row, zone: _date(row.started_at, zone)),
            Column("Lesson", lambda row, _: f"{row.lesson_name} · {row.group}"),
            Column("Student", lambda row, _: str(row.name)),
            Column("First seen", lambda row, zone: _clock(row.first_seen_at, zone)),
            Column("Last seen", lambda row, zone: _clock(row.last_seen_at, zone)),
            Column("Live for", lambda row, _: duration(row.seconds_live) if row.first_seen_at else ""),
            Column("Missing", lambda row, _: str(row.missing)),
        ),
    ),
    Table(
        ASSESSMENTS,
        assessment_queries.assessments,
        (
            Column("Began", lambda row, zone: _date(row.at, zone)),
            Column("Closed", lambda row, zone: _clock(row.ended_at, zone) or "not closed"),
            Column("Assessment", lambda row, _: str(row.name)),
            Column("Group", lambda row, _: str(row.group)),
            Column("Room", lambda row, _: str(row.room)),
            Column("Invigilator", lambda row, _: str(row.by_name)),
            Column("Students", lambda row, _: str(row.students)),
            Column("Devices found", lambda row, _: str(row.found or "")),
        ),
    ),
)


class RecordsModel(QAbstractTableModel):
    """Shows one listing. Whoever has it calls `show`."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader
        self.table = TABLES[0]
        self._rows: Sequence[Row] = ()

    def show(self, table: Table, rows: Sequence[Row]) -> None:
        """Show these rows."""
        self.beginResetModel()
        self.table, self._rows = table, rows
        self.endResetModel()

    def row(self, number: int) -> Row:
        """Return what stands in a row."""
        return self._rows[number]

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of rows."""
        return len(self._rows)

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of columns."""
        return len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text."""
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        return single_line(self.table.columns[index.column()].text(self._rows[index.row()], self._reader))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a column's title."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.table.columns[section].title
        return None


def cells(table: Table, rows: Sequence[Row], reader: Reader) -> list[list[str]]:
    """Return rows as texts, for the CSV file."""
    return [[column.text(row, reader) for column in table.columns] for row in rows]
