"""Lists of users and groups: filtered, sorted, a page of them.

What the session may not see is not looked at, so neither members nor totals tell of it. What a filter compares for
equality by name, id, external id or member is found by an index; else a bounded number is asked one by one.
Source: RFC 7644, sections 3.4.2 and 3.4.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from bailiwick.api.scim.filtering import compile_filter, parse_filter, sort_key
from bailiwick.api.scim.models import MODELS
from bailiwick.api.scim.problems import ScimInvalid
from bailiwick.api.scim.showing import Shower, projection
from bailiwick.service.kinds import list_values, reference_of
from bailiwick.service.reading import Filter, Reader
from bailiwick.service.scim.finding import find_by_uid, names_like
from bailiwick.service.scim.refusing import TooMany
from bailiwick.service.snapshots import Snapshot

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
DEFAULT_COUNT = 100
MOST_ON_A_PAGE = 1000
MOST_LOOKED_AT = 50_000
MOST_DIGITS = 9
MOST_ATTRIBUTES = 100
PARAMETERS = {
    "filter": 'which are wanted, as `userName eq "alice"`',
    "sortBy": "by which attribute they are sorted; by name if not given",
    "sortOrder": "`ascending` or `descending`",
    "startIndex": "where the page begins, from 1",
    "count": f"how many a page has, up to {MOST_ON_A_PAGE}; {DEFAULT_COUNT} if not given",
    "attributes": "only these attributes, with commas between",
    "excludedAttributes": "without these attributes, with commas between",
}
SHOWN_PARAMETERS = {name: PARAMETERS[name] for name in ("attributes", "excludedAttributes")}


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for?"""

    filter: str = ""
    sort_by: str = ""
    descending: bool = False
    start: int = 1
    count: int = DEFAULT_COUNT
    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse_query(said: Mapping[str, Any]) -> Query:
    """What do the parameters, or the members of a search, ask for? Raises ScimInvalid."""
    order = _text(said, "sortOrder", "ascending").lower()
    if order not in ("ascending", "descending"):
        raise ScimInvalid("invalidValue", "expected `sortOrder` `ascending` or `descending`")
    attributes, excluded = _names(said, "attributes"), _names(said, "excludedAttributes")
    if attributes and excluded:
        raise ScimInvalid("invalidValue", "expected `attributes` or `excludedAttributes`, got both")
    return Query(
        _text(said, "filter"),
        _text(said, "sortBy"),
        order == "descending",
        max(1, _number(said, "startIndex", 1)),
        min(MOST_ON_A_PAGE, max(0, _number(said, "count", DEFAULT_COUNT))),
        attributes,
        excluded,
    )


def _text(said: Mapping[str, Any], name: str, default: str = "") -> str:
    value = said.get(name, default)
    if not isinstance(value, str):
        raise ScimInvalid("invalidValue", f"expected a text as `{name}`")
    return value


def _number(said: Mapping[str, Any], name: str, default: int) -> int:
    value = said.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS):
        raise ScimInvalid("invalidValue", f"expected a number as `{name}`")
    return int(value)


def _names(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name)
    parts = value.split(",") if isinstance(value, str) else [] if value is None else value
    if (
        not isinstance(parts, list)
        or len(parts) > MOST_ATTRIBUTES
        or not all(isinstance(one, str) for one in parts)
    ):
        raise ScimInvalid("invalidValue", f"expected up to {MOST_ATTRIBUTES} names of attributes as `{name}`")
    return tuple(one.strip() for one in parts if one.strip())


def list_resources(shower: Shower, kinds: Sequence[str], query: Query) -> dict[str, Any]:
    """Which page answers the query, of users, groups or both? Raises Denied to who sees none, ScimInvalid, TooMany."""
    found = [one for kind in kinds for one in _found(shower, kind, query, of_several=len(kinds) > 1)]
    if query.sort_by:
        found.sort(key=lambda one: (one.key is None, one.key or ""), reverse=query.descending)
    elif query.descending:
        found.reverse()
    page = found[query.start - 1 : query.start - 1 + query.count]
    project = projection(query.attributes, query.excluded)
    return list_of([project(shower.show(one.kind, one.name)) for one in page], len(found), query.start)


