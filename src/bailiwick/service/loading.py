"""From a log to a snapshot, whole or change by change.

Stored documents refer to uids; here they get today's names and become values (references.py).
An object that cannot be read stops the load: an account is never answered for in part.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from sys import intern
from typing import Any, cast

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.documents import Value, assemble_account, parse_document
from bailiwick.engine import compile_account
from bailiwick.model.accounts import Account, Resource
from bailiwick.service.keys.records import read_key
from bailiwick.service.kinds import ACCOUNT, KINDS, RESOURCE, with_values
from bailiwick.service.people.records import CREDENTIAL_KINDS, Record, read_record
from bailiwick.service.references import Target, unbind
from bailiwick.service.snapshots import Identity, Name, Snapshot
from bailiwick.service.spans import traced
from bailiwick.store.ports import ChangeRow, Head, Store, StoredObject

API_KEY = "ApiKey"
LOG_PREFIX = "account:"
SESSION_END = "SessionEnd"
ACCOUNT_UID = "account"


def account_log(account: str) -> str:
    """Which log is the account's?"""
    return f"{LOG_PREFIX}{account}"


def account_of(log: str) -> str:
    """Whose log is this?"""
    return log.removeprefix(LOG_PREFIX)


@traced("account.load")
def load_snapshot(store: Store, catalog: Catalog, account: str, system: Head) -> Snapshot:
    """What does the account hold now? Raises NotFound where there is no such account."""
    log = account_log(account)
    stored = _read(store, log)
    secrets = {secret.name: secret.value for secret in store.list_secrets(log, API_KEY)}
    return _snapshot(catalog, account, stored, system, secrets)


def load_past(store: Store, catalog: Catalog, account: str, revision: int, system: Head) -> Snapshot:
    """What did the account hold right after this revision, by today's catalog? Raises NotFound beyond its head.

    Its API keys are not in it, for what they are verified by is no part of the log; nor is what was erased since.
    """
    log = account_log(account)
    head = store.head_at(log, revision)
    objects = list(store.state_at(log, revision))
    # WHY also of what is erased: others refer to it, and are still there.
    name_of = {one.uid: (one.kind, one.name or one.uid) for one in objects}
    kept = [one for one in objects if not one.erased and one.kind in (ACCOUNT, *KINDS)]
    return _snapshot(catalog, account, _Stored(head, name_of, kept, ()), system, {})


def _snapshot(
    catalog: Catalog, account: str, stored: _Stored, system: Head, secrets: Mapping[str, bytes]
) -> Snapshot:
    name_of, identities = stored.name_of, _Identities()
    keys = [one for one in stored.others if one.kind == API_KEY]
    for one in stored.others:
        if one.kind != RESOURCE:
            identities.add(one, one.name)

    def values() -> Iterator[Value]:
        for one in chain(stored.others, stored.resources):
            if one.kind in (ACCOUNT, *KINDS):
                value = parse_document(unbind(one.kind, one.document, name_of), account)[1]
                if isinstance(value, Resource):
                    identities.add(one, value.name)
                yield value

    compiled = compile_account(catalog, assemble_account(Account(account, ""), values()))
    return Snapshot(
        compiled=compiled,
        identities=identities.found,
        keys={one.uid: read_key(one.uid, one.document, name_of, secrets[one.uid]) for one in keys},
        descriptions={one.uid: one.document.get("description", "") for one in keys},
        vector=vector_of(stored.head, system),
        revision=stored.head.revision,
        people=dict(_people(stored.others)),
    )


def _people(objects: Iterable[StoredObject]) -> Iterator[tuple[str, Record]]:
    for one in objects:
        record = read_record(one.kind, one.uid, one.document)
        if record is not None:
            yield one.uid, record


@dataclass(frozen=True)
class _Stored:
    """What is in a log at one head. `resources` can be gone through once; the others are held."""

    head: Head
    name_of: Mapping[str, Target]
    others: Sequence[StoredObject]
    resources: Iterable[StoredObject]


