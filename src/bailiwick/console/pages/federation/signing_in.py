"""Signing in through an identity provider: the choice of one, the way there, and the way back.

Both addresses are for whoever comes, from anywhere; what counts is the state that one browser was given and its cookie
(service/federation/states.py).
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bailiwick.authn.federation.faults import SignInRefused
from bailiwick.console.entrance import client_of, cookie_name, drop_cookie, set_cookie
from bailiwick.console.forms import Form
from bailiwick.console.page import MAX_TEXT, Page
from bailiwick.console.pages.people.signing_in import FOR_GUESTS, to_code, welcome
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, outside
from bailiwick.console.ways_in import begin_url, ways_in
from bailiwick.errors import BailiwickError, Conflict, Denied, NotFound, Unauthenticated, Unavailable
from bailiwick.service.federation.arriving import answer_of, arrive
from bailiwick.service.federation.asking import Answer, Proven, begin
from bailiwick.service.federation.linking import keep_pending
from bailiwick.service.federation.states import STATE_SECONDS, new_binding
from bailiwick.service.people.visits import Visit

BINDING_COOKIE = "provider"
MOST_PARAMETER = 5000


def provider_sign_in_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        outside("GET", "/sign-in/with", choose_provider, FOR_GUESTS),
        outside("GET", "/sign-in/{account}/{provider}", go_to_provider, FOR_GUESTS),
        outside("GET", "/sign-in/{account}/{provider}/callback", come_back, FOR_GUESTS),
    ]


def choose_provider(page: Page) -> Response:
    """Through whom do people of this account sign in? An account that is not there has nobody, as most have."""
    account = page.asked("account")
    ways = ways_in(page.host, account, page.asked("next"))
    return page.render(
        "federation/choose.html", form=Form.of({"account": account}), account=account, ways=ways
    )


def go_to_provider(page: Page) -> Response:
    """The browser goes to the provider, with a state and a cookie of its own."""
    account, provider = _named(page)
    return lead_to_provider(page, account, provider, following=page.asked("next"))


def lead_to_provider(
    page: Page, account: str, provider: str, *, following: str = "", visit_uid: str = ""
) -> Response:
    """Which answer leads to the provider?"""
    binding = new_binding(page.request.cookies.get(cookie_name(page.host, BINDING_COOKIE), ""))
    client = client_of(page.request)
    try:
        address = begin(
            page.host, account, provider, binding, client, following=following[:MAX_TEXT], visit_uid=visit_uid
        )
    except (NotFound, Unavailable) as error:
        return _refused(page, account, error)
    response = RedirectResponse(address, 303)
    set_cookie(page.host, response, BINDING_COOKIE, binding, seconds=STATE_SECONDS)
    return response


def come_back(page: Page) -> Response:
    """The provider's answer is looked at; then a visit begins, a code is due, or an identity waits to be linked."""
    host, client = page.host, client_of(page.request)
    binding = page.request.cookies.get(cookie_name(host, BINDING_COOKIE), "")
    answer = _answer(page)
    try:
        proven = answer_of(host, answer, binding, client)
        if proven.begun.visit_uid:
            return _to_confirm(page, proven)
        arrived = arrive(host, proven, client)
    except (Unauthenticated, Unavailable, Conflict, NotFound, Denied) as error:
        return _refused(page, answer.account, error, again=begin_url(answer.account, answer.provider))
    following = proven.begun.following
    if not isinstance(arrived, Visit):
        return to_code(page, arrived, following)
    response = welcome(page, arrived, following)
    drop_cookie(host, response, BINDING_COOKIE)
    return response


def _to_confirm(page: Page, proven: Proven) -> Response:
    if not page.is_signed_in:
        raise Unauthenticated("your visit is over", "sign in again, and begin again on your profile")
    keep_pending(page.host, page.visit, proven, client_of(page.request))
    return page.redirect("/me/identities/confirm")


def _named(page: Page) -> tuple[str, str]:
    path = page.request.path_params
    return str(path["account"]), str(path["provider"])


def _answer(page: Page) -> Answer:
    """What does the address say? A parameter that is given twice, or is very long, counts as not given."""
    account, provider = _named(page)
    query = page.request.query_params

    def one(name: str) -> str:
        found = query.getlist(name)
        return found[0] if len(found) == 1 and len(found[0]) <= MOST_PARAMETER else ""

    issuer = one("iss") if "iss" in query else None
    return Answer(account, provider, one("state"), one("code"), one("error"), issuer)


def _refused(page: Page, account: str, error: BailiwickError, *, again: str = "") -> Response:
    status = 401 if isinstance(error, SignInRefused) else status_of(error)
    return page.render(
        "federation/refused.html",
        status=status,
        message=error.message,
        help=error.help,
        account=account,
        again=again,
    )
