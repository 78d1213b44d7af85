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

assessments = Table(
    "assessments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lesson", Text, ForeignKey(lessons.c.id), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("only", Text, nullable=False),
    Column("sites", Text, nullable=False),
    Column("applications", Text, nullable=False),
    Column("length", Double, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("taken_from", Text, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("ended_at", Double),
)

assessment_checks = Table(
    "assessment_checks",
    metadata,
    Column("assessment", Text, ForeignKey(assessments.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("item", Text, nullable=False),
    Column("ticked", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Double, nullable=False),
)

# Lines are added and never changed: pauses, releases, extra time, ends, exceptions seen.
assessment_log = Table(
    "assessment_log",
    metadata,
    Column("id", Text, primary_key=True),
    Column("assessment", Text, ForeignKey(assessments.c.id), nullable=False, index=True),
    Column("what", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("student", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("ends_at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("detail", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
)

# An amendment is a further row of a higher version; the rows before it stay as they were written.
found_devices = Table(
    "found_devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("assessment", Text, ForeignKey(assessments.c.id), nullable=False, index=True),
    Column("device", Text, nullable=False),
    Column("student", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("found_at", Double, nullable=False),
    Column("decision", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_told_by", Text, nullable=False),
    Column("body_told_at", Double),
    Column("body_reference", Text, nullable=False),
    Column("by_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("at", Double, nullable=False),
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
