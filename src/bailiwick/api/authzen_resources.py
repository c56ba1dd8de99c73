"""Which resource an AuthZEN request means: its service, its name or short id, and what is said of it.

Implements the paragraph on decisions of the design (surfaces) and rule 2.5 of docs/spec.md for short ids.
Several readings, or parts that contradict each other or the account, are refused, never chosen from.
It must not decide anything: a resource that nobody knows is passed on, and the engine says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from bailiwick.api.authzen_bodies import MAX_TEXT_CHARACTERS, ResourceBody, said
from bailiwick.api.authzen_index import index_of
from bailiwick.engine import CompiledAccount
from bailiwick.engine.own import as_stored
from bailiwick.engine.registered import Key
from bailiwick.errors import Invalid
from bailiwick.model.names import (
    MAX_NAME_LENGTH,
    SERVICE_TYPE,
    parse_group_reference,
    parse_principal,
    parse_resource_name,
)
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.model.services import IAM, Service

FULL_NAME = "brn:"
MAX_ID_CHARACTERS = 2048


class Found(NamedTuple):
    """Which resource is asked about? `unresolved`: why it cannot be told; `query` is then what stands for it."""

    query: ResourceQuery
    unresolved: Reason | None = None


class SoughtType(NamedTuple):
    """Which type of which service is searched (None: no service has it), and what was said of the resources?

    `attributes` are the built-in ones by name, and `properties` where others were said.
    """

    service: str | None
    type: str
    attributes: Mapping[str, Any]


def find_type(compiled: CompiledAccount, asked_type: str, properties: dict[str, Any]) -> SoughtType:
    """Which resources does a search mean by `type` or `service/type`? Raises Invalid for a type of several services."""
    in_type, kind = _split_type(asked_type)
    said_service, described = _described(properties) if properties else (None, {})
    _check_agreement("service", in_type, said_service)
    service = in_type or said_service
    if service is None and kind == SERVICE_TYPE:
        raise Invalid.at("resource.type", "every service has a type `service`", "write `<service>/service`")
    return SoughtType(service or _only_service(compiled, kind, ""), kind, described)


def find_resource(compiled: CompiledAccount, asked: ResourceBody) -> Found:
    """Which resource does the request mean? Of Bailiwick's own objects what is stored counts. Raises Invalid."""
    try:
        found = _find_resource(compiled, asked)
    except Invalid:
        registered = _find_registered(compiled, asked)
        if registered is None:
            raise
        found = registered
    if found.query.service == IAM:
        return Found(as_stored(compiled.account, found.query), found.unresolved)
    return found


def _find_registered(compiled: CompiledAccount, asked: ResourceBody) -> Found | None:
    """Which registered resource is meant, where something else that is said of it cannot be read?

    WHY: what a request says of the built-in attributes of a registered resource is ignored (rule 2.4), so it may be
    anything; a client may have a property `owner` of its own.
    """
    properties = {name: value for name, value in asked.properties.items() if name not in _STORED}
    if len(properties) == len(asked.properties):
        return None
    try:
        found = _find_resource(compiled, ResourceBody(asked.type, asked.id, properties))
    except Invalid:
        return None
    query = found.query
    key = Key(query.service, query.region or "", query.instance or "", query.path)
    return found if found.unresolved is None and key in compiled.registered else None


def _find_resource(compiled: CompiledAccount, asked: ResourceBody) -> Found:
    if not asked.id:
        raise Invalid.at("resource.id", "expected an id, got empty text")
    if len(asked.id) > MAX_ID_CHARACTERS:
        raise Invalid.at(
            "resource.id", f"expected at most {MAX_ID_CHARACTERS} characters, got {len(asked.id)}"
        )
    if asked.id.startswith(FULL_NAME):
        query = _named(asked.id, asked.type, compiled.account.name)
        return Found(_with_properties(query, asked.properties) if asked.properties else query)
    return _find_short(compiled, asked)


@lru_cache(maxsize=16384)
def _named(text: str, asked_type: str, account: str) -> ResourceQuery:
    """Which resource has this full name, which must agree with the type and the account? Raises Invalid."""
    name = parse_resource_name(text)
    service, kind = _split_type(asked_type)
    _check_agreement("account", name.account, account)
    _check_agreement("service", name.service, service)
    _check_agreement("type", name.type, kind)
    return ResourceQuery.of(name)


def _with_properties(query: ResourceQuery, properties: dict[str, Any]) -> ResourceQuery:
    service, described = _described(properties)
    _check_agreement("service", query.service, service)
    _check_agreement("region", query.region, described.get("region"))
    _check_agreement("instance", query.instance, described.get("instance"))
    return replace(query, **described)


def _check_agreement(what: str, one: str | None, other: str | None) -> None:
    if one is not None and other is not None and one != other:
        raise Invalid.at(
            "resource",
            f"expected one {what}, got `{one[:80]}` and `{other[:80]}`",
            f"you ask in account `{other[:80]}`" if what == "account" else "say it once, or the same",
        )


