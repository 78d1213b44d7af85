"""The tables as this program knows them; migrations/versions is how a file gets there, and a test compares the two.

Ids come from the tutor apps and are unique in the world, so that many of them can share one PostgreSQL database.
There is no column for a picture: until safeguarding seals them, none is stored (DESIGN §7).
"""

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text

# Names make constraints reachable for later migrations, on SQLite too.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("tutor_id", Text, nullable=False),
    Column("tutor_name", Text, nullable=False),
    Column("started_at", Double, nullable=False, index=True),
    Column("ends_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("rules", Text, nullable=False),
)

attendance = Table(
    "attendance",
    metadata,
    Column("lesson", Text, ForeignKey(lessons.c.id), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("expected", Boolean, nullable=False),
    Column("first_seen_at", Double),
    Column("last_seen_at", Double),
    Column("seconds_live", Double, nullable=False),
    Column("missing", Text, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Index(None, "device"),
)

flags = Table(
    "flags",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lesson", Text, ForeignKey(lessons.c.id), nullable=False, index=True),
    Column("device", Text, nullable=False, index=True),
    Column("student", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("withdrawn_at", Double),
    Column("withdrawn_by_id", Text),
    Column("withdrawn_by_name", Text),
    Column("withdrawn_reason", Text),
    Column("source", Text, nullable=False, server_default="tutor"),
    Column("rule", Text, nullable=False, server_default=""),
    Column("sentence", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
)

commands = Table(
    "commands",
    metadata,
    Column("lesson", Text, ForeignKey(lessons.c.id), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("action", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("result", Text),
    Column("detail", Text),
    Column("answered_at", Double),
    Column("understood_at", Double),
)

# A record that fits nowhere (a flag of a lesson that is not here) is kept with its reason rather than lost, and
# rather than blocking those behind it.
unplaced = Table(
    "unplaced",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("kept_at", Double, nullable=False),
)
