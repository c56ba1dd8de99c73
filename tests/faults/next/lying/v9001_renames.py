"""A revision of the logs that says that it only expands, and renames a column."""

from __future__ import annotations

from alembic import op
from tests.faults.next_version import newest_now

revision = "9001"
down_revision = newest_now()
expands = True


def upgrade() -> None:
    """Rename it."""
    op.alter_column("object", "name", new_column_name="title")


def downgrade() -> None:
    """Give it its name again."""
    op.alter_column("object", "title", new_column_name="name")
