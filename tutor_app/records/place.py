"""Where the records are: a SQLite file or a PostgreSQL database."""

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from tutor_app.records.problems import RecordsError


@dataclass(frozen=True)
class Place:
    """A database's address; `file` is None for PostgreSQL. As text it shows no password."""

    url: URL
    file: Path | None

    def __str__(self) -> str:
        return str(self.file) if self.file else self.url.render_as_string(hide_password=True)


def default_file() -> Path:
    """Return the records file of this user."""
    return user_data_path("lessonlight") / "records.db"


def place_of(where: str | Path | None) -> Place:
    """Return the place a person means by a path or a URL, None being this user's own file; raises RecordsError."""
    if where is None or isinstance(where, Path) or "://" not in where:
        return _file_place(Path(where) if where else default_file())
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise RecordsError("The address of the records is no URL. One looks like postgresql://host/name.") from error
    if url.get_backend_name() == "postgresql":
        return Place(url.set(drivername="postgresql+psycopg"), None)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:" and not url.query:
        return _file_place(Path(url.database))
    raise RecordsError(f"Records are kept in a SQLite file or in PostgreSQL, not in {url.drivername}.")


def _file_place(file: Path) -> Place:
    file = file.expanduser().absolute()
    return Place(URL.create("sqlite", database=str(file)), file)
