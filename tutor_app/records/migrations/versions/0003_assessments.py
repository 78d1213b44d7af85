"""Assessments: what was planned, the check-list, the log of times, devices found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    create_assessments()
    create_checks()
    create_log()
    create_found_devices()


def create_assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("lesson", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("only", sa.Text, nullable=False),
        sa.Column("sites", sa.Text, nullable=False),
        sa.Column("applications", sa.Text, nullable=False),
        sa.Column("length", sa.Double, nullable=False),
        sa.Column("by_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("taken_from", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name="fk_assessments_lesson"),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
    )
    op.create_index("ix_assessments_lesson", "assessments", ["lesson"])
    op.create_index("ix_assessments_at", "assessments", ["at"])


def create_checks() -> None:
    op.create_table(
        "assessment_checks",
        sa.Column("assessment", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("ticked", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["assessment"], ["assessments.id"], name="fk_assessment_checks_assessment"),
        sa.PrimaryKeyConstraint("assessment", "number", name="pk_assessment_checks"),
    )


def create_log() -> None:
    op.create_table(
        "assessment_log",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("assessment", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("ends_at", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("by_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["assessment"], ["assessments.id"], name="fk_assessment_log_assessment"),
        sa.PrimaryKeyConstraint("id", name="pk_assessment_log"),
    )
    op.create_index("ix_assessment_log_assessment", "assessment_log", ["assessment"])


def create_found_devices() -> None:
    op.create_table(
        "found_devices",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("assessment", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("found_by", sa.Text, nullable=False),
        sa.Column("found_at", sa.Double, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("body_told_by", sa.Text, nullable=False),
        sa.Column("body_told_at", sa.Double),
        sa.Column("body_reference", sa.Text, nullable=False),
        sa.Column("by_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(["assessment"], ["assessments.id"], name="fk_found_devices_assessment"),
        sa.PrimaryKeyConstraint("id", "version", name="pk_found_devices"),
    )
    op.create_index("ix_found_devices_assessment", "found_devices", ["assessment"])
