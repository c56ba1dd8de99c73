"""What a check may look up: the account, the services of its questions, and the nearest right word.

Made once for each call of `check_account`; holds what is worth computing once. Pure.
Serves docs/spec.md sections 1 to 4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import cached_property, partial
from typing import TypeVar

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.places import Collector, Path, format_path
from bailiwick.errors import Finding, did_you_mean
from bailiwick.model.accounts import Account
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.policies import Window
from bailiwick.model.services import IAM, Role, Service

LocateObject = Callable[[str, str, Path], tuple[str, int]]

_MOST_COMPARED = 1000
_MOST_HINTS = 200
_PRINCIPALS = {"user": "User", "service-id": "ServiceId", "profile": "Profile"}

T = TypeVar("T")


class ObjectNotes(Collector):
    """What was found wrong with one object of the account? Places read `Policy readers: roles[0]`."""

    __slots__ = ("kind", "name")

    def __init__(self, kind: str, name: str, locate: LocateObject | None = None) -> None:
        super().__init__(partial(locate, kind, name)) if locate else super().__init__()
        self.kind = kind
        self.name = name

    def add(self, path: Path, message: str, help: str | None = None, code: str = "") -> None:
        """How is one finding at this path of the object noted?"""
        file, line = self.locate(path)
        place = f"{self.kind} {self.name}: {format_path(path)}" if path else f"{self.kind} {self.name}"
        self.findings.append(Finding(message, place, help, file, line, code))


def tell_all(_: str) -> bool:
    """Names of every kind may be told."""
    return True


class World:
    """What is there to refer to? `services` are the catalog's and the account's own.

    `tells`: may names of this kind (`User`, `Group`, `Project` …) be offered instead of a wrong one?
    """

    def __init__(self, catalog: Catalog, account: Account, tells: Callable[[str], bool] = tell_all) -> None:
        self.tells = tells
        self.catalog = catalog
        self.account = account
        self.services = catalog.services_for(account)
        self.grants: dict[tuple[object, ...], bool] = {}
        self._below: dict[str, dict[str, frozenset[str]]] = {}
        self._hints = 0

    @cached_property
    def open_services(self) -> tuple[str, ...]:
        """Which services does a scope without `service` hold for? (rule 4.3)"""
        return tuple(name for name in self.services if name != IAM)

    @cached_property
    def default_projects(self) -> tuple[str, ...]:
        """Which projects say that they are the default?"""
        return tuple(project.name for project in self.account.projects.values() if project.default)

    @cached_property
    def names_by_kind(self) -> dict[str, dict[str, None]]:
        """Which principals of each kind are there, by name without kind?"""
        out: dict[str, dict[str, None]] = {}
        for reference in self.account.principals:
            kind, _, name = reference.partition(":")
            out.setdefault(kind, {})[name] = None
        return out

    @cached_property
    def role_references(self) -> frozenset[str]:
        """Which roles are there, by full name?"""
        system = (role.reference for service in self.services.values() for role in service.roles.values())
        return frozenset(system) | {role.reference for role in self.account.roles.values()}

    def find_role(self, name: str, service: str) -> Role | None:
        """Which role does this name mean for a resource of this service? (rule 3.8)"""
        return self.catalog.find_role(name, service, self.account)

    def below(self, service: Service) -> dict[str, frozenset[str]]:
        """Which types can stand below each type of the service, at any depth?"""
        found = self._below.get(service.name)
        if found is None:
            found = self._below[service.name] = _close(service)
        return found

    def check_reference(self, reference: str, path: Path, notes: Collector) -> None:
        """Does this principal or group exist? (rules 1.3 and 1.5)"""
        kind, _, name = reference.partition(":")
        if kind == "group":
            if name not in self.account.groups and name not in BUILT_IN_GROUPS:
                notes.add(path, f"unknown group `{name}`", self._known("Group", name, self.account.groups))
        elif kind == "service":
            if name not in self.services:
                notes.add(path, f"unknown service `{name}`", self.nearest(name, self.services))
        elif reference not in self.account.principals:
            notes.add(path, f"unknown principal `{reference}`", self._nearest_principal(kind, name))

    def _nearest_principal(self, kind: str, name: str) -> str | None:
        for other in self.names_by_kind:
            if name in self.names_by_kind[other] and self.tells(_PRINCIPALS[other]):
                return f"did you mean `{other}:{name}`?"
        return self._known(_PRINCIPALS.get(kind, kind), name, self.names_by_kind.get(kind, ()))

    def _known(self, kind: str, name: str, known: Collection[str]) -> str | None:
        """Which name of this kind is meant, where such names may be told?"""
        return self.nearest(name, known) if known and self.tells(kind) else None

    def check_project(self, name: str, path: Path, notes: Collector) -> None:
        """Does this project exist?"""
        if name not in self.account.projects:
            notes.add(path, f"unknown project `{name}`", self._known("Project", name, self.account.projects))

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """What is the nearest right word, or what is available?

        WHY bounded: comparing with a hundred thousand names takes a second, and there may be as many findings.
        One slip leaves the first or the last half of a word as it was.
        """
        self._hints += 1
        if self._hints > _MOST_HINTS:
            return None
        if len(known) <= _MOST_COMPARED:
            return did_you_mean(word, known)
        half = (len(word) + 1) // 2
        like = (other for other in known if abs(len(other) - len(word)) <= 1)
        like = (other for other in like if other[:half] == word[:half] or other[-half:] == word[-half:])
        near = get_close_matches(word, sorted(like)[:_MOST_COMPARED], n=1)
        return f"did you mean `{near[0]}`?" if near else None


def check_window(window: Window, path: Path, notes: Collector) -> None:
    """Does the window end after it starts?"""
    if (
        window.starts_at is not None
        and window.expires_at is not None
        and window.expires_at <= window.starts_at
    ):
        notes.add(
            (*path, "expires_at"), "expires before it starts", "let `expires_at` be later than `starts_at`"
        )


def _close(service: Service) -> dict[str, frozenset[str]]:
    children: dict[str, set[str]] = {name: set() for name in service.resource_types}
    for name, type in service.resource_types.items():
        for parent in type.parents:
            children[parent].add(name)
    out = {}
    for name, direct in children.items():
        seen: set[str] = set()
        pending = list(direct)
        while pending:
            step = pending.pop()
            if step not in seen:
                seen.add(step)
                pending.extend(children[step])
        out[name] = frozenset(seen)
    return out
