"""The last way back: an owner who has lost everything is let in again by whoever has the machine of the data.

It asks nobody whether that may be, as with the first link (own_link.py); so it takes away all that could be lost, ends
what was begun with it, and says so in the log and under attention. Implements docs/spec.md rule 30.7.
"""

from __future__ import annotations

from datetime import timedelta

from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.appending import Prepared
from bailiwick.service.ending import store_ends
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.factors import removals
from bailiwick.service.people.invitations import require_password_link
from bailiwick.service.people.own_link import USER, make_owner_link
from bailiwick.service.people.records import PASSWORD
from bailiwick.service.people.storing import store_people
from bailiwick.service.people.visits import list_visits
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import uid_of
from bailiwick.store.ports import ActivityEvent, Change, SecretDelete

RECOVERY, DONE = "recovery", "done"
SHOWN_FOR = timedelta(days=7)
VIA = "recover"


def find_account(host: Host, owner: str, account: str = "") -> str:
    """Of which account is this user the owner? Raises NotFound, Invalid where `account` has to say which."""
    found = [
        name
        for name in ([account] if account else host.accounts())
        if host.snapshot(name).account.owner == USER + owner
    ]
    if not found:
        raise NotFound(f"no account is owned by user `{owner}`", "only an account's owner is recovered so")
    if len(found) > 1:
        names = ", ".join(f"`{one}`" for one in sorted(found)[:10])
        raise Invalid.at("account", f"`{owner}` owns {names}", "name one by `--account`")
    return found[0]


def recover_owner(host: Host, account: str) -> str:
    """At which address, good once, does the owner choose a new password? Their old ways in are gone.

    API keys stay, and so do identities at providers, but no visit that began with one. Raises Conflict where a
    guardrail forbids the owner a link.
    """

    def prepare(now: Snapshot) -> tuple[Prepared | None, str]:
        owner = now.account.owner
        uid = uid_of(now, owner)
        if uid is None or not owner.startswith(USER):
            raise NotFound(f"the owner `{owner}` is no user", "make a user the owner, by an API key")
        _require_link(host, now, Session(account, owner, uid, "", FOREVER))
        password = now.password_of(uid)
        gone = [] if password is None else [Change(PASSWORD, password.uid, uid, "delete")]
        changes = [*removals(now, uid, passkeys=True), *gone]
        event = ActivityEvent(host.at(), RECOVERY, DONE, account_log(account), uid, "", {"principal": owner})
        secrets = [SecretDelete(one.uid) for one in changes]
        if not changes:
            host.store.activity.record([event], durable=True)
            return None, owner
        return Prepared(changes, secrets, uid, VIA, [event]), owner

    store_people(host, account, prepare)
    _end_visits(host, account)
    link = make_owner_link(host, account)
    if link is None:
        raise Conflict("the account was changed meanwhile", "run it again")
    return link


def _require_link(host: Host, now: Snapshot, owner: Session) -> None:
    """May the owner be given a link? Raises Conflict, before anything is taken away."""
    try:
        require_password_link(host, owner, now, owner.principal.removeprefix(USER))
    except Denied:
        raise Conflict(
            "a guardrail, or that the account is suspended, forbids the owner a link to choose a password",
            "an API key of the owner's can lift it; nothing was taken away",
        ) from None
    except Conflict:
        # WHY: there is a password, which goes.
        return


def _end_visits(host: Host, account: str) -> None:
    """No visit of the owner goes on, those neither that rest on an identity at a provider."""
    snapshot = host.snapshot(account)
    owner = snapshot.account.owner
    uid = str(uid_of(snapshot, owner))
    ends = [(one.uid, uid, one.expires_at) for one in list_visits(host, account, uid)]
    if ends:
        store_ends(host, Session(account, owner, uid, "", FOREVER), ends)
