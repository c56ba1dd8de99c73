"""IBM Cloud access policies, v1 and v2, as policies with the catalog's roles.

Implements docs/spec.md section 23 for IBM. Source: IBM Cloud, IAM Policy Management API and docs on access policies
(2026-04). Their policies only allow; every attribute of a policy has to match; a role means the service's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bailiwick.errors import did_you_mean
from bailiwick.importing.findings import Refusals, step
from bailiwick.importing.globs import Tokens, braced, is_literal, needs_escape, text_of, tokens_of
from bailiwick.importing.ibm_rules import read_rule
from bailiwick.importing.json_text import as_object, known_only, objects_of, parse_json, shown
from bailiwick.importing.keys import ALWAYS, NEVER, both, like
from bailiwick.importing.mapping import ImportMapping
from bailiwick.importing.produced import Drafts, Grant
from bailiwick.importing.windows import Clock
from bailiwick.model.conditions import Condition
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM

SERVER_FIELDS = (
    "id", "href", "state", "created_at", "created_by_id", "last_modified_at", "last_modified_by_id",
    "last_permit_at", "last_permit_frequency", "description", "template",
)  # fmt: skip
V1_FIELDS = ("type", "subjects", "roles", "resources", *SERVER_FIELDS)
V2_FIELDS = ("type", "subject", "control", "resource", "pattern", "rule", *SERVER_FIELDS)
# Account management: services of theirs that are no IAM-enabled services (serviceType=service does not reach them).
PLATFORM_SERVICES = frozenset({IAM, "billing", "enterprise"})
TYPES: Mapping[str, Mapping[str, str]] = {
    "container-registry": {"namespace": "namespace"},
    "hs-crypto": {"key": "key"},
}
ROLES: Mapping[str, str] = {
    "KeyPurge": "KMS Key Purge",
    "VMWareKMIPManager": "VMware KMIP Manager",
    "CertificateManager": "Certificate Manager",
}
_SCOPED = {"region": "region", "serviceInstance": "instance", "resourceGroupId": "project"}
_CRN = re.compile(
    r"crn:v1:(?:bluemix|ibmcloud):public:([a-z0-9-]+):::(a/[^:]*)?:(role|serviceRole|customRole):(.+)"
)


@dataclass(frozen=True, slots=True)
class Ibm:
    """What does one import of their policies know?"""

    mapping: ImportMapping
    drafts: Drafts
    narrow_edges: bool = False

    @property
    def refusals(self) -> Refusals:
        """Where do refusals go?"""
        return self.drafts.refusals


@dataclass(frozen=True, slots=True)
class _Attribute:
    """One attribute of subject or resource: its values as patterns, and where it stands."""

    name: str
    values: tuple[Tokens, ...]
    pointer: str

    @property
    def texts(self) -> list[str]:
        """Which texts are the values, where none is a pattern?"""
        return [text_of(tokens) for tokens in self.values]


@dataclass(slots=True)
class _Target:
    """What a policy is about, while its attributes are read."""

    services: list[str] | None = None
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    when: Condition = ALWAYS


def import_ibm(text: str, task: Ibm) -> None:
    """Which policies is this text: one policy, a list, or `{policies: […]}`? Drafts and refusals go to the task's."""
    data = parse_json(text, task.refusals)
    if isinstance(data, dict) and "policies" in data:
        known_only(data, ("policies", "limit", "first", "next", "previous"), "", task.refusals)
        listed = list(objects_of(data["policies"], "/policies", task.refusals))
        if "next" in data:
            task.refusals.note("", "this is one page of a list: the policies of the next pages are not in it")
    elif isinstance(data, list):
        listed = list(objects_of(data, "", task.refusals))
    else:
        listed = [(as_object(data, "", task.refusals), "")]
    for policy, pointer in listed:
        if policy:
            _policy(task, policy, pointer)


