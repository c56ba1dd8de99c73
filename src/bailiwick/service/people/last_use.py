"""When did somebody last sign in, by whatever they have, and how often was it tried in vain since?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.events import REFUSED, SIGN_IN, SUCCEEDED
from bailiwick.service.people.records import SignInRecord
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import EventFilter

MOST_COUNTED = 100
MOST_LOOKED_AT = 10


@dataclass(frozen=True, slots=True)
class EarlierSignIn:
    """When and from where somebody signed in before, and how many attempts were refused since (at most a hundred)."""

    at: datetime
    address: str
    refused_since: int


def last_uses(host: Host, snapshot: Snapshot, uids: Iterable[str]) -> dict[str, datetime]:
    """When did each of these users, by uid, last sign in? Who never did is left out."""
    wanted, found = set(uids), dict[str, datetime]()
    for record in snapshot.people.values() if wanted else ():
        if isinstance(record, SignInRecord) and record.owner_uid in wanted:
            used = host.last_used(snapshot.account.name, record.uid)
            if used is not None:
                found[record.owner_uid] = max(used, found.get(record.owner_uid, used))
    return found


def find_earlier(host: Host, account: str, uid: str, *, before: str) -> EarlierSignIn | None:
    """When did the user of this uid sign in before the session `before`? None: never, as far as is still recorded."""
    wanted = EventFilter(account_log(account), kind=SIGN_IN, outcome=SUCCEEDED, principal_uid=uid)
    for stored in host.store.activity.events(wanted, None, MOST_LOOKED_AT, newest_first=True):
        event = stored.event
        if event.detail.get("session") != before:
            address = str(event.detail.get("address", ""))
            return EarlierSignIn(event.at, address, _refused_since(host, account, uid, event.at))
    return None


def _refused_since(host: Host, account: str, uid: str, since: datetime) -> int:
    log = account_log(account)
    wanted = EventFilter(log, kind=SIGN_IN, outcome=REFUSED, principal_uid=uid, since=since)
    return len(host.store.activity.events(wanted, None, MOST_COUNTED, newest_first=True))
