"""Asking a provider who somebody is: where the browser is sent, and what becomes of the answer it comes back with.

The authorization code flow with a proof key, a nonce and a state of one browser. Source: OpenID Connect Core 1.0, 3.1;
RFC 7636; RFC 9207 (whose answer is it?); RFC 9700.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from bailiwick.authn.federation.claims import Claims, find_claim, joined
from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.authn.federation.id_tokens import (
    Expected,
    find_key,
    parse_id_token,
    read_subject,
    verify_id_token,
)
from bailiwick.model.accounts import Account
from bailiwick.model.federation import IdentityProvider
from bailiwick.service.federation.directory import Metadata
from bailiwick.service.federation.providers import (
    Believed,
    believed_again,
    find_client_secret,
    get_believed,
    redirect_uri,
)
from bailiwick.service.federation.states import Begun, Secrets, claim_begun, keep_begun, secrets_of
from bailiwick.service.host import Host
from bailiwick.service.people.events import Client

MOST_CODE = 4000
# What a provider may say instead of a code, in words. Source: RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6.
_DENIALS = {
    "access_denied": "signing in there was refused or given up",
    "login_required": "you are not signed in there",
    "interaction_required": "it could not ask you what it had to",
    "consent_required": "it lacks your consent",
    "temporarily_unavailable": "it is out of order for the moment",
    "server_error": "it is out of order",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brings back from a provider, for this account and provider by the address it was sent to."""

    account: str
    provider: str
    state: str = field(repr=False)
    code: str = field(repr=False)
    error: str
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Proven:
    """Who it is, as a believed provider says: its subject and claims; and what was begun with that."""

    believed: Believed
    begun: Begun
    subject: str
    claims: Claims


def begin(
    host: Host,
    account: str,
    provider: str,
    binding: str,
    client: Client,
    *,
    following: str = "",
    visit_uid: str = "",
) -> str:
    """Where is the browser sent to sign in? Raises NotFound, Unavailable."""
    snapshot = host.snapshot(account)
    believed = get_believed(snapshot, provider)
    metadata = host.providers.metadata(believed.provider.issuer)
    begun = Begun(account, believed.uid, metadata.issuer, visit_uid, following)
    state = keep_begun(host, begun, binding, client)
    bound = secrets_of(state, binding)
    asked = {
        "response_type": "code",
        "client_id": believed.provider.client_id,
        "redirect_uri": redirect_uri(host, account, provider),
        "scope": " ".join(believed.provider.scopes),
        "state": state,
        "nonce": bound.nonce,
        "code_challenge": bound.challenge,
        "code_challenge_method": "S256",
    }
    if believed.provider.maximum_age_minutes:
        asked["max_age"] = str(believed.provider.maximum_age_minutes * 60)
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{joint}{urlencode(asked, quote_via=quote)}"


def believe(host: Host, answer: Answer, binding: str) -> Proven:
    """Who is it, by this answer? Raises SignInRefused, Unavailable."""
    begun = claim_begun(host, answer.state, binding)
    snapshot = host.snapshot(begun.account)
    believed = believed_again(snapshot, begun.provider_uid, begun.issuer)
    if (begun.account, believed.provider.name) != (answer.account, answer.provider):
        raise SignInRefused(Fault.MIX_UP, "the answer came to another provider's address", "sign in again")
    metadata = host.providers.metadata(begun.issuer)
    _check_sender(metadata, answer)
    if answer.error:
        words = _DENIALS.get(answer.error, "it could not sign you in")
        raise SignInRefused(Fault.DENIED_THERE, f"{believed.provider.shown} says: {words}")
    bound = secrets_of(answer.state, binding)
    tokens = _redeem(host, believed, metadata, answer, bound)
    claims = _verify(host, believed.provider, tokens, bound)
    claims = _with_userinfo(host, snapshot.account, believed.provider, metadata, tokens, claims)
    return Proven(believed, begun, read_subject(claims), claims)


def _check_sender(metadata: Metadata, answer: Answer) -> None:
    """Is the answer this issuer's? SECURITY: a code that another gave is never sent here. (RFC 9207, 2.4)"""
    if answer.issuer is None and not metadata.names_itself:
        return
    if answer.issuer != metadata.issuer:
        raise SignInRefused(Fault.MIX_UP, "the answer is from another identity provider", "sign in again")


@dataclass(frozen=True, slots=True, repr=False)
class _Tokens:
    id_token: str
    access_token: str


def _redeem(host: Host, believed: Believed, metadata: Metadata, answer: Answer, bound: Secrets) -> _Tokens:
    """Which tokens are given for the code?"""
    if not answer.code or len(answer.code) > MOST_CODE:
        raise SignInRefused(Fault.CODE, "the identity provider's answer holds no code", "sign in again")
    client_id = believed.provider.client_id
    form = {
        "grant_type": "authorization_code",
        "code": answer.code,
        "redirect_uri": redirect_uri(host, answer.account, believed.provider.name),
        "code_verifier": bound.verifier,
    }
    secret, basic = find_client_secret(host, host.snapshot(answer.account), believed.uid), None
    if secret and metadata.takes_basic:
        # Source: RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
        basic = quote(client_id, safe=""), quote(secret, safe="")
    else:
        form |= {"client_id": client_id, **({"client_secret": secret} if secret else {})}
    found = host.providers.fetcher.post(metadata.token_endpoint, form, basic=basic)
    id_token, access_token = found.body.get("id_token"), found.body.get("access_token", "")
    if found.status != 200 or not isinstance(id_token, str) or not isinstance(access_token, str):
        raise SignInRefused(
            Fault.CODE, "the identity provider did not take its own code back", "sign in again"
        )
    return _Tokens(id_token, access_token)


def _verify(host: Host, provider: IdentityProvider, tokens: _Tokens, bound: Secrets) -> Claims:
    token = parse_id_token(tokens.id_token)
    key = find_key(token, host.providers.keys(provider.issuer))
    if key is None:
        key = find_key(token, host.providers.keys(provider.issuer, anew=True))
    if key is None:
        raise SignInRefused(
            Fault.UNKNOWN_KEY, "the ID token is signed by a key that its issuer does not publish"
        )
    minutes = provider.maximum_age_minutes
    expected = Expected(
        issuer=provider.issuer,
        client_id=provider.client_id,
        nonce=bound.nonce,
        now=host.now(),
        access_token=tokens.access_token,
        max_age_seconds=minutes * 60 if minutes else None,
    )
    return verify_id_token(token, key, expected)


def _with_userinfo(
    host: Host,
    account: Account,
    provider: IdentityProvider,
    metadata: Metadata,
    tokens: _Tokens,
    claims: Claims,
) -> Claims:
    """The claims, with what only the userinfo endpoint says of those that count here. The ID token's come first."""
    wanted = {provider.name_claim, provider.email_claim, "email_verified"}
    for rule in account.federation_rules.values():
        if rule.provider == provider.name and not rule.disabled:
            wanted |= {condition.claim for condition in rule.conditions}
    is_complete = all(find_claim(claims, one) is not None for one in wanted)
    if is_complete or not metadata.userinfo_endpoint or not tokens.access_token:
        return claims
    found = host.providers.fetcher.get(metadata.userinfo_endpoint, bearer=tokens.access_token)
    # SECURITY: what another's access token says must not be taken for this person's. (Core 1.0, 5.3.2)
    if found.status != 200 or found.body.get("sub") != claims["sub"]:
        raise SignInRefused(Fault.USERINFO, "the identity provider's answer about you is about somebody else")
    return joined(claims, found.body)