def _policy(task: Ibm, data: dict[str, Any], pointer: str) -> None:
    is_v2 = "control" in data or "resource" in data or "subject" in data
    known_only(data, V2_FIELDS if is_v2 else V1_FIELDS, pointer, task.refusals)
    if data.get("state") == "deleted":
        task.refusals.note(pointer, "the policy is deleted: left out")
        return
    if data.get("template"):
        task.refusals.note(pointer, "an enterprise's template made it there; here it is an ordinary policy")
    if data.get("type") not in ("access", "authorization"):
        message = f"expected type `access` or `authorization`, got {shown(data.get('type'))}"
        task.refusals.add("malformed", step(pointer, "type"), message)
        return
    read = _v2 if is_v2 else _v1
    subject, roles, resources = read(task, data, pointer)
    subjects = _subjects(task, str(data["type"]), subject, pointer)
    clock = Clock()
    when: Condition = ALWAYS
    if "rule" in data:
        place = step(pointer, "rule")
        when = read_rule(data["rule"], place, task.refusals, (clock, task.narrow_edges, task.mapping.keys))
    if clock.never_holds():
        when = NEVER
    for attributes, tags in resources:
        target = _target(task, attributes, pointer)
        tested = both(when, target.when, *_tags(task, tags))
        names = _roles(task, roles, target)
        if names and subjects and not task.refusals.found:
            scope = Scope(**{"service": tuple(target.services or ()) or None, **target.parts})  # type: ignore[arg-type]  # parts are tuples of texts
            task.drafts.add(
                Grant(
                    pointer,
                    "allow",
                    scope,
                    roles=names,
                    subjects=subjects,
                    when=tested,
                    window=clock.window(),
                )
            )


_Resource = tuple[list[_Attribute], list[_Attribute]]
_Parts = tuple[list[_Attribute], list[tuple[str, str]], list[_Resource]]


def _v1(task: Ibm, data: dict[str, Any], pointer: str) -> _Parts:
    at = step(pointer, "subjects")
    given = list(objects_of(data.get("subjects"), at, task.refusals))
    if len(given) > 1:
        task.refusals.add(
            "malformed", at, f"expected one subject, got {len(given)}", "write a policy for each"
        )
    subjects: list[_Attribute] = []
    for subject, place in given:
        known_only(subject, ("attributes",), place, task.refusals)
        subjects += _attributes(task, subject.get("attributes"), step(place, "attributes"), "name")
    resources = []
    for resource, place in objects_of(data.get("resources"), step(pointer, "resources"), task.refusals):
        known_only(resource, ("attributes", "tags"), place, task.refusals)
        resources.append(_resource(task, resource, place, "name"))
    return subjects, _role_ids(task, data.get("roles"), step(pointer, "roles")), resources


def _v2(task: Ibm, data: dict[str, Any], pointer: str) -> _Parts:
    place = step(pointer, "subject")
    subject = as_object(data.get("subject"), place, task.refusals)
    known_only(subject, ("attributes",), place, task.refusals)
    subjects = list(_attributes(task, subject.get("attributes"), step(place, "attributes"), "key"))
    at = step(pointer, "control")
    control = as_object(data.get("control"), at, task.refusals)
    known_only(control, ("grant",), at, task.refusals)
    grant = as_object(control.get("grant"), step(at, "grant"), task.refusals)
    known_only(grant, ("roles",), step(at, "grant"), task.refusals)
    roles = _role_ids(task, grant.get("roles"), step(step(at, "grant"), "roles"))
    there = step(pointer, "resource")
    resource = as_object(data.get("resource"), there, task.refusals)
    known_only(resource, ("attributes", "tags"), there, task.refusals)
    return subjects, roles, [_resource(task, resource, there, "key")]


def _resource(task: Ibm, data: dict[str, Any], pointer: str, word: str) -> _Resource:
    attributes = list(_attributes(task, data.get("attributes"), step(pointer, "attributes"), word))
    tags = data.get("tags")
    given = list(_attributes(task, tags, step(pointer, "tags"), word)) if tags else []
    return attributes, given


