"""A revision of the logs that only adds: a table, a column that may be null, one with a default, an index."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Text, text
from tests.faults.next_version import newest_now

from bailiwick.store.sql.migrations.columns import EXACT, integer_column

revision = "9001"
down_revision = newest_now()
expands = True


def upgrade() -> None:
    """Add them."""
    of_log = Column("log", EXACT, ForeignKey("head.log"), primary_key=True, nullable=False)
    op.create_table("of_the_future", of_log, integer_column("number", key=True))
    op.add_column("change", Column("reason", Text, nullable=True))
    op.add_column("object", Column("shape", EXACT, nullable=False, server_default=text("''")))
    op.create_index("change_by_via", "change", ["log", "via"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("change_by_via", "change")
    op.drop_column("object", "shape")
    op.drop_column("change", "reason")
    op.drop_table("of_the_future")
