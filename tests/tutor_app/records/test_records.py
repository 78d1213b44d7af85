import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tutor_app.records import queries
from tutor_app.records.place import default_file
from tutor_app.records.problems import RecordsError
from tutor_app.records.records import Records

CHILD = [sys.executable, str(Path(__file__).parent / "writing_child.py")]


def start_child(file: Path, name: str, count: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen([*CHILD, str(file), name, str(count)], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def records(place, problems):
    with Records.open(str(place.file) if place.file else place.url.render_as_string(), on_problem=problems) as opened:
        yield opened


def test_a_query_sees_what_was_written_before_it(records, a):
    for record in (a.lesson(), a.flag(), a.withdrawal(), a.command(), a.attendance()):
        records.write(record)
    assert records.query(queries.flags).result(10).rows[0].withdrawn_at == 1200.0
    assert records.query(queries.lessons).result(10).total == 1


def test_queries_run_one_at_a_time_on_a_thread_with_a_name(records):
    names = [records.query(lambda connection: threading.current_thread().name).result(10) for _ in range(3)]
    assert names == ["records-reader_0"] * 3


def test_a_query_that_fails_fails_with_a_sentence(records):
    future = records.query(lambda connection: connection.exec_driver_sql("SELECT nonsense FROM nowhere"))
    with pytest.raises(RecordsError, match="cannot be used"):
        future.result(10)
    assert records.query(queries.lessons).result(10).total == 0


def test_a_query_cannot_write(records):
    with pytest.raises(RecordsError):
        records.query(lambda c: c.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('a', 'b')")).result(10)


def test_closed_it_leaves_no_thread(file, problems, a):
    before = set(threading.enumerate())
    records = Records.open(file, on_problem=problems)
    records.write(a.lesson())
    records.query(queries.lessons).result(10)
    assert records.close() == ()
    assert set(threading.enumerate()) == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]  # its log is folded in


def test_without_a_path_they_are_this_users_own(monkeypatch, tmp_path, problems):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    Records.open(on_problem=problems).close()
    assert default_file().exists()
    assert default_file().is_relative_to(tmp_path)


def test_the_lesson_goes_on_with_new_records_when_the_old_are_damaged(file, problems, a):
    file.write_bytes(b"garbage" * 999)
    with Records.open(file, on_problem=problems) as records:
        assert "damaged one is kept as" in problems.sentences[0]
        records.write(a.lesson())
        assert records.flush(10)


def test_closing_with_a_database_in_use_hands_back_the_flags(file, problems, a):
    records = Records.open(file, on_problem=problems, patience=0.1)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    records.write(a.lesson())
    records.write(a.flag())
    assert [record.id for record in records.close()] == ["l1", "f1"]
    holder.close()


@pytest.mark.parametrize("lines", [2, 9, 25])
def test_killed_while_writing_it_has_lost_nothing_that_flush_acknowledged(file, problems, lines):
    child = start_child(file, "killed")
    acknowledged = [child.stdout.readline() for _ in range(lines)][-1]
    child.kill()
    rest = child.communicate()[0].split()
    last = int(rest[-1] if rest else acknowledged)
    with Records.open(file, on_problem=problems) as records:
        stored = {flag.id for flag in records.query(queries.flags).result(10).rows}
    assert last >= 7 * (lines - 1)
    assert {f"killed-{n}" for n in range(last + 1)} <= stored
    assert problems.sentences == []


def test_two_programs_write_to_one_file(file, problems):
    children = [start_child(file, name, 400) for name in ("one", "two")]
    for child in children:
        out = child.communicate(timeout=60)[0]
        assert "problem" not in out
        assert out.endswith("closed\n")
    with Records.open(file, on_problem=problems) as records:
        stored = [flag.id for flag in records.query(queries.flags).result(10).rows]
    assert sorted(stored) == sorted(f"{name}-{n}" for name in ("one", "two") for n in range(400))


def test_two_programs_write_to_one_postgresql_database(postgresql, problems):
    url = postgresql.new_database()
    children = [start_child(url, name, 200) for name in ("one", "two")]
    for child in children:
        out = child.communicate(timeout=60)[0]
        assert "problem" not in out
        assert out.endswith("closed\n")
    with Records.open(url, on_problem=problems) as records:
        assert records.query(queries.flags).result(10).total == 400


def test_a_postgresql_connection_that_breaks_is_made_anew(postgresql, problems, a):
    url = postgresql.new_database()
    with Records.open(url, on_problem=problems) as records:
        records.write(a.lesson())
        assert records.query(queries.flags).result(10).total == 0
        postgresql.end_all_connections()
        records.write(a.flag())
        assert records.flush(20)
        assert records.query(queries.flags).result(10).total == 1
    assert problems.sentences == []
