"""A revision of the logs that no older program can bear, and whose tables none would notice.

WHY so: what fails by itself in a database proves nothing of who refuses.
"""

from __future__ import annotations

from alembic import op
from tests.faults.next_version import newest_now

from bailiwick.store.sql.migrations.columns import integer_column

revision = "9001"
down_revision = newest_now()
expands = False


def upgrade() -> None:
    """From here on rows mean something else."""
    op.create_table("meaning", integer_column("number", key=True))


def downgrade() -> None:
    """And here again what they meant."""
    op.drop_table("meaning")
