"""The log's format: what is hashed and signed, byte for byte, so that others can verify and it never drifts."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.errors import Unavailable
from bailiwick.store.canonical import (
    encode_fields,
    format_canonical,
    format_instant,
    parse_document,
    parse_instant,
)
from bailiwick.store.chain import (
    RowFields,
    digest_of,
    format_body,
    genesis_hash,
    head_message,
    parse_body,
    row_hash,
)
from bailiwick.store.fold import Origin, seal_changes, seal_row
from bailiwick.store.ports import Change, Head

# WHY: few letters, so that lists which differ only in where a field ends do come up.
FIELD = st.text("ab", max_size=2) | st.binary(max_size=1) | st.integers(0, 9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def counted(*fields: bytes) -> bytes:
    """What is the encoding of these fields, written out the long way?"""
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)


def test_the_start_of_a_log_is_the_hash_of_its_key() -> None:
    """The genesis hash is fixed by the log's key alone."""
    assert genesis_hash("account:acme") == sha256(counted(b"bailiwick.log.1", b"account:acme")).digest()
    assert genesis_hash("system").hex() == "0b4ac3a26cee80b007305d5aae4683f50a2a6c52dc5288e3a22f2e959e873e21"


def test_a_row_is_hashed_over_the_hash_before_it_and_its_fields() -> None:
    """The row's hash covers every field in a fixed order, each with its length."""
    fields = RowFields(
        "account:acme", 12, 3, "2026-11-20T10:00:00.000000Z", "u-1", "api", "User", "u-2", "create", b"d" * 32
    )
    plain = (
        b"bailiwick.change.1",
        b"account:acme",
        b"12",
        b"3",
        b"2026-11-20T10:00:00.000000Z",
        b"u-1",
        b"api",
    )
    expected = sha256(b"p" * 32 + counted(*plain, b"User", b"u-2", b"create", b"d" * 32)).digest()
    assert row_hash(b"p" * 32, fields) == expected
    assert expected.hex() == "f5743438793043e2bae188dd87ecceda59d951ebb4c8d3427eb71d5dd619268a"


def test_a_body_is_hashed_after_its_salt() -> None:
    """The digest is SHA-256 of the salt and the canonical JSON of document and name."""
    text = format_body("alice", format_canonical({"b": [1, None], "a": "é"}))
    assert text == '{"document":{"a":"é","b":[1,null]},"name":"alice"}'
    assert digest_of(b"s" * 16, text) == sha256(b"s" * 16 + text.encode()).digest()


def test_a_head_is_signed_over_log_revision_hash_and_instant() -> None:
    """The signed message has one field for each."""
    message = head_message("system", 4, b"h" * 32, "2026-11-20T10:00:00.000000Z")
    fields = (b"bailiwick.head.1", b"system", b"4", b"h" * 32, b"2026-11-20T10:00:00.000000Z")
    assert message == counted(*fields)


def test_a_sealed_change_is_the_same_for_the_same_salt() -> None:
    """Randomness comes only from what is passed in."""
    change = Change("User", "u1", "alice", "create", {"n": 1})
    first, again = (seal_changes([change], lambda size: b"\7" * size, 16) for _ in range(2))
    assert first == again
    origin = Origin.of("u-root", "api", datetime(2026, 11, 20, tzinfo=UTC))
    row = seal_row(Head("system", 0, "00" * 32), 1, origin, first[0], b"\0" * 32)
    assert row.hash.hex() == "2d25c664a175d7e948bbc3b4e591fc7b0d92b45214a1e9f76d4fa5caa6d54150"


def test_each_change_has_its_own_salt() -> None:
    """One draw of randomness is cut into salts that do not overlap."""
    changes = [Change("User", f"u{number}", "", "create", {}) for number in range(3)]
    sealed = seal_changes(changes, lambda size: bytes(range(size)), 16)
    assert [item.body.salt for item in sealed] == [
        bytes(range(16)),
        bytes(range(16, 32)),
        bytes(range(32, 48)),
    ]


@given(
    st.lists(FIELD, max_size=3),
    st.lists(FIELD, max_size=3),
)
def test_different_fields_have_different_encodings(
    one: list[str | bytes | int], other: list[str | bytes | int]
) -> None:
    """No two lists of fields share their bytes (law: the encoding is injective on what the fields say)."""
    said = [
        [field if isinstance(field, bytes) else str(field).encode() for field in each]
        for each in (one, other)
    ]
    assert (encode_fields(*one) == encode_fields(*other)) == (said[0] == said[1])


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_canonical_text_reads_back(document: dict[str, object]) -> None:
    """Writing and reading a document gives the same document, and writing it again the same text."""
    text = format_canonical(document)
    assert parse_document(text) == document
    assert format_canonical(parse_document(text)) == text


@given(st.dictionaries(st.text(), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(document: dict[str, int]) -> None:
    """One document has one text, however it was put together."""
    assert format_canonical(document) == format_canonical(dict(reversed(document.items())))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_their_text(one: datetime, other: datetime) -> None:
    """Text order is time order, and an instant reads back to the microsecond."""
    assert (format_instant(one) < format_instant(other)) == (one < other)
    assert parse_instant(format_instant(one)) == one


@pytest.mark.parametrize("text", ["", "{", "nope", "\x00"])
def test_damaged_text_is_named_as_damage(text: str) -> None:
    """What the storage holds and nobody wrote is an error of the store, not a crash."""
    with pytest.raises(Unavailable):
        parse_document(text)
    with pytest.raises(Unavailable):
        parse_instant(text)


@pytest.mark.parametrize("text", ["[]", "{}", '{"document":{}}', '"x"'])
def test_a_body_of_another_form_is_named_as_damage(text: str) -> None:
    """A body holds a document and a name, nothing else."""
    with pytest.raises(Unavailable) as refused:
        parse_body(text)
    assert refused.value.message == "a stored body is damaged"
