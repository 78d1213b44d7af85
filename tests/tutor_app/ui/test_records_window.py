"""The records as tables and as CSV, from a real SQLite file, asked on the records' own thread."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.synthetic import TEN
from tutor_app.records.problems import RecordsError
from tutor_app.records.records import Records
from tutor_app.records.values import AssessmentStarted, Attendance, Flagged, LessonStarted
from tutor_app.ui.records_table import ASSESSMENTS, TABLES
from tutor_app.ui.records_window import RecordsWindow
from tutor_app.ui.report_dialog import ReportDialog
from tutor_app.ui.theme import Theme


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with Records.open(tmp_path / "records.db", on_problem=lambda _: None) as records:
        for number, group in enumerate(("10B", "11A")):
            lesson = f"{number:032x}"
            records.write(
                LessonStarted(
                    id=lesson,
                    name="Maths",
                    group=group,
                    tutor_id="t",
                    tutor_name="Maths tutor",
                    started_at=TEN + number * 3600,
                    ends_at=TEN + 7200,
                )
            )
            records.write(
                Attendance(
                    lesson=lesson,
                    device="L1",
                    name=f"Student {group}",
                    expected=True,
                    first_seen_at=TEN,
                    last_seen_at=TEN + 600,
                    seconds_live=600.0,
                    recorded_at=TEN + 600,
                )
            )
            records.write(
                AssessmentStarted(
                    id=f"{number + 64:032x}",
                    lesson=lesson,
                    name=f"Mock {group}",
                    rules="assessment",
                    length=3600.0,
                    by_id="t",
                    by_name="Ida Marsh",
                    at=TEN + 30,
                )
            )
            records.write(
                Flagged(
                    id=f"{number + 8:032x}",
                    lesson=lesson,
                    device="L1",
                    student=f"Student {group}",
                    category="off-task",
                    note="=1+1" if number else "again",
                    by_id="t",
                    by_name="Maths tutor",
                    at=TEN + 60,
                )
            )
        yield records


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, records: Records) -> RecordsWindow:
    window = RecordsWindow(theme, records, made.LONDON, {"off-task": "Off task"})
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.listed):
        window.open()
    return window


def column(window: RecordsWindow, title: str) -> list[str]:
    at = [one.title for one in window.model.table.columns].index(title)
    return [str(window.model.data(window.model.index(row, at))) for row in range(window.model.rowCount())]


def test_flags_are_listed_first(window: RecordsWindow) -> None:
    assert window.model.table.name == "Flags"
    assert sorted(column(window, "Student")) == ["Student 10B", "Student 11A"]
    assert column(window, "When") == ["2026-11-06 10:06"] * 2
    assert window.words.text() == "2 rows"


def test_categories_are_called_what_the_policy_calls_them(
    qtbot: QtBot, window: RecordsWindow, records: Records, tmp_path: Path
) -> None:
    records.write(
        Flagged(
            id=f"{99:032x}",
            lesson=f"{0:032x}",
            device="L1",
            student="Student 10B",
            category="of-an-older-policy",
            by_id="t",
            by_name="Maths tutor",
            at=TEN + 90,
        )
    )
    with qtbot.waitSignal(window.listed):
        window.refresh()
    assert sorted(column(window, "Category")) == ["Off task", "Off task", "of-an-older-policy"]
    with qtbot.waitSignal(window.exported):
        window.save(tmp_path / "flags.csv")
    rows = list(csv.DictReader((tmp_path / "flags.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert sorted(row["Category"] for row in rows) == ["Off task", "Off task", "of-an-older-policy"]


def test_every_listing_can_be_shown(qtbot: QtBot, window: RecordsWindow) -> None:
    for number, table in enumerate(TABLES):
        if number:
            with qtbot.waitSignal(window.listed):
                window.tabs.setCurrentIndex(number)
        assert window.model.table is table
        assert window.model.rowCount() == 2
        for row in range(2):
            assert all(
                isinstance(window.model.data(window.model.index(row, at)), str) for at in range(len(table.columns))
            )
        if table.name == "Attendance":
            assert column(window, "Live for") == ["10 min", "10 min"]


def test_no_tab_is_cut_off_whichever_is_chosen(qtbot: QtBot, window: RecordsWindow) -> None:
    for number in range(len(TABLES)):
        window.tabs.setCurrentIndex(number)
        QApplication.processEvents()
        shown = [window.tabs.tabRect(one) for one in range(len(TABLES))]
        assert all(window.tabs.rect().contains(tab) for tab in shown), (number, shown)
        assert not [one for one in window.tabs.findChildren(QToolButton) if one.isVisible()]
    qtbot.waitUntil(lambda: not window.words.text().startswith("Looking"))


def test_filters_narrow_the_listing(qtbot: QtBot, window: RecordsWindow) -> None:
    qtbot.waitUntil(lambda: window.group.count() == 3)
    with qtbot.waitSignal(window.listed):
        window.group.setCurrentText("11A")
    assert column(window, "Student") == ["Student 11A"]
    with qtbot.waitSignal(window.listed):
        window.field.setText("nobody")
    assert window.words.text() == "Nothing is on record here yet, or nothing matches."
    assert not window.export.isEnabled()


def test_csv_holds_every_row_and_no_formula(qtbot: QtBot, window: RecordsWindow, tmp_path: Path) -> None:
    file = tmp_path / "flags.csv"
    with qtbot.waitSignal(window.exported):
        window.save(file)
    rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0][:3] == ["When", "Student", "User"]
    assert sorted(row[4] for row in rows[1:]) == ["'=1+1", "again"]
    assert window.words.text() == f"2 rows written to {file}."


def test_a_file_that_cannot_be_written_is_explained(qtbot: QtBot, window: RecordsWindow, tmp_path: Path) -> None:
    with qtbot.waitSignal(window.listed):
        window.save(tmp_path / "nowhere" / "flags.csv")
    assert "could not be written" in window.words.text()


def test_records_that_fail_say_so(
    qtbot: QtBot, theme: Theme, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_ask: object) -> None:
        raise RecordsError("The records cannot be read: the disk reports an error.")

    monkeypatch.setattr(records, "_ask", fail)
    window = RecordsWindow(theme, records, made.LONDON, {})
    qtbot.addWidget(window)
    window.open()
    qtbot.waitUntil(lambda: window.words.text() == "The records cannot be read: the disk reports an error.")


def test_the_report_of_an_assessment_is_offered_where_assessments_are_listed(qtbot, window, tmp_path) -> None:
    assert window.report.isHidden()
    number = next(number for number, table in enumerate(TABLES) if table.name == ASSESSMENTS)
    with qtbot.waitSignal(window.listed):
        window.tabs.setCurrentIndex(number)
    assert not window.report.isHidden()
    window.report.click()
    (dialog,) = window.findChildren(ReportDialog)
    for name in ("report.pdf", "report.csv"):
        with qtbot.waitSignal(dialog.saved, timeout=10_000) as saved:
            dialog.save(tmp_path / name)
        assert saved.args[0].endswith(f"{name}.")
        assert (tmp_path / name).stat().st_size > 100
    with qtbot.waitSignal(dialog.saved, timeout=10_000) as saved:
        dialog.save(tmp_path / "nowhere" / "report.pdf")
    assert "could not be written" in dialog.words.text()
    dialog.close()
