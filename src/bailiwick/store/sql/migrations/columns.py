"""The kinds of columns that revisions are made of.

INVARIANT: they mean the same for ever, for revisions are history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Text

EXACT = Text(collation="BINARY").with_variant(Text(collation="C"), "postgresql")


def text_column(name: str, *, key: bool = False) -> Column[str]:
    """Which column holds exact text?"""
    return Column(name, EXACT, primary_key=key, nullable=False)


def integer_column(name: str, *, key: bool = False) -> Column[int]:
    """Which column holds a number?"""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def bytes_column(name: str, *, key: bool = False) -> Column[bytes]:
    """Which column holds bytes?"""
    return Column(name, LargeBinary, primary_key=key, nullable=False)
