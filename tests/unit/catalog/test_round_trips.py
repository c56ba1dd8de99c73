"""Laws of documents on generated input: what is formatted parses to the same, and nothing crashes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.catalog.document_policies import GUARDRAIL_FIELDS, POLICY_FIELDS, ROLE_FIELDS
from bailiwick.catalog.document_principals import GROUP_FIELDS, PROFILE_FIELDS, USER_FIELDS
from bailiwick.catalog.document_resources import ACCOUNT_FIELDS, PROJECT_FIELDS, RESOURCE_FIELDS
from bailiwick.catalog.documents import KINDS, Value, format_document, kind_of, parse_document
from bailiwick.catalog.entries import parse_service
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Group, Membership, Principal, Resource
from bailiwick.model.conditions import All, Comparison, Not, Ref
from bailiwick.model.conditions import Any as AnyOf
from bailiwick.model.names import ResourceName, format_resource_name
from bailiwick.model.policies import Guardrail, Policy, Scope, Window
from bailiwick.model.services import Right, Role

LETTERS = st.characters(
    codec="utf-8", exclude_characters="/:\x7f", exclude_categories=["Cc", "Zs", "Zl", "Zp"]
)
NAMES = st.text(LETTERS, min_size=1, max_size=12)
TYPES = st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)
IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=8)
INSTANTS = st.none() | st.integers(0, 253_402_300_799_000_000).map(lambda micros: round(micros / 1e6, 3))
WINDOWS = st.builds(Window, INSTANTS, INSTANTS)
COMPARISONS = st.one_of(
    st.builds(Comparison, st.just("principal.id"), st.just("string-equals"), IDS, st.none() | st.booleans()),
    st.builds(Comparison, st.just("context.n"), st.just("number-less-than"), st.integers(-9, 9)),
    st.builds(
        Comparison, st.just("resource.tags.a"), st.just("string-like"), st.lists(IDS, min_size=1).map(tuple)
    ),
    st.just(Comparison("resource.owner", "string-equals", Ref("principal.id"))),
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: All(tuple(items))),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: AnyOf(tuple(items))),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)
PROPERTIES = st.dictionaries(
    NAMES.filter(lambda name: "." not in name),
    st.recursive(
        TEXTS | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(TEXTS, max_size=3).map(tuple),
        lambda inner: st.dictionaries(NAMES.filter(lambda name: "." not in name), inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)  # fmt: skip


def references(*kinds: str) -> st.SearchStrategy[str]:
    """Principals, groups or both of these kinds."""
    return st.builds("{}:{}".format, st.sampled_from(kinds), NAMES)


def distinct(items: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """Tuples without doubles."""
    return st.lists(items, min_size=least, max_size=3, unique=True).map(tuple)


def optional(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...] | None]:
    """No constraint, or some alternatives."""
    return st.none() | distinct(items, 1)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    """Scopes whose id has a type and whose type has a service."""
    service = draw(optional(TYPES))
    type = draw(optional(TYPES)) if service else None
    id = draw(optional(IDS)) if type else None
    within = draw(optional(st.tuples(TYPES, IDS)))
    return Scope(service, draw(optional(IDS)), draw(optional(IDS)), draw(optional(IDS)), type, id, within)


ROLES = NAMES | st.builds("{}/{}".format, TYPES, NAMES)
PATTERNS = st.from_regex(r"[A-Za-z0-9*?][A-Za-z0-9._:*?-]{0,6}", fullmatch=True)
OWNERS = references("user", "service-id", "profile")
SUBJECTS = references("user", "service-id", "profile", "service", "group")
RESOURCE_NAMES = st.builds(
    ResourceName,
    st.just("acme"),
    TYPES,
    IDS,
    IDS,
    st.lists(st.tuples(TYPES, IDS), min_size=1, max_size=3).map(tuple),
).map(format_resource_name)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.builds(
        Principal,
        references("user", "service-id"),
        disabled=st.booleans(),
        properties=PROPERTIES,
        budgets=distinct(IDS),
        description=TEXTS,
        owner=st.none() | OWNERS,
    ),
    st.builds(
        Principal,
        references("profile"),
        trust=distinct(SUBJECTS.filter(lambda subject: subject != "group:everyone")),
        trust_when=st.none() | CONDITIONS,
        maximum_session_seconds=st.integers(60, 86_400),
    ),
    st.builds(
        Group, NAMES, distinct(st.builds(Membership, references("user", "group"), WINDOWS)), description=TEXTS
    ),
    st.builds(
        Policy,
        NAMES,
        distinct(SUBJECTS, 1),
        distinct(ROLES, 1),
        scopes(),
        st.none() | CONDITIONS,
        WINDOWS,
        st.sampled_from(["allow", "deny"]),
        st.booleans(),
        TEXTS,
    ),
    st.builds(
        Guardrail,
        NAMES,
        distinct(PATTERNS, 1),
        scopes(),
        st.none() | CONDITIONS,
        WINDOWS,
        st.booleans(),
        TEXTS,
    ),
    st.builds(
        lambda service, name, actions, effect, qualifier, when: Role(
            service,
            name,
            "service",
            (Right(service, actions, effect, qualifier, when, "account", ("a*/?",)),),
            custom=True,
        ),
        TYPES,
        NAMES,
        distinct(PATTERNS, 1),
        st.sampled_from(["allow", "deny"]),
        st.none() | NAMES,
        st.none() | CONDITIONS,
    ),
    st.builds(
        Resource,
        RESOURCE_NAMES,
        st.none() | NAMES,
        st.none() | OWNERS,
        st.none() | distinct(references("group")),
        st.none() | NAMES,
        st.dictionaries(NAMES, TEXTS, max_size=3),
        PROPERTIES,
        TEXTS,
    ),
)


@given(VALUES)
def test_what_is_formatted_parses_to_the_same(value: Value) -> None:
    """parse(format(value)) is the value, through JSON and through a mapping."""
    document = format_document(kind_of(value), value, "acme")
    assert parse_document(document) == (kind_of(value), value)
    assert parse_document(json.loads(json.dumps(document)), "acme") == (kind_of(value), value)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | IDS
    | OWNERS
    | RESOURCE_NAMES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | TYPES, inner, max_size=3)
    ),
    max_leaves=8,
)


FIELDS = sorted(
    {"account", "junk", *USER_FIELDS, *PROFILE_FIELDS, *GROUP_FIELDS, *ACCOUNT_FIELDS, *PROJECT_FIELDS}
    | {*RESOURCE_FIELDS, *ROLE_FIELDS, *POLICY_FIELDS, *GUARDRAIL_FIELDS}
)


@given(st.data())
@settings(max_examples=300)
def test_no_document_crashes_the_parser(data: st.DataObject) -> None:
    """Whatever stands in the fields of any kind: a value that comes back, or Invalid with findings."""
    kind = data.draw(st.sampled_from([kind for kind in KINDS if kind != "Service"]))
    fields = st.sampled_from(FIELDS)
    document = {**data.draw(st.dictionaries(fields, JUNK, max_size=5)), "kind": kind}
    parsed, findings = _parse(document)
    if parsed is None:
        assert findings
    else:
        assert parse_document(format_document(*parsed, "acme")) == parsed


SERVICE_PARTS = (
    "resource_types", "qualifiers", "actions", "operations", "roles", "scope_attributes", "unsupported_roles",
    "source", "differs", "platform_roles", "title",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(SERVICE_PARTS), JUNK, max_size=6))
@settings(max_examples=300)
def test_no_entry_crashes_the_parser(fields: dict[str, Any]) -> None:
    """Whatever stands in the parts of a service: a service, or Invalid with findings."""
    document = {"name": "s", "title": "S", "actions": [{"id": "a", "access": "read"}], **fields}
    try:
        parse_service(document)
    except Invalid as error:
        parsed = error.findings
    else:
        parsed = ()
    assert all(finding.message for finding in parsed)


FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | IDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(IDS, inner, max_size=3),
    max_leaves=8,
)


@given(FINITE)
def test_json_is_read_as_yaml(value: object) -> None:
    """JSON text of a document is YAML too, and gives the same data or a finding, never another value."""
    text = json.dumps({"a": value}, ensure_ascii=False)
    try:
        [document] = parse_documents(text)
    except Invalid as error:
        assert error.findings  # noqa: PT017  # both outcomes are right; what is wrong is a crash
    else:
        assert document.data == json.loads(text)


def _parse(document: dict[str, Any]) -> tuple[tuple[str, Value] | None, tuple[object, ...]]:
    try:
        return parse_document(document, "acme"), ()
    except Invalid as error:
        return None, error.findings
