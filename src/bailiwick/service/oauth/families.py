"""Families: sessions that people begin by an application, and that the application goes on with by refresh tokens.

Every refresh token is used once. One that comes again has been stolen from somebody, so the family ends at once: a
change of the account, which bites in every process and ends every access token of it (docs/spec.md 28.8 to 28.10).
WHY no time of grace for a token that was just used: whoever is slow or has it twice looks like whoever stole it.
Source: RFC 9700, section 4.14.2; RFC 6749, section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NoReturn

from bailiwick.authn.links import Link
from bailiwick.authn.oauth.faults import INVALID_GRANT, INVALID_TARGET, OAuthRefused
from bailiwick.authn.refresh_tokens import RefreshToken, first_token, read_refresh_token
from bailiwick.authn.tokens import IssuedToken, TokenSubject
from bailiwick.errors import Unauthenticated
from bailiwick.model.applications import REFRESH_TOKEN, Application
from bailiwick.service.edits import new_uid
from bailiwick.service.ending import store_ends
from bailiwick.service.host import Host
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.family_notes import (
    Family,
    find_family,
    forget_family,
    use_newest,
)
from bailiwick.service.oauth.family_roots import Root
from bailiwick.service.oauth.issuing import choose_audience, issue
from bailiwick.service.oauth.scopes import keep_scope, narrow_scope, restrictions_of
from bailiwick.service.places import is_let_in
from bailiwick.service.session_events import record_begun_by
from bailiwick.service.sessions import Session
from bailiwick.service.standing import stand_links, write_restriction
from bailiwick.store.ports import Document, Note

AUTHORIZATION_GRANT = "authorization_code"
_OVER = "the refresh token is unknown, used before, over, or of another application"


@dataclass(frozen=True, slots=True)
class FamilyTokens:
    """What an application gets: an access token, a refresh token where it may have one, and for which scope.

    `family_uid` is the uid of the session (the `sid` of an ID token).
    """

    token: IssuedToken
    refresh_token: str | None = field(repr=False)
    family_uid: str
    scope: tuple[str, ...]
    root: Root


def begin_family(
    host: Host,
    client: Client,
    root: Root,
    *,
    scope: tuple[str, ...],
    audience: str = "",
    refresh: bool,
    uid: str = "",
) -> FamilyTokens:
    """Begin a session of whom `root` says by this application. Raises OAuthRefused.

    `scope` is what was granted (scopes.grant_scope), `audience` for which API ("": Bailiwick itself). `refresh`: with a
    refresh token, if the application may have one. `uid`: of the session, where it was
    chosen before. That the person agreed is the caller's to have asked.
    """
    if client.account not in ("", root.account):
        raise OAuthRefused(INVALID_GRANT, "the application is one of another account")
    uid, now = uid or new_uid("Session"), host.now()
    link = _link(client.uid, root, uid)
    restrictions = restrictions_of(host.snapshot(root.account), scope)
    with_refresh = refresh and REFRESH_TOKEN in client.application.grants
    seconds = client.application.refresh_token_seconds
    first = first_token(root.account, uid)
    family = Family(
        uid=uid,
        link=link,
        client_id=client.uid,
        scope=" ".join(scope),
        audience=audience,
        restrictions=tuple(write_restriction(one) for one in restrictions),
        authenticated=root.authenticated,
        begun=now,
        ends=min(root.until, now + seconds),
        seen=now,
        family_hash=first.family_hash,
        use_hash=first.use_hash,
    )
    token = _issue(host, client.application, family, scope)
    if with_refresh:
        note = family.note(_until(client.application, family))
        host.store.activity.amend(family.log, family.name, host.at(), lambda _: note)
    record_begun_by(host, family, token, listed=not with_refresh)
    return FamilyTokens(token, first.text if with_refresh else None, uid, scope, root)


def refresh_family(
    host: Host,
    client: Client,
    text: str,
    *,
    address: str = "",
    scope: tuple[str, ...] = (),
    audience: str | None = None,
) -> FamilyTokens:
    """Which tokens follow this refresh token, with all of its scope or with less? Raises OAuthRefused.

    `address`: from where it is shown ("": not known).
    INVARIANT: a token that was used before ends its family, whatever else is wrong with the request.
    """
    shown, family = _find(host, client, text)
    if family.ended or not shown.is_newest(family.use_hash):
        _end_reused(host, family)
    application = _require_standing(host, family, address)
    granted = narrow_scope(keep_scope(application, family.scope.split()), scope)
    if (
        choose_audience(host, application, family.audience if audience is None else audience)
        != family.audience
    ):
        raise OAuthRefused(INVALID_TARGET, "the session was begun for another audience")
    family = replace(family, seen=host.now())
    token = _issue(host, application, family, granted)
    new = shown.next()
    until = _until(application, family)
    if not use_newest(host.store.activity, family, shown, new, now=host.now(), until=until):
        _end_reused(host, family)
    host.record("token", "refreshed", _session(family), jti=token.jti, application=client.application.name)
    return FamilyTokens(token, new.text, family.uid, granted, _root(family))


def is_family_standing(host: Host, family: Family) -> bool:
    """Could it be gone on with now, from where it may be?"""
    try:
        _require_standing(host, family, None)
    except OAuthRefused:
        return False
    return not family.ended


def end_family(host: Host, family: Family) -> None:
    """The family is over: no token of it is good any more, in any process."""
    store_ends(host, _session(family), [(family.uid, family.link.uid, _instant(family.ends))])
    forget_family(host.store.activity, family, host.at())


def _find(host: Host, client: Client, text: str) -> tuple[RefreshToken, Family]:
    """Which family is this a token of, new or used, if it is this application's? Raises OAuthRefused."""
    shown = read_refresh_token(text)
    family = None if shown is None else find_family(host.store.activity, client, shown, host.at())
    if shown is None or family is None or family.client_id != client.uid:
        host.refuse_stranger()
        raise OAuthRefused(INVALID_GRANT, _OVER)
    if client.account not in ("", family.link.account):
        raise OAuthRefused(INVALID_GRANT, _OVER)
    return shown, family


