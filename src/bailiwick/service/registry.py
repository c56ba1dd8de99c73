"""Tokens for container registries: from a credential and asked scopes to what may be done, as a signed token.

A registry asks nobody at each request; it believes the token that its client brings. So what a token says is decided
here, by the engine, in one state of the account at one moment, and is over after a minute (authn/registry/replies.py).
SECURITY: account, region and network come from the installation's settings, chosen by the registry's service name,
and the address from the connection; nothing that a client says moves them.
What may not be done is left out, not refused: 401 is for bad credentials only.
This module must not know HTTP. Serves docs/spec.md 7, 8.1 and 10.2.
Source: IBM Cloud Container Registry, Managing user access (2022-04-22), tables 3 and 4; distribution, Token
Authentication Specification.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from bailiwick.authn.compact import Signer
from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.authn.registry import (
    CredentialKind,
    PresentedCredential,
    RegistryQuestion,
    RegistryTokenRequest,
    issue_registry_token,
    list_access,
    list_questions,
    parse_token_request,
)
from bailiwick.authn.registry.refresh import is_refresh_wanted
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenParties
from bailiwick.engine import CompiledAccount, decide, decide_over
from bailiwick.errors import Finding, Invalid, Unauthenticated, did_you_mean
from bailiwick.model.accounts import Property
from bailiwick.model.names import ANONYMOUS
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, Decision, Reason, Request, ResourceQuery
from bailiwick.service.host import Host
from bailiwick.service.proving import said_of_session
from bailiwick.service.refresh import give_refresh_token, session_of_refresh_token
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Registry

CONTAINER_REGISTRY = "container-registry"
ACTIVITY = "registry-token"
MOST_RECORDED = 16


@dataclass(frozen=True, slots=True)
class RegistryGrant:
    """What a client gets: a token for the registry, and a refresh token where it asked for one and may have it."""

    token: IssuedToken
    refresh: IssuedToken | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with its answer."""

    question: RegistryQuestion
    decision: Decision

    @property
    def text(self) -> str:
        """How is the question written in a log: `dev/app:pull`?"""
        repository = self.question.repository
        return f"{repository.name if repository else 'catalog'}:{self.question.registry_action}"


def check_registries(host: Host) -> None:
    """Is every registry of the settings one of an account that exists? Raises Invalid, with each that is not."""
    known = host.accounts()
    findings = [
        Finding(
            f"registry `{one.service}` is of account `{one.account}`, which does not exist",
            "registry",
            did_you_mean(one.account, known),
        )
        for one in host.settings.registries
        if one.account not in known
    ]
    if findings:
        raise Invalid(findings)


def grant_registry_token(
    host: Host, parameters: Sequence[tuple[str, str]], authorization: str | None, address: str = ""
) -> RegistryGrant:
    """What does a client get for these query or form parameters and this `Authorization` header?

    `address` is the connection's, for conditions on `context.ip`; "" where there is none.
    Raises Invalid for a request that cannot be read, Unauthenticated for a credential that does not stand.
    """
    registry = host.settings.find_registry(dict(parameters).get("service", ""))
    try:
        asked = parse_token_request(parameters, authorization)
        if registry is None:
            raise Invalid.at("service", f"`{asked.service}` is no registry of this installation")
        session, key = _session_of(host, registry, asked.credential, address)
        session = replace(session, context=said_of_session(session, address, host.now()))
    except Unauthenticated as refused:
        _record_refusal(host, registry, refused)
        raise
    judged = judge_questions(host, registry, session, list_questions(asked.scopes))
    token = _issue(host, registry, session, [one.question for one in judged if one.decision])
    refresh = None
    if key is not None and asked.credential is not None and is_refresh_wanted(parameters):
        refresh = give_refresh_token(host, registry, session, key, asked.credential.secret)
    _record_issue(host, registry, session, asked=asked, judged=judged, token=token, refresh=refresh)
    return RegistryGrant(token, refresh)


def judge_questions(
    host: Host, registry: Registry, session: Session, questions: Iterable[RegistryQuestion]
) -> list[Judged]:
    """What may this session do of what is asked, in one state of the registry's account?"""
    compiled = host.snapshot(registry.account).compiled
    now = host.now()
    judged = [Judged(one, _decide(compiled, registry, session, one, now)) for one in questions]
    for one in judged:
        host.record_decision(session, one.decision)
    return judged


