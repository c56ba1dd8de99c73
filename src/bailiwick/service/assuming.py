"""Beginning sessions: as a profile, as a service, for somebody else, or with less than one has.

Implements docs/spec.md section 22. Every link of the caller's session is asked about as itself, first at home, then of
the profile; what comes of it is a token that is judged anew at every use (standing.py) and never outlives what it was
made from. Who assumed what, and who was refused, is recorded in both accounts.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

from bailiwick.authn.compact import Signer
from bailiwick.authn.links import Link, said_of
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import MAX_LIFETIME_SECONDS, IssuedToken, TokenSubject, issue_access_token
from bailiwick.catalog.checks import check_account
from bailiwick.engine import decide, decide_assuming
from bailiwick.errors import Denied, Finding, Invalid, NotFound, Unauthenticated
from bailiwick.model.names import parse_name, parse_type_name
from bailiwick.model.policies import Guardrail
from bailiwick.model.requests import Decision, Reason
from bailiwick.model.trusting import (
    ACT_AS,
    ASSUME,
    PROFILE,
    AssumeQuestion,
    Assumption,
    TrustReason,
    profile_id,
)
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge, request_of
from bailiwick.service.needed import iam_service, needed_to_read
from bailiwick.service.session_events import record_begun, record_refused
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import (
    SERVICE,
    act_as_request,
    trusted_uids,
    uid_of,
    write_restriction,
)

BEGIN = "iam.session.begin"
ASSUME_GRANT = "urn:ibm:params:oauth:grant-type:assume"
ACT_AS_GRANT = "urn:bailiwick:params:oauth:grant-type:act-as"
SESSION_GRANT = "urn:bailiwick:params:oauth:grant-type:session"
LEAST_SECONDS = 60
MOST_RESTRICTIONS = 16
MOST_RESTRICTION_BYTES = 2048
# WHY less than a token may have: the header that carries it has the same limit, and other words in it.
MOST_TOKEN_CHARACTERS = 6144
_ASK = "ask somebody who may grant this, or the account's owner"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a session: how long at most, without what, and for whom (by that one's own token)?"""

    seconds: int | None = None
    restrict: tuple[Guardrail, ...] = ()
    acts_for: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun: its uid, its token, and whose it is. `link` is its principal, as the token says it."""

    uid: str
    token: IssuedToken
    link: Link
    acts_for: tuple[Link, ...]
    restrictions: tuple[Guardrail, ...]

    @property
    def expires_at(self) -> datetime:
        """From when on is it over?"""
        return datetime.fromtimestamp(self.token.expires_epoch, UTC)


def assume_profile(host: Host, session: Session, account: str, name: str, wanted: Wanted) -> Begun:
    """Begin a session as this profile of this account. Raises Denied, Invalid."""
    parse_name(account, "account", "account name")
    parse_name(name, "profile", "profile name")
    trusting = _may_assume(host, session, account, name)
    reference = PROFILE + name
    profile = trusting.account.principals[reference]
    return _begin(
        host,
        session,
        wanted,
        link=Link(
            account,
            str(uid_of(trusting, reference)),
            reference,
            by=session.links,
            context=said_of(session.context),
        ),
        trusting=trusting,
        most_seconds=profile.maximum_session_seconds,
        grant=ASSUME_GRANT,
    )


def _may_assume(host: Host, session: Session, account: str, name: str) -> Snapshot:
    """May every link of the session assume the profile? Returns the state of its account. Raises Denied."""
    home = host.snapshot(session.account)
    question = AssumeQuestion(
        session.principal, account, name, host.now(), session.context, session.restrictions
    )
    # SECURITY: the other account is not even looked for before home allows it, for every link.
    for link in _links(session):
        answer = decide_assuming(home.compiled, None, replace(question, principal=link))
        if answer.reason is TrustReason.HOME:
            _refuse_at_home(host, session, link, profile_id(session.account, account, name), answer)
    trusting = _find(host, account)
    if trusting is None:
        _refuse_untrusted(
            host, session, None, (account, name), session.principal, TrustReason.UNKNOWN_PROFILE
        )
    uids = trusted_uids(home, trusting, PROFILE + name)
    for link in _links(session):
        answer = decide_assuming(
            home.compiled, trusting.compiled, replace(question, principal=link, uids=uids)
        )
        if not answer.allowed:
            _refuse_untrusted(host, session, trusting, (account, name), link, answer.reason)
    return trusting


def _links(session: Session) -> tuple[str, ...]:
    return session.principal, *session.chain


def _find(host: Host, account: str) -> Snapshot | None:
    try:
        return host.snapshot(account)
    except NotFound:
        return None


def _refuse_at_home(host: Host, session: Session, link: str, wanted: str, answer: Assumption) -> NoReturn:
    record_refused(host, session, None, profile=wanted, reason=answer.home, link=link)
    raise Denied(
        f"`{link}` lacks `{ASSUME}` on profile `{wanted}`", action=ASSUME, reason=answer.home, help=_ASK
    )


def _refuse_untrusted(
    host: Host,
    session: Session,
    trusting: Snapshot | None,
    wanted: tuple[str, str],
    link: str,
    reason: TrustReason,
) -> NoReturn:
    """SECURITY: who is not trusted is not told whether there is such a profile or account, or what state it is in."""
    name = profile_id(session.account, *wanted)
    record_refused(host, session, trusting, profile=name, reason=reason.value, link=link)
    if reason is TrustReason.TRUST_CONDITION:
        raise Denied(
            f"profile `{name}` trusts `{link}` only on a condition that does not hold",
            action=ASSUME,
            reason=TrustReason.TRUST_CONDITION.value,
            help="see its `when`, or ask whoever keeps it",
        )
    raise Denied(
        f"no profile `{name}` lets `{link}` assume it",
        action=ASSUME,
        reason=TrustReason.NOT_TRUSTED.value,
        help="a profile names in `trust` who may assume it; ask whoever keeps it",
    )


def act_as_service(host: Host, session: Session, name: str, wanted: Wanted) -> Begun:
    """Begin a session as this service acting as itself. Raises Denied, Invalid, NotFound."""
    parse_type_name(name, "service")
    snapshot = host.snapshot(session.account)
    service, now = SERVICE + name, host.now()
    for link in _links(session):
        request = act_as_request(
            link, service, now=now, context=session.context, restrictions=session.restrictions
        )
        decision = decide(snapshot.compiled, request)
        if not decision.allowed:
            _refuse(session, link, ACT_AS, f" over service `{name}`", decision)
    return _begin(
        host,
        session,
        wanted,
        link=Link(session.account, service, service, by=session.links, context=said_of(session.context)),
        trusting=snapshot,
        most_seconds=MAX_LIFETIME_SECONDS,
        grant=ACT_AS_GRANT,
    )


def begin_session(host: Host, session: Session, wanted: Wanted) -> Begun:
    """Begin a session of one's own that may do less, or that acts for somebody. Raises Denied, Invalid.

    It can do nothing that the caller cannot, so everyone may, where nothing forbids it (rule 22.7).
    """
    check_may_begin(host, session)
    return _begin(
        host,
        session,
        wanted,
        link=session.links[0],
        trusting=host.snapshot(session.account),
        most_seconds=MAX_LIFETIME_SECONDS,
        grant=SESSION_GRANT,
        keeps_chain=True,
    )


def check_may_begin(host: Host, session: Session) -> None:
    """Does nothing forbid any link of it to begin a session that is no more than itself? Raises Denied."""
    request = request_of(session, BEGIN, iam_service(), host.now())
    for link in _links(session):
        # WHY each by itself: one without a policy, who may, would hide that the next is forbidden to.
        decision = decide(host.snapshot(session.account).compiled, replace(request, principal=link, chain=()))
        if not decision.allowed and decision.reason is not Reason.NO_MATCHING_POLICY:
            _refuse(session, link, BEGIN, "", decision)


def _refuse(session: Session, link: str, action: str, place: str, decision: Decision) -> NoReturn:
    raise Denied(f"`{link}` lacks `{action}`{place}", action=action, reason=decision.reason.value, help=_ASK)


def _begin(
    host: Host,
    session: Session,
    wanted: Wanted,
    *,
    link: Link,
    trusting: Snapshot,
    most_seconds: int,
    grant: str,
    keeps_chain: bool = False,
) -> Begun:
    """Make the token of a session that may be. INVARIANT: it ends no later than what it is made from."""
    acts_for, restrictions, until = (
        session.acts_for if keeps_chain else (),
        session.restrictions,
        session.expires_at,
    )
    if wanted.acts_for is not None:
        other = _session_acted_for(host, wanted.acts_for, link.account, _address_of(session))
        acts_for = (*acts_for, *other.links)
        restrictions = (*restrictions, *other.restrictions)
        until = min(until, other.expires_at)
    told = Session(
        link.account, link.principal, link.uid, "", until, restrictions=restrictions, context=session.context
    )
    _check_restrictions(host, told, trusting, wanted.restrict)
    uid = new_uid("Session")
    begun = replace(link, session_uids=(uid, *link.session_uids))
    carried = (*restrictions, *wanted.restrict)
    subject = replace(
        _subject(begun, session.credential, grant, acts_for=acts_for, restrictions=carried),
        client_id=link.client_id or None,
        authenticated=session.authenticated,
    )
    token = _issue(host, subject, _seconds(wanted, most_seconds), until)
    made = Begun(uid, token, begun, acts_for, carried)
    record_begun(host, session, subject, made.expires_at, jti=token.jti)
    return made


def _subject(
    begun: Link,
    credential: str,
    grant: str,
    *,
    acts_for: tuple[Link, ...],
    restrictions: tuple[Guardrail, ...],
) -> TokenSubject:
    """What does the token of this session say? Its own uid is the newest of the link's."""
    newest, *earlier = begun.session_uids
    return TokenSubject(
        uid=begun.uid,
        account=begun.account,
        principal=begun.principal,
        credential_uid=credential,
        grant_type=grant,
        session_uid=newest,
        earlier_sessions=tuple(earlier),
        by=begun.by,
        context=begun.context,
        acts_for=acts_for,
        restrictions=tuple(write_restriction(one) for one in restrictions),
    )


