"""The database's clock: what all nodes of a store share.

Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

LONGEST_TRANSACTION_SECONDS = 30
# INVARIANT: longer than the longest transaction, so that none that was under way at the last look is missed.
OVERLAP_MICROSECONDS = (LONGEST_TRANSACTION_SECONDS + 10) * 1_000_000


class now_microseconds(FunctionElement[int]):  # noqa: N801 - named as SQL functions are
    """What time is it for the database, as this statement begins?"""

    type = BigInteger()
    inherit_cache = True


@compiles(now_microseconds, "postgresql")
def _on_postgresql(_element: now_microseconds, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"


@compiles(now_microseconds, "sqlite")
def _on_sqlite(_element: now_microseconds, _compiler: SQLCompiler, **_options: Any) -> str:
    seconds = "CAST(strftime('%s', 'now') AS INTEGER)"
    milliseconds = "CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)"
    return f"({seconds} * 1000000 + {milliseconds} * 1000)"
