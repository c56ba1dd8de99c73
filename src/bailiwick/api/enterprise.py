"""An enterprise over HTTP, beyond the objects of its tree: the tree as a whole, an account's own place, new accounts.

The tree's objects are administered by administration.py's routes, as all others. Serves docs/spec.md section 20.
"""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, DRY_RUN
from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.document_enterprises import parse_enterprise_account
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.service.enterprise.accounts import begin_account
from bailiwick.service.enterprise.views import find_place, walk_tree
from bailiwick.service.reading import Reader

PLACE = f"{ACCOUNT_PATH}/enterprise"
RETRIEVE = tuple(f"enterprise.{node}.retrieve" for node in ("enterprise", "account-group", "account"))
_NEW_FIELDS = ("name", "owner_email", "parent", "description")


def enterprise_entries() -> list[Entry]:
    """Which routes show an enterprise and an account's place in it?"""
    return [
        Entry(
            "GET", PLACE, _place, actions("iam.account.read"),
            "The account's place in an enterprise, and the guardrails that bind it from above", "enterprise",
            answers={200: "Place"},
        ),
        Entry(
            "GET", f"{PLACE}/tree", _tree, actions(*RETRIEVE, "enterprise.enterprise.create"),
            "The tree of the account's enterprise", "enterprise", answers={200: "Tree"},
        ),
        Entry(
            "POST", f"{PLACE}/accounts", _begin,
            actions("enterprise.account.create", "enterprise.enterprise.create"),
            "Make a new account below a node", "enterprise",
            query=DRY_RUN, body="NewAccount", answers={201: "BegunAccount", 200: "BegunAccount"},
        ),
    ]  # fmt: skip


def _place(call: Call) -> Response:
    place, vector = find_place(call.host, call.session)
    body = {
        "state": place.state,
        "management_account": place.management_account,
        "path": list(place.path),
        "guardrails": list(place.guardrails),
        "revision": vector,
    }
    return json_response(body, vector=vector)


def _tree(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    nodes = [
        {
            "node": one.node,
            "parent": one.parent,
            "depth": one.depth,
            "description": one.description,
            "guardrails": list(one.guardrails),
        }
        for one in walk_tree(reader)
    ]
    vector = reader.snapshot.vector
    return json_response({"nodes": nodes, "revision": dict(vector)}, vector=vector)


def _begin(call: Call) -> Response:
    """The owner's key is in this answer and nowhere else: a repeated request is told that the account exists."""
    notes = Collector()
    fields = Fields(call.json(), (), notes, _NEW_FIELDS)
    fields.require("owner_email")
    member = parse_enterprise_account(fields, call.account)
    email = fields.text("owner_email")
    notes.raise_if_any()
    begun = begin_account(call.host, call.session, member, email, dry_run=call.dry_run)
    body = {
        "account": begun.name,
        "owner": begun.owner,
        **({} if begun.key is None else {"apikey": begun.key}),
        "parent": member.parent,
        "dry_run": call.dry_run,
        "revision": begun.outcome.vector,
    }
    return json_response(body, status=200 if call.dry_run else 201, vector=begun.outcome.vector)