def _end_reused(host: Host, family: Family) -> NoReturn:
    """SECURITY: remembered as ended first, so that nobody refreshes while the end is being stored."""

    def change(held: Document | None) -> Note | None:
        return None if held is None else Note({**held, "ended": True}, _instant(family.ends))

    host.store.activity.amend(family.log, family.name, host.at(), change)
    host.record("token", "reused", _session(family), family=family.uid, client_id=family.client_id)
    end_family(host, family)
    raise OAuthRefused(INVALID_GRANT, _OVER)


def _require_standing(host: Host, family: Family, address: str | None) -> Application:
    """Does everything stand on which the family rests, and may it be used from there (None: not asked)?

    Returns its application, as it is now. Raises OAuthRefused.
    """
    snapshot = host.find_snapshot(family.link.account)
    application = None if snapshot is None else snapshot.application_of(family.client_id)
    try:
        limits = stand_links(host.snapshot, [family.link], host.now())
    except Unauthenticated:
        raise OAuthRefused(INVALID_GRANT, _OVER) from None
    if not is_let_in(limits, address):
        host.refuse_place(_session(family), address or "")
        raise OAuthRefused(INVALID_GRANT, _OVER)
    if application is None or REFRESH_TOKEN not in application.grants:
        raise OAuthRefused(INVALID_GRANT, _OVER)
    if host.now() >= _until(application, family):
        raise OAuthRefused(INVALID_GRANT, _OVER)
    return application


def _until(application: Application, family: Family) -> float:
    """When is it over: by its root, by the application's bounds as they are now, or because nobody uses it?"""
    longest = family.begun + application.refresh_token_seconds
    return min(family.ends, longest, family.seen + application.refresh_idle_seconds)


def _issue(host: Host, application: Application, family: Family, scope: tuple[str, ...]) -> IssuedToken:
    narrowed = restrictions_of(host.snapshot(family.link.account), scope)
    restrictions = family.restrictions
    if " ".join(scope) != family.scope:
        restrictions = (*restrictions, *(write_restriction(one) for one in narrowed))
    newest, *earlier = family.link.session_uids
    subject = TokenSubject(
        uid=family.link.uid,
        account=family.link.account,
        principal=family.link.principal,
        credential_uid=family.link.credential_uid,
        grant_type=AUTHORIZATION_GRANT,
        client_id=family.client_id,
        session_uid=newest,
        earlier_sessions=tuple(earlier),
        restrictions=restrictions,
        scope=" ".join(scope),
        authenticated=family.authenticated,
        context=family.link.context,
    )
    longest = family.begun + application.refresh_token_seconds
    until = min(family.ends, longest)
    return issue(
        host, subject, audience=family.audience, seconds=application.access_token_seconds, until=until
    )


def _link(client_id: str, root: Root, uid: str) -> Link:
    sessions = (uid, *root.session_uids)
    return Link(
        account=root.account,
        uid=root.uid,
        principal=root.principal,
        credential_uid=root.credential_uid,
        session_uids=sessions,
        context=root.context,
        client_id=client_id,
    )


def _root(family: Family) -> Root:
    link = family.link
    return Root(
        account=link.account,
        uid=link.uid,
        principal=link.principal,
        credential_uid=link.credential_uid,
        session_uids=link.session_uids[1:],
        until=family.ends,
        authenticated=family.authenticated,
        context=link.context,
    )


def _session(family: Family) -> Session:
    """As whose is it ended and recorded?"""
    link = family.link
    return Session(link.account, link.principal, link.uid, link.credential_uid, family.ends, head=link)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC)
