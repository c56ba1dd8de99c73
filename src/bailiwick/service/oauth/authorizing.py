"""The authorization endpoint: what stands between an application's request and the code that it is given.

Everything is asked anew at each step of the person's way, of the request in the address and of the newest states: there
is nothing on the server that somebody else's browser could finish. Implements docs/spec.md section 29.
Source: RFC 6749, 4.1; OpenID Connect Core 1.0, 3.1.2; RFC 9207; RFC 9700, 2.1 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bailiwick.authn.oauth.faults import (
    ACCESS_DENIED,
    CONSENT_REQUIRED,
    INTERACTION_REQUIRED,
    LOGIN_REQUIRED,
    OAuthRefused,
)
from bailiwick.authn.oauth.redirects import with_parameters
from bailiwick.authn.oauth.requests import (
    CONSENT,
    LOGIN,
    SELECT_ACCOUNT,
    AuthorizationRequest,
    Pairs,
    find_state,
    read_recipient,
    read_request,
)
from bailiwick.errors import Denied
from bailiwick.service.host import Host
from bailiwick.service.oauth.approvals import approve, require_may_begin
from bailiwick.service.oauth.asking import Asking, find_asking
from bailiwick.service.oauth.codes import give_code
from bailiwick.service.oauth.consents import is_agreed, remember_consent
from bailiwick.service.oauth.wishes import check_code_wish
from bailiwick.service.people.visits import Visit


class Due(StrEnum):
    """What must a person do before an application is let in? Each with the word for one who may not be asked."""

    SIGN_IN = LOGIN_REQUIRED
    OTHER_ACCOUNT = "account_selection_required"
    OWED = INTERACTION_REQUIRED
    FACTOR = "unmet_authentication_requirements"
    CONSENT = CONSENT_REQUIRED


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that may be answered: what is asked for, by which application, with which of its scopes."""

    request: AuthorizationRequest
    asking: Asking
    scopes: tuple[str, ...]

    @property
    def is_on_a_machine(self) -> bool:
        """Does the answer go to a program on the person's machine, of which nobody knows which one listens there?

        SECURITY: then each time is the person's to allow. Source: RFC 6749, 10.2; RFC 8252, 8.6.
        """
        return self.request.redirect_uri.startswith("http://")


@dataclass(frozen=True, slots=True)
class Recipient:
    """An application that is told the answer, at an address that is its own, with the state that it sent."""

    asking: Asking
    redirect_uri: str
    state: str | None


def find_recipient(host: Host, pairs: Pairs) -> Recipient:
    """Who is told the answer? Raises OAuthRefused, which only the person at the browser is told.

    SECURITY: before application and address are known to belong together, nobody is led anywhere. (bug class 32)
    """
    said = read_recipient(pairs)
    asking = find_asking(host, said.client_id)
    if asking is None:
        raise OAuthRefused("invalid_client", "there is no such application, or it is out of use")
    if not asking.application.may_return_to(said.redirect_uri):
        raise OAuthRefused(
            "invalid_redirect_uri", "the address to go back to is not one of the application's"
        )
    return Recipient(asking, said.redirect_uri, find_state(pairs))


def read_wish(recipient: Recipient, pairs: Pairs) -> Wish:
    """What is asked for? Raises OAuthRefused, which the application is told."""
    request = read_request(pairs)
    scopes = check_code_wish(recipient.asking.application, request.scopes, request.resource)
    return Wish(request, recipient.asking, scopes)


def find_due(host: Host, wish: Wish, visit: Visit | None, *, is_fresh: bool) -> Due | None:
    """What must be done first? None: nothing. `is_fresh`: they have signed in since they were asked to, for this."""
    if visit is None:
        return Due.SIGN_IN
    account = visit.session.account
    if not wish.asking.is_of(account) or find_asking(host, wish.asking.client_id, account) is None:
        return Due.OTHER_ACCOUNT
    if not is_fresh and _is_stale(host, wish.request, visit):
        return Due.SIGN_IN
    if visit.owes:
        return Due.OWED
    if wish.request.wants_factor and visit.factor_at is None:
        return Due.FACTOR
    return None if _has_agreed(host, wish, visit) else Due.CONSENT


def _is_stale(host: Host, request: AuthorizationRequest, visit: Visit) -> bool:
    if request.prompts & {LOGIN, SELECT_ACCOUNT}:
        return True
    return request.max_age is not None and host.now() - visit.begun_at.timestamp() > request.max_age


def _has_agreed(host: Host, wish: Wish, visit: Visit) -> bool:
    """Has the person agreed to all of it before, where they must?"""
    if CONSENT in wish.request.prompts or wish.is_on_a_machine:
        return False
    session = visit.session
    agreed = host.snapshot(session.account).consent_of(session.uid, wish.asking.client_id)
    return wish.asking.application.first_party or is_agreed(agreed, wish.scopes, wish.request.redirect_uri)


def has_factor(host: Host, visit: Visit) -> bool:
    """Has the person a second factor that they could show?"""
    return host.snapshot(visit.session.account).has_factor(visit.session.uid)


def let_in(host: Host, wish: Wish, visit: Visit) -> str:
    """To which address, with a code in it, is the person led? Raises OAuthRefused.

    The caller has asked `find_due`, or the person has just agreed to exactly this.
    """
    try:
        require_may_begin(host, visit)
    except Denied:
        raise OAuthRefused(ACCESS_DENIED, "the account does not let this person begin a session") from None
    request, consent = wish.request, ""
    if not wish.asking.application.first_party:
        consent = remember_consent(host, visit, request.client_id, wish.scopes, request.redirect_uri).uid
    approval = approve(
        visit,
        request.client_id,
        wish.scopes,
        consent_uid=consent,
        resource=request.resource,
        nonce=request.nonce or "",
    )
    code = give_code(host, approval, request.redirect_uri, request.challenge)
    host.record(
        "authorize", "approved", visit.session, client_id=request.client_id, scope=" ".join(wish.scopes)
    )
    return address_back(host, request.redirect_uri, request.state, [("code", code)])


def refusal(host: Host, recipient: Recipient, error: OAuthRefused) -> str:
    """To which address, with this refusal in it, is the person led?"""
    said = [("error", error.error), ("error_description", error.message.replace('"', "'"))]
    return address_back(host, recipient.redirect_uri, recipient.state, said)


def address_back(host: Host, redirect_uri: str, state: str | None, said: list[tuple[str, str]]) -> str:
    """Which address says this to the application? With whose answer it is, so that none is taken for another's."""
    more = [] if state is None else [("state", state)]
    return with_parameters(redirect_uri, [*said, *more, ("iss", host.settings.issuer)])
