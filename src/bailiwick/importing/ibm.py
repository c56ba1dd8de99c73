"""IBM Cloud access policies, v1 and v2, as policies with the catalog's roles.

Implements docs/spec.md section 23 for IBM. Source: IBM Cloud, IAM Policy Management API and docs on access policies
(2026-04). Their policies only allow; every attribute of a policy has to match; a role means the service's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bailiwick.errors import did_you_mean
from bailiwick.importing.findings import step
from bailiwick.importing.globs import Tokens, braced, tokens_of
from bailiwick.importing.ibm_names import Attribute, Ibm, roles_of, subjects_of
from bailiwick.importing.ibm_rules import read_rule
from bailiwick.importing.ibm_targets import tags_of, target_of
from bailiwick.importing.json_text import as_object, known_only, objects_of, parse_json, shown
from bailiwick.importing.keys import ALWAYS, NEVER, both
from bailiwick.importing.produced import Grant
from bailiwick.importing.windows import Clock
from bailiwick.model.conditions import Condition
from bailiwick.model.policies import Scope

SERVER_FIELDS = (
    "id", "href", "state", "created_at", "created_by_id", "last_modified_at", "last_modified_by_id",
    "last_permit_at", "last_permit_frequency", "description", "template",
)  # fmt: skip
V1_FIELDS = ("type", "subjects", "roles", "resources", *SERVER_FIELDS)
V2_FIELDS = ("type", "subject", "control", "resource", "pattern", "rule", *SERVER_FIELDS)


def import_ibm(text: str, task: Ibm) -> None:
    """Which policies is this text: one policy, a list, or `{policies: […]}`? Drafts and refusals go to the task's."""
    data = parse_json(text, task.refusals)
    if task.refusals.found:
        return
    if isinstance(data, dict) and "policies" in data:
        known_only(data, ("policies", "limit", "first", "next", "previous"), "", task.refusals)
        listed = list(objects_of(data["policies"], "/policies", task.refusals))
        if "next" in data:
            task.refusals.note("", "this is one page of a list: the policies of the next pages are not in it")
    elif isinstance(data, list):
        listed = list(objects_of(data, "", task.refusals))
    else:
        policy = as_object(data, "", task.refusals)
        listed = [] if task.refusals.found else [(policy, "")]
    for policy, pointer in listed:
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
    subjects = subjects_of(task, str(data["type"]), subject, pointer)
    clock = Clock()
    when: Condition = ALWAYS
    if "rule" in data:
        place = step(pointer, "rule")
        when = read_rule(data["rule"], place, task.refusals, (clock, task.narrow_edges, task.mapping.keys))
    if clock.never_holds():
        when = NEVER
    for attributes, tags in resources:
        target = target_of(task, attributes, pointer)
        tested = both(when, target.when, *tags_of(task, tags))
        names = roles_of(task, roles, target.services or ())
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


_Resource = tuple[list[Attribute], list[Attribute]]
_Parts = tuple[list[Attribute], list[tuple[str, str]], list[_Resource]]


def _v1(task: Ibm, data: dict[str, Any], pointer: str) -> _Parts:
    at = step(pointer, "subjects")
    given = list(objects_of(data.get("subjects"), at, task.refusals))
    if len(given) > 1:
        task.refusals.add(
            "malformed", at, f"expected one subject, got {len(given)}", "write a policy for each"
        )
    subjects: list[Attribute] = []
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


def _attributes(task: Ibm, data: object, pointer: str, word: str) -> Iterator[Attribute]:
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
            yield Attribute(name, values, place)


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


def _role_ids(task: Ibm, data: object, pointer: str) -> list[tuple[str, str]]:
    out = []
    for role, place in objects_of(data, pointer, task.refusals):
        known_only(role, ("role_id", "display_name", "description", "actions"), place, task.refusals)
        if isinstance(role.get("role_id"), str):
            out.append((role["role_id"], step(place, "role_id")))
        else:
            task.refusals.add("malformed", place, f"expected `role_id`, got {shown(role.get('role_id'))}")
    return out
