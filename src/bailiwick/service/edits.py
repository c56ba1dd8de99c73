"""Edits: what somebody wants the account to hold, and what that comes to.

Pure but for the uids of new objects, which are drawn here. Authorization is authorize.py's, storing changes.py's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.catalog.documents import Value, format_document
from bailiwick.catalog.places import Locate, nowhere
from bailiwick.engine import CompiledAccount
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Account, Principal
from bailiwick.service.kinds import ACCOUNT, IDENTITY_PROVIDER, PRINCIPAL_WORDS, find_value, with_values
from bailiwick.service.loading import ACCOUNT_UID, API_KEY
from bailiwick.service.people.records import (
    APPLICATION_SECRET,
    CONSENT,
    FEDERATED_IDENTITY,
    PASSKEY,
    PASSWORD,
    PROVIDER_SECRET,
    SECOND_FACTOR,
)
from bailiwick.service.references import bind
from bailiwick.service.scim.consent import without_stale_mark
from bailiwick.service.snapshots import Name, Snapshot
from bailiwick.store.ports import Change, SecretDelete


@dataclass(frozen=True, slots=True)
class Edit:
    """One object as it shall be; `value` None removes it.

    `file` and `line` say where that was written, `locate` where each of its parts was. `begins`: the account that
    is put into the tree begins with this edit (service/enterprise/accounts.py).
    """

    kind: str
    name: str
    value: Value | None
    file: str = ""
    line: int = 0
    locate: Locate = nowhere
    begins: bool = False

    @property
    def key(self) -> Name:
        """Which object is it?"""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that changes: created, changed or deleted, as documents before and after."""

    kind: str
    name: str
    op: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the edits come to: the state after, the rows for the log, what differs, and (`kept`) what is so already."""

    before: Snapshot
    account: Account
    changed: frozenset[Name]
    changes: tuple[Change, ...]
    dropped_secrets: tuple[SecretDelete, ...]
    differences: tuple[Difference, ...]
    kept: tuple[Name, ...]
    uids: Mapping[Name, str]

    def compile(self) -> CompiledAccount:
        """What decides once the plan is carried out?"""
        return self.before.compiled.apply(self.account, self.changed)


def plan_edits(snapshot: Snapshot, edits: Sequence[Edit]) -> Plan:
    """What do these edits come to? Raises Invalid where one object is given twice; nothing is changed here."""
    _refuse_doubles(edits)
    edits = [_settled(edit) for edit in edits]
    values = {edit.key: edit.value for edit in edits if not _is_so(snapshot.account, edit)}
    uids = {key: _uid_of(snapshot, key) for key in values}
    changes, dropped = _changes(snapshot, values, uids)
    begun = {edit.key for edit in edits if edit.begins}
    return Plan(
        before=snapshot,
        account=with_values(snapshot.account, values),
        changed=frozenset(values),
        changes=tuple(changes),
        dropped_secrets=tuple(dropped),
        differences=tuple(
            replace(_difference(snapshot.account, key, value), begins=key in begun)
            for key, value in values.items()
        ),
        kept=tuple(edit.key for edit in edits if edit.key not in values),
        uids=uids,
    )


def _settled(edit: Edit) -> Edit:
    """The edit, without what would say later of a user who is in use now that its provisioner disabled it."""
    user = edit.value
    if edit.kind != "User" or not isinstance(user, Principal):
        return edit
    settled = without_stale_mark(user)
    return edit if settled is user else replace(edit, value=settled)


def _refuse_doubles(edits: Iterable[Edit]) -> None:
    seen: dict[Name, Edit] = {}
    findings = []
    for edit in edits:
        first = seen.get(edit.key)
        if first is None:
            seen[edit.key] = edit
            continue
        at = f" (first at {first.file}:{first.line})" if first.file else ""
        findings.append(
            Finding(f"{edit.kind} `{edit.name}` is given twice{at}", "", None, edit.file, edit.line)
        )
    if findings:
        raise Invalid(findings)


def _is_so(account: Account, edit: Edit) -> bool:
    """Does the account hold the object just so already? Of the account itself, its own fields count."""
    if edit.kind == ACCOUNT and isinstance(edit.value, Account):
        return format_document(ACCOUNT, account) == format_document(ACCOUNT, edit.value)
    held: object = find_value(account, *edit.key)
    return held == edit.value


def _uid_of(snapshot: Snapshot, key: Name) -> str:
    if key[0] == ACCOUNT:
        return ACCOUNT_UID
    known = snapshot.identities.get(key)
    return known.uid if known is not None else new_uid(key[0])


def new_uid(kind: str) -> str:
    """Which uid gets a new object of this kind? 80 random bits; never given twice."""
    return f"{kind.lower()}-{secrets.token_hex(10)}"


def _changes(
    snapshot: Snapshot, values: Mapping[Name, Value | None], uids: Mapping[Name, str]
) -> tuple[list[Change], list[SecretDelete]]:
    def find(key: Name) -> str | None:
        known = snapshot.identities.get(key)
        return uids.get(key) or (None if known is None else known.uid)

    changes: list[Change] = []
    dropped: list[SecretDelete] = []
    for key in sorted(values, key=lambda k: (values[k] is not None, k)):
        kind, name = key
        value = values[key]
        if value is None:
            may_own = kind in PRINCIPAL_WORDS
            owned = [uid for uid, r in snapshot.keys.items() if may_own and r.owner_uid == uids[key]]
            changes += [Change(API_KEY, uid, uid, "delete") for uid in owned]
            dropped += [SecretDelete(uid) for uid in owned]
            for credential in (PASSWORD, SECOND_FACTOR) if may_own else ():
                held = snapshot.identities.get((credential, uids[key]))
                if held is not None:
                    changes.append(Change(credential, held.uid, held.name, "delete"))
                    dropped.append(SecretDelete(held.uid))
            for passkey in snapshot.passkeys_of(uids[key]) if kind == "User" else ():
                changes.append(Change(PASSKEY, passkey.uid, passkey.uid, "delete"))
                dropped.append(SecretDelete(passkey.uid))
            agreed = snapshot.consents_of(uids[key]) if kind == "User" else ()
            changes += [Change(CONSENT, one.uid, one.name, "delete") for one in agreed]
            for secret in snapshot.application_secrets().get(uids[key], ()) if kind == "Application" else ():
                changes.append(Change(APPLICATION_SECRET, secret.uid, secret.prefix, "delete"))
                dropped.append(SecretDelete(secret.uid))
            if may_own or kind == IDENTITY_PROVIDER:
                gone = snapshot.identities_held_by(uids[key])
                changes += [Change(FEDERATED_IDENTITY, uid, name, "delete") for uid, name in gone]
            kept = snapshot.identities.get((PROVIDER_SECRET, uids[key]))
            if kept is not None:
                changes.append(Change(PROVIDER_SECRET, kept.uid, kept.name, "delete"))
                dropped.append(SecretDelete(kept.uid))
            changes.append(Change(kind, uids[key], name, "delete"))
        else:
            op = "replace" if key in snapshot.identities else "create"
            document = bind(kind, format_document(kind, value), find)
            changes.append(Change(kind, uids[key], name, op, document))  # type: ignore[arg-type]  # one of two words
    return changes, dropped


def _difference(before: Account, key: Name, value: Value | None) -> Difference:
    old = find_value(before, *key)
    op = "deleted" if value is None else "created" if old is None else "changed"
    return Difference(
        kind=key[0],
        name=key[1],
        op=op,
        before=None if old is None else format_document(key[0], old),
        after=None if value is None else format_document(key[0], value),
    )
