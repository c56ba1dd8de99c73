"""The catalog: every system service by name, and what names mean in it together with an account.

An immutable mapping; made from texts by `parse_catalog`. Reads no files.
Implements docs/spec.md 1.2, 3.8 and 3.11.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from bailiwick.catalog.entries import KIND, format_service, parse_service
from bailiwick.catalog.entry_roles import implied_rights
from bailiwick.catalog.places import Collector
from bailiwick.catalog.rights import check_right, matching_actions
from bailiwick.catalog.sources import SourceDocument, parse_documents
from bailiwick.errors import Finding, Invalid, NotFound, did_you_mean
from bailiwick.model.accounts import Account
from bailiwick.model.services import Role, Service


class Catalog(Mapping[str, Service]):
    """Which system services are there? `account` arguments add that account's own services and roles."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = dict(services)

    def __getitem__(self, name: str) -> Service:
        return self._services[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    def services_for(self, account: Account | None) -> Mapping[str, Service]:
        """Which services has a question in this account: the catalog's and its own?"""
        # SECURITY: a system service wins, should an own one ever bear its name.
        return (
            {**account.services, **self._services}
            if account is not None and account.services
            else self._services
        )

    def find_service(self, name: str, account: Account | None = None) -> Service | None:
        """Which service has this name?"""
        own = account.services.get(name) if account is not None else None
        return self._services.get(name) or own

    def get_service(self, name: str, account: Account | None = None) -> Service:
        """Which service has this name? Raises NotFound."""
        service = self.find_service(name, account)
        if service is None:
            raise NotFound(f"unknown service `{name}`", did_you_mean(name, self.services_for(account)))
        return service

    def find_role(self, name: str, service: str, account: Account | None = None) -> Role | None:
        """Which role does `name` or `service/name` mean for a resource of this service? (rule 3.8)"""
        head, slash, rest = name.partition("/")
        if slash:
            name, service = rest, head
        custom = account.roles.get(name) if account is not None else None
        if custom is not None and custom.service == service:
            return custom
        entry = self.find_service(service, account)
        return None if entry is None else entry.roles.get(name)

    def roles_named(self, name: str, account: Account | None = None) -> tuple[Role, ...]:
        """Which roles does this name mean, over all services? `service/name` means one at most."""
        services = [name.partition("/")[0]] if "/" in name else self.services_for(account)
        found = (self.find_role(name, service, account) for service in services)
        return tuple(role for role in found if role is not None)

    def is_explicit(self, role: Role, account: Account | None = None) -> bool:
        """Is the role assigned only by its own full name? (rules 3.10, 3.11)"""
        if role.explicit or not role.custom:
            return role.explicit
        service = self.find_service(role.service, account)
        return service is not None and bool(_held(role, service) & _guarded(service))

    @cached_property
    def content_hash(self) -> str:
        """Which SHA-256, in hex, tells this catalog from any other?"""
        documents = [format_service(self._services[name]) for name in sorted(self._services)]
        text = json.dumps(documents, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def parse_catalog(texts: Mapping[str, str]) -> Catalog:
    """Which catalog do these texts, by file name, hold?

    Raises: Invalid, with every finding of every file.
    """
    services: dict[str, Service] = {}
    sources: dict[str, SourceDocument] = {}
    findings: list[Finding] = []
    for file, text in texts.items():
        try:
            for source in parse_documents(text, file):
                _add(source, services, sources)
        except Invalid as error:
            findings.extend(error.findings)
    for name, service in services.items():
        findings.extend(_check_other_rights(service, services, sources[name]))
    if findings:
        raise Invalid(findings)
    return Catalog(services)


def _add(source: SourceDocument, services: dict[str, Service], sources: dict[str, SourceDocument]) -> None:
    notes = Collector(source.locate)
    kind = source.data.get("kind")
    if kind != KIND:
        notes.add(("kind",), f"expected kind `{KIND}`, got `{kind}`")
        notes.raise_if_any()
    service = parse_service(source.data, source.locate)
    if service.name in services:
        notes.add(
            ("name",), f"duplicate service `{service.name}`", f"it is in `{sources[service.name].file}` too"
        )
        notes.raise_if_any()
    services[service.name], sources[service.name] = service, source


def _check_other_rights(
    service: Service, services: Mapping[str, Service], source: SourceDocument
) -> list[Finding]:
    """Do rights on other services name what those have?"""
    notes = Collector(source.locate)
    for position, listed in enumerate(cast("list[dict[str, str]]", source.data.get("roles") or [])):
        for index, right in enumerate(service.roles[listed["name"]].rights):
            if right.service == service.name or right in implied_rights(service.name):
                continue
            path = ("roles", position, "rights", index)
            other = services.get(right.service)
            if other is None:
                help = did_you_mean(right.service, services)
                notes.add((*path, "service"), f"unknown service `{right.service}`", help)
            else:
                check_right(right, path, notes, other)
    return notes.findings


def _held(role: Role, service: Service) -> set[str]:
    rights = (right for right in role.rights if right.effect == "allow" and right.service == service.name)
    return {action.id for right in rights for action in matching_actions(right, service)}


def _guarded(service: Service) -> set[str]:
    """Which actions do only roles marked `grant: explicit` hold?"""
    guarded: set[str] = set()
    held_openly: set[str] = set()
    for role in service.roles.values():
        (guarded if role.explicit else held_openly).update(_held(role, service))
    return guarded - held_openly
