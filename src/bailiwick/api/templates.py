"""Templates over HTTP, beyond their documents: offers to an account, and what became of an assignment.

service/templates/offers.py does the work; both accounts are changed by their own sessions.
Serves docs/spec.md section 21.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, DRY_RUN, differences_answer
from bailiwick.api.answers import json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.documents import format_document
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.model.templates import TemplateAssignment
from bailiwick.service.changes import Keep, Outcome
from bailiwick.service.enterprise.needed_in_tree import template_action
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.templates import offers

_CHANGES = ("iam.template-acceptance.create", "iam.template-acceptance.update", offers.LIST)
_GIVING_UP = ("iam.template-acceptance.delete", offers.LIST)
_UPDATES = tuple(f"enterprise.{kind}.update-templates" for kind in ("enterprise", "account-group", "account"))


def template_entries() -> list[Entry]:
    """Which routes accept templates, and say what became of them?"""
    offer = f"{ACCOUNT_PATH}/template-offers"
    assignment = f"{ACCOUNT_PATH}/template-assignments/{{name}}"
    return [
        Entry("GET", offer, _list, actions(offers.LIST), "List the templates that are offered or accepted", "templates",
              answers={200: "Page"}),
        Entry("POST", f"{offer}/{{name}}/accept", _accept, actions(*_CHANGES),
              "Accept the version of a template that is offered", "templates",
              query=DRY_RUN, body="AcceptTemplate", answers={200: "Differences"}),
        Entry("POST", f"{offer}/{{name}}/remove", partial(_give_up, release=False),
              actions(*_GIVING_UP), "Give a template up, and remove what it brought",
              "templates", query=DRY_RUN, answers={200: "Differences"}),
        Entry("POST", f"{offer}/{{name}}/release", partial(_give_up, release=True),
              actions(*_GIVING_UP), "Give a template up, and keep what it brought",
              "templates", query=DRY_RUN, answers={200: "Differences"}),
        Entry("GET", f"{assignment}/status", _status, actions("iam.template-assignment.read"),
              "Say what became of an assignment in each account", "templates", answers={200: "Page"}),
        Entry("POST", f"{assignment}/push", _push, actions("iam.template-assignment.read", *_UPDATES),
              "Take the assigned version into the accounts that follow", "templates", answers={200: "Page"}),
    ]  # fmt: skip


def _list(call: Call) -> Response:
    snapshot = call.host.snapshot(call.account)
    offers.require_sight(call.host, call.session, snapshot)
    found = offers.offers_of(offers.tree_of(call.host, snapshot.account), snapshot.account)
    return _page([{"template": one.template, **show_offer(one)} for one in found], snapshot)


def show_offer(offer: offers.Offer) -> dict[str, Any]:
    """How is an offer shown to the account that it is made to? With all that the template defines."""
    accepted = offer.accepted
    return {
        "state": offer.state,
        "assigned": None if offer.assigned is None else format_document("Template", offer.assigned),
        "accepted": None if accepted is None else accepted.version,
        "follows": accepted is not None and accepted.follows,
        "drift": [{"kind": one.kind, "name": one.name, "what": one.what} for one in offer.drift],
    }


def _accept(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("version", "follows"))
    version = fields.integer("version", 0, 1, 9_999) or None
    follows = fields.flag("follows") if fields.has("follows") else None
    notes.raise_if_any()

    def change(keep: Keep) -> Outcome:
        return offers.accept(
            call.host,
            call.session,
            call.name,
            version=version,
            follows=follows,
            dry_run=call.dry_run,
            idempotency=keep,
        )

    return _change(call, change)


def _give_up(call: Call, *, release: bool) -> Response:
    def change(keep: Keep) -> Outcome:
        return offers.give_up(
            call.host, call.session, call.name, release=release, dry_run=call.dry_run, idempotency=keep
        )

    return _change(call, change)


def _change(call: Call, change: Callable[[Keep], Outcome]) -> Response:
    """Carry it out once, and answer with what differs."""
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def carry_out() -> WireAnswer:
        outcome = change(lambda done: repeatable.keep(lambda head: differences_answer(call, done(head))))
        return differences_answer(call, outcome)

    return response_of(repeatable.answer(carry_out))


def _status(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    assignment = _assignment(reader, call.name)
    tree = reader.snapshot.account
    found = [
        {"account": name, **_show_status(one)}
        for name, one in offers.status_of(call.host, tree, assignment)
        if reader.may_read("EnterpriseAccount", name, tree.enterprise_accounts[name])
    ]
    return _page(found, reader.snapshot)


def _show_status(offer: offers.Offer) -> dict[str, Any]:
    shown = show_offer(offer)
    assigned = None if offer.assigned is None else offer.assigned.version
    return {**shown, "assigned": assigned}


def _push(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    tree = reader.snapshot.account
    assignment = _assignment(reader, call.name)
    needed = template_action(tree, assignment.node, "update")
    reader.judge.require(needed.action, needed.resource)
    found = [
        {"account": one.account, "state": one.state, "problem": one.problem}
        for one in offers.push(call.host, tree, assignment)
    ]
    return _page(found, reader.snapshot)


def _assignment(reader: Reader, name: str) -> TemplateAssignment:
    """Which assignment is it? Raises Denied, NotFound."""
    reader.get("TemplateAssignment", name)
    return reader.snapshot.account.template_assignments[name]


def _page(items: list[dict[str, Any]], snapshot: Snapshot) -> Response:
    return json_response(page_body(items, None, snapshot.vector), vector=snapshot.vector)