def _address_of(session: Session) -> str:
    return str(session.context.get("ip", ""))


def _session_acted_for(host: Host, token: str, account: str, address: str) -> Session:
    """Whose token is it? Raises Invalid. INVARIANT: nobody is acted for by their name alone."""
    try:
        found = host.authenticator.session_of_token(token, address)
    except Unauthenticated:
        raise Invalid.at(
            "for",
            "the token is malformed, expired or withdrawn",
            "send the access token of whom the session acts for",
        ) from None
    if found.account != account:
        raise Invalid.at("for", f"the token is not one of account `{account}`")
    return found


def _check_size(restrict: tuple[Guardrail, ...], inherited: int) -> None:
    if inherited + len(restrict) > MOST_RESTRICTIONS:
        raise Invalid.at("restrict", f"expected at most {MOST_RESTRICTIONS} restrictions in all")
    size = len(json.dumps([write_restriction(one) for one in restrict]))
    if size > MOST_RESTRICTION_BYTES:
        raise Invalid.at("restrict", f"expected at most {MOST_RESTRICTION_BYTES} bytes, got {size}")


def _check_restrictions(
    host: Host, session: Session, snapshot: Snapshot, restrict: tuple[Guardrail, ...]
) -> None:
    """Do these restrictions restrict something? Raises Invalid: one that is mistyped would restrict nothing.

    SECURITY: a project that the session may not see is as unknown to it as one that is not there.
    """
    _check_size(restrict, len(session.restrictions))
    account, judge = snapshot.account, Judge(host.catalog, session, snapshot, None, host.now())
    named = {one.name: one for one in restrict}
    projects = {
        project: account.projects[project]
        for one in restrict
        for project in one.scope.project or ()
        if project in account.projects and judge.is_any_allowed(needed_to_read(project))
    }
    shown = replace(account, guardrails=named, projects=projects)
    findings = check_account(host.catalog, shown, only=[("Guardrail", name) for name in named])
    if findings:
        raise Invalid(replace(one, place=_place(one)) for one in findings)


def _place(finding: Finding) -> str:
    """Where in the body is what a check of guardrails found? `Guardrail restrict[0]: actions[1]`."""
    return finding.place.removeprefix("Guardrail ").replace(": ", ".")


def _seconds(wanted: Wanted, most: int) -> int:
    most = min(most, MAX_LIFETIME_SECONDS)
    if wanted.seconds is None:
        return most
    if not LEAST_SECONDS <= wanted.seconds <= most:
        raise Invalid.at("seconds", f"expected {LEAST_SECONDS} to {most} seconds, got `{wanted.seconds}`")
    return wanted.seconds


def _issue(host: Host, subject: TokenSubject, seconds: int, until: float) -> IssuedToken:
    token = issue_access_token(
        subject,
        parties=host.parties,
        signer=Signer(host.key_set(KeyPurpose.ACCESS).current()),
        now=host.at(),
        lifetime_seconds=seconds,
        jti=secrets.token_hex(16),
        not_beyond=datetime.fromtimestamp(until, UTC),
    )
    if len(token.text) > MOST_TOKEN_CHARACTERS:
        raise Invalid.at(
            "restrict", "the session's token becomes too long", "restrict less, or go through fewer others"
        )
    return token
