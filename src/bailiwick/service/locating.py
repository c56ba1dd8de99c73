"""By what each kind of object is found from outside, before it is known of which account it is.

The store keeps these values with the objects, and answers by an index; no request asks one account after the other.
Serves docs/spec.md, section "The change log", rule on locators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from bailiwick.service.loading import API_KEY, account_of
from bailiwick.service.people.records import PASSKEY
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Document

if TYPE_CHECKING:
    from bailiwick.service.host import Host

APPLICATION = "Application"


def locate(kind: str, uid: str, document: Document) -> Sequence[str]:
    """By which values is this object found: a key by its visible prefixes, a passkey by its id, an application by its?

    A key that was rotated has two prefixes for a while.
    """
    if kind == API_KEY:
        earlier = document.get("earlier") or {}
        return [one["prefix"] for one in (document, earlier) if "prefix" in one]
    if kind == PASSKEY and "credential_id" in document:
        return [document["credential_id"]]
    return [uid] if kind == APPLICATION else ()


def accounts_with(host: Host, kind: str, value: str) -> Iterator[Snapshot]:
    """Which accounts hold an object of this kind with this value? One look-up; only they are loaded."""
    for log in host.store.find_located(kind, value):
        snapshot = host.find_snapshot(account_of(log))
        if snapshot is not None:
            yield snapshot
