"""What is recorded of sessions: who assumed what, in both accounts; and from that, which sessions there are.

A session is no state of its account (docs/spec.md 13.1): it is an event with an end. Its early end is a change
(rule 22.6), which is ending.py's. It must not decide anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.links import Link, parse_links, write_links
from bailiwick.authn.tokens import MAX_LIFETIME_SECONDS, TokenSubject
from bailiwick.model.security import SIGN_IN_NUMBERS
from bailiwick.model.trusting import PROFILE
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import uid_of
from bailiwick.store.ports import ActivityEvent, EventFilter, StoredEvent

SESSION, ASSUMED = "session", "assume"
BEGUN, REFUSED, ENDED = "begun", "refused", "ended"
MOST_AT_ONCE = 1000
# A visit lasts longer than any token.
LONGEST_SECONDS = max(MAX_LIFETIME_SECONDS, SIGN_IN_NUMBERS["longest_visit_minutes"].most * 60)


@dataclass(frozen=True, slots=True)
class KnownSession:
    """One session as it was recorded: its place in the record, who it is, through whom, from when until when."""

    id: int
    uid: str
    principal_uid: str
    principal: str
    link: Link
    acts_for: tuple[Link, ...]
    begun_at: datetime
    expires_at: datetime
    restrictions: tuple[Mapping[str, Any], ...]

    @property
    def links(self) -> tuple[Link, ...]:
        """On which links does it rest?"""
        return self.link, *self.acts_for


def record_begun(
    host: Host, session: Session, subject: TokenSubject, expires_at: datetime, *, jti: str
) -> None:
    """Remember in the session's account that it began, and in the caller's that the caller began it."""
    detail: dict[str, Any] = {
        "session": subject.session_uid,
        "principal": subject.principal,
        "through": [link.reference for one in subject.by for link in one.walk()],
        "for": [link.reference for link in subject.acts_for],
        "until": expires_at.isoformat(),
        "jti": jti,
        "restrictions": [dict(one) for one in subject.restrictions],
        "links": write_links([subject.link, *subject.acts_for]),
    }
    there = _event(host, SESSION, BEGUN, subject.account, (subject.uid, session.credential), detail)
    said = {
        "profile": f"{subject.account}/{subject.principal}",
        "session": subject.session_uid,
        "until": expires_at.isoformat(),
        "for": detail["for"],
    }
    here = _event(host, ASSUMED, BEGUN, session.account, (session.uid, session.credential), said)
    events = [there, here] if subject.by else [there]
    # WHY durable: who assumed a profile must not be forgotten when a process is killed. Oneself is no such loss.
    host.store.activity.record(events, durable=bool(subject.by))


def record_refused(
    host: Host, session: Session, trusting: Snapshot | None, *, profile: str, reason: str, link: str
) -> None:
    """Remember at home that somebody was refused a profile; and there, where it was the profile that refused.

    SECURITY: others can fill neither log: what an account is told is ten a second, the rest counted.
    """
    said = {"profile": profile, "reason": reason, "link": link}
    uids = (session.uid, session.credential)
    events = [_event(host, ASSUMED, REFUSED, session.account, uids, said)]
    name = profile.rpartition("/")[2]
    uid = None if trusting is None else uid_of(trusting, PROFILE + name)
    if trusting is not None and uid is not None:
        counted = host.trust_refusals(trusting.account.name).take(host.now())
        if counted is not None:
            told = {
                "principal": PROFILE + name,
                "by": f"{session.account}/{link}",
                "by_uid": session.uid,
                "reason": reason,
                "others_since_last": counted,
            }
            account = trusting.account.name
            events.append(_event(host, SESSION, REFUSED, account, (uid, session.credential), told))
    host.store.activity.record(events)


def record_ended(host: Host, session: Session, uid: str) -> None:
    """Remember that somebody ended a session. (The change log says so too.)"""
    uids = (session.uid, session.credential)
    event = _event(host, SESSION, ENDED, session.account, uids, {"session": uid})
    host.store.activity.record([event])


def list_known(host: Host, account: str, *, before: int | None = None) -> Iterator[KnownSession]:
    """Which sessions of the account can still be going on, newest first, older than the event `before`?"""
    now = host.at()
    wanted = EventFilter(
        log=account_log(account),
        kind=SESSION,
        outcome=BEGUN,
        since=now - timedelta(seconds=LONGEST_SECONDS),
    )
    host.store.activity.flush()
    while True:
        events = host.store.activity.events(wanted, before, MOST_AT_ONCE, newest_first=True)
        for stored in events:
            known = _read(stored)
            if known is not None and known.expires_at > now:
                yield known
        if len(events) < MOST_AT_ONCE:
            return
        before = events[-1].id


def _read(stored: StoredEvent) -> KnownSession | None:
    detail = stored.event.detail
    try:
        link, *acts_for = parse_links(detail, "links")
        return KnownSession(
            id=stored.id,
            uid=str(detail["session"]),
            principal_uid=stored.event.principal_uid,
            principal=str(detail["principal"]),
            link=link,
            acts_for=tuple(acts_for),
            begun_at=stored.event.at,
            expires_at=datetime.fromisoformat(detail["until"]),
            restrictions=tuple(detail["restrictions"]),
        )
    except (KeyError, TypeError, ValueError, TokenRefused):
        return None


def _event(
    host: Host, kind: str, outcome: str, account: str, uids: tuple[str, str], detail: dict[str, Any]
) -> ActivityEvent:
    return ActivityEvent(host.at(), kind, outcome, account_log(account), uids[0], uids[1], detail)
