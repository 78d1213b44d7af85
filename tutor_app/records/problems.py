"""What can go wrong with the records, in sentences a tutor can act on."""

from typing import Final

from sqlalchemy.exc import DBAPIError


class RecordsError(Exception):
    """The records cannot be opened, read or written; the text says what, where and what to do."""


class RecordsFull(RecordsError):
    """A record was not taken: too many wait for a database that does not take them."""


# SQLite's error names (https://www.sqlite.org/rescode.html) by prefix → what it means here.
_SQLITE: Final = (
    ("SQLITE_BUSY", "are in use by another program that does not let go of them. Close that program, or wait."),
    ("SQLITE_LOCKED", "are in use by another program that does not let go of them. Close that program, or wait."),
    ("SQLITE_FULL", "cannot be written: the disk is full. Make room on it."),
    ("SQLITE_READONLY", "cannot be written: the file or its folder is read-only. Allow this user to write there."),
    ("SQLITE_PERM", "cannot be opened: this user has no right to. Allow this user to read and write there."),
    ("SQLITE_CANTOPEN", "cannot be opened. Check that the folder exists and that this user may read and write there."),
    ("SQLITE_IOERR", "cannot be read or written: the disk reports an error or is full. Check the disk."),
    ("SQLITE_CORRUPT", "are damaged. Start Lessonlight again: it keeps the damaged file and begins a new one."),
    ("SQLITE_NOTADB", "are damaged: the file is no database. Move it away, or choose another file."),
)
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def explain(error: Exception, place: str) -> str:
    """Return one sentence about a failure of the records in `place`; it holds no password."""
    name = _sqlite_name(error)
    for prefix, meaning in _SQLITE:
        if name.startswith(prefix):
            return f"The records in {place} {meaning}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"The records in {place} cannot be used: {' '.join(str(cause).split())}"


def is_damage(error: Exception) -> bool:
    """Whether SQLite found the file itself to be broken."""
    return _sqlite_name(error).startswith(_DAMAGED)


def _sqlite_name(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlite_errorname", ""))