def _attributes(task: Ibm, data: object, pointer: str, word: str) -> Iterator[_Attribute]:
    seen: set[str] = set()
    for item, place in objects_of(data, pointer, task.refusals):
        known_only(item, (word, "value", "operator"), place, task.refusals)
        name, operator = str(item.get(word)), str(item.get("operator", "stringEquals"))
        if name in seen:
            task.refusals.add("malformed", place, f"attribute `{name}` stands twice")
            continue
        seen.add(name)
        values = _values(task, operator, item.get("value"), place)
        if values:
            yield _Attribute(name, values, place)


def _values(task: Ibm, operator: str, value: object, place: str) -> tuple[Tokens, ...]:
    listed: list[Any] = value if isinstance(value, list) else [value]
    many = operator.endswith("AnyOf")
    if operator == "stringExists":
        if str(value).lower() == "true":
            return (tokens_of("*"),)
        help = "what a request does not say would count as not there"
        task.refusals.add("exists_false", place, "demands that the attribute is not there", help)
        return ()
    if operator not in ("stringEquals", "stringMatch", "stringEqualsAnyOf", "stringMatchAnyOf"):
        known = ("stringEquals", "stringMatch", "stringEqualsAnyOf", "stringMatchAnyOf", "stringExists")
        task.refusals.add(
            "element_unknown", place, f"unknown operator `{operator}`", did_you_mean(operator, known)
        )
        return ()
    if (
        many is not isinstance(value, list)
        or not listed
        or not all(isinstance(one, str) and one for one in listed)
    ):
        task.refusals.add("value", place, f"expected {'texts' if many else 'a text'}, got {shown(value)}")
        return ()
    return tuple(braced(one) if "Match" in operator else tuple(one) for one in listed)


def _subjects(task: Ibm, type: str, attributes: list[_Attribute], pointer: str) -> tuple[str, ...]:
    """Whom does the policy name?"""
    if type == "authorization":
        return _authorized(task, attributes, pointer)
    out = []
    if len(attributes) > 1:
        task.refusals.add("malformed", pointer, "a subject has either `iam_id` or `access_group_id`")
    for one in attributes:
        if one.name not in ("iam_id", "access_group_id"):
            task.refusals.add(
                "attribute_unknown", one.pointer, f"unknown attribute `{one.name}` of a subject"
            )
            continue
        for text in _literals(task, one):
            if text in task.mapping.subjects:
                out.append(task.mapping.subjects[text])
            else:
                help = f"map `{text}` under `subjects`, such as to `user:alice` or `group:readers`"
                task.refusals.add("subject_unmapped", one.pointer, f"`{text}` is mapped to nobody", help)
    return tuple(dict.fromkeys(out))


def _authorized(task: Ibm, attributes: list[_Attribute], pointer: str) -> tuple[str, ...]:
    """Which service may act on another? Only a whole service can be a subject here."""
    out = []
    for one in attributes:
        if one.name == "accountId":
            _check_account(task, one)
        elif one.name == "serviceName":
            out = [
                f"service:{name}"
                for text in _literals(task, one)
                if (name := _service(task, text, one.pointer))
            ]
        else:
            message = f"a service cannot be narrowed by `{one.name}` as a subject"
            task.refusals.add(
                "attribute_unknown", one.pointer, message, "authorize the whole service, or a profile"
            )
    if not out and not task.refusals.found:
        task.refusals.add("subject_unmapped", pointer, "an authorization names no service")
    return tuple(out)


def _literals(task: Ibm, attribute: _Attribute) -> list[str]:
    if all(is_literal(tokens) for tokens in attribute.values):
        return attribute.texts
    task.refusals.add("value", attribute.pointer, f"`{attribute.name}` takes whole values, no patterns")
    return []


def _check_account(task: Ibm, attribute: _Attribute) -> None:
    for text in _literals(task, attribute):
        if text != task.mapping.account:
            help = "say which account is imported under `account` in the mapping"
            task.refusals.add(
                "foreign_account", attribute.pointer, f"account `{text}` is not the imported one", help
            )


