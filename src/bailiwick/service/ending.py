"""Sessions of an account: which there are, and how one is ended before its time.

An end is a change of the account (docs/spec.md 22.6): it is in the log, every process follows it, and it ends whatever
was made from the session. What is over by itself needs no end, and old ends go when new ones come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bailiwick.errors import NotFound, Unauthenticated
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service.appending import Prepared, append_prepared
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.loading import SESSION_END, account_log
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.session_events import KnownSession, list_known, record_ended
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import stand_links
from bailiwick.service.trying import try_until_stored
from bailiwick.store.ports import Change

LIST, READ, END = "iam.session.list", "iam.session.read", "iam.session.end"
MOST_SWEPT = 16


def list_sessions(host: Host, session: Session, *, before: int | None = None) -> Iterator[KnownSession]:
    """Which sessions of the account may still be going on, newest first? Raises Denied."""
    _judge(host, session).require(LIST, iam_service())
    return list_known(host, session.account, before=before)


def read_session(host: Host, session: Session, uid: str) -> KnownSession:
    """What is known of this session? One may always see one's own. Raises Denied, NotFound."""
    return _find(host, session, READ, uid)


def is_going_on(host: Host, known: KnownSession) -> bool:
    """Does it stand: is nothing gone that it rests on?"""
    try:
        stand_links(host.snapshot, known.links, host.now())
    except Unauthenticated:
        return False
    return True


def end_session(host: Host, session: Session, uid: str) -> None:
    """End a session, and whatever was made from it. One may always end one's own. Raises Denied, NotFound."""
    known = _find(host, session, END, uid)
    if store_ends(host, session, [(uid, known.principal_uid, known.expires_at)]):
        record_ended(host, session, uid)


def store_ends(host: Host, session: Session, ends: Sequence[tuple[str, str, datetime]]) -> bool:
    """Store that these sessions (uid, whose by uid, until when at most) have ended; was any of them not yet?

    It is asked of nobody whether that may be.
    """

    def attempt() -> bool:
        snapshot = host.snapshot(session.account)
        changes = [
            Change(SESSION_END, uid, uid, "create", {"principal_uid": whose, "until": until.isoformat()})
            for uid, whose, until in ends
            if (SESSION_END, uid) not in snapshot.identities
        ]
        if not changes:
            return False
        prepared = Prepared([*_swept(host, snapshot), *changes], [], session.uid, session.via("sessions"))
        append_prepared(host, snapshot, prepared)
        return True

    return try_until_stored(host, session.account, attempt)


def _find(host: Host, session: Session, action: str, uid: str) -> KnownSession:
    judge, resource = _judge(host, session), _resource(uid)
    decision = judge.decide(action, resource)
    own = bool(uid) and uid in session.links[0].session_uids[:1]
    if not decision.allowed and not (own and decision.reason is Reason.NO_MATCHING_POLICY):
        judge.require(action, resource)
    known = next((one for one in list_known(host, session.account) if one.uid == uid), None)
    if known is None:
        raise NotFound(f"there is no session `{uid}`", "it may be over already")
    return known


def _judge(host: Host, session: Session) -> Judge:
    return Judge(host.catalog, session, host.snapshot(session.account), None, host.now())


def _resource(uid: str) -> ResourceQuery:
    return iam_object("session", uid)


def _swept(host: Host, snapshot: Snapshot) -> list[Change]:
    """Which ends, of a few that are looked at, are of sessions that are over by now?"""
    log, now = account_log(snapshot.account.name), host.at()
    ends = [name for kind, name in snapshot.identities if kind == SESSION_END]
    found = [host.store.find_object(log, SESSION_END, uid) for uid in ends[:MOST_SWEPT]]
    return [
        Change(SESSION_END, one.uid, one.name, "delete")
        for one in found
        if one is not None and datetime.fromisoformat(one.document["until"]) <= now
    ]
