"""Flags by the rules on the students' laptops, beside those by staff."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for name, default in (("source", "tutor"), ("rule", ""), ("sentence", ""), ("detail", "")):
        op.add_column("flags", sa.Column(name, sa.Text, nullable=False, server_default=default))
