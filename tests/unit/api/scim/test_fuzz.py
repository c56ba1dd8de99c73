"""Whatever is sent as SCIM, it is read, or refused with SCIM's own errors: nothing else is ever raised."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.service.accounts import install

from bailiwick.api.scim.bulk import Bulk, parse_bulk
from bailiwick.api.scim.listing import PARAMETERS, list_resources, parse_query
from bailiwick.api.scim.models import ENTERPRISE_SCHEMA, GROUP_SCHEMA, MODELS, USER_SCHEMA
from bailiwick.api.scim.operations import Operations
from bailiwick.errors import BailiwickError

ACME = install()
ACME.apply(
    "{kind: User, name: ann, email: ann@acme.example}\n---\n{kind: Group, name: crew, members: [user:ann]}"
)
UIDS = {kind: ACME.host.snapshot("acme").identities[kind, name].uid for kind, name in
        (("User", "ann"), ("Group", "crew"))}  # fmt: skip
OPERATIONS = Operations(ACME.host, ACME.owner)
WORDS = st.sampled_from((
    "schemas", "userName", "displayName", "members", "emails", "name", "active", "value", "type", "primary", "path",
    "op", "Operations", "add", "replace", "remove", "method", "POST", "PATCH", "DELETE", "bulkId", "data", "/Users",
    "/Groups", "bulkId:a", "externalId", "familyName", "phoneNumbers", "manager", "groups", "meta", "id", "ann",
    'emails[type eq "work"]', "emails.value", "members[value pr]", 'userName eq "ann"', "not (active pr)", "count",
    "filter", "1", "true", "", *UIDS.values(), f"/Users/{UIDS['User']}", USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_SCHEMA,
    "urn:ietf:params:scim:api:messages:2.0:PatchOp", "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
))  # fmt: skip
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-2, 2**63), st.floats(-1e9, 1e9), st.text(max_size=5)
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=6)),
    max_leaves=20,
)
BODIES = st.dictionaries(WORDS, JSON, max_size=6)
KINDS = st.sampled_from(tuple(MODELS))


def tried(done: Any) -> None:
    """It is done, or refused as SCIM says."""
    try:
        done()
    except BailiwickError:
        return


@settings(max_examples=250, deadline=None)
@given(KINDS, BODIES)
def test_any_body_is_read_or_refused(kind: str, body: dict[str, Any]) -> None:
    """Whole ones; those that have what is required reach the store, too."""
    named: dict[str, Any] = {"schemas": [GROUP_SCHEMA if kind == "Group" else USER_SCHEMA]}
    named |= {"displayName": "crew"} if kind == "Group" else {"userName": "ann"}
    tried(lambda: OPERATIONS.create(kind, body))
    tried(lambda: OPERATIONS.replace(kind, UIDS[kind], {**body, **named}, None))


@settings(max_examples=250, deadline=None)
@given(KINDS, st.lists(st.fixed_dictionaries({"op": st.sampled_from(("add", "replace", "remove"))},
       optional={"path": st.one_of(WORDS, st.text(max_size=8)), "value": JSON}), max_size=3))  # fmt: skip
def test_any_operation_is_carried_out_or_refused(kind: str, operations: list[dict[str, Any]]) -> None:
    """On a user and on a group, whatever path and value."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    tried(lambda: OPERATIONS.patch(kind, UIDS[kind], body, None))


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_any_bulk_is_carried_out_or_refused(body: dict[str, Any]) -> None:
    """As a whole, and each of its operations."""
    named = {**body, "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}
    tried(lambda: Bulk(OPERATIONS, lambda _: None, None).carry_out(parse_bulk(named)[0]))


@settings(max_examples=250, deadline=None)
@given(KINDS, st.dictionaries(st.sampled_from(tuple(PARAMETERS)), st.one_of(WORDS, JSON), max_size=4))
def test_any_query_is_answered_or_refused(kind: str, said: dict[str, Any]) -> None:
    """Filters, sorting, pages, projections."""
    tried(lambda: list_resources(OPERATIONS.shower(), (kind,), parse_query(said)))
