"""The first way in: a link by which the account's owner, who has only an API key, chooses a password."""

from __future__ import annotations

from bailiwick.errors import Denied
from bailiwick.service.host import Host
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.standing import uid_of

USER = "user:"


def make_owner_link(host: Host, account: str) -> str | None:
    """At which address does the owner choose a first password? None: they have one, may not, or are no user.

    For whoever has the data directory: it is asked of nobody else whether that may be. An earlier link ends.
    """
    snapshot = host.snapshot(account)
    owner = snapshot.account.owner
    uid = uid_of(snapshot, owner)
    if uid is None or not owner.startswith(USER) or snapshot.password_of(uid) is not None:
        return None
    session = Session(account, owner, uid, "", FOREVER)
    try:
        return invite_to_password(host, session, owner.removeprefix(USER)).address
    except Denied:
        return None