def _read(store: Store, log: str) -> _Stored:
    """What is in the log now?

    WHY resources are read twice: what they refer to must be known first, and a million documents held at once take
    twice the memory of what they come to.
    """
    while True:
        head, objects = store.load(log)
        name_of: dict[str, Target] = {}
        others: list[StoredObject] = []
        for one in objects:
            name_of[one.uid] = (one.kind, one.name)
            if one.kind != RESOURCE:
                others.append(one)
        if len(others) == len(name_of):
            return _Stored(head, name_of, others, ())
        again, objects = store.load(log)
        if again == head:
            return _Stored(head, name_of, others, (one for one in objects if one.kind == RESOURCE))


class _Identities:
    """Identities as they are found. Texts and numbers that many have are kept once."""

    def __init__(self) -> None:
        self.found: dict[Name, Identity] = {}
        self._numbers: dict[int, int] = {}

    def add(self, one: StoredObject, name: str) -> None:
        """Add that of this object, by this name (the same text as its value holds)."""
        kind = intern(one.kind)
        revision = self._numbers.setdefault(one.revision, one.revision)
        self.found[kind, name] = Identity(one.uid, kind, name, revision)


def vector_of(account: Head, system: Head, enterprise: str | None = None) -> dict[str, str]:
    """How do answers name the revisions that they rest on? `enterprise`: that of an account in a tree, as text."""
    above = {} if enterprise is None else {"enterprise": enterprise}
    return {"account": account.vector, **above, "system": system.vector}


def advance(
    store: Store, snapshot: Snapshot, rows: Sequence[ChangeRow], head: Head, system: Head
) -> Snapshot:
    """What does the account hold after these further changes?"""
    keys, descriptions = dict(snapshot.keys), dict(snapshot.descriptions)
    last = _last_of_each(rows)
    moved = _moved(snapshot, last)
    known = snapshot.names_by_uid()
    name_of = ChainMap(
        {i.uid: key for key, i in moved.items() if i is not None}, cast(dict[str, Name], known)
    )
    values: dict[Name, Any] = {}
    people: dict[str, Record | None] = {}
    for row in last:
        if row.kind == API_KEY:
            keys.pop(row.uid, None)
            if row.document is not None:
                secret = store.find_secret(row.log, row.uid)
                if secret is not None:
                    keys[row.uid] = read_key(row.uid, row.document, name_of, secret.value)
                    descriptions[row.uid] = row.document.get("description", "")
            continue
        if row.kind in CREDENTIAL_KINDS:
            people[row.uid] = None if row.document is None else read_record(row.kind, row.uid, row.document)
            continue
        if row.kind == SESSION_END:
            continue
        name = row.name or known.get(row.uid, ("", ""))[1]
        document = None if row.document is None else unbind(row.kind, row.document, name_of)
        values[row.kind, name] = (
            None if document is None else parse_document(document, snapshot.account.name)[1]
        )
    account = with_values(snapshot.account, values)
    compiled = snapshot.compiled.apply(account, set(values))
    return snapshot.next(
        compiled,
        moved,
        keys=keys,
        descriptions=descriptions,
        vector=vector_of(head, system),
        revision=head.revision,
        people=people,
    )


def _moved(snapshot: Snapshot, rows: Iterable[ChangeRow]) -> dict[Name, Identity | None]:
    """Under which names are these objects now, and under which no longer?"""
    names = snapshot.names_by_uid()
    gone: dict[Name, Identity | None] = {}
    come: dict[Name, Identity | None] = {}
    for row in rows:
        before = names.get(row.uid)
        if before is not None:
            gone[before] = None
        if row.op != "delete":
            come[row.kind, row.name] = Identity(row.uid, row.kind, row.name, row.revision)
    return {**gone, **come}


def _last_of_each(rows: Iterable[ChangeRow]) -> list[ChangeRow]:
    last: dict[tuple[str, str], ChangeRow] = {}
    for row in rows:
        if row.op != "erase":
            last.pop((row.kind, row.uid), None)
            last[row.kind, row.uid] = row
    return list(last.values())
