"""AWS identity policies (Version 2012-10-17) as roles and policies.

Implements docs/spec.md section 23 for AWS. Source: AWS, IAM User Guide, JSON policy element reference.
Every statement becomes, for each service and resource type it touches, a role with the actions and policies with the
scopes; a Deny becomes a deny policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.errors import did_you_mean
from bailiwick.importing.actions import Named, Naming, complement, join, name_actions, naming_of
from bailiwick.importing.aws_resources import (
    EVERYTHING,
    Pattern,
    Place,
    check_pattern,
    of_type,
    outside_of,
    places_of,
)
from bailiwick.importing.findings import Refusals, step
from bailiwick.importing.globs import Token, Tokens, tokens_of
from bailiwick.importing.json_text import (
    as_object,
    known_only,
    objects_of,
    parse_json,
    shown,
    texts_of,
)
from bailiwick.importing.keys import ALWAYS, NEVER, Key, both
from bailiwick.importing.mapping import ImportMapping
from bailiwick.importing.operators import Block, Grammar, Operator, Variable, read_block
from bailiwick.importing.produced import Drafts, Grant
from bailiwick.importing.statements import Statement
from bailiwick.model.conditions import Condition
from bailiwick.model.patterns import is_pattern, matches
from bailiwick.model.policies import Scope
from bailiwick.model.services import Service

VERSION = "2012-10-17"
ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
SET_WORDS = ("ForAllValues", "ForAnyValue")
OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator("string", "string-equals"),
    "StringNotEquals": Operator("string", "string-equals", negated=True),
    "StringEqualsIgnoreCase": Operator("string", "string-equals-ignore-case"),
    "StringNotEqualsIgnoreCase": Operator("string", "string-equals-ignore-case", negated=True),
    "StringLike": Operator("string", "string-equals", patterns=True),
    "StringNotLike": Operator("string", "string-equals", negated=True, patterns=True),
    "NumericEquals": Operator("number", "number-equals"),
    "NumericNotEquals": Operator("number", "number-equals", negated=True),
    "NumericLessThan": Operator("number", "number-less-than"),
    "NumericLessThanEquals": Operator("number", "number-less-than-or-equals"),
    "NumericGreaterThan": Operator("number", "number-greater-than"),
    "NumericGreaterThanEquals": Operator("number", "number-greater-than-or-equals"),
    "DateEquals": Operator("date", "date-equals"),
    "DateNotEquals": Operator("date", "date-equals", negated=True),
    "DateLessThan": Operator("date", "date-less-than"),
    "DateLessThanEquals": Operator("date", "date-less-than-or-equals"),
    "DateGreaterThan": Operator("date", "date-greater-than"),
    "DateGreaterThanEquals": Operator("date", "date-greater-than-or-equals"),
    "Bool": Operator("bool", "bool-equals"),
    "BinaryEquals": Operator("binary", ""),
    "IpAddress": Operator("network", "ip-in"),
    "NotIpAddress": Operator("network", "ip-in", negated=True),
    "ArnEquals": Operator("arn", "string-equals", patterns=True),
    "ArnLike": Operator("arn", "string-equals", patterns=True),
    "ArnNotEquals": Operator("arn", "string-equals", negated=True, patterns=True),
    "ArnNotLike": Operator("arn", "string-equals", negated=True, patterns=True),
}
KEYS: Mapping[str, Key] = {
    "aws:CurrentTime": Key("now", "now"),
    "aws:SourceIp": Key("context.ip", "network"),
    "aws:MultiFactorAuthPresent": Key("context.mfa", "bool"),
    "aws:username": Key("principal.id", "string", "user:"),
}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPES = ("*", "?", "$")


@dataclass(frozen=True, slots=True)
class Aws:
    """What does one import of AWS policies know: the mapping, where drafts go, and how edges of time are taken?"""

    mapping: ImportMapping
    drafts: Drafts
    narrow_edges: bool = False

    @property
    def refusals(self) -> Refusals:
        """Where do refusals go?"""
        return self.drafts.refusals


def import_aws(text: str, task: Aws) -> None:
    """Which roles and policies is this policy document? Drafts and refusals go to the task's."""
    refusals = task.refusals
    value, pointer = parse_json(text, refusals), ""
    data = {} if refusals.found else as_object(value, pointer, refusals)
    if refusals.found:
        return
    if "PolicyDocument" in data:
        known_only(data, ("PolicyDocument", "PolicyName", "UserName", "GroupName", "RoleName"), "", refusals)
        pointer = "/PolicyDocument"
        data = as_object(data["PolicyDocument"], pointer, refusals)
    known_only(data, ("Version", "Id", "Statement"), pointer, refusals)
    if data.get("Version") != VERSION:
        help = f"write `{VERSION}`: before it, variables are text"
        refusals.add(
            "version",
            step(pointer, "Version"),
            f"expected version `{VERSION}`, got {shown(data.get('Version'))}",
            help,
        )
        return
    body = data.get("Statement")
    listed = [body] if isinstance(body, dict) else body
    place = step(pointer, "Statement")
    for statement, at in objects_of(listed, place, refusals):
        _statement(task, statement, at)


