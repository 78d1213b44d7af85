"""Alembic runs this; the connection, and its transaction, are those of `tutor_app.records.migrate`."""

from alembic import context

from tutor_app.records.schema import metadata

# render_as_batch: SQLite alters a table by copying it.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
