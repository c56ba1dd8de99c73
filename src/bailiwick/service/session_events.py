"""What is recorded of sessions: who assumed what, in both accounts; and from that, which sessions there are.

A session is no state of its account (docs/spec.md 13.1): it is an event with an end. Its early end is a change
(rule 22.6), which is ending.py's. It must not decide anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.links import Link, parse_links, write_links
from bailiwick.authn.tokens import MAX_LIFETIME_SECONDS, IssuedToken, TokenSubject
from bailiwick.model.security import SIGN_IN_NUMBERS
from bailiwick.model.trusting import PROFILE
from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.oauth.family_notes import Family, list_families
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import uid_of
from bailiwick.store.ports import ActivityEvent, EventFilter, StoredEvent

SESSION, ASSUMED = "session", "assume"
BEGUN, REFUSED, ENDED = "begun", "refused", "ended"
MOST_AT_ONCE = 1000
# Families are listed before all events, newest first: they are numbered from here on.
FAMILIES_FROM = 1 << 50
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


def record_begun_by(host: Host, family: Family, token: IssuedToken, *, listed: bool) -> None:
    """Remember that an application began this session.

    `listed`: by this event, with its one token. Else it is listed by what is remembered of the family itself.
    SECURITY: durably. What another process does not see at once could not be ended.
    """
    ends = family.ends if not listed else token.expires_epoch
    detail: dict[str, Any] = {
        "session": family.uid,
        "principal": family.link.principal,
        "through": [],
        "for": [],
        "until": _instant(ends).isoformat(),
        "jti": token.jti,
        "restrictions": [dict(one) for one in family.restrictions],
        "links": write_links([family.link]),
        "application": family.client_id,
        "family": not listed,
    }
    uids = (family.link.uid, family.link.credential_uid)
    event = _event(host, SESSION, BEGUN, family.link.account, uids, detail)
    host.store.activity.record([event], durable=True)


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
    if before is None or before >= FAMILIES_FROM:
        yield from _families(host, account, before)
        before = None
    wanted = EventFilter(
        log=account_log(account),
        kind=SESSION,
        outcome=BEGUN,
        since=now - timedelta(seconds=LONGEST_SECONDS),
    )
    while True:
        events = host.store.activity.events(wanted, before, MOST_AT_ONCE, newest_first=True)
        for stored in events:
            known = None if stored.event.detail.get("family") else _read(stored)
            if known is not None and known.expires_at > now:
                yield known
        if len(events) < MOST_AT_ONCE:
            return
        before = events[-1].id


def _families(host: Host, account: str, before: int | None) -> Iterator[KnownSession]:
    """Which sessions do applications go on with, newest first, older than this number?"""
    found = []
    for family in list_families(host.store.activity, account, host.at()):
        number = FAMILIES_FROM + (int(family.begun * 1000) << 20) + int(family.uid[-5:], 16)
        if (before is None or number < before) and not family.ended:
            found.append(_known(family, number))
    yield from sorted(found, key=lambda one: (one.id, one.uid), reverse=True)


def _known(family: Family, number: int) -> KnownSession:
    return KnownSession(
        id=number,
        uid=family.uid,
        principal_uid=family.link.uid,
        principal=family.link.principal,
        link=family.link,
        acts_for=(),
        begun_at=_instant(family.begun),
        expires_at=_instant(family.ends),
        restrictions=family.restrictions,
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)


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
