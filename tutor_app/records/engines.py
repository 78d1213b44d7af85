"""The two engines on one place: one that writes durably, one that only reads."""

import sqlite3
import time

from sqlalchemy import Connection, Engine, create_engine, event

from tutor_app.records.place import Place
from tutor_app.records.problems import RecordsError


def writing_engine(place: Place, patience: float) -> Engine:
    """Return an engine of one connection, for one thread; it waits `patience` seconds for other programs' locks."""
    engine = _engine(place, patience)
    if place.file:
        # IMMEDIATE: two tutor apps on one file queue here, where waiting works, not when they upgrade a read lock.
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
        _on_sqlite(engine, patience, "BEGIN IMMEDIATE", *pragmas)
    return engine


def reading_engine(place: Place, patience: float) -> Engine:
    """Return an engine of one connection, for one thread, that refuses to write."""
    engine = _engine(place, patience)
    if place.file:
        _on_sqlite(engine, patience, "BEGIN", "query_only=ON")
        return engine
    return engine.execution_options(postgresql_readonly=True)


def _engine(place: Place, patience: float) -> Engine:
    if place.file:
        return create_engine(place.url, pool_size=1, max_overflow=0, connect_args={"timeout": patience})
    connect_args = {"connect_timeout": max(2, round(patience)), "application_name": "lessonlight"}
    try:
        return create_engine(place.url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=connect_args)
    except ImportError as error:
        message = "Records in PostgreSQL need one more package here: pip install 'lessonlight[postgresql]'"
        raise RecordsError(message) from error


def _on_sqlite(engine: Engine, patience: float, begin: str, *pragmas: str) -> None:
    """Have SQLAlchemy, not Python's sqlite3, say where transactions begin, so that they hold DDL and savepoints too."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        # SQLite's own lower() knows ASCII only; a search for "zoë" has to find "ZOË".
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in pragmas:
            _set_patiently(connection, pragma, patience)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _set_patiently(connection: sqlite3.Connection, pragma: str, patience: float) -> None:
    """Set it, also when another program makes the same new file: SQLite's own waiting leaves journal_mode out."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _lower(value: object) -> str | None:
    return None if value is None else str(value).casefold()
