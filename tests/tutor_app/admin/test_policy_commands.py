"""Packs, explain and timetable, as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from protocol.policy.bundle import open_bundle, open_staff_bundle
from tutor_app.admin.cli import app
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

from .conftest import NOW, PASSPHRASE
from .test_timetable_files import written

EXCEPTION = """
[[exceptions]]
student = "j.smith"
rules = ["usb-storage"]
reason = "Work placement"
approved_by = ["Manager", "Tutor"]
starts = 2026-11-23
ends = 2026-12-04
"""


def run(college: College, *words: str) -> str:
    result = CliRunner().invoke(app, ["-C", str(college.folder), *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def publish(college: College, more: str) -> None:
    text = (college.folder / "policy.toml").read_text(encoding="utf-8") + more
    college.publish(text, now=NOW)


def test_packs(college: College) -> None:
    said = run(college, "policy", "packs")
    assert "school" in said
    assert "lesson-junior" in said.replace("\n", "")


def test_a_college_begins_with_the_pack_it_names(tmp_path: Path, passphrase_file: Callable[..., Path]) -> None:
    words = ["init", str(tmp_path / "s"), "--name", "Key School", "--passphrase-file", str(passphrase_file())]
    refused = CliRunner().invoke(app, [*words, "--policy", "scool"])
    assert (refused.exit_code, (tmp_path / "s").exists()) == (2, False)
    assert "There is no policy pack “scool”: college, school." in refused.stderr
    made = College.create(tmp_path / "s", name="Key School", passphrase="x" * 9, cost=CHEAP, pack="school", now=NOW)
    assert "lesson-upper" in made.policy.rules


def test_explain_says_what_holds_and_what_lifts_it(college: College) -> None:
    publish(college, EXCEPTION)
    words = ("policy", "explain", "--at", "2026-11-23 10:15", "--group", "10B", "--json")
    plain = json.loads(run(college, *words))
    assert plain["lesson"] is True
    rules = {rule["rule"]: rule for rule in plain["rules"]}
    assert rules["usb-storage"]["holds"]
    assert rules["filter"]["why"] == "Holds at all times."
    lifted = {rule["rule"]: rule for rule in json.loads(run(college, *words, "--student", "J.Smith"))["rules"]}
    assert not lifted["usb-storage"]["holds"]
    assert lifted["usb-storage"]["why"] == (
        "An exception until 5 December 2026, 00:00. Work placement (agreed by Manager, Tutor)"
    )
    assert lifted["games"]["holds"]


def test_explain_outside_hours(college: College) -> None:
    found = json.loads(run(college, "policy", "explain", "--at", "2026-11-22 10:15", "--json"))
    assert found["lesson"] is False
    assert [rule["rule"] for rule in found["rules"]] == ["filter"]
    assert found["lines"][2]["words"] == "College hours on Sunday: closed. Monday 08:00–18:00."
    assert "No lesson can be held" in run(college, "policy", "explain", "--at", "2026-11-22 10:15")


def test_laptops_get_neither_reasons_nor_the_timetable(
    college: College, tmp_path: Path, passphrase_file: Callable[..., Path]
) -> None:
    publish(college, EXCEPTION)
    files = [str(path) for path in written(tmp_path)]
    said = run(college, "timetable", "import", *files, "--passphrase-file", str(passphrase_file()))
    assert "3 lessons a week" in said
    opened = College.open(college.folder)
    staff = open_staff_bundle(opened.staff_bundle, opened.root_pem)
    assert len(staff.timetable) == 3
    for secret in (b"Work placement", b"Manager", b"j.smith", b"Room 4"):
        assert secret not in staff.raw
    assert len(open_bundle(staff.raw, opened.root_pem).policy.exceptions) == 1
    assert opened.policy.exceptions[0].reason == "Work placement"
    assert "Maths" in run(opened, "timetable", "show", "--group", "10b")
    found = json.loads(run(opened, "policy", "explain", "--at", "2026-11-23 10:15", "--group", "10B", "--json"))
    assert found["lines"][3]["words"] == "Maths, 10B, maths-tutor, Room 4 (Monday 10:05–11:05)"
    assert PASSPHRASE not in said