def _statement(task: Aws, data: dict[str, Any], pointer: str) -> None:
    known_only(data, ELEMENTS, pointer, task.refusals)
    effect = {"Allow": "allow", "Deny": "deny"}.get(str(data.get("Effect")))
    if effect is None:
        message = f"expected `Allow` or `Deny`, got {shown(data.get('Effect'))}"
        task.refusals.add("malformed", step(pointer, "Effect"), message)
        return
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (one in data) == (other in data):
            message = f"expected either `{one}` or `{other}`"
            task.refusals.add("malformed", pointer, message)
            return
    statement = Statement(data, pointer, effect)
    block = Block(_grammar(task), effect == "deny", task.refusals, task.narrow_edges)
    when: Condition = ALWAYS
    if "Condition" in data:
        when = read_block(block, data["Condition"], step(pointer, "Condition"))
    if block.clock.never_holds():
        when = NEVER
    is_empty = not task.refusals.found
    for of, named in _named(task, statement):
        for place, some in _placed(task, statement, of, named):
            task.drafts.add(
                Grant(
                    pointer, effect, place.scope, of[1], some,
                    when=both(when, place.when), window=block.clock.window(),
                )
            )  # fmt: skip
            is_empty = False
    if is_empty and not task.refusals.found:
        task.refusals.note(pointer, "no resource that is mapped is meant by it, so it comes to nothing")


def _grammar(task: Aws) -> Grammar:
    keys = {known.lower(): (known, key) for known, key in KEYS.items()}
    keys.update((known.lower(), (known, key)) for known, key in task.mapping.keys.items())
    return Grammar(OPERATORS, dict(keys.values()), read_text, set_words=SET_WORDS)


def read_text(text: str) -> Tokens | Variable | None:
    """Which tokens is a value, or which variable is it whole? None: a variable among text."""
    out: list[Token] = []
    parts = _VARIABLE.split(text)
    if len(parts) == 3 and not parts[0] and not parts[2] and parts[1] not in _ESCAPES:
        return None if "," in parts[1] else Variable(parts[1].strip())
    for index, part in enumerate(parts):
        if index % 2 == 0:
            out.extend(tokens_of(part))
        elif part in _ESCAPES:
            out.append(part)
        else:
            return None
    return tuple(out)


def _named(task: Aws, statement: Statement) -> Iterator[tuple[tuple[str, Service], Named]]:
    """Which actions of which services does the statement name?"""
    word = "NotAction" if "NotAction" in statement.data else "Action"
    pointer = step(statement.pointer, word)
    listed = list(texts_of(statement.data[word], pointer, task.refusals))
    if word == "NotAction":
        yield from _not_named(task, statement, pointer, [text for text, _ in listed])
        return
    found: dict[str, list[Named]] = {}
    for text, place in listed:
        if text == EVERYTHING:
            _everything(task, statement, place, found)
            continue
        prefix, naming = _naming(task, text, place)
        if naming is None:
            continue
        named = name_actions(naming, text)
        if named is None:
            _refuse_action(task, text, place, naming)
        else:
            found.setdefault(prefix, []).append(named)
    for prefix, parts in found.items():
        yield (prefix, _service(task, prefix)), join(parts)


def _everything(task: Aws, statement: Statement, place: str, found: dict[str, list[Named]]) -> None:
    """What does `*` name: every service of the mapping?"""
    if statement.effect == "deny":
        help = "write a statement for each service, such as `s3:*`; a guardrail can stop all of a service"
        message = "a deny of every service's actions would miss services that are mapped later"
        task.refusals.add("all_services_in_deny", place, message, help)
        return
    task.refusals.note(place, "services that are mapped later are not allowed by it")
    for prefix in task.mapping.services:
        _, naming = _naming(task, f"{prefix}:*", place)
        if naming is not None and (named := name_actions(naming, f"{prefix}:*")) is not None:
            found.setdefault(prefix, []).append(named)


