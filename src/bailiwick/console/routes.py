"""The console's route table: method, path, handler, what it asks the engine for; and how a line becomes a route.

Every line names the `iam` actions that its page asks for, or why it asks for none; a test refuses any without. Who
asks is settled before anything is read, a form's token before its handler runs (entrance.py, forgery.py).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bailiwick.console.deeds import DEED
from bailiwick.console.entrance import Guest, address_of, enter, keep_ticket
from bailiwick.console.forgery import check_origin, check_token
from bailiwick.console.forms import read_form
from bailiwick.console.headers import secure
from bailiwick.console.page import ROOT, Page
from bailiwick.console.problems import answer_error, answer_failure
from bailiwick.console.proving import ask_for_proof, go_on
from bailiwick.errors import BailiwickError, Denied, Unauthenticated
from bailiwick.service.carrying import note_who
from bailiwick.service.freshness import REVISION_HEADER, format_revisions
from bailiwick.service.host import Host
from bailiwick.service.proving import StepUpRequired

Handler = Callable[[Page], Response]
ACCOUNT_PATH = "/accounts/{account}"
SIGN_IN = f"{ROOT}/sign-in"
ANYTHING = "anything"

_logger = logging.getLogger("bailiwick.console")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table. `path` follows `/console`, and the account's where the page is of an account.

    `actions`: any of these may be asked for. `public`: why the page asks for none. `owing`: it is open to whoever
    still owes this (a new password, a second factor), or ANYTHING. `at_root`: the path is the whole address.
    """

    method: str
    path: str
    handler: Handler
    actions: tuple[str, ...] = ()
    public: str = ""
    owing: str = ""
    of_account: bool = True
    at_root: bool = False

    @property
    def full_path(self) -> str:
        """Under which path does it answer?"""
        return self.path if self.at_root else ROOT + (ACCOUNT_PATH if self.of_account else "") + self.path


def get(path: str, handler: Handler, *actions: str, public: str = "", owing: str = "") -> Entry:
    """Which line shows a page of an account?"""
    return Entry("GET", path, handler, actions, public, owing)


def post(path: str, handler: Handler, *actions: str, public: str = "", owing: str = "") -> Entry:
    """Which line carries out a form of an account?"""
    return Entry("POST", path, handler, actions, public, owing)


def outside(method: str, path: str, handler: Handler, reason: str) -> Entry:
    """Which line is for whoever has not signed in?"""
    return Entry(method, path, handler, public=reason, owing=ANYTHING, of_account=False)


def at_root(method: str, path: str, handler: Handler, reason: str) -> Entry:
    """Which line is for whoever an application or a device leads here, at an address that it knows by a protocol?"""
    return Entry(method, path, handler, public=reason, owing=ANYTHING, of_account=False, at_root=True)


class PageRoute(Route):
    """A route that says what it asks for."""

    entry: Entry
    actions: tuple[str, ...]
    public: str


def route_of(host: Host, entry: Entry) -> PageRoute:
    """Which route answers for this line?"""
    route = PageRoute(
        entry.full_path, _endpoint(host, entry), methods=[entry.method], include_in_schema=False
    )
    route.entry, route.actions, route.public = entry, entry.actions, entry.public
    return route


def _endpoint(host: Host, entry: Entry) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        page, is_known = Page(host, request, Guest()), False
        try:
            if entry.method == "POST":
                # SECURITY: before the body is read, and before anybody is believed.
                check_origin(request)
            page.visitor = await run_in_threadpool(enter, host, request)
            is_known = True
            if page.is_signed_in:
                note_who(page.session.account, page.session.uid)
                host.rates.charge(page.session)
            else:
                host.rates.charge_address(address_of(request))
            # WHY in a thread: a page that is refused is a page, whose menu and token may have to ask the store.
            response = await run_in_threadpool(_elsewhere, page, entry) or await _answer(page, entry)
        except ClientDisconnect:
            return Response(status_code=400)
        except Unauthenticated:
            response = to_sign_in(page)
        except BailiwickError as error:
            response = await run_in_threadpool(_refused, page, entry, error)
        except Exception:
            _logger.exception("%s %s could not be answered", entry.method, entry.full_path)
            response = await run_in_threadpool(answer_failure, page)
        # SECURITY: before it was asked who visits, nobody's cookie is taken away.
        if is_known:
            keep_ticket(page, response)
        _name_revisions(page, response)
        return secure(response, host)

    return endpoint


def _name_revisions(page: Page, response: Response) -> None:
    """Say of which revisions the page is (rule 15.8), to whoever has signed in. No I/O.

    WHY after the answer was made: whoever passes it on shall see at least what they saw.
    """
    held = page.host.find_held(page.session.account) if page.is_signed_in else None
    if held is not None:
        response.headers[REVISION_HEADER] = format_revisions(held.vector)


async def _answer(page: Page, entry: Entry) -> Response:
    if entry.method != "POST":
        return await run_in_threadpool(_handle, page, entry)
    page.form = await read_form(page.request)
    # WHY a turn: whoever waits for others who change the account does so without a thread.
    async with page.host.turns.one(page.session.account) if page.is_signed_in else nullcontext():
        return await run_in_threadpool(_handle, page, entry)


def _handle(page: Page, entry: Entry) -> Response:
    """The answer of the handler, after the form's token and the proof that a waiting form was sent with."""
    if entry.method == "POST":
        check_token(page)
    if page.form.has(DEED) and page.is_signed_in and (refused := go_on(page)) is not None:
        return refused
    return entry.handler(page)


def _refused(page: Page, entry: Entry, error: BailiwickError) -> Response:
    if isinstance(error, StepUpRequired) and page.is_signed_in:
        return ask_for_proof(page)
    if isinstance(error, Denied) and page.is_signed_in:
        path = f"{entry.method} {entry.full_path}"
        page.host.record("refusal", error.reason, page.session, action=error.action, route=path)
    return answer_error(page, error)


def _elsewhere(page: Page, entry: Entry) -> Response | None:
    """Where must the visitor go first? None: nowhere."""
    if not entry.of_account:
        return None
    if not page.is_signed_in:
        return to_sign_in(page)
    wanted = str(page.request.path_params["account"])
    if wanted != page.account:
        return page.render("problems/other_account.html", status=403, wanted=wanted)
    owes = page.visit.owes
    is_open = not owes or entry.owing in (owes, ANYTHING)
    return None if is_open else page.redirect(f"/me/{owes}")


def to_sign_in(page: Page) -> Response:
    """Which answer leads to the sign-in page, and back here afterwards?"""
    address = page.request.url.path + (f"?{page.request.url.query}" if page.request.url.query else "")
    back = address if page.request.method == "GET" and not page.is_partial else page.referring
    target = SIGN_IN + (f"?{urlencode({'next': back}, quote_via=quote)}" if back else "")
    if page.is_partial:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)
