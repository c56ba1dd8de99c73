"""Token exchange: an application's service ID begins to act for whose token it shows.

Only what both may is allowed then, each judged as itself, at every use; whoever had been acting before stays in the
chain. The token that is shown is the consent: it is one for this application (by its audience, or issued to it), or
one for Bailiwick itself, whose holder can do all of it anyway. Implements docs/spec.md 28.11.
Source: RFC 8693, sections 1.1, 2.1 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bailiwick.authn.oauth.faults import INVALID_GRANT, INVALID_SCOPE, OAuthRefused
from bailiwick.authn.tokens import IssuedToken, TokenSubject
from bailiwick.errors import Denied, Unauthenticated
from bailiwick.model.applications import TOKEN_EXCHANGE
from bailiwick.model.policies import Guardrail
from bailiwick.service.assuming import MOST_RESTRICTIONS, check_may_begin
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.oauth.acting import actor_of
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.issuing import choose_audience, issue
from bailiwick.service.oauth.known_tokens import KnownToken, find_token
from bailiwick.service.oauth.scopes import grant_scope, restrictions_of
from bailiwick.service.session_events import record_begun
from bailiwick.service.sessions import Session
from bailiwick.service.standing import write_restriction

_WRONG = "the token is unknown, expired, withdrawn, or not one for this application"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is shown, and what is asked for. An actor token is of the application's own service ID."""

    subject_token: str = field(repr=False)
    actor_token: str | None = field(default=None, repr=False)
    scope: tuple[str, ...] = ()
    audience: str | None = None


def exchange_token(
    host: Host, client: Client, wanted: Exchange, address: str
) -> tuple[IssuedToken, tuple[str, ...]]:
    """With which token does the application's service ID act for whose token is shown? Raises OAuthRefused.

    INVARIANT: it ends no later than either, and every restriction of either holds for it.
    """
    actor = actor_of(host, client, address)
    shown = _shown_to(host, client, wanted.subject_token, address)
    acting = _acting(host, client, actor, wanted.actor_token, address)
    _check_may_begin(host, actor, shown.session)
    snapshot = host.snapshot(client.account)
    scope = grant_scope(snapshot, client.application, wanted.scope)
    target = choose_audience(host, client.application, wanted.audience)
    begun = new_uid("Session")
    subject = TokenSubject(
        uid=actor.uid,
        account=actor.account,
        principal=actor.principal,
        credential_uid=actor.credential,
        grant_type=TOKEN_EXCHANGE,
        client_id=client.uid,
        session_uid=begun,
        earlier_sessions=() if acting is None else acting.links[0].session_uids,
        acts_for=shown.session.links,
        restrictions=_restrictions(shown.session, acting, restrictions_of(snapshot, scope)),
        scope=" ".join(scope),
        authenticated=shown.session.authenticated,
    )
    until = min(actor.expires_at, shown.session.expires_at, *([] if acting is None else [acting.expires_at]))
    token = issue(
        host, subject, audience=target, seconds=client.application.access_token_seconds, until=until
    )
    ends = datetime.fromtimestamp(token.expires_epoch, UTC)
    record_begun(host, actor, subject, ends, jti=token.jti)
    return token, scope


def _shown_to(host: Host, client: Client, text: str, address: str) -> KnownToken:
    """Whose token is it, if it stands and may be shown to this application? Raises OAuthRefused."""
    try:
        found = find_token(host, text, address)
    except Unauthenticated:
        raise OAuthRefused(INVALID_GRANT, _WRONG) from None
    is_meant = not found.audience or found.audience in client.application.audiences
    if found.session.account != client.account or not (is_meant or found.session.client_id == client.uid):
        raise OAuthRefused(INVALID_GRANT, _WRONG)
    return found


def _acting(host: Host, client: Client, actor: Session, text: str | None, address: str) -> Session | None:
    """Which session of its own does the application show as the actor's? Raises OAuthRefused for another's."""
    if text is None:
        return None
    try:
        found = find_token(host, text, address)
    except Unauthenticated:
        raise OAuthRefused(INVALID_GRANT, _WRONG) from None
    own = found.session.uid == actor.uid and found.session.client_id == client.uid
    if found.audience or not own or found.session.chain:
        raise OAuthRefused(INVALID_GRANT, "the actor token is not one of the application's own service ID")
    return found.session


def _check_may_begin(host: Host, actor: Session, shown: Session) -> None:
    try:
        check_may_begin(host, actor)
        # WHY without: a scope that names no action of `iam` is no word against being acted for.
        check_may_begin(host, replace(shown, restrictions=()))
    except Denied as error:
        raise OAuthRefused(INVALID_GRANT, error.message) from None


def _restrictions(
    shown: Session, acting: Session | None, own: tuple[Guardrail, ...]
) -> tuple[dict[str, object], ...]:
    all_of = (*shown.restrictions, *(() if acting is None else acting.restrictions), *own)
    written = [write_restriction(one) for one in all_of]
    kept = tuple(one for index, one in enumerate(written) if one not in written[:index])
    if len(kept) > MOST_RESTRICTIONS:
        raise OAuthRefused(INVALID_SCOPE, f"a session has at most {MOST_RESTRICTIONS} restrictions in all")
    return kept
