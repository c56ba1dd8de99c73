"""Signing in to an application: its request in the address, what the person must do first, and back to it.

SECURITY: nobody is led to an application's address before that is known to be its own; until then, errors are pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response

from bailiwick.authn.oauth.faults import ACCESS_DENIED, INVALID_REQUEST, OAuthRefused
from bailiwick.authn.oauth.proofs import is_signed_in_since, seal_asked
from bailiwick.authn.oauth.requests import Pairs
from bailiwick.console.following import AUTHORIZE, lead
from bailiwick.console.page import Page
from bailiwick.console.pages.oauth.settling import to_sign_in_as
from bailiwick.console.routes import Entry, at_root
from bailiwick.service.oauth.authorizing import (
    Due,
    Wish,
    find_due,
    find_recipient,
    has_factor,
    let_in,
    read_wish,
    refusal,
)
from bailiwick.service.oauth.scope_words import words_of
from bailiwick.service.people.visits import OWES_FACTOR

ANSWER = f"{AUTHORIZE}/answer"
REASON = "the person at the browser decides what an application is let have, by themselves"
MAX_PARAMETERS = 64
MAX_HINT = 128
MAX_QUERY = 5120
# What this page adds to the application's request, for itself, while somebody signs in anew.
SINCE = "signed_in_since"


def authorize_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [at_root("GET", AUTHORIZE, show, REASON), at_root("POST", ANSWER, answer, REASON)]


def show(page: Page) -> Response:
    """What must this person do first? Where nothing: back to the application, with a code."""
    return _carry(page, page.request.url.query, _go_on, _to)


def answer(page: Page) -> Response:
    """The person agrees, or does not."""
    return _carry(page, page.form.get("request"), _agree, lead)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered, as it stands in an address without our seal, and that seal."""

    query: str
    sealed: str
    wish: Wish

    @property
    def address(self) -> str:
        """Under which address is it asked again, with the seal that it has?"""
        seal = f"&{urlencode({SINCE: self.sealed})}" if self.sealed else ""
        return f"{AUTHORIZE}?{self.query}{seal}"


Step = Callable[[Page, Asked], Response | str]


def _carry(page: Page, query: str, step: Step, leave: Callable[[Page, str], Response]) -> Response:
    """What does this step make of the request? A refusal is told to the application where that may be told."""
    try:
        pairs, sealed = _read(query)
        recipient = find_recipient(page.host, pairs)
    except OAuthRefused as error:
        return page.render("oauth/refused.html", status=400, error=error)
    try:
        taken = step(page, Asked(urlencode(list(pairs)), sealed, read_wish(recipient, pairs)))
    except OAuthRefused as error:
        taken = refusal(page.host, recipient, error)
    return leave(page, taken) if isinstance(taken, str) else taken


def _read(query: str) -> tuple[Pairs, str]:
    """Which parameters has the application sent, and which seal is ours? Raises OAuthRefused."""
    if len(query) > MAX_QUERY:
        raise OAuthRefused(INVALID_REQUEST, "the request is too long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise OAuthRefused(INVALID_REQUEST, "the request cannot be read") from None
    sealed = [value for name, value in pairs if name == SINCE]
    return [one for one in pairs if one[0] != SINCE], sealed[0] if len(sealed) == 1 else ""


def _go_on(page: Page, asked: Asked) -> Response | str:
    visit = page.visit if page.is_signed_in else None
    due = find_due(page.host, asked.wish, visit, is_fresh=_is_fresh(page, asked))
    if due is not None and asked.wish.request.is_silent:
        raise OAuthRefused(due.value, "the person would have to be asked")
    if due is None and visit is not None:
        return let_in(page.host, asked.wish, visit)
    return _ask(page, asked, due)


def _ask(page: Page, asked: Asked, due: Due | None) -> Response:
    """Which page asks for what is due?"""
    wish = asked.wish
    if due is Due.SIGN_IN or (due is Due.FACTOR and has_factor(page.host, page.visit)):
        return _to_sign_in(page, asked)
    if due is Due.OTHER_ACCOUNT:
        return page.render("oauth/other_account.html", status=403, asking=wish.asking, back=asked.address)
    if due is Due.OWED or due is Due.FACTOR:
        owed = page.visit.owes if due is Due.OWED else OWES_FACTOR
        return page.redirect(f"/me/{owed}", next=asked.address)
    return page.render(
        "oauth/consent.html",
        asking=wish.asking,
        is_on_a_machine=wish.is_on_a_machine,
        words=words_of(wish.scopes),
        back=asked.address,
        query=asked.address.partition("?")[2],
        back_to=wish.request.redirect_uri.split("?")[0],
    )


def _agree(page: Page, asked: Asked) -> Response | str:
    """Only what nothing but consent is missing for. SECURITY: a form skips no other step."""
    visit = page.visit if page.is_signed_in else None
    due = find_due(page.host, asked.wish, visit, is_fresh=_is_fresh(page, asked))
    if visit is None or due not in (None, Due.CONSENT):
        return RedirectResponse(asked.address, 303)
    if page.form.text("answer") != "allow":
        raise OAuthRefused(ACCESS_DENIED, "the person refused")
    return let_in(page.host, asked.wish, visit)


def _to_sign_in(page: Page, asked: Asked) -> Response:
    """SECURITY: sealed with the visit that is not enough, so that it is not taken for a later one."""
    visit_uid = page.visit.uid if page.is_signed_in else ""
    sealed = seal_asked(page.host.cursor_secret(), asked.query, visit_uid, int(page.host.now()))
    return to_sign_in_as(
        replace(asked, sealed=sealed).address,
        account=asked.wish.asking.account or (page.account if page.is_signed_in else ""),
        name=asked.wish.request.login_hint[:MAX_HINT],
        again=page.is_signed_in,
    )


def _is_fresh(page: Page, asked: Asked) -> bool:
    """Has the visitor signed in since they were asked to, for exactly this request?"""
    if not page.is_signed_in or not asked.sealed:
        return False
    return is_signed_in_since(
        page.host.cursor_secret(),
        asked.query,
        asked.sealed,
        visit_uid=page.visit.uid,
        begun=int(page.visit.begun_at.timestamp()),
    )


def _to(page: Page, target: str) -> Response:
    return RedirectResponse(target, 303)