def _not_named(
    task: Aws, statement: Statement, pointer: str, patterns: list[str]
) -> Iterator[tuple[tuple[str, Service], Named]]:
    """Which actions are all but these? Only of an allow: what comes later would not be denied by it."""
    if statement.effect == "deny":
        help = "name the actions to deny"
        message = "a deny of all but some actions would miss actions that come later"
        task.refusals.add("not_action_in_deny", pointer, message, help)
        return
    task.refusals.note(pointer, "actions and services that come later are not allowed by it")
    for prefix in task.mapping.services:
        _, naming = _naming(task, f"{prefix}:*", pointer)
        if naming is not None and (named := complement(naming, patterns)) is not None:
            yield (prefix, naming.service), named


def _naming(task: Aws, text: str, place: str) -> tuple[str, Naming | None]:
    prefix = text.partition(":")[0].lower()
    if ":" not in text:
        task.refusals.add("malformed", place, f"`{text}` is no action", "expected `service:Operation` or `*`")
    elif prefix not in task.mapping.services:
        help = did_you_mean(prefix, task.mapping.services) or "map it under `services`"
        task.refusals.add("service_unmapped", place, f"AWS service `{prefix}` is mapped to no service", help)
    else:
        return prefix, naming_of(_service(task, prefix), prefix, task.mapping.services[prefix].actions)
    return prefix, None


def _service(task: Aws, prefix: str) -> Service:
    return task.drafts.known.services[task.mapping.services[prefix].service]


def _refuse_action(task: Aws, text: str, place: str, naming: Naming) -> None:
    help = did_you_mean(text, naming.ids)
    message = f"`{text}` is mapped to no action of `{naming.service.name}`"
    task.refusals.add("action_unmapped", place, message, help)


def _placed(
    task: Aws, statement: Statement, of: tuple[str, Service], named: Named
) -> Iterator[tuple[Place, Named]]:
    """Where do which of these actions hold? An action of a type holds over resources of that type only."""
    prefix, service = of
    word = "NotResource" if "NotResource" in statement.data else "Resource"
    patterns = _patterns(task, statement, word)
    everything = any(pattern.text == EVERYTHING for pattern in patterns)
    whole = Place(None, Scope((service.name,)))
    if word == "Resource" and everything:
        yield whole, named
        return
    groups: dict[str | None, list[Any]] = {}
    for action in named.actions:
        groups.setdefault(action.resource_type, []).append(action)
    for type, actions in groups.items():
        if type is None:
            # An action without a type is asked of `*` there, which no ARN pattern matches.
            if word == "NotResource" and not everything:
                listed = named.listed or any(is_pattern(one) for one in named.patterns)
                yield whole, Named(tuple(a.id for a in actions), tuple(actions), listed)
            continue
        wanted = tuple(one for one in named.patterns if any(matches(one, a.id) for a in actions))
        some = Named(wanted, tuple(actions), named.listed)
        # A wildcard means what lies below the type too; an action by its name is asked of its type only.
        is_open = any(map(is_pattern, wanted)) and task.drafts.known.has_types_below(service, type)
        for place in _typed(task, (statement, word), (prefix, service, type), patterns):
            yield replace(place, when=both(place.when, of_type(type))) if is_open else place, some


def _typed(
    task: Aws, at: tuple[Statement, str], of: tuple[str, Service, str], patterns: list[Pattern]
) -> Iterator[Place]:
    """Where are the resources of one type that the statement means?"""
    statement, word = at
    prefix, service, type = of
    pointer = step(statement.pointer, word)
    form = next((one for one in task.mapping.services[prefix].forms if one.type == type), None)
    if form is None:
        message = f"resource type `{type}` of `{service.name}` has no form of ARN"
        task.refusals.add(
            "resource_unmapped", pointer, message, f"map it under `services.{prefix}.resources`"
        )
        return
    if task.drafts.known.nests(service, type):
        message = f"a `{type}` can lie in a `{type}`, so a scope on one would hold for others too"
        task.refusals.add("resource_pattern", pointer, message)
        return
    if word == "Resource":
        places = list(places_of(service.name, form, patterns, task.refusals))
    else:
        when = outside_of(form, patterns, task.refusals)
        places = [] if when == NEVER else [Place(type, Scope((service.name,), type=(type,)), when)]
    yield from places


def _patterns(task: Aws, statement: Statement, word: str) -> list[Pattern]:
    out = []
    for text, place in texts_of(statement.data[word], step(statement.pointer, word), task.refusals):
        tokens = read_text(text)
        if not isinstance(tokens, tuple):
            message = f"`{text}` holds a policy variable, which a scope cannot"
            task.refusals.add("variable", place, message, "write a condition on the resource's owner or tags")
            continue
        pattern = Pattern(text, tokens, place)
        if check_pattern(pattern, task.refusals):
            out.append(pattern)
    return out
