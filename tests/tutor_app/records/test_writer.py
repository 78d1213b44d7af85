import resource
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tutor_app.records import queries, schema
from tutor_app.records.place import place_of
from tutor_app.records.problems import RecordsFull
from tutor_app.records.store import open_store
from tutor_app.records.writer import Writer


@pytest.fixture
def sqlite_store(file):
    store = open_store(place_of(file), patience=0.1)
    yield store
    store.close()


@pytest.fixture
def writer(sqlite_store, problems):
    writer = Writer(sqlite_store.writing, str(sqlite_store.place), problems, bound=20)
    writer.start()
    yield writer
    writer.stop(10)


@pytest.fixture
def holder(file, writer):
    """Another program that holds the file until told otherwise."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def flags(store) -> list[str]:
    with store.reading.connect() as connection:
        return [flag.id for flag in queries.flags(connection).rows]


def test_flushed_is_stored(writer, sqlite_store, a, problems):
    writer.write(a.lesson())
    writer.write(a.flag())
    assert writer.flush(10)
    assert flags(sqlite_store) == ["f1"]
    assert problems.sentences == []


def test_a_database_in_use_is_reported_waited_for_and_reported_well_again(holder, writer, sqlite_store, a, problems):
    writer.write(a.lesson())
    writer.write(a.flag())
    sentence = problems.wait_for("in use by another program")
    assert str(sqlite_store.place) in sentence
    assert "Records kept in memory until it works again: " in sentence
    assert not writer.flush(0.05)
    holder.execute("ROLLBACK")
    assert writer.flush(10)
    assert problems.wait_for("") == ""
    assert problems.threads == {"records-writer"}
    assert flags(sqlite_store) == ["f1"]


def test_memory_is_bounded_and_flags_beyond_it_are_refused_aloud(holder, writer, sqlite_store, a, problems):
    writer.write(a.lesson())
    for n in range(30):
        writer.write(a.attendance(device=f"d{n}"))
    for n in range(19):
        writer.write(a.flag(id=f"f{n:02}"))
    with pytest.raises(RecordsFull):
        writer.write(a.flag(id="too many"))
    holder.execute("ROLLBACK")
    assert writer.flush(10)
    assert sorted(flags(sqlite_store)) == [f"f{n:02}" for n in range(19)]
    problems.wait_for("Updates of attendance dropped: ")


@pytest.fixture
def fill_disk():
    """A function after which no file of this process can grow; the end of the test, or `free`, lifts that again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int = 0) -> Callable[[], None]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        return free

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield limit
    free()


def test_a_disk_that_takes_no_more_is_reported_and_nothing_is_lost(writer, sqlite_store, a, problems, fill_disk):
    writer.write(a.lesson())
    assert writer.flush(10)
    free = fill_disk()
    for n in range(5):
        writer.write(a.flag(id=f"f{n}", note="y" * 1000))
    try:
        problems.wait_for("disk")
        assert not writer.flush(0.05)
    finally:
        free()
    assert writer.flush(20)
    problems.wait_for("")
    assert sorted(flags(sqlite_store)) == [f"f{n}" for n in range(5)]


def test_a_full_database_is_reported_as_a_full_disk(sqlite_store, a, problems):
    with sqlite_store.writing.connect() as connection:  # the pool's one connection, so the writer's
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    writer = Writer(sqlite_store.writing, "here", problems)
    writer.start()
    writer.write(a.lesson(name="z" * 50_000))
    assert "the disk is full. Make room" in problems.wait_for("disk")
    assert [record.id for record in writer.stop(10)] == ["l1"]


def test_a_record_that_fits_nowhere_is_told_kept_and_holds_nobody_up(writer, sqlite_store, a, problems):
    writer.write(a.lesson())
    writer.write(a.flag(id="orphan", lesson="never"))
    writer.write(a.flag())
    assert writer.flush(10)
    assert "Flagged" in problems.wait_for("kept aside")
    assert flags(sqlite_store) == ["f1"]
    with sqlite_store.reading.connect() as connection:
        assert "orphan" in connection.execute(select(schema.unplaced)).one().body


def test_a_mistake_of_ours_does_not_end_the_writing(writer, sqlite_store, a, problems, monkeypatch):
    monkeypatch.setattr("tutor_app.records.placing.asdict", lambda record: 1 / 0)
    writer.write(a.lesson())
    problems.wait_for("ZeroDivisionError")
    monkeypatch.undo()
    assert writer.flush(10)


def test_a_listener_that_fails_does_not_end_the_writing(sqlite_store, a, caplog):
    def fail(sentence: str) -> None:
        raise RuntimeError("deleted window")

    writer = Writer(sqlite_store.writing, "here", fail)
    writer.start()
    writer.write(a.flag())
    writer.write(a.lesson())
    assert writer.flush(10)
    assert writer.stop(10) == ()
    assert "deleted window" in caplog.text


def test_stopping_stores_the_rest(sqlite_store, a, problems):
    writer = Writer(sqlite_store.writing, "here", problems)
    for record in (a.lesson(), *(a.flag(id=str(n)) for n in range(1200))):
        writer.write(record)
    writer.start()
    assert writer.stop(20) == ()
    assert len(flags(sqlite_store)) == 1200


def test_stopping_with_a_database_that_fails_hands_back_what_was_not_stored(holder, writer, a, problems):
    writer.write(a.lesson())
    writer.write(a.flag())
    problems.wait_for("in use")
    assert [record.id for record in writer.stop(10)] == ["l1", "f1"]


def test_stopping_tries_once_more(holder, writer, sqlite_store, a, problems):
    writer.write(a.lesson())
    writer.write(a.flag())
    for _ in range(3):  # by now it pauses for long
        problems.sentences.clear()
        writer.write(a.command(id=str(_)))
        problems.wait_for("in use")
    holder.execute("ROLLBACK")
    assert writer.stop(10) == ()
    assert flags(sqlite_store) == ["f1"]
