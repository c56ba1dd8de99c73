"""What a sync would do: what the file has against what is registered in the scope.

Of a million resources only digests are held. Knows no server and no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.cli.inventory_files import Entry, NumberedLine, removal_line
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Resource
from bailiwick.model.names import parse_resource_name

MOST_SHOWN = 20
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """One resource of the file: the number of its line, and a digest of what it shall be."""

    number: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the inventory is made to match? None: whatever it is."""

    service: str | None = None
    type: str | None = None
    project: str | None = None

    def parameters(self) -> dict[str, str | None]:
        """By which parameters is it listed?"""
        return {"service": self.service, "type": self.type, "project": self.project}

    def digests(self, entries: Iterable[Entry], file: str) -> dict[str, Wanted]:
        """What does the file want of each resource? Raises Invalid for lines outside the scope."""
        found: dict[str, Wanted] = {}
        findings: list[Finding] = []
        for entry in entries:
            outside = self._outside(entry.resource)
            if outside and len(findings) < MOST_FINDINGS:
                findings.append(
                    Finding(outside, "name", "it would be removed by the next sync", file, entry.number)
                )
            found[entry.resource.name] = Wanted(entry.number, digest_of(entry.resource))
        if findings:
            raise Invalid(findings)
        return found

    def _outside(self, resource: Resource) -> str | None:
        name = parse_resource_name(resource.name)
        for what, wanted, got in (
            ("service", self.service, name.service),
            ("type", self.type, name.type),
            ("project", self.project, resource.project),
        ):
            if wanted is not None and got != wanted:
                return f"`{resource.name}` is outside the scope: expected {what} `{wanted}`, got " + (
                    "none" if got is None else f"`{got}`"
                )
        return None


def digest_of(resource: Resource) -> bytes:
    """Which digest have resources that are the same in everything?"""
    document = format_document("Resource", resource)
    return blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).digest()


@dataclass(frozen=True)
class Plan:
    """What would be registered, changed (each by the number of its line) and removed, of how many that are there."""

    created: Mapping[str, int]
    changed: Mapping[str, int]
    removed: tuple[str, ...]
    unchanged: int
    registered: int

    @property
    def differs(self) -> bool:
        """Is there anything to do?"""
        return bool(self.created or self.changed or self.removed)

    def is_different(self, number: int) -> bool:
        """Has this line to be sent?"""
        return number in self._numbers

    @property
    def _numbers(self) -> frozenset[int]:
        numbers = self.__dict__.get("numbers")
        if numbers is None:
            numbers = self.__dict__["numbers"] = frozenset((*self.created.values(), *self.changed.values()))
        return frozenset(numbers)

    def removal_lines(self) -> Iterator[NumberedLine]:
        """Which lines remove what the file lacks?"""
        yield from enumerate(map(removal_line, self.removed), 1)

    def summary(self) -> dict[str, Any]:
        """What is said of the plan to machines?"""
        return {
            "created": list(self.created),
            "changed": list(self.changed),
            "deleted": list(self.removed),
            "unchanged": self.unchanged,
            "dry_run": True,
        }


def make_plan(account: str, wanted: Mapping[str, Wanted], listed: Iterable[Mapping[str, Any]]) -> Plan:
    """What makes the listed resources as they are wanted?"""
    created = {name: one.number for name, one in wanted.items()}
    changed: dict[str, int] = {}
    attached: list[str] = []
    others: list[str] = []
    count = 0
    for document in listed:
        count += 1
        name = str(document["name"])
        one = wanted.get(name)
        if one is None:
            (others if document.get("attached_to") is None else attached).append(name)
            continue
        del created[name]
        if digest_of(_resource(account, document)) != one.digest:
            changed[name] = one.number
    # WHY in this order: what something is attached to cannot be removed before it.
    return Plan(created, changed, (*attached, *others), len(wanted) - len(created) - len(changed), count)


def _resource(account: str, document: Mapping[str, Any]) -> Resource:
    value = parse_document(document, account)[1]
    assert isinstance(value, Resource)
    return value


def check_share(plan: Plan, most_percent: int) -> None:
    """Does the plan not remove more than it may? Raises Invalid."""
    if 100 * len(plan.removed) > most_percent * plan.registered:
        percent = -(-100 * len(plan.removed) // plan.registered)
        raise Invalid.at(
            "",
            f"{len(plan.removed)} of {plan.registered} resources in the scope would be removed, "
            f"expected at most {most_percent} of 100",
            f"is it the right file and scope? `--remove-at-most {percent}` allows it",
        )


def plan_lines(plan: Plan) -> Iterator[str]:
    """How does a person read the plan?"""
    for mark, names in (("+", plan.created), ("~", plan.changed), ("-", plan.removed)):
        shown = list(names)[:MOST_SHOWN]
        yield from (f"{mark} {name}" for name in shown)
        if len(names) > MOST_SHOWN:
            yield f"{mark} … and {len(names) - MOST_SHOWN} more"
    counts = (
        f"{len(plan.created)} to create",
        f"{len(plan.changed)} to change",
        f"{len(plan.removed)} to delete",
    )
    yield ", ".join((*counts, f"{plan.unchanged} unchanged"))
