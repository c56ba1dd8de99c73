"""The chain: how a body is sealed, a row hashed, a head signed.

Pure functions over bytes and text. The chain runs over salted digests of bodies and not over the
bodies, so a person's data can be erased and the chain still verifies.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from bailiwick.errors import Invalid, Unavailable
from bailiwick.store.canonical import encode_fields, format_canonical, parse_document
from bailiwick.store.ports import Document, Head

SALT_BYTES = 16
HASH_BYTES = 32
LOG_KINDS = ("system", "enterprise", "account")
_MOST_FIELD_CHARACTERS = 4096


@dataclass(frozen=True, slots=True)
class SealedBody:
    """What the chain commits to: `text` is the canonical JSON of name and document."""

    salt: bytes
    text: str
    digest: bytes


class RowFields(NamedTuple):
    """What a row's hash covers besides the hash before it, in this order."""

    log: str
    revision: int
    seq: int
    at: str
    actor_uid: str
    via: str
    kind: str
    uid: str
    op: str
    digest: bytes


def format_body(name: str, document_text: str) -> str:
    """What is the canonical text of a body? INVARIANT: keys stay sorted, `document` before `name`."""
    return f'{{"document":{document_text},"name":{format_canonical(name, "name")}}}'


def parse_body(text: str) -> tuple[str, Document | None]:
    """Which name and document does this body hold?"""
    value = parse_document(text)
    if not isinstance(value, dict) or set(value) != {"document", "name"}:
        raise Unavailable("a stored body is damaged", "run `bailiwick log verify`")
    return value["name"], value["document"]


def seal_text(text: str, salt: bytes) -> SealedBody:
    """What does the chain commit to for this body's text?"""
    return SealedBody(salt, text, digest_of(salt, text))


def digest_of(salt: bytes, text: str) -> bytes:
    """What is the salted digest of a body? The salt keeps an erased body from being guessed."""
    return sha256(salt + text.encode("utf-8")).digest()


def genesis_hash(log: str) -> bytes:
    """What stands before the first row of this log?"""
    return sha256(encode_fields("bailiwick.log.1", log)).digest()


def empty_head(log: str) -> Head:
    """Where does this log stand before its first row?"""
    return Head(log, 0, genesis_hash(log).hex())


def row_hash(prev_hash: bytes, fields: RowFields) -> bytes:
    """What is the chain hash of a row that follows `prev_hash`?"""
    return sha256(prev_hash + encode_fields("bailiwick.change.1", *fields)).digest()


def head_message(log: str, revision: int, head_hash: bytes, at: str) -> bytes:
    """Which bytes does a head's signature cover?"""
    return encode_fields("bailiwick.head.1", log, revision, head_hash, at)


def check_log_key(log: str) -> None:
    """Is this the key of a log: `system`, `enterprise:<name>` or `account:<name>`?"""
    kind, colon, name = log.partition(":")
    fits = (kind == "system" and not colon) or (kind in LOG_KINDS[1:] and name != "")
    if not fits:
        raise Invalid.at(
            "log", f"unknown log `{log}`", "expected `system`, `enterprise:<name>` or `account:<name>`"
        )
    check_texts((("log", log),))


def check_texts(fields: Iterable[tuple[str, str]]) -> None:
    """Can every store keep these (field, text) byte for byte? WHY: PostgreSQL's text knows no NUL."""
    for field, text in fields:
        if "\0" in text or len(text) > _MOST_FIELD_CHARACTERS or not is_encodable(text):
            raise Invalid.at(
                field,
                f"{field} cannot be stored",
                f"expected at most {_MOST_FIELD_CHARACTERS} characters, no NUL, no half of a surrogate pair",
            )


def is_encodable(text: str) -> bool:
    """Has this text a UTF-8 form?"""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
