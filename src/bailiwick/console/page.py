"""One request to the console: who visits, what was asked and sent, and the ways to answer.

A handler gets a `Page` and nothing else of the framework. Everything on one page is of one state of the account: the
snapshot is taken at the first question and stays. It decides nothing: `judge` and `reader` ask the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bailiwick.catalog.documents import parse_document
from bailiwick.console.entrance import GUEST_COOKIE, Guest, Visitor, set_cookie
from bailiwick.console.forgery import form_key, new_guest, token_of
from bailiwick.console.forms import Form
from bailiwick.console.navigation import Item, is_here, menu_of
from bailiwick.console.notes import Note, keep_note, read_note, take_note
from bailiwick.console.rendering import has_block, render_block, render_page
from bailiwick.errors import Conflict, Invalid
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.kinds import KINDS, find_value
from bailiwick.service.people.visits import Visit
from bailiwick.service.proving import as_proved
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

ROOT = "/console"
VIA = "console"
PAGE_SIZE = 50
MAX_TEXT = 500

Prepare = Callable[[Snapshot], Sequence[Edit]]


class Page:
    """One request, and its answer in the making."""

    def __init__(self, host: Host, request: Request, visitor: Visitor) -> None:
        self.host = host
        self.request = request
        self.visitor = visitor
        self.form = Form()
        self._new_guest = ""

    # Who visits

    @property
    def is_signed_in(self) -> bool:
        """Is it somebody?"""
        return not isinstance(self.visitor, Guest)

    @property
    def visit(self) -> Visit:
        """Which visit is it? Only of pages for people who have signed in."""
        if isinstance(self.visitor, Guest):
            raise RuntimeError("a page for guests has no visit")
        return self.visitor

    @property
    def session(self) -> Session:
        """Who asks?"""
        return self.visit.session

    @property
    def account(self) -> str:
        """Of which account is it?"""
        return self.session.account

    @cached_property
    def snapshot(self) -> Snapshot:
        """Which state is shown? One for the whole page."""
        return self.host.snapshot(self.account)

    @cached_property
    def now(self) -> float:
        """At which moment is it judged, in epoch seconds?"""
        return self.host.now()

    @cached_property
    def judge(self) -> Judge:
        """Asks the engine what this visitor may, once they have proved lately who they are.

        WHY: what is shown stays; whoever does it is asked for the proof then, where the change is made.
        """
        return Judge(self.host.catalog, as_proved(self.session), self.snapshot, None, self.now)

    @cached_property
    def reader(self) -> Reader:
        """Reads what this visitor may see."""
        return Reader(self.host, self.session, self.snapshot)

    @property
    def menu(self) -> Iterator[tuple[str, list[Item]]]:
        """Which lines has the menu of this visitor, under which headings?"""
        return menu_of(self)

    def is_here(self, item: Item) -> bool:
        """Is this page one of that line of the menu?"""
        return is_here(self, item)

    def may(self, action: str, resource: ResourceQuery) -> bool:
        """May the visitor do this to that?"""
        return self.judge.is_allowed(action, resource)

    # What was asked

    @property
    def is_partial(self) -> bool:
        """Is only a part of the page wanted, to be put into the one that is shown?"""
        return self.request.headers.get("hx-request-type") == "partial"

    @property
    def name(self) -> str:
        """Which object does the address name?"""
        return str(self.request.path_params["name"])

    def asked(self, field: str, otherwise: str = "") -> str:
        """What does the address say in this parameter, without spaces around it? Raises Invalid for a very long one."""
        text = self.request.query_params.get(field, otherwise).strip()
        if len(text) > MAX_TEXT:
            raise Invalid.at(field, f"expected at most {MAX_TEXT} characters")
        return text

    def asked_all(self, field: str) -> tuple[str, ...]:
        """What does the address say in all parameters of this name, without empty ones?"""
        return tuple(text.strip() for text in self.request.query_params.getlist(field) if text.strip())

    @property
    def referring(self) -> str:
        """From which page of this console does the request come? "": none that is known."""
        address = self.request.headers.get("hx-current-url") or self.request.headers.get("referer") or ""
        parts = urlsplit(address)
        if parts.netloc != self.request.headers.get("host", "") or not parts.path.startswith(f"{ROOT}/"):
            return ""
        return parts.path + (f"?{parts.query}" if parts.query else "")

    # Addresses

    def url(self, path: str = "", /, *parts: str, **query: object) -> str:
        """Under which address is this page of the account? `parts` follow, escaped; empty parameters are left out.

        `page.url("/users", "alice", tab="access")`.
        """
        steps = "".join(f"/{quote(part, safe='@:')}" for part in parts)
        return f"{ROOT}/accounts/{quote(self.account, safe='')}{path}{steps}{_query(query)}"

    def here(self, **query: object) -> str:
        """Under which address is this very page, with these parameters instead? (None takes one away.)"""
        said: dict[str, object] = dict(self.request.query_params.multi_items())
        return quote(self.request.url.path, safe="/@:") + _query({**said, **query})

    # Answers

    def render(self, template: str, *, status: int = 200, **context: object) -> Response:
        """Which answer shows this template? Where only one block is wanted (the target's id), only that block."""
        block = self._wanted_block(template)
        values = {"page": self, **context}
        if block is None:
            response = Response(render_page(template, values), status, media_type="text/html")
        else:
            response = Response(render_block(template, block, values), status, media_type="text/html")
        if self._new_guest:
            set_cookie(self.host, response, GUEST_COOKIE, self._new_guest)
        if block is None and "note" in self.__dict__:
            take_note(self, response)
        response.headers["Vary"] = "HX-Request-Type, HX-Target, Cookie"
        return response

    def _wanted_block(self, template: str) -> str | None:
        if not self.is_partial:
            return None
        # Source: htmx 4 names the target as `tag#id`.
        name = self.request.headers.get("hx-target", "").rpartition("#")[2].replace("-", "_")
        return name if name and has_block(template, name) else None

    @cached_property
    def note(self) -> Note | None:
        """What is said on top of the page: what the form before has done."""
        return read_note(self)

    def redirect(
        self, path: str, /, *parts: str, note: str = "", revision: int = 0, **query: object
    ) -> Response:
        """Which answer leads to that page of the account? It says `note` there, and offers to undo `revision`."""
        target = self.url(path, *parts, **query)
        # WHY: a script's request would follow a redirect itself, and put that page into a part of this one.
        response = (
            Response(status_code=204, headers={"HX-Redirect": target})
            if self.is_partial
            else RedirectResponse(target, 303)
        )
        if note:
            keep_note(self, response, Note(note, revision))
        return response

    @cached_property
    def form_token(self) -> str:
        """Which token do the forms of this page hold?"""
        key = form_key(self)
        if not key:
            self._new_guest = new_guest()
            key = f"guest {self._new_guest}"
        return token_of(self, key)

    # Changes

    def change(self, prepare: Prepare, *, dry_run: bool = False) -> Outcome:
        """Carry out these edits, all or none. Raises as `change_account`."""
        return change_account(self.host, self.session, prepare, via=VIA, dry_run=dry_run)

    def create(self, kind: str, document: Mapping[str, Any]) -> Outcome:
        """Make a new object of this kind. Raises Conflict where there is one of this name."""
        edit = self.edit_of(kind, document)

        def prepare(before: Snapshot) -> Sequence[Edit]:
            if find_value(before.account, kind, edit.name) is not None:
                # WHY get: who may not see the object is not told that it exists.
                Reader(self.host, self.session, before).get(kind, edit.name)
                words = KINDS[kind].resource_type.replace("-", " ")
                raise Conflict(f"there is a {words} `{edit.name}` already", "choose another name")
            return [edit]

        return self.change(prepare)

    def replace(self, kind: str, document: Mapping[str, Any], *, since: str = "") -> Outcome:
        """Give an object this form. `since`: the revision that the form showed; Conflict where it is another by now."""
        edit = self.edit_of(kind, document)

        def prepare(before: Snapshot) -> Sequence[Edit]:
            self.check_since(before, kind, edit.name, since)
            return [edit]

        return self.change(prepare)

    def delete(self, kind: str, name: str, *, since: str = "") -> Outcome:
        """Take an object away. Raises NotFound, Conflict."""

        def prepare(before: Snapshot) -> Sequence[Edit]:
            if find_value(before.account, kind, name) is None:
                Reader(self.host, self.session, before).get(kind, name)
            self.check_since(before, kind, name, since)
            return [Edit(kind, name, None)]

        return self.change(prepare)

    def check_since(self, before: Snapshot, kind: str, name: str, since: str) -> None:
        """Is the object as the form showed it? Raises Conflict, to whoever may see it."""
        found = Reader(self.host, self.session, before).get_to_change(kind, name)
        if since and str(found.identity.revision) != since:
            raise Conflict(
                f"`{name}` was changed meanwhile, in revision {found.identity.revision}",
                "look at it as it is now, then change it again",
            )

    def edit_of(self, kind: str, document: Mapping[str, Any]) -> Edit:
        """Which edit makes the object what the document says? Raises Invalid."""
        value = parse_document({**document, "kind": kind, "account": self.account}, self.account)[1]
        return Edit(kind, str(document["name"]), value)


def _query(parameters: Mapping[str, object]) -> str:
    said = {
        name: value
        for name, value in parameters.items()
        if value is not None and value is not False and value not in ("", ())
    }
    return f"?{urlencode(said, doseq=True, quote_via=quote)}" if said else ""