def _target(task: Ibm, attributes: list[_Attribute], pointer: str) -> _Target:
    """What is the policy about? Refuses what no scope says."""
    target = _Target()
    named = {one.name: one for one in attributes}
    if "accountId" not in named:
        task.refusals.add("malformed", pointer, "the resource names no `accountId`")
    if not named.keys() & {"serviceName", "serviceType", "resourceGroupId", "service_group_id"}:
        task.refusals.add(
            "malformed", pointer, "the resource names neither service, service type nor resource group"
        )
    for one in sorted(attributes, key=lambda each: each.name != "serviceName"):
        _ATTRIBUTES.get(one.name, _other)(task, one, target)
    if target.services is None:
        target.services = _all_services(task, pointer)
    if "id" in target.parts and "type" not in target.parts:
        task.refusals.add("resource_pattern", named["resource"].pointer, "`resource` needs `resourceType`")
    return target


def _all_services(task: Ibm, pointer: str) -> list[str]:
    """Which services are "all IAM-enabled services"? Not account management's."""
    task.refusals.note(pointer, "it is about all services: those that come later are not in it")
    return sorted(set(task.drafts.known.services) - PLATFORM_SERVICES)


def _named_service(task: Ibm, one: _Attribute, target: _Target) -> None:
    names = [_service(task, text, one.pointer) for text in _literals(task, one)]
    target.services = [name for name in names if name is not None]


def _service(task: Ibm, text: str, pointer: str) -> str | None:
    mapped = task.mapping.services.get(text)
    name = mapped.service if mapped is not None else text
    if name in task.drafts.known.services and name != IAM:
        return name
    help = did_you_mean(text, task.drafts.known.services)
    task.refusals.add("service_unmapped", pointer, f"IBM service `{text}` is mapped to no service", help)
    return None


def _service_type(task: Ibm, one: _Attribute, target: _Target) -> None:
    if one.texts != ["service"]:
        message = "account management is not administered by other policies than Bailiwick's own"
        task.refusals.add("account_management", one.pointer, message, "grant roles of `iam` instead")


def _management(task: Ibm, one: _Attribute, target: _Target) -> None:
    message = f"`{one.name}` names account management, which has no counterpart here"
    task.refusals.add("account_management", one.pointer, message, "grant roles of `iam` instead")


def _scoped(task: Ibm, one: _Attribute, target: _Target) -> None:
    word = _SCOPED[one.name]
    values = []
    for tokens in one.values:
        if needs_escape(tokens):
            message = f"`{one.name}` holds `*` or `?` as itself, which a scope takes for a pattern"
            task.refusals.add("literal_wildcard", one.pointer, message)
            return
        text = text_of(tokens)
        if word == "project":
            found = task.mapping.projects.get(text)
            if found is None and text != "*":
                help = f"map `{text}` under `projects`"
                task.refusals.add(
                    "subject_unmapped", one.pointer, f"resource group `{text}` is mapped to no project", help
                )
                return
            text = found or text
        values.append(text)
    target.parts[word] = tuple(dict.fromkeys(values))


def _resource_type(task: Ibm, one: _Attribute, target: _Target) -> None:
    types = []
    for text in _literals(task, one):
        services = target.services or [""]
        mapped = [_type(task, service, text) for service in services]
        if len(services) != 1 or mapped[0] is None:
            message = f"resource type `{text}` is mapped to no type of the policy's one service"
            help = "map it under `services.NAME.types`; a resource group itself has no counterpart"
            task.refusals.add("resource_unmapped", one.pointer, message, help)
            return
        types.append(mapped[0])
    target.parts["type"] = tuple(dict.fromkeys(types))


def _type(task: Ibm, service: str, text: str) -> str | None:
    for mapped in task.mapping.services.values():
        if mapped.service == service and text in mapped.types:
            return mapped.types[text]
    return TYPES.get(service, {}).get(text)


