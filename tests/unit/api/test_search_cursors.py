"""Cursors of searches are bound to account, caller, kind and query, and no two of these can be taken for others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.errors import Invalid
from bailiwick.service.cursors import LIFETIME_SECONDS, Cursors, List, Query, SearchCursors

NOW = 1_800_000_000.0
QUERY = Query("acme", ("uid-1", "user:alice"), "/access/v1/search/resource", b'{"a":1}')
CURSORS = SearchCursors(b"secret")


def test_a_cursor_gives_back_its_position() -> None:
    """Whatever text it is, the empty one included."""
    for position in ("", "brn:acme:records:::record/1", "ü" * 5000, '"]'):
        assert CURSORS.read(QUERY, CURSORS.make(QUERY, position, NOW), NOW + 1) == position


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, account="acme2"),
        replace(QUERY, identity=("uid-2", "user:alice")),
        replace(QUERY, identity=("uid-1", "user:alice", "user:bob")),
        replace(QUERY, identity=("uid-1user:alice",)),
        replace(QUERY, kind="/access/v1/search/action"),
        replace(QUERY, asked=b'{"a":2}'),
    ],
)
def test_a_cursor_is_refused_for_another_query(other: Query) -> None:
    """Account, caller, chain, kind and query are all bound."""
    with pytest.raises(Invalid, match="the token is not of this search, or has expired"):
        CURSORS.read(other, CURSORS.make(QUERY, "x", NOW), NOW)


def test_a_cursor_of_another_secret_or_kind_is_refused() -> None:
    """Lists and searches have keys of their own, made from one secret."""
    listed = Cursors(b"secret").make(List("acme", "uid-1", "/v1", {}), "x", NOW)
    for cursor in (SearchCursors(b"other").make(QUERY, "x", NOW), listed):
        with pytest.raises(Invalid, match="the token is not of this search"):
            CURSORS.read(QUERY, cursor, NOW)


def test_a_cursor_ends() -> None:
    """It is read until its hour is over."""
    cursor = CURSORS.make(QUERY, "x", NOW)
    assert CURSORS.read(QUERY, cursor, NOW + LIFETIME_SECONDS - 1) == "x"
    with pytest.raises(Invalid, match="has expired"):
        CURSORS.read(QUERY, cursor, NOW + LIFETIME_SECONDS)
