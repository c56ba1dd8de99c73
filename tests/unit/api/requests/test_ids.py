"""Request ids: what is taken over, and what is made."""

from __future__ import annotations

import pytest

from bailiwick.api.requests.ids import id_of, id_of_headers, make_id

TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = b"00-" + TRACE + b"-00f067aa0ba902b7-01"


def test_an_id_that_was_sent_comes_before_the_trace_s() -> None:
    """`X-Request-Id` counts first, then `traceparent`."""
    assert id_of(b"r-1", PARENT) == b"r-1"
    assert id_of(None, PARENT) == TRACE
    assert id_of(b"not fit", PARENT) == TRACE


@pytest.mark.parametrize(
    "parent",
    [
        b"",
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        b"00-" + TRACE + b"-" + b"0" * 16 + b"-01",
        b"ff-" + TRACE + b"-00f067aa0ba902b7-01",
        PARENT.upper(),
        PARENT + b"\n",
        PARENT + b", " + PARENT,
    ],
)
def test_a_parent_that_is_not_valid_gives_no_id(parent: bytes) -> None:
    """A new id is made instead."""
    made = id_of(None, parent)
    assert made not in (parent, TRACE)
    assert len(made) == 32


def test_a_header_that_is_repeated_gives_no_id() -> None:
    """Which of both would it be?"""
    assert id_of_headers([(b"x-request-id", b"a")]) == b"a"
    assert id_of_headers([(b"x-request-id", b"a"), (b"x-request-id", b"b")]) not in (b"a", b"b")


def test_ids_that_are_made_differ() -> None:
    """Each is made once."""
    assert len({make_id() for _ in range(1000)}) == 1000