def _decide(
    compiled: CompiledAccount, registry: Registry, session: Session, question: RegistryQuestion, now: float
) -> Decision:
    if question.repository is None:
        return _decide_catalog(compiled, registry, session, question.action, now)
    path = (("namespace", question.repository.namespace), ("image", question.repository.image))
    return decide(
        compiled,
        Request(
            principal=session.principal,
            action=question.action,
            resource=ResourceQuery(CONTAINER_REGISTRY, path, region=registry.region),
            now=now,
            context=_context(registry, session),
            chain=session.chain,
            restrictions=session.restrictions,
        ),
    )


def _decide_catalog(
    compiled: CompiledAccount, registry: Registry, session: Session, action: str, now: float
) -> Decision:
    """May the session see the names of all repositories?

    WHY authority: the registry lists every namespace and filters nothing, so one that may not be listed is too many.
    """
    question = AuthorityQuestion(
        principal=session.principal,
        action=action,
        scope=Scope(service=(CONTAINER_REGISTRY,), region=(registry.region,)),
        now=now,
        context=_context(registry, session),
        restrictions=session.restrictions,
    )
    links = (session.principal, *session.chain)
    held = all(decide_over(compiled, replace(question, principal=link)).held for link in links)
    return Decision(held, Reason.ALLOWED if held else Reason.NO_MATCHING_POLICY)


def _context(registry: Registry, session: Session) -> dict[str, Property]:
    """What is known of the situation? SECURITY: the network is the registry's, whatever else is said."""
    return {**session.context, "network": registry.network}


def _session_of(
    host: Host, registry: Registry, credential: PresentedCredential | None, address: str
) -> tuple[Session, ApiKeyRecord | None]:
    """Who asks, and by which API key if one is shown? Raises Unauthenticated."""
    if credential is None:
        return _anonymous(registry), None
    session, key = _standing_session(host, registry, credential, address)
    if session.account != registry.account:
        raise Unauthenticated(f"the credential is not one of registry `{registry.service}`'s account")
    host.touch_credential(session.account, session.credential)
    return session, key


def _standing_session(
    host: Host, registry: Registry, credential: PresentedCredential, address: str
) -> tuple[Session, ApiKeyRecord | None]:
    if credential.kind is CredentialKind.API_KEY:
        return host.authenticator.session_of_key(credential.secret, address)
    if credential.kind is CredentialKind.ACCESS_TOKEN:
        return host.authenticator.session_of_token(credential.secret, address), None
    return session_of_refresh_token(host, registry, credential.secret, address), None


def _anonymous(registry: Registry) -> Session:
    """The session of a client that shows nothing: it has what is granted to everyone."""
    return Session(account=registry.account, principal=ANONYMOUS, uid="", credential="", expires_at=inf)


def _issue(
    host: Host, registry: Registry, session: Session, granted: Iterable[RegistryQuestion]
) -> IssuedToken:
    return issue_registry_token(
        list_access(granted),
        parties=TokenParties(host.settings.issuer, registry.service),
        signer=Signer(host.key_set(KeyPurpose.REGISTRY).current()),
        subject=session.principal,
        now=host.at(),
        jti=secrets.token_hex(16),
    )


def _record_issue(
    host: Host,
    registry: Registry,
    session: Session,
    *,
    asked: RegistryTokenRequest,
    judged: Sequence[Judged],
    token: IssuedToken,
    refresh: IssuedToken | None,
) -> None:
    """Remember who got what, and what was left out and why; a long list is cut and counted."""
    granted = [one.text for one in judged if one.decision]
    withheld = [f"{one.text} {one.decision.reason.value}" for one in judged if not one.decision]
    host.record(
        ACTIVITY,
        "issued",
        session,
        registry=registry.service,
        principal=session.principal,
        address=str(session.context.get("ip", "")),
        credential=str(asked.credential.kind) if asked.credential else "none",
        jti=token.jti,
        granted=granted[:MOST_RECORDED],
        withheld=withheld[:MOST_RECORDED],
        asked=len(judged),
        refresh_jti=refresh.jti if refresh else "",
    )


def _record_refusal(host: Host, registry: Registry | None, refused: Unauthenticated) -> None:
    """Remember that somebody was not believed. SECURITY: nothing that was sent is kept."""
    session = _anonymous(registry) if registry else None
    host.record(
        ACTIVITY,
        "refused",
        session,
        registry=registry.service if registry else "",
        reason=refused.message,
    )
