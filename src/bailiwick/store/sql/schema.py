"""The tables, for every dialect: the logs' file and the activity's file. The log comes first in every key and index.

INVARIANT: names compare byte for byte (BINARY on SQLite, "C" on PostgreSQL); nothing folds case or
normalises, so `Foo` is not `foo`.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 2

_EXACT = Text(collation="BINARY").with_variant(Text(collation="C"), "postgresql")

# WHY: without statistics SQLite reads a whole log to find one object's or one actor's rows. These are
# fixed ones for a large store (rows, then rows for each further column that is equal), so that plans
# depend neither on the moment nor on the data.
PLAN_STATISTICS = (
    ("change", "change", "1000000 100000 2 1"),
    ("change", "change_by_object", "1000000 100000 20000 4 1 1"),
    ("change", "change_by_actor", "1000000 100000 1000 1 1"),
    ("change", "change_erasures", "1000 1000 100 1"),
)
# WHY: literals, for SQLite does not use a partial index where its condition comes as a bound value.
IS_ERASURE = text("change.op = 'erase'")
IS_NAMED = text("object.name <> ''")

LOGS = MetaData()
ACTIVITY = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    """Which column holds exact text?"""
    return Column(name, _EXACT, primary_key=key, nullable=False)


def _integer(name: str, *, key: bool = False) -> Column[int]:
    """Which column holds a number?"""
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    """Which column holds bytes?"""
    return Column(name, LargeBinary, nullable=False)


def _log() -> Column[str]:
    """Which column names the log that a row belongs to?"""
    return Column("log", _EXACT, ForeignKey("head.log"), primary_key=True, nullable=False)


head = Table(
    "head",
    LOGS,
    _text("log", key=True),
    _integer("revision"),
    _bytes("hash"),
    _bytes("signature"),
    _text("at"),
    # When the head moved, so that nodes find what moved lately: a moment, or a count of moves (clock.py).
    Column("moved_at", BigInteger, nullable=False, server_default=text("0")),
    Index("head_by_moved_at", "moved_at"),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    LOGS,
    _log(),
    _integer("revision", key=True),
    _integer("seq", key=True),
    _text("at"),
    _text("actor_uid"),
    _text("via"),
    _text("kind"),
    _text("uid"),
    _text("op"),
    Column("digest", LargeBinary, nullable=False),
    _bytes("prev_hash"),
    _bytes("hash"),
    Index("change_by_object", "log", "kind", "uid", "revision", "seq"),
    Index("change_by_actor", "log", "actor_uid", "revision", "seq"),
    sqlite_with_rowid=False,
)
# WHY: erasures are rare, and verification asks for all of them.
Index(
    "change_erasures",
    change.c.log,
    change.c.kind,
    change.c.uid,
    sqlite_where=text("op = 'erase'"),
    postgresql_where=text("op = 'erase'"),
)

body = Table(
    "body",
    LOGS,
    _log(),
    Column("digest", LargeBinary, primary_key=True, nullable=False),
    _bytes("salt"),
    _text("document"),
)

object_ = Table(
    "object",
    LOGS,
    _log(),
    _text("kind", key=True),
    _text("uid", key=True),
    _text("name"),
    _text("body"),
    _integer("revision"),
)
Index(
    "object_by_name",
    object_.c.log,
    object_.c.kind,
    object_.c.name,
    unique=True,
    sqlite_where=text("name <> ''"),
    postgresql_where=text("name <> ''"),
)

secret = Table(
    "secret",
    LOGS,
    _log(),
    _text("name", key=True),
    _text("purpose"),
    _text("key_id"),
    _bytes("ciphertext"),
    _integer("revision"),
    Index("secret_by_purpose", "log", "purpose", "name"),
)

# WHY: in the logs' file and not with the activity: an answer must be kept in the very transaction
# whose answer it is, else a crash between two files carries a request out twice.
answer = Table(
    "idempotency",
    LOGS,
    _log(),
    _text("principal_uid", key=True),
    _text("idempotency_key", key=True),
    _text("request_digest"),
    _integer("status"),
    _text("key_id"),
    _bytes("ciphertext"),
    _text("at"),
    Index("idempotency_by_at", "log", "at"),
)

# How objects are found from outside, before their log is known: who shows an API key does not say of which account.
locator = Table(
    "locator",
    LOGS,
    _log(),
    _text("kind", key=True),
    _text("uid", key=True),
    _text("value", key=True),
    Index("locator_by_value", "kind", "value", "log"),
)

# The store's own are those of the system log.
setting = Table("setting", LOGS, _text("log", key=True), _text("name", key=True), _text("value"))

batch = Table(
    "batch",
    ACTIVITY,
    _text("log", key=True),
    _integer("number", key=True),
    _integer("first_id"),
    _integer("event_count"),
    _text("last_at"),
    _bytes("prev_hash"),
    _bytes("hash"),
)

event = Table(
    "event",
    ACTIVITY,
    _text("log", key=True),
    _integer("id", key=True),
    _text("at"),
    _text("kind"),
    _text("outcome"),
    _text("principal_uid"),
    _text("credential_uid"),
    _text("detail"),
    Index("event_by_principal", "log", "principal_uid", "id"),
    Index("event_by_credential", "log", "credential_uid", "id"),
    Index("event_by_kind", "log", "kind", "id"),
    sqlite_with_rowid=False,
)

activity_head = Table(
    "activity_head",
    ACTIVITY,
    _text("log", key=True),
    _integer("number"),
    _bytes("hash"),
    _integer("last_event_id"),
    _integer("pruned_number"),
    _bytes("pruned_hash"),
    _bytes("signature"),
)

credential_use = Table(
    "credential_use",
    ACTIVITY,
    _text("log", key=True),
    _text("credential_uid", key=True),
    _text("last_used_at"),
    sqlite_with_rowid=False,
)

# WHY not among the events: a note is changed and forgotten; what happened is told by events besides.
note = Table(
    "note",
    ACTIVITY,
    _text("log", key=True),
    _text("name", key=True),
    _text("document"),
    _text("until"),
    Index("note_by_until", "log", "until"),
)
