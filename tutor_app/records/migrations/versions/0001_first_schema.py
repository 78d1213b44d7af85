"""Lessons, attendance, flags and commands."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_lessons()
    create_attendance()
    create_flags()
    create_commands()
    create_meta_and_unplaced()


def create_lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("tutor_id", sa.Text, nullable=False),
        sa.Column("tutor_name", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("ends_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("rules", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
    )
    op.create_index("ix_lessons_started_at", "lessons", ["started_at"])


def create_attendance() -> None:
    op.create_table(
        "attendance",
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("expected", sa.Boolean, nullable=False),
        sa.Column("first_seen_at", sa.Double),
        sa.Column("last_seen_at", sa.Double),
        sa.Column("seconds_live", sa.Double, nullable=False),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name="fk_attendance_lesson"),
        sa.PrimaryKeyConstraint("lesson", "device", name="pk_attendance"),
    )
    op.create_index("ix_attendance_device", "attendance", ["device"])


def create_flags() -> None:
    op.create_table(
        "flags",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("withdrawn_at", sa.Double),
        sa.Column("withdrawn_by_id", sa.Text),
        sa.Column("withdrawn_by_name", sa.Text),
        sa.Column("withdrawn_reason", sa.Text),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name="fk_flags_lesson"),
        sa.PrimaryKeyConstraint("id", name="pk_flags"),
    )
    for column in ("lesson", "device", "at"):
        op.create_index(f"ix_flags_{column}", "flags", [column])


def create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("answered_at", sa.Double),
        sa.Column("understood_at", sa.Double),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name="fk_commands_lesson"),
        sa.PrimaryKeyConstraint("lesson", "device", "id", name="pk_commands"),
    )


def create_meta_and_unplaced() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "unplaced",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("kept_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unplaced"),
    )