@dataclass(frozen=True, slots=True)
class _Found:
    """One that the query finds; `key`: by what it is sorted, None: it has no such attribute."""

    kind: str
    name: str
    key: str | None = None


def _found(shower: Shower, kind: str, query: Query, *, of_several: bool) -> Iterator[_Found]:
    """Whom of this kind does the query find? By name."""
    model, reader = MODELS[kind], shower.reader
    node = parse_filter(query.filter, model) if query.filter else None
    names = list(_visible(reader, kind, _candidates(reader.snapshot, kind, node)))
    if not query.filter and not query.sort_by:
        yield from (_Found(kind, name) for name in names)
        return
    if len(names) > MOST_LOOKED_AT:
        raise TooMany.at("filter", f"expected a filter that leaves at most {MOST_LOOKED_AT} to look at")
    fits = compile_filter(node, model, is_lenient=of_several) if node is not None else None
    key = sort_key(query.sort_by, model, is_lenient=of_several) if query.sort_by else None
    for name in names:
        shown = shower.show(kind, name)
        if fits is None or fits(shown):
            yield _Found(kind, name, None if key is None else key(shown))


def list_of(resources: Sequence[Mapping[str, Any]], total: int, start: int = 1) -> dict[str, Any]:
    """Which body lists these, of so many in all?"""
    body = {"schemas": [LIST_SCHEMA], "totalResults": total, "startIndex": start}
    return {**body, "itemsPerPage": len(resources), "Resources": list(resources)}


def _visible(reader: Reader, kind: str, names: Iterable[str]) -> Iterator[str]:
    """Which of these does the session see? Raises Denied to who sees none of this kind."""
    if reader.may_list(kind):
        yield from names
        return
    reader.list(kind, Filter(), after=None, limit=0)
    values = list_values(reader.snapshot.account, kind)
    yield from (name for name in names if reader.may_read(kind, name, values[name]))


def _candidates(snapshot: Snapshot, kind: str, node: FilterNode | None) -> Iterable[str]:
    found = None if node is None else _narrowed(snapshot, kind, node)
    return snapshot.sorted_names(kind) if found is None else sorted(set(found))


def _narrowed(snapshot: Snapshot, kind: str, node: FilterNode) -> Iterable[str] | None:
    """Which names can fit at most? None: an index does not tell."""
    match node:
        case LogicalExpr(op=LogicalOperator.and_):
            parts = (_narrowed(snapshot, kind, one) for one in node.terms)
            return next((one for one in parts if one is not None), None)
        case ValuePath(attr_path=AttrPath(uri=None) as path, val_filter=Comparison() as inner):
            if inner.attr_path.sub_attr is None and inner.attr_path.attr.lower() == "value":
                return _equal(snapshot, kind, AttrPath(path.attr, "value"), inner)
        case Comparison():
            return _equal(snapshot, kind, node.attr_path, node)
    return None


def _equal(snapshot: Snapshot, kind: str, path: AttrPath, node: Comparison) -> Iterable[str] | None:
    wanted = node.value
    if node.op != CompareOperator.eq or not isinstance(wanted, str) or path.uri is not None:
        return None
    match (path.attr.lower(), (path.sub_attr or "").lower()):
        case ("username" | "displayname" as attr, "") if attr == _NAMED_BY[kind]:
            return names_like(snapshot, kind, wanted)
        case ("id", ""):
            found = find_by_uid(snapshot, wanted, kind)
            return [] if found is None else [found[1]]
        case ("externalid", ""):
            return snapshot.names_by_external_id(kind).get(wanted, ())
        case ("members", "" | "value") if kind == "Group":
            member = find_by_uid(snapshot, wanted)
            above = snapshot.compiled.parents.get(reference_of(*member), ()) if member is not None else ()
            return [group.removeprefix("group:") for group, _ in above]
    return None


_NAMED_BY = {"User": "username", "Group": "displayname"}
