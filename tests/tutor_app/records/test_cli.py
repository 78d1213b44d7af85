import csv
import json
import os
import sqlite3
import subprocess
import sys
from datetime import datetime

import pytest
from typer.testing import CliRunner

from tutor_app.records.cli import app
from tutor_app.records.records import Records
from tutor_app.records.values import AssessmentNoted, AssessmentStarted


def at(text: str) -> float:
    return datetime.fromisoformat(text).astimezone().timestamp()


@pytest.fixture
def full(file, a, problems):
    with Records.open(file, on_problem=problems) as records:
        records.write(a.lesson(started_at=at("2026-01-05 09:00"), ends_at=at("2026-01-05 10:00")))
        records.write(a.attendance(seconds_live=90.0, first_seen_at=at("2026-01-05 09:00:05")))
        records.write(a.attendance(device="d2", name="Zoë", missing="Not on the network"))
        records.write(a.flag(at=at("2026-01-05 09:30"), note="=HYPERLINK(1)\nsecond [bold]line"))
        records.write(a.flag(id="f2", at=at("2026-01-06 00:00"), student="Zoë"))
        records.write(a.withdrawal(flag="f2", at=at("2026-01-06 00:05")))
    return file


@pytest.fixture
def run(full):
    def invoke(*arguments, code=0, records=full):
        result = CliRunner().invoke(app, [*map(str, arguments), "--records", str(records)])
        assert result.exit_code == code, result.output
        return result

    return invoke


def test_a_table_for_people(run):
    out = run("lessons").stdout
    assert "1 of 1 lessons" in out
    assert "2026-01-05 09:00:00" in out
    assert "Maths tutor" in out


def test_a_table_shows_text_as_it_is_and_steers_no_terminal(full, run):
    with sqlite3.connect(full) as other_program:
        other_program.execute("UPDATE flags SET student = '\x1b[2J\u202eAmy'")
    other_program.close()
    out = run("flags", "--standing").stdout
    assert "second [bold]line" in out
    assert "[2JAmy" in out
    assert "\x1b" not in out


def test_json_for_scripts(run):
    (flag,) = json.loads(run("flags", "--withdrawn", "--json").stdout)
    assert flag["student"] == "Zoë"
    assert flag["withdrawn_at"] == at("2026-01-06 00:05")
    assert len(json.loads(run("attendance", "--json").stdout)) == 2


def test_csv_into_a_pipe(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("flags", "--csv", "-")
    rows = list(csv.DictReader(result.stdout.splitlines(keepends=True)))
    assert [row["Student"] for row in rows] == ["Zoë", "Amy"]
    assert "2 of 2 flags written" in result.stderr
    assert not (tmp_path / "-").exists()
    assert run("flags", "--csv", "-", "--excel").stdout_bytes.startswith(b"\xef\xbb\xbfAt,")
    assert b"\r\r\n" not in result.stdout_bytes


def test_csv_for_spreadsheets(run, tmp_path):
    file = tmp_path / "flags.csv"
    assert "2 of 2 flags written" in run("flags", "--csv", file, "--excel").stdout
    with file.open(encoding="utf-8-sig", newline="") as lines:
        newest, oldest = csv.DictReader(lines)
    assert newest["Withdrawn"] == "2026-01-06 00:05:00 Maths tutor: A calculator"
    assert oldest["Note"].startswith("'=HYPERLINK(1)")
    assert oldest["At"] == "2026-01-05 09:30:00"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--until", "2026-01-05"], ["f1"]),
        (["--since", "2026-01-06"], ["f2"]),
        (["--since", "2026-01-05 09:30", "--until", "2026-01-05 09:30"], ["f1"]),
        (["--student", "zoë"], ["f2"]),
        (["--category", "nothing"], []),
        (["--limit", "1"], ["f2"]),
    ],
)
def test_filters(run, filters, ids):
    assert [flag["id"] for flag in json.loads(run("flags", *filters, "--json").stdout)] == ids


def test_attendance_tells_the_missing_from_the_seen(run):
    assert [row["name"] for row in json.loads(run("attendance", "--missing", "--json").stdout)] == ["Zoë"]
    assert [row["name"] for row in json.loads(run("attendance", "--seen", "--json").stdout)] == ["Amy"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["flags", "--json", "--csv", "x.csv"],
        ["flags", "--excel"],
        ["flags", "--since", "yesterday"],
        ["lessons", "--limit", "0"],
    ],
)
def test_usage_errors_are_2(run, arguments):
    run(*arguments, code=2)


def test_a_password_in_the_command_is_refused(run):
    result = run("lessons", code=2, records="postgresql://me:hunter2@host/records")
    assert "hunter2" not in result.output


def test_file_problems_are_5_and_say_which_file(run, tmp_path):
    missing = tmp_path / "none.db"
    assert f"{missing} does not exist" in run("lessons", code=5, records=missing).stderr
    assert not missing.exists()
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"x" * 5000)
    assert str(damaged) in run("lessons", code=5, records=damaged).stderr
    assert damaged.read_bytes() == b"x" * 5000
    assert "could not be written" in run("lessons", "--csv", tmp_path / "no" / "x.csv", code=5).stderr


def test_it_reads_while_a_tutors_app_writes(full, run, a, problems):
    with Records.open(full, on_problem=problems) as records:
        records.write(a.flag(id="f3"))
        assert records.flush(10)
        assert len(json.loads(run("flags", "--json").stdout)) == 3


# ── assessments ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def assessed(full, problems):
    with Records.open(full, on_problem=problems) as records:
        began = at("2026-01-05 09:10")
        by = {"by_id": "ida", "by_name": "Ida"}
        records.write(
            AssessmentStarted(id="e1", lesson="l1", name="Mock", rules="assessment", length=3600.0, at=began, **by)
        )
        records.write(
            AssessmentNoted(
                id="n1", assessment="e1", what="started", device="d1", student="=Amy()", at=began, ends_at=began, **by
            )
        )
    return full


def test_assessments_are_listed(run, assessed):
    (row,) = json.loads(run("assessments", "--json").stdout)
    assert (row["id"], row["name"], row["students"], row["ended_at"]) == ("e1", "Mock", 1, None)
    assert "Mock" in run("assessments").stdout


def test_the_report_of_an_assessment_as_csv_starts_no_formula(run, assessed, tmp_path):
    out = run("assessment", "e1", "--csv", tmp_path / "r.csv").stdout
    assert "lines written" in out
    rows = list(csv.reader((tmp_path / "r.csv").read_text(encoding="utf-8").splitlines()))
    (log,) = [row for row in rows if row[0] == "Log"]
    assert log[2] == "'=Amy()"


def test_the_report_of_an_assessment_as_pdf_needs_no_window_system(assessed, tmp_path):
    """In a process of its own: it may hold no display, and no other test's Qt."""
    file = tmp_path / "r.pdf"
    command = [sys.executable, "-m", "tutor_app", "records", "assessment", "e1", "--pdf", file, "--records", assessed]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    text = subprocess.run(["/usr/bin/pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout
    assert "Assessment report: Mock" in text
    assert "Amy" in text


def test_a_report_needs_a_file_and_an_assessment(run, assessed, tmp_path):
    assert "--pdf FILE" in run("assessment", "e1", code=2).output
    assert "no assessment e9" in run("assessment", "e9", "--csv", tmp_path / "r.csv", code=5).output
