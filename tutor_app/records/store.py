"""Opens the records: private file, checked, migrated; a damaged file is kept aside, never lost."""

import itertools
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from tutor_app.records.engines import reading_engine, writing_engine
from tutor_app.records.migrate import migrate
from tutor_app.records.place import Place
from tutor_app.records.problems import RecordsError, explain, is_damage
from tutor_app.records.schema import meta

PATIENCE: Final = 5.0  # seconds: another tutor app's transaction takes milliseconds
_PARTS: Final = ("", "-wal", "-shm")  # a SQLite database is up to three files
_HEADER: Final = b"SQLite format 3\x00"
_SUFFIXES: Final = (".db", ".sqlite", ".sqlite3")  # anything else that is no database may be somebody's essay


class RecordsDamaged(RecordsError):
    """The file is no database any more, or an inconsistent one."""


@dataclass(frozen=True)
class Store:
    """Opened records, at this program's schema; `notice` is something the tutor has to know, or ""."""

    place: Place
    writing: Engine
    reading: Engine
    notice: str = ""

    def close(self) -> None:
        """Close both engines; the thread that uses one has to have stopped."""
        self.reading.dispose()
        self.writing.dispose()


def open_store(place: Place, patience: float = PATIENCE) -> Store:
    """Open or create the records, for a program that has to record: a damaged file is set aside for a new one.

    Raises RecordsError when they are newer than this program, unreadable, not writable, locked or out of reach.
    """
    try:
        return open_existing(place, patience)
    except RecordsDamaged:
        if place.file is None or place.file.suffix not in _SUFFIXES:
            raise
        kept = _set_aside(place.file)
    notice = (
        f"The records in {place} are damaged, so a new file was begun. The damaged one is kept as {kept}; "
        "give it to your network manager, who may be able to save what is in it."
    )
    fresh = open_existing(place, patience)
    return Store(place, fresh.writing, fresh.reading, notice)


def open_existing(place: Place, patience: float = PATIENCE) -> Store:
    """Open or create the records; a damaged file is left where it is and raises RecordsDamaged."""
    if place.file:
        _make_private(place.file)
        _check_header(place.file)
    store = Store(place, writing_engine(place, patience), reading_engine(place, patience))
    try:
        _prepare(store)
    except SQLAlchemyError as error:
        store.close()
        raise (RecordsDamaged if is_damage(error) else RecordsError)(explain(error, str(place))) from error
    except RecordsError:
        store.close()
        raise
    return store


def _prepare(store: Store) -> None:
    with store.writing.begin() as connection:
        if store.place.file:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if verdict != "ok":
                raise RecordsDamaged(f"The records in {store.place} are damaged: {verdict}")
        migrate(connection, str(store.place))
        written_by = version("lessonlight")
        if connection.scalar(select(meta.c.value).where(meta.c.key == "written_by")) != written_by:
            connection.execute(delete(meta).where(meta.c.key == "written_by"))
            connection.execute(insert(meta).values(key="written_by", value=written_by))


def _make_private(file: Path) -> None:
    """Create the file for its owner alone before SQLite does; its -wal and -shm take over the mode."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise RecordsError(
            f"The records in {file} cannot be opened ({error.strerror}). "
            "Check that this user may read and write the file and its folder."
        ) from error
    with suppress(OSError):  # somebody else's file: they set its mode
        file.chmod(0o600)


def _check_header(file: Path) -> None:
    """Raise RecordsDamaged for a file that never was a database, or is no more, before SQLite deletes its log."""
    log = Path(f"{file}-wal")
    with file.open("rb") as database:
        begins = database.read(len(_HEADER))
    if begins != _HEADER and (begins or (log.exists() and log.stat().st_size)):
        raise RecordsDamaged(
            f"The records in {file} are damaged: the file is no database. Move it away, or choose another file."
        )


def _set_aside(file: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    names = (file.with_name(f"{file.stem}.damaged-{stamp}{n or ''}{file.suffix}") for n in itertools.count())
    kept = next(name for name in names if not name.exists())
    try:
        for part in _PARTS:
            with suppress(FileNotFoundError):
                Path(f"{file}{part}").rename(f"{kept}{part}")
    except OSError as error:
        raise RecordsError(f"The damaged records in {file} cannot be moved aside: {error.strerror}.") from error
    return kept
