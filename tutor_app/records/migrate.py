"""Brings a database to this program's schema; the steps are in migrations/versions."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from tutor_app.records.problems import RecordsError

SCRIPTS: Final = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK: Final = 0x4C4C5245  # any number, the same in every Lessonlight: one of them migrates at a time


def migrate(connection: Connection, place: str) -> None:
    """Bring the database to the newest schema, in the caller's transaction.

    Raises RecordsError, touching nothing, for records of a newer Lessonlight and for another program's database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRESQL_LOCK})
    current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(configuration())
    if current not in _known(scripts):
        raise RecordsError(
            f"The records in {place} were written by a newer Lessonlight (schema {current}; this one knows "
            f"{scripts.get_current_head()}). Update Lessonlight on this computer, or choose another records file."
        )
    if current is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise RecordsError(f"{place} is a database of another program. Choose another file for the records.")
    if current != scripts.get_current_head():
        command.upgrade(configuration(connection), "head")


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, as an alembic.ini would give it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _known(scripts: ScriptDirectory) -> set[str | None]:
    return {None, *(script.revision for script in scripts.walk_revisions())}
