"""Policy documents of Huawei Cloud and Open Telekom Cloud (grammar 1.1) as roles and policies.

Implements docs/spec.md section 23 for them. Source: Open Telekom Cloud, IAM User Guide, Policy Syntax (2026-01-26);
Huawei Cloud, IAM User Guide, Policy Syntax. Their ids are the catalog's, so a pattern of theirs is one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.errors import did_you_mean
from bailiwick.importing.actions import Named, join, name_actions, naming_of
from bailiwick.importing.findings import Refusals, step
from bailiwick.importing.globs import tokens_of
from bailiwick.importing.json_text import (
    as_object,
    known_only,
    objects_of,
    parse_json,
    shown,
    texts_of,
)
from bailiwick.importing.keys import ALWAYS, NEVER, Key, both, compare
from bailiwick.importing.mapping import ImportMapping
from bailiwick.importing.operators import Block, Grammar, Operator, read_block
from bailiwick.importing.produced import Drafts, Grant
from bailiwick.importing.statements import Statement
from bailiwick.model.conditions import Condition
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.policies import Scope
from bailiwick.model.services import Service

VERSION = "1.1"
ELEMENTS = ("Effect", "Action", "Resource", "Condition")
WRAPPED = ("display_name", "type", "description", "description_cn", "policy")
AGENCY, AGENCIES = "agency", "/iam/agencies/"
OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator("string", "string-equals"),
    "StringNotEquals": Operator("string", "string-equals", negated=True),
    "StringEqualsIgnoreCase": Operator("string", "string-equals-ignore-case"),
    "StringNotEqualsIgnoreCase": Operator("string", "string-equals-ignore-case", negated=True),
    "StringLike": Operator("string", "string-equals", patterns=True),
    "StringNotLike": Operator("string", "string-equals", negated=True, patterns=True),
    "StringMatch": Operator("string", "string-equals", patterns=True),
    "StringNotMatch": Operator("string", "string-equals", negated=True, patterns=True),
    "StringStartWith": Operator("string", "string-starts-with"),
    "StringEndWith": Operator("string", "string-ends-with"),
    "NumberEquals": Operator("number", "number-equals"),
    "NumberNotEquals": Operator("number", "number-equals", negated=True),
    "NumberLessThan": Operator("number", "number-less-than"),
    "NumberLessThanEquals": Operator("number", "number-less-than-or-equals"),
    "NumberGreaterThan": Operator("number", "number-greater-than"),
    "NumberGreaterThanEquals": Operator("number", "number-greater-than-or-equals"),
    "DateLessThan": Operator("date", "date-less-than"),
    "DateLessThanEquals": Operator("date", "date-less-than-or-equals"),
    "DateGreaterThan": Operator("date", "date-greater-than"),
    "DateGreaterThanEquals": Operator("date", "date-greater-than-or-equals"),
    "Bool": Operator("bool", "bool-equals"),
}
KEYS: Mapping[str, Key] = {
    "g:CurrentTime": Key("now", "now"),
    "g:MFAPresent": Key("context.mfa", "bool"),
    "g:MFAAge": Key("context.mfa_age", "number"),
    "g:UserName": Key("principal.id", "string", "user:"),
}


@dataclass(frozen=True, slots=True)
class Huawei:
    """What does one import of their policies know? `region` and `project` are where they were authorized."""

    mapping: ImportMapping
    drafts: Drafts
    region: str | None = None
    project: str | None = None
    narrow_edges: bool = False

    @property
    def refusals(self) -> Refusals:
        """Where do refusals go?"""
        return self.drafts.refusals

    def scope(self, service: Service) -> Scope:
        """Where does it hold at most?"""
        region = (self.region,) if self.region else None
        return Scope((service.name,), region=region, project=(self.project,) if self.project else None)


Placed = tuple[Scope, Named, Condition]


def import_huawei(text: str, task: Huawei) -> None:
    """Which roles and policies is this policy document? Drafts and refusals go to the task's."""
    refusals = task.refusals
    value, pointer = parse_json(text, refusals), ""
    data = {} if refusals.found else as_object(value, pointer, refusals)
    for wrapper, known in (("role", ("role",)), ("policy", WRAPPED)):
        if wrapper in data:
            known_only(data, known, pointer, refusals)
            pointer = step(pointer, wrapper)
            data = as_object(data[wrapper], pointer, refusals)
    if refusals.found:
        return
    if "Depends" in data:
        message = "a role that only works beside the roles that it depends on"
        refusals.add(
            "depends", step(pointer, "Depends"), message, "grant those roles too, and leave `Depends` out"
        )
    known_only(
        {word: one for word, one in data.items() if word != "Depends"},
        ("Version", "Statement"),
        pointer,
        refusals,
    )
    if data.get("Version") != VERSION:
        message = f"expected version `{VERSION}`, got {shown(data.get('Version'))}"
        refusals.add(
            "version",
            step(pointer, "Version"),
            message,
            "roles (1.0) and identity policies (5.0) are not read",
        )
        return
    for statement, at in objects_of(data.get("Statement"), step(pointer, "Statement"), refusals):
        _statement(task, statement, at)


