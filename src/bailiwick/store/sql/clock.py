"""When a head moved, in an order that all nodes of a store share: the database's clock, or a count of moves.

Implements docs/spec.md 11.10.
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
_NOW_MICROSECONDS = "EXTRACT(EPOCH FROM statement_timestamp()) * 1000000"
# WHY no clock: writers of a file take turns, so that a count is exact, and each of its processes may see another time.
_LAST_MOVE = "(SELECT coalesce(max(moved_at), 0) FROM head)"


class this_move(FunctionElement[int]):  # noqa: N801 - named as SQL functions are
    """As which moment is a move that is made now remembered?"""

    type = BigInteger()
    inherit_cache = True


class next_mark(FunctionElement[int]):  # noqa: N801 - named as SQL functions are
    """From which moment on, at the latest, are all moves found that are not seen now?"""

    type = BigInteger()
    inherit_cache = True


@compiles(this_move, "postgresql")
def _this_move_on_postgresql(_element: this_move, _compiler: SQLCompiler, **_options: Any) -> str:
    return f"CAST({_NOW_MICROSECONDS} AS BIGINT)"


@compiles(this_move, "sqlite")
def _this_move_on_sqlite(_element: this_move, _compiler: SQLCompiler, **_options: Any) -> str:
    return f"{_LAST_MOVE} + 1"


@compiles(next_mark, "postgresql")
def _next_mark_on_postgresql(_element: next_mark, _compiler: SQLCompiler, **_options: Any) -> str:
    return f"CAST({_NOW_MICROSECONDS} - {OVERLAP_MICROSECONDS} AS BIGINT)"


@compiles(next_mark, "sqlite")
def _next_mark_on_sqlite(_element: next_mark, _compiler: SQLCompiler, **_options: Any) -> str:
    return _LAST_MOVE
