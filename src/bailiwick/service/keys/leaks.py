"""A key's text was found where it should not be: whoever shows it lets the key do what was settled for that case.

SECURITY: it needs no rights, for whoever has the text could use it; the answer is the same for every text, and nothing
of the text is kept. Implements docs/spec.md 31.16.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from bailiwick.authn.keys import DELETE, DISABLE, NOTHING, ApiKeyRecord, is_text_of
from bailiwick.errors import NotFound
from bailiwick.service.appending import Prepared
from bailiwick.service.host import Host
from bailiwick.service.keys.records import owner_of, write_key
from bailiwick.service.keys.storing import store_keys
from bailiwick.service.loading import API_KEY
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretDelete

VIA = "leak-report"
MAX_KEY_TEXT = 200
LEAK, REPORTED = "leak", "reported"


def report_leak(host: Host, text: str, address: str = "") -> None:
    """Do what was settled for the key of this text, if there is one; say nothing about it."""
    for snapshot, record in host.authenticator.find_keys(text):
        if is_text_of(record, text, host.at()):
            _do_as_settled(host, snapshot, record, address)


def _do_as_settled(host: Host, snapshot: Snapshot, record: ApiKeyRecord, address: str) -> None:
    session = Session(snapshot.account.name, owner_of(record), record.owner_uid, record.uid, host.now())
    # SECURITY: a text that everybody has by now writes nothing more, however often it is shown.
    if record.leaked_at is not None and (record.disabled or record.when_leaked == NOTHING):
        return
    # WHY: it may have been withdrawn meanwhile, which is as good.
    with suppress(NotFound):
        store_keys(
            host, snapshot.account.name, lambda newest: (_prepare(host, newest, record), lambda _: None)
        )
    host.record(LEAK, REPORTED, session, address=address, done=record.when_leaked)


def _prepare(host: Host, snapshot: Snapshot, reported: ApiKeyRecord) -> Prepared:
    uid = reported.uid
    record = snapshot.keys.get(uid, reported)
    if record.when_leaked == DELETE and not record.locked:
        change = Change(API_KEY, uid, uid, "delete")
        return Prepared([change], [SecretDelete(uid)], record.owner_uid, VIA)
    # SECURITY: a lock keeps people from changing a key by mistake; it keeps no leaked key alive.
    disabled = record.disabled or record.when_leaked in (DISABLE, DELETE)
    after = replace(record, disabled=disabled, leaked_at=host.at())
    document = write_key(after, snapshot.descriptions.get(uid, ""))
    return Prepared([Change(API_KEY, uid, uid, "replace", document)], [], record.owner_uid, VIA)