def _find_short(compiled: CompiledAccount, asked: ResourceBody) -> Found:
    in_type, kind = _split_type(asked.type)
    said_service, described = _described(asked.properties) if asked.properties else (None, {})
    _check_agreement("service", in_type, said_service)
    name = in_type or said_service or _only_service(compiled, kind, asked.id)
    if name is None:
        return Found(ResourceQuery("", ((kind, asked.id),)), Reason.UNKNOWN_RESOURCE_TYPE)
    if kind == SERVICE_TYPE and asked.id != name:
        raise Invalid.at(
            "resource.id",
            f"expected `{name[:80]}` as the id of the service itself, got `{asked.id[:80]}`",
        )
    service = compiled.services.get(name)
    if service is None:
        return Found(ResourceQuery(name, ((kind, asked.id),), **described))
    return _by_short_id(compiled, service, kind, asked.id, described)


def _split_type(text: str) -> tuple[str | None, str]:
    """Which service (None: not said) and type does `type` or `service/type` name? Raises Invalid."""
    service, slash, kind = text.rpartition("/")
    if not slash:
        return None, kind
    if not service or not kind or "/" in service:
        raise Invalid.at(
            "resource.type", f"`{text[:80]}` is no resource type", "expected `type` or `service/type`"
        )
    return service, kind


def _only_service(compiled: CompiledAccount, kind: str, ident: str) -> str | None:
    """Which one service of the account, else of the system, has this type? Raises Invalid for several."""
    if kind == SERVICE_TYPE:
        return ident
    services = index_of(compiled).services_of_type(kind)
    if len(services) > 1:
        listed = ", ".join(f"`{service}/{kind}`" for service in services)
        raise Invalid.at("resource.type", f"`{kind}` is a type of several services", f"write one of {listed}")
    return services[0] if services else None


def _by_short_id(
    compiled: CompiledAccount, service: Service, kind: str, ident: str, described: dict[str, Any]
) -> Found:
    """Which resource of this service and type has this id? A registered one, else one that is described."""
    if not service.regional:
        described.pop("region", None)
    if not service.instances:
        described.pop("instance", None)
    region, instance = described.get("region"), described.get("instance")
    if not _is_exact(service, kind, region, instance):
        keys = [
            key
            for key in index_of(compiled).keys_of_id(service.name, kind, ident)
            if region in (None, key.region) and instance in (None, key.instance)
        ]
        if len(keys) > 1:
            return Found(_service_itself(service.name), Reason.AMBIGUOUS_RESOURCE)
        if keys:
            [key] = keys
            described |= {"region": key.region or None, "instance": key.instance or None}
            return Found(ResourceQuery(service.name, key.path, **described))
    return Found(ResourceQuery(service.name, ((kind, ident),), **described))


def _is_exact(service: Service, kind: str, region: str | None, instance: str | None) -> bool:
    """Can only one resource have this type and id, because no part of its name is left open?"""
    if (service.regional and region is None) or (service.instances and instance is None):
        return False
    found = service.resource_types.get(kind)
    return kind == SERVICE_TYPE or (found is not None and not found.parents)


def _service_itself(service: str) -> ResourceQuery:
    """What stands for a resource that cannot be told? Rights over it are rights over the whole service."""
    return ResourceQuery(service, ((SERVICE_TYPE, service),))


def _described(properties: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Which service, which built-in attributes and which other properties are said? Raises Invalid."""
    known: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in properties.items():
        read = _READERS.get(name)
        if read is None:
            others[name] = value
        else:
            known[name] = read(value, f"resource.properties.{name}")
    service = known.pop("service", None)
    if others:
        known["properties"] = said(others, "resource.properties")
    return service, known


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid.at(place, f"expected text, got {_kind_of(value)}")
    if len(value) > MAX_NAME_LENGTH:
        raise Invalid.at(place, f"expected at most {MAX_NAME_LENGTH} characters, got {len(value)}")
    return value


def _owner(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Invalid.at(place, f"expected text, got {_kind_of(value)}")
    return parse_principal(value, place)


def _groups(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Invalid.at(place, f"expected a list of groups such as `group:name`, got {_kind_of(value)}")
    return tuple(parse_group_reference(one, f"{place}[{index}]") for index, one in enumerate(value))


def _tags(value: object, place: str) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise Invalid.at(place, f"expected an object, got {_kind_of(value)}")
    return {name: _tag(one, f"{place}.{name}") for name, one in value.items()}


def _tag(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise Invalid.at(place, f"expected text, got {_kind_of(value)}")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise Invalid.at(place, f"expected at most {MAX_TEXT_CHARACTERS} characters, got {len(value)}")
    return value


_STORED = ("project", "owner", "groups", "budget", "tags")
_READERS: Mapping[str, Callable[[object, str], object]] = {
    "service": _text,
    "region": _text,
    "instance": _text,
    "project": _text,
    "owner": _owner,
    "groups": _groups,
    "budget": _text,
    "tags": _tags,
}


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text" if value else "empty text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