def _statement(task: Huawei, data: dict[str, Any], pointer: str) -> None:
    known_only(data, ELEMENTS, pointer, task.refusals)
    effect = {"Allow": "allow", "Deny": "deny"}.get(str(data.get("Effect")))
    if effect is None:
        message = f"expected `Allow` or `Deny`, got {shown(data.get('Effect'))}"
        task.refusals.add("malformed", step(pointer, "Effect"), message)
        return
    statement = Statement(data, pointer, effect)
    grammar = Grammar(OPERATORS, {**KEYS, **task.mapping.keys}, tokens_of, negated_known=False)
    block = Block(grammar, effect == "deny", task.refusals, task.narrow_edges)
    when: Condition = ALWAYS
    if "Condition" in data:
        when = read_block(block, data["Condition"], step(pointer, "Condition"))
    if block.clock.never_holds():
        when = NEVER
    named = dict(_named(task, statement))
    _check_services(task, statement, named)
    for prefix, (service, some) in named.items():
        for scope, part, more in _placed(task, statement, (prefix, service), some):
            window = block.clock.window()
            task.drafts.add(
                Grant(pointer, effect, scope, service, part, when=both(when, more), window=window)
            )


def _named(task: Huawei, statement: Statement) -> Iterator[tuple[str, tuple[Service, Named]]]:
    """Which actions of which services does the statement name, by prefix?"""
    found: dict[str, list[Named]] = {}
    pointer = step(statement.pointer, "Action")
    for text, place in texts_of(statement.data.get("Action"), pointer, task.refusals):
        prefix, *rest = text.split(":")
        if len(rest) != 2 or not all(rest) or "?" in text:
            task.refusals.add(
                "malformed", place, f"`{text}` is no action", "expected `service:type:operation`"
            )
            continue
        for each in _prefixes(task, statement, prefix, place):
            service = _service(task, each)
            named = name_actions(naming_of(service, each, None), ":".join((each, *rest)))
            if named is not None:
                found.setdefault(each, []).append(named)
            elif prefix != "*":
                help = did_you_mean(text, service.actions)
                task.refusals.add("action_unknown", place, f"`{service.name}` has no action `{text}`", help)
    for prefix, parts in found.items():
        yield prefix, (_service(task, prefix), join(parts))


def _prefixes(task: Huawei, statement: Statement, prefix: str, place: str) -> list[str]:
    known = {**task.drafts.known.prefixes, **task.mapping.services}
    if prefix == "*":
        if statement.effect == "deny":
            message = "a deny of every service's actions would miss services that come later"
            task.refusals.add("all_services_in_deny", place, message, "write an action for each service")
            return []
        task.refusals.note(place, "services that come later are not allowed by it")
        return list(known)
    if prefix in known:
        return [prefix]
    if prefix in task.drafts.known.external:
        message = f"service `{prefix}` is not in the catalog, which only mentions it"
        task.refusals.add("action_external", place, message, "describe it as a service of the account first")
    else:
        help = did_you_mean(prefix, known)
        task.refusals.add("service_unmapped", place, f"unknown service `{prefix}`", help)
    return []


def _service(task: Huawei, prefix: str) -> Service:
    mapped = task.mapping.services.get(prefix)
    name = mapped.service if mapped is not None else task.drafts.known.prefixes[prefix]
    return task.drafts.known.services[name]


def _check_services(task: Huawei, statement: Statement, named: Mapping[str, object]) -> None:
    """Is every resource one of a service whose actions are named?"""
    resources = statement.data.get("Resource")
    if resources is None or isinstance(resources, dict):
        return
    pointer = step(statement.pointer, "Resource")
    for text, place in texts_of(resources, pointer, task.refusals):
        parts = text.split(":", 4)
        if len(parts) != 5 or not all(parts[3:]) or "?" in text:
            help = "expected `service:region:account:type:path`; only `*` is a wildcard"
            task.refusals.add("malformed", place, f"`{text}` is no resource", help)
        elif parts[0] not in named and not task.refusals.found:
            message = f"`{text}` is of a service of which no action is named"
            task.refusals.add("resource_pattern", place, message, "write a statement for each service")


def _placed(task: Huawei, statement: Statement, of: tuple[str, Service], named: Named) -> Iterator[Placed]:
    """Where do which of these actions hold?"""
    prefix, service = of
    resources = statement.data.get("Resource")
    pointer = step(statement.pointer, "Resource")
    whole = task.scope(service)
    if resources is None:
        yield whole, named, ALWAYS
    elif isinstance(resources, dict):
        yield from _agencies(task, (resources, pointer), service, named)
    else:
        for text, place in texts_of(resources, pointer, task.refusals):
            parts = text.split(":", 4)
            if len(parts) == 5 and parts[0] == prefix and all(parts[3:]):
                yield from _resource(task, (parts, place), (prefix, service), named)


