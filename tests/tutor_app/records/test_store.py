import os
import sqlite3
from pathlib import Path

import pytest

from tutor_app.records.place import place_of
from tutor_app.records.problems import RecordsError
from tutor_app.records.store import RecordsDamaged, open_existing, open_store


def made(file: Path) -> bytes:
    """Make a records file that is whole and closed; return what is in it."""
    open_store(place_of(file)).close()
    return file.read_bytes()


def test_the_file_belongs_to_its_owner_alone_in_all_its_parts(tmp_path):
    file = tmp_path / "new" / "records.db"
    store = open_store(place_of(file))
    assert file.parent.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {"records.db": 0o600, "records.db-wal": 0o600, "records.db-shm": 0o600}
    store.close()


def test_a_file_that_others_could_read_is_made_private(file):
    made(file)
    file.chmod(0o644)
    made(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_writing_is_durable_and_reading_cannot_write(file):
    store = open_store(place_of(file))
    with store.writing.connect() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in (
            "journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    with store.reading.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM lessons")
    store.close()


def test_a_damaged_file_is_kept_byte_for_byte_and_a_new_one_begun(file):
    whole = made(file)
    damaged = whole[:5000] + os.urandom(30_000) + whole[35_000:]
    file.write_bytes(damaged)
    store = open_store(place_of(file))
    (kept,) = file.parent.glob("records.damaged-*.db")
    assert kept.read_bytes() == damaged
    assert str(kept) in store.notice
    with store.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM lessons").scalar_one() == 0
    store.close()


def test_one_broken_page_is_noticed_when_opening_not_in_the_lesson(file):
    whole = made(file)
    file.write_bytes(whole[:-4096] + os.urandom(4096))
    store = open_store(place_of(file))
    assert "are damaged, so a new file was begun" in store.notice
    store.close()


def test_a_file_overwritten_with_something_else_is_kept_and_its_log_with_it(file):
    file.write_bytes(b"\x00garbage" * 1000)
    Path(f"{file}-wal").write_bytes(b"log")
    open_store(place_of(file)).close()
    (kept,) = file.parent.glob("records.damaged-*.db")
    assert kept.read_bytes() == b"\x00garbage" * 1000
    assert Path(f"{kept}-wal").read_bytes() == b"log"


def test_a_file_cut_to_nothing_is_kept_with_its_log(file):
    file.touch()
    Path(f"{file}-wal").write_bytes(b"log")
    open_store(place_of(file)).close()
    (log,) = file.parent.glob("records.damaged-*.db-wal")
    assert log.read_bytes() == b"log"


def test_two_damaged_files_in_one_second_are_both_kept(file):
    for content in (b"one" * 999, b"two" * 999):
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        open_store(place_of(file)).close()
    kept = {path.read_bytes() for path in file.parent.glob("records.damaged-*.db")}
    assert kept == {b"one" * 999, b"two" * 999}


def test_somebodys_essay_is_not_taken_for_damaged_records(tmp_path):
    essay = tmp_path / "essay.odt"
    essay.write_bytes(b"Macbeth" * 999)
    with pytest.raises(RecordsDamaged, match="no database"):
        open_store(place_of(essay))
    assert [path.name for path in tmp_path.iterdir()] == ["essay.odt"]
    assert essay.read_bytes() == b"Macbeth" * 999


def test_a_reader_leaves_a_damaged_file_where_it_is(file):
    file.write_bytes(b"garbage" * 999)
    with pytest.raises(RecordsDamaged):
        open_existing(place_of(file))
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_another_program_holds_is_said_to_be_in_use(file):
    made(file)
    holder = sqlite3.connect(file)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsError, match="in use by another program"):
        open_store(place_of(file), patience=0.1)
    holder.close()
    made(file)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_said_at_once(ordinary_folder, what):
    file = ordinary_folder / "inner" / "records.db"
    made(file)
    protected = file if what == "file" else file.parent
    protected.chmod(0o500)
    if os.getuid() == 0:  # else the owner's own `chmod` at opening would give the right back
        os.seteuid(0)
        os.chown(protected, 0, 0)
        protected.chmod(0o555)
        os.seteuid(65534)
    with pytest.raises(RecordsError, match=r"cannot be (opened|written)") as raised:
        open_store(place_of(file), patience=0.1)
    assert str(file) in str(raised.value)
    if os.getuid() == 0:
        os.seteuid(0)
    file.parent.chmod(0o700)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(RecordsError, match="Is a directory"):
        open_store(place_of(tmp_path))


def test_a_server_that_is_not_there_is_said_without_its_password():
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'lessonlight[postgresql]'")
    with pytest.raises(RecordsError, match=r"postgresql.*cannot be used") as raised:
        open_store(place_of("postgresql://me:hunter2@127.0.0.1:1/records"), patience=1)
    assert "hunter2" not in str(raised.value)
