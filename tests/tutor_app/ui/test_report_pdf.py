"""The PDF files, read back by poppler."""

import subprocess
import unicodedata
from pathlib import Path

import pytest

from tutor_app.assessment.report import Report, Section
from tutor_app.records.problems import RecordsError
from tutor_app.ui.report_pdf import save_report, save_sheet


def text_of(file: Path) -> str:
    command = ["/usr/bin/pdftotext", "-layout", str(file), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return unicodedata.normalize("NFKC", text)  # "fi" is one glyph in some typefaces


def a_report(students: int, name: str = "Zoë Łukasz") -> Report:
    header = ("Student", "Device", "Started", "Ended", "How", "Extra", "Paused", "Breaches")
    rows = tuple((f"{name} {n}", f"L-{n}", "10:00", "11:00", "full time", "", "", "") for n in range(students))
    checks = Section("Check-list", ("Item", "Answer", "When", "By"), (), "No check-list was recorded.")
    return Report("Example College", "Assessment report: Mock", (("Group", "10B"),),
                  (Section("Attendance and times", header, rows), checks), ())  # fmt: skip


def test_every_page_has_the_college_and_its_number_and_the_tables_header(qapp, tmp_path):
    file = tmp_path / "r.pdf"
    pages = save_report(a_report(120), file)
    assert pages >= 3
    text = text_of(file)
    for page in range(1, pages + 1):
        assert f"Page {page} of {pages}" in text
    assert text.count("Example College") == pages
    assert text.count("Breaches") >= 3
    assert "Zoë Łukasz 119" in text
    assert "No check-list was recorded." in text


def test_what_a_peer_wrote_is_text_and_never_markup(qapp, tmp_path):
    file = tmp_path / "r.pdf"
    save_report(a_report(1, "<b>A</b>&lt;"), file)
    assert "<b>A</b>&lt; 0" in text_of(file)


def test_the_sheet_carries_every_code_and_is_for_its_owner_alone(qapp, tmp_path):
    file = tmp_path / "s.pdf"
    save_sheet("Example College", "Mock", [("Amy", "L-1", "8475 5224")], [("Group", "10B")], file)
    text = text_of(file)
    assert "8475 5224" in text
    assert "confidential" in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_leaves_nothing_behind(qapp, tmp_path):
    with pytest.raises(RecordsError, match="could not be written"):
        save_report(a_report(1), tmp_path / "nowhere" / "r.pdf")
    (tmp_path / "taken.pdf").mkdir()
    with pytest.raises(RecordsError, match="could not be written"):
        save_report(a_report(1), tmp_path / "taken.pdf")
    assert [one.name for one in tmp_path.iterdir()] == ["taken.pdf"]