def _agencies(
    task: Huawei, given: tuple[dict[str, Any], str], service: Service, named: Named
) -> Iterator[Placed]:
    """Which agencies do addresses name? Only actions on agencies may be narrowed so."""
    resources, pointer = given
    known_only(resources, ("uri",), pointer, task.refusals)
    wrong = [action.id for action in named.actions if action.resource_type != AGENCY]
    if wrong:
        message = f"`{wrong[0]}` is not asked of agencies, which the addresses name"
        task.refusals.add("resource_pattern", pointer, message, "write a statement of its own for it")
        return
    for text, place in texts_of(resources.get("uri"), step(pointer, "uri"), task.refusals):
        ident = text.removeprefix(AGENCIES)
        if ident == text or not ident or "/" in ident:
            help = f"expected `{AGENCIES}` and the agency's id or name"
            task.refusals.add("resource_pattern", place, f"`{text}` is no address of an agency", help)
        else:
            task.refusals.note(place, f"holds for the agency that is registered here as `{ident}`")
            id = None if ident == "*" else (ident,)
            yield replace(task.scope(service), type=(AGENCY,), id=id), named, ALWAYS


def _resource(
    task: Huawei, given: tuple[list[str], str], of: tuple[str, Service], named: Named
) -> Iterator[Placed]:
    """Where does one resource of five segments let which actions hold? Each segment is compared by itself.

    The type of a resource is the middle word of the actions on it, unless the mapping says which type of ours it is.
    """
    (_, region, account, type, path), place = given
    prefix, service = of
    if account not in ("*", "", task.mapping.account):
        message = f"account `{account}` is not the one that is imported"
        task.refusals.add("foreign_account", place, message, "say which it is under `account` in the mapping")
        return
    scope = _in_region(task, service, region)
    mapping = task.mapping.services.get(prefix)
    mapped = mapping.types.get(type) if mapping is not None else None
    some = _of_type(named, type) if mapped is None else _of_mapped_type(named, mapped)
    if scope is None or some is None:
        return
    if mapped is None and path == "*":
        yield scope, some, ALWAYS
        return
    kinds = {action.resource_type for action in some.actions}
    ours = kinds.pop()
    if kinds or ours is None:
        message = (
            f"`{type}:{path}` names resources, but not all of these actions are asked of one type of them"
        )
        help = "name actions on single resources of one type only, in a statement of their own"
        task.refusals.add("resource_unmapped", place, message, help)
    elif task.drafts.known.nests(service, ours):
        message = f"a `{ours}` can lie in a `{ours}`, so a scope on one would hold for others too"
        task.refusals.add("resource_pattern", place, message)
    else:
        is_open = any(map(is_pattern, some.patterns)) and task.drafts.known.has_types_below(service, ours)
        when = compare("resource.type", "string-equals", [ours]) if is_open else ALWAYS
        yield replace(scope, type=(ours,), id=None if path == "*" else (path,)), some, when


def _of_mapped_type(named: Named, type: str) -> Named | None:
    """Which of these actions are asked of this type of ours? None: none."""
    actions = tuple(action for action in named.actions if action.resource_type == type)
    wanted = tuple(one for one in named.patterns if any(matches(one, action.id) for action in actions))
    return Named(wanted, actions, named.listed) if actions else None


def _of_type(named: Named, type: str) -> Named | None:
    """Which of these actions have a middle word of this pattern? None: none."""
    if type == "*":
        return named
    words = {action.id: action.id.split(":")[1] for action in named.actions}
    actions = tuple(a for a in named.actions if matches(type.lower(), words[a.id].lower()))
    if not actions:
        return None
    patterns: dict[str, None] = {}
    for pattern in named.patterns:
        matched = [action.id for action in actions if matches(pattern, action.id)]
        patterns.update(dict.fromkeys(_narrowed(pattern, type, matched)))
    listed = named.listed or (
        is_pattern(type) and any(is_pattern(one.split(":")[1]) for one in named.patterns)
    )
    return Named(tuple(patterns), actions, listed)


def _narrowed(pattern: str, type: str, matched: list[str]) -> list[str]:
    """Which patterns name what both this one and the middle word do?"""
    first, word, last = pattern.split(":")
    if not is_pattern(word):
        return [pattern] if matched else []
    if is_pattern(type):
        return matched
    return sorted({f"{first}:{id.split(':')[1]}:{last}" for id in matched})


def _in_region(task: Huawei, service: Service, region: str) -> Scope | None:
    """Which scope is it in this region too? None: theirs and the authorized region have nothing in common."""
    scope = task.scope(service)
    if region in ("*", ""):
        return scope
    if scope.region is not None:
        return scope if matches(region, scope.region[0]) else None
    return replace(scope, region=(region,))