def _resource_id(task: Ibm, one: _Attribute, target: _Target) -> None:
    if any(needs_escape(tokens) for tokens in one.values):
        message = "`resource` holds `*` or `?` as itself, which a scope takes for a pattern"
        task.refusals.add("literal_wildcard", one.pointer, message)
        return
    target.parts["id"] = tuple(dict.fromkeys(one.texts))


def _account_id(task: Ibm, one: _Attribute, target: _Target) -> None:
    _check_account(task, one)


def _other(task: Ibm, one: _Attribute, target: _Target) -> None:
    key = task.mapping.keys.get(f"resource.attributes.{one.name}")
    if key is None or key.prefix or key.type != "string":
        help = f"map `resource.attributes.{one.name}` under `keys`"
        task.refusals.add(
            "attribute_unknown", one.pointer, f"attribute `{one.name}` is mapped to nothing", help
        )
        return
    test = like(key.attribute, list(one.values))
    if test is None:
        task.refusals.add(
            "literal_wildcard", one.pointer, "a pattern with `*` or `?` as itself cannot be expressed"
        )
    else:
        target.when = both(target.when, test)


_ATTRIBUTES: Mapping[str, Callable[[Ibm, _Attribute, _Target], None]] = {
    "accountId": _account_id,
    "serviceName": _named_service,
    "serviceType": _service_type,
    "service_group_id": _management,
    "region": _scoped,
    "serviceInstance": _scoped,
    "resourceGroupId": _scoped,
    "resourceType": _resource_type,
    "resource": _resource_id,
}


def _tags(task: Ibm, tags: list[_Attribute]) -> Iterator[Condition]:
    """Which tags must a resource have? All of them."""
    for one in tags:
        test = like(f"resource.tags.{one.name}", list(one.values))
        if test is None:
            task.refusals.add(
                "literal_wildcard", one.pointer, "a pattern with `*` or `?` as itself cannot be expressed"
            )
        else:
            yield test


def _role_ids(task: Ibm, data: object, pointer: str) -> list[tuple[str, str]]:
    out = []
    for role, place in objects_of(data, pointer, task.refusals):
        known_only(role, ("role_id", "display_name", "description", "actions"), place, task.refusals)
        if isinstance(role.get("role_id"), str):
            out.append((role["role_id"], step(place, "role_id")))
        else:
            task.refusals.add("malformed", place, f"expected `role_id`, got {shown(role.get('role_id'))}")
    return out


def _roles(task: Ibm, ids: list[tuple[str, str]], target: _Target) -> tuple[str, ...]:
    """Which roles of the policy's services are they?"""
    out = []
    for id, pointer in ids:
        name = _role(task, id, pointer)
        if name is None:
            continue
        services = target.services or []
        if not any(task.drafts.known.find_role(name, service) for service in services):
            known = {role for service in services for role in task.drafts.known.services[service].roles}
            help = did_you_mean(name.partition("/")[2] or name, known) or "map it under `roles`"
            task.refusals.add("role_unknown", pointer, f"no service of the policy has a role `{name}`", help)
            continue
        out.append(name)
    return tuple(dict.fromkeys(out))


def _role(task: Ibm, id: str, pointer: str) -> str | None:
    if id in task.mapping.roles:
        return task.mapping.roles[id]
    found = _CRN.fullmatch(id)
    if found is None:
        help = "expected such as `crn:v1:bluemix:public:iam::::serviceRole:Reader`"
        task.refusals.add("role_unknown", pointer, f"`{id}` is no role", help)
        return None
    owner, _, kind, name = found.groups()
    if kind == "customRole":
        role = task.drafts.known.account.roles.get(name)
        if role is None:
            help = f"make it as a role of the account, or map `{id}` under `roles`"
            task.refusals.add("role_unknown", pointer, f"custom role `{name}` is mapped to no role", help)
            return None
        return role.reference
    if owner == "iam":
        return name
    service = _service(task, owner, pointer)
    return None if service is None else f"{service}/{ROLES.get(name, name)}"
