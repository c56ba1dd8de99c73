"""How revisions read and write rows: a thousand at once.

INVARIANT: history, and so never changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, insert

SYSTEM_LOG = "system"
AT_ONCE = 1_000
Row = dict[str, Any]


def put(connection: Connection, into: Table, rows: Iterable[Row]) -> None:
    """Write these rows into the table."""
    wanted = list(rows)
    for start in range(0, len(wanted), AT_ONCE):
        connection.execute(insert(into), wanted[start : start + AT_ONCE])
