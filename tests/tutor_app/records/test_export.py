import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.records.export import local, neutral, write_csv
from tutor_app.records.problems import RecordsError

DANGEROUS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - the full-width forms are the point


@pytest.mark.parametrize(
    "cell", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1", "=cmd|'/C x'!A0"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert neutral(cell) == f"'{cell}"


@given(st.text())
def test_no_text_begins_a_formula_and_all_others_stay_as_they_are(text):
    safe = neutral(text)
    assert not safe.lstrip().startswith(tuple(DANGEROUS))
    assert safe in (text, f"'{text}")
    if not text.lstrip().startswith(tuple(DANGEROUS)) and not text.startswith(("\t", "\r", "\n")):
        assert safe == text


text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("csv")


@given(rows=st.lists(st.lists(text | st.text("=+-@,;\"'\r\n\t |!A1"), min_size=3, max_size=3)), bom=st.booleans())
def test_what_is_read_back_is_what_was_written_and_harmless(folder, rows, bom):
    file = folder / "out.csv"
    assert write_csv(file, ("a", "b", "c"), rows, bom=bom) == len(rows)
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") == bom
    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert read == [["a", "b", "c"], *([neutral(cell) for cell in row] for row in rows)]


def test_numbers_stay_numbers(tmp_path):
    write_csv(tmp_path / "n.csv", ["n"], [[-1.5], [3], [None]])
    assert (tmp_path / "n.csv").read_bytes() == b'n\r\n-1.5\r\n3\r\n""\r\n'


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "flags.csv"
    file.write_text("old")

    def rows():
        yield ["new"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_csv(file, ["h"], rows())
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_file_is_this_users_alone(tmp_path):
    file = tmp_path / "flags.csv"
    file.touch(0o644)
    write_csv(file, ["h"], [])
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(RecordsError, match="No such file or directory"):
        write_csv(tmp_path / "nowhere" / "flags.csv", ["h"], [])
    with pytest.raises(RecordsError, match="not a file"):
        write_csv(Path("/dev/null"), ["h"], [])
    assert Path("/dev/null").is_char_device()


def test_times_are_those_of_the_clock_on_the_wall(monkeypatch):
    assert local(None) == ""
    assert len(local(1767603600.0)) == len("2026-01-05 09:00:00")
