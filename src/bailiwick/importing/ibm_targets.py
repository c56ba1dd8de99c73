"""What an IBM policy is about, as a scope and a condition: every attribute of the resource has to match.

Implements docs/spec.md 23.2 and 23.4 for IBM. Source: IBM Cloud, IAM Policy Management API (2026-04).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bailiwick.importing.globs import needs_escape, text_of
from bailiwick.importing.ibm_names import Attribute, Ibm, check_account, find_service, literals
from bailiwick.importing.keys import ALWAYS, both, like
from bailiwick.model.conditions import Condition
from bailiwick.model.services import IAM

# Account management: services of theirs that are no IAM-enabled services (serviceType=service does not reach them).
PLATFORM_SERVICES = frozenset({IAM, "billing", "enterprise"})
TYPES: Mapping[str, Mapping[str, str]] = {
    "container-registry": {"namespace": "namespace"},
    "hs-crypto": {"key": "key"},
}
_SCOPED = {"region": "region", "serviceInstance": "instance", "resourceGroupId": "project"}


@dataclass(slots=True)
class Target:
    """What a policy is about, while its attributes are read."""

    services: list[str] | None = None
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    when: Condition = ALWAYS


def target_of(task: Ibm, attributes: list[Attribute], pointer: str) -> Target:
    """What is the policy about? Refuses what no scope says."""
    target = Target()
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
        target.services = _all_services(task, pointer, target)
    if "id" in target.parts and "type" not in target.parts:
        task.refusals.add("resource_pattern", named["resource"].pointer, "`resource` needs `resourceType`")
    return target


def _all_services(task: Ibm, pointer: str, target: Target) -> list[str]:
    """Which services are "all IAM-enabled services"? Not account management's, nor those without such an attribute."""
    task.refusals.note(pointer, "it is about all services: those that come later are not in it")
    services = task.drafts.known.services
    return sorted(
        name
        for name, service in services.items()
        if name not in PLATFORM_SERVICES and target.parts.keys() <= service.scope_attributes
    )


def _named_service(task: Ibm, one: Attribute, target: Target) -> None:
    names = [find_service(task, text, one.pointer) for text in literals(task, one)]
    target.services = [name for name in names if name is not None]


def _service_type(task: Ibm, one: Attribute, target: Target) -> None:
    if one.texts != ["service"]:
        message = "account management is not administered by other policies than Bailiwick's own"
        task.refusals.add("account_management", one.pointer, message, "grant roles of `iam` instead")


def _management(task: Ibm, one: Attribute, target: Target) -> None:
    message = f"`{one.name}` names account management, which has no counterpart here"
    task.refusals.add("account_management", one.pointer, message, "grant roles of `iam` instead")


def _scoped(task: Ibm, one: Attribute, target: Target) -> None:
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


def _resource_type(task: Ibm, one: Attribute, target: Target) -> None:
    types = []
    for text in literals(task, one):
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


def _resource_id(task: Ibm, one: Attribute, target: Target) -> None:
    if any(needs_escape(tokens) for tokens in one.values):
        message = "`resource` holds `*` or `?` as itself, which a scope takes for a pattern"
        task.refusals.add("literal_wildcard", one.pointer, message)
        return
    target.parts["id"] = tuple(dict.fromkeys(one.texts))


def _account_id(task: Ibm, one: Attribute, target: Target) -> None:
    check_account(task, one)


def _other(task: Ibm, one: Attribute, target: Target) -> None:
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


_ATTRIBUTES: Mapping[str, Callable[[Ibm, Attribute, Target], None]] = {
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


def tags_of(task: Ibm, tags: list[Attribute]) -> Iterator[Condition]:
    """Which tags must a resource have? All of them."""
    for one in tags:
        test = like(f"resource.tags.{one.name}", list(one.values))
        if test is None:
            task.refusals.add(
                "literal_wildcard", one.pointer, "a pattern with `*` or `?` as itself cannot be expressed"
            )
        else:
            yield test
