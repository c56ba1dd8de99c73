"""Does everything that a mapping names exist, and is it one to one where that matters?

Serves docs/spec.md 23.2: two names of theirs for one action of ours would widen what either allows.
"""

from __future__ import annotations

from collections.abc import Iterator

from bailiwick.errors import Finding, Invalid, did_you_mean
from bailiwick.importing.known import Known
from bailiwick.importing.mapping import REGION, Form, ImportMapping, ServiceMapping
from bailiwick.model.services import IAM, Service


def check_mapping(mapping: ImportMapping, known: Known) -> None:
    """Does the mapping fit what the installation has? Raises Invalid with every finding."""
    findings: list[Finding] = []
    taken: dict[tuple[str, str], str] = {}
    for name, one in mapping.services.items():
        place = f"mapping: services.{name}"
        service = known.services.get(one.service)
        if service is None:
            help = did_you_mean(one.service, known.services)
            findings.append(Finding(f"unknown service `{one.service}`", f"{place}.service", help))
        elif one.service == IAM:
            message = f"nothing of another system stands for `{IAM}`"
            findings.append(Finding(message, f"{place}.service", "write its policies here"))
        else:
            findings.extend(_actions(one, service, place, taken, name))
            findings.extend(_forms(one, service, place))
    if findings:
        raise Invalid(findings)


def _actions(
    mapping: ServiceMapping,
    service: Service,
    place: str,
    taken: dict[tuple[str, str], str],
    prefix: str,
) -> Iterator[Finding]:
    ids = mapping.actions
    if ids is None:
        ids = {id: (id,) for id in service.actions if id.startswith(f"{prefix}:")}
    for name, ours in ids.items():
        at = f"{place}.actions.{name}"
        for id in ours:
            if id not in service.actions:
                yield Finding(f"unknown action `{id}`", at, did_you_mean(id, service.actions))
            elif (service.name, id) in taken:
                message = f"`{id}` stands for `{taken[service.name, id]}` already"
                yield Finding(message, at, "an action of ours stands for one of theirs")
            taken[service.name, id] = f"{prefix}:{name}"


def _forms(mapping: ServiceMapping, service: Service, place: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, form in enumerate(mapping.forms):
        at = f"{place}.resources[{index}]"
        if form.type not in service.resource_types:
            help = did_you_mean(form.type, service.resource_types)
            yield Finding(f"unknown resource type `{form.type}`", f"{at}.type", help)
        elif form.type in seen:
            yield Finding(f"`{form.type}` has two forms of ARN", at, "a type has one")
        else:
            yield from _path(form, service, at)
        seen.add(form.type)
    for theirs, ours in mapping.types.items():
        if ours not in service.resource_types:
            help = did_you_mean(ours, service.resource_types)
            yield Finding(f"unknown resource type `{ours}`", f"{place}.types.{theirs}", help)


def _path(form: Form, service: Service, at: str) -> Iterator[Finding]:
    """Are the slots the types of a path, outermost first?"""
    if REGION in form.slots and not service.regional:
        yield Finding(f"`{service.name}` has no regions", f"{at}.arn", "leave the slot out")
    path = [name for name in form.slots if name != REGION]
    for outer, name in zip(["", *path], path, strict=False):
        type = service.resource_types.get(name)
        parents = type.parents if type is not None else ()
        if type is None or (outer not in parents if parents else bool(outer)):
            message = f"`{'/'.join(path)}` is no path of `{service.name}`"
            yield Finding(message, f"{at}.arn", "one slot for each type, outermost first")
            return
