"""Applications as they present themselves: which one has this client id, and is it that one?

The answer to an unknown application, a disabled one and a wrong secret is the same, after the same work. Failures are
counted by address, in every process, and lock that address out for a while.
WHY not by application: client ids are public, and whoever knows one could lock its application out.
Implements docs/spec.md 28.4. Source: RFC 6749, sections 2.3 and 5.2; RFC 9700, section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bailiwick.authn.client_secrets import ShownClient, find_secret_prefix, is_secret
from bailiwick.errors import BailiwickError
from bailiwick.model.applications import COMMAND_LINE, COMMAND_LINE_APPLICATION, Application
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.locating import APPLICATION, accounts_with
from bailiwick.service.people.attempts import network_of
from bailiwick.service.people.records import APPLICATION_SECRET, ApplicationSecretRecord
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import SYSTEM_LOG, Document, Note

MOST_FAILURES = 50
FAILURE_PERIOD = timedelta(minutes=15)


class ClientRefused(BailiwickError):
    """The application is unknown, disabled, or has not shown that it is itself. `basic`: it tried by header."""

    code = "invalid_client"

    def __init__(self, *, basic: bool = False) -> None:
        super().__init__("the application is unknown, or its secret is wrong, expired or withdrawn")
        self.basic = basic


@dataclass(frozen=True, slots=True)
class Client:
    """An application of an account, and the uid of the secret that it has shown; "" where it has shown none.

    `account` is "" for the command line's, which is in every account: the person who signs in says of which.
    """

    account: str
    uid: str
    application: Application
    secret_uid: str = ""

    @property
    def is_authenticated(self) -> bool:
        """Has it shown that it is itself?"""
        return bool(self.secret_uid)


def find_application(host: Host, client_id: str) -> Client | None:
    """Which application has this client id? None: none, or it is disabled, or its account is suspended."""
    if client_id == COMMAND_LINE:
        return Client("", COMMAND_LINE, COMMAND_LINE_APPLICATION)
    if not client_id.startswith("application-"):
        return None
    for snapshot in accounts_with(host, APPLICATION, client_id):
        found = _usable(snapshot, client_id)
        if found is not None:
            return Client(snapshot.account.name, client_id, found)
    return None


def _usable(snapshot: Snapshot, client_id: str) -> Application | None:
    return None if snapshot.account.suspended else snapshot.application_of(client_id)


def authenticate_client(host: Host, shown: ShownClient, address: str) -> Client:
    """Which application is it, if it has shown enough: a secret, or none where it is public? Raises ClientRefused.

    SECURITY: a public application that sends a secret is refused; what anybody can send proves nothing.
    """
    if _is_locked_out(host, address):
        raise ClientRefused(basic=shown.basic)
    found = find_application(host, shown.client_id)
    record = _secret_of(host, found, shown.secret or "")
    if found is not None and found.application.is_public and shown.secret is None:
        return found
    if found is None or record is None or found.application.is_public:
        _count_failure(host, address)
        host.refuse_stranger()
        raise ClientRefused(basic=shown.basic)
    host.touch_credential(found.account, record.uid)
    return Client(found.account, found.uid, found.application, record.uid)


def _secret_of(host: Host, client: Client | None, text: str) -> ApplicationSecretRecord | None:
    """Which of the application's secrets is it, if it may be used now?"""
    record = _find_record(host, client, text)
    kept = None
    if client is not None and record is not None:
        kept = host.store.find_secret(account_log(client.account), record.uid)
    same = is_secret(kept.value if kept is not None and kept.purpose == APPLICATION_SECRET else None, text)
    return record if same and record is not None and record.is_usable(host.now()) else None


def _find_record(host: Host, client: Client | None, text: str) -> ApplicationSecretRecord | None:
    prefix = find_secret_prefix(text)
    if client is None or prefix is None or not client.account:
        return None
    secrets = host.snapshot(client.account).application_secrets().get(client.uid, ())
    return next((one for one in secrets if one.prefix == prefix), None)


def _note(address: str) -> str:
    return f"client-failures/{network_of(address)}"


def _is_locked_out(host: Host, address: str) -> bool:
    name = _note(address)
    found = host.store.activity.notes(SYSTEM_LOG, name, host.at(), 1)
    return bool(address and found and found[0][0] == name and found[0][1].document["count"] >= MOST_FAILURES)


def _count_failure(host: Host, address: str) -> None:
    if not address:
        return
    until = host.at() + FAILURE_PERIOD

    def change(held: Document | None) -> Note:
        return Note({"count": (held or {"count": 0})["count"] + 1}, until)

    host.store.activity.amend(SYSTEM_LOG, _note(address), host.at(), change)
