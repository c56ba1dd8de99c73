"""Registry scopes: what a client asks for, as questions about actions, and granted ones as access entries.

A scope that is well formed and means nothing here (another type, a repository outside any namespace, an
unknown action) is no error: it leads to no question, so nothing is granted for it, and the registry
itself refuses. In that way a cross-repository mount whose source is closed falls back to an upload.
This module must not know who asks. Source: distribution, Token Scope Documentation; IBM Cloud Container
Registry, Managing user access (2022-04-22), table 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bailiwick.errors import Invalid

REPOSITORY_ACTIONS = {
    "pull": "container-registry.image.pull",
    "push": "container-registry.image.push",
    "delete": "container-registry.image.delete",
}
CATALOG_ACTION = "container-registry.image.list"
MAX_SCOPES = 64
MAX_SCOPE_CHARACTERS = 1024
MAX_REPOSITORY_CHARACTERS = 255
_EVERY_ACTION = "*"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"{_HOST_PART}(?:\.{_HOST_PART})*(?::[0-9]+)?"
_SCOPE = re.compile(
    r"(?P<type>[a-z0-9]+)(?:\((?P<class>[a-z0-9]+)\))?"
    rf":(?P<name>(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r":(?P<actions>(?:[a-z]*|\*)(?:,(?:[a-z]*|\*))*)",
    re.ASCII,
)
_REPOSITORY = re.compile(rf"({_COMPONENT})/({_COMPONENT}(?:/{_COMPONENT})*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestedScope:
    """One resource and the actions asked on it, in the registry's words (`pull`, `push`, `delete`, `*`)."""

    resource_type: str
    resource_class: str | None
    name: str
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in a namespace: the first segment of its name, and the rest."""

    namespace: str
    image: str

    @property
    def name(self) -> str:
        """What does the registry call it?"""
        return f"{self.namespace}/{self.image}"


@dataclass(frozen=True, slots=True)
class RegistryQuestion:
    """One thing to be decided: may `action` be done on the images of this repository?

    Without a repository it is asked of the registry as a whole.
    CAUTION: a registry's catalog names every repository of every namespace and cannot be filtered, so that
    question is granted only to someone who holds the action over the whole registry.
    """

    action: str
    registry_action: str
    repository: Repository | None


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One resource and the actions granted on it, as a registry token lists them."""

    resource_type: str
    name: str
    actions: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """How does the token's `access` claim write this entry?"""
        return {"type": self.resource_type, "name": self.name, "actions": list(self.actions)}


def parse_scopes(values: Sequence[str]) -> tuple[RequestedScope, ...]:
    """What is asked for by these `scope` parameters, each of them a list separated by spaces?

    Scopes of one resource are joined, in the order in which the resources first appear.
    Raises Invalid when one is not of the form `type:name:action,action`.
    """
    texts = [text for value in values for text in value.split(" ") if text]
    if len(texts) > MAX_SCOPES:
        raise Invalid.at("scope", f"expected at most {MAX_SCOPES} scopes, got {len(texts)}")
    asked: dict[tuple[str, str | None, str], frozenset[str]] = {}
    for text in texts:
        scope = _parse_scope(text)
        resource = (scope.resource_type, scope.resource_class, scope.name)
        asked[resource] = asked.get(resource, frozenset()) | scope.actions
    return tuple(RequestedScope(*resource, actions) for resource, actions in asked.items())


def find_repository(name: str) -> Repository | None:
    """Which repository of which namespace has this name? None for a name outside any namespace.

    A name with a host in front, an upper-case letter or only one segment belongs to no namespace.
    """
    match = _REPOSITORY.fullmatch(name) if len(name) <= MAX_REPOSITORY_CHARACTERS else None
    return Repository(match.group(1), match.group(2)) if match else None


def list_questions(scopes: Iterable[RequestedScope]) -> tuple[RegistryQuestion, ...]:
    """What has to be decided before these scopes can be answered? `*` asks for each action that there is."""
    return tuple(question for scope in scopes for question in _questions_of(scope))


def list_access(granted: Iterable[RegistryQuestion]) -> tuple[AccessEntry, ...]:
    """Which entries does a token have when these questions, and no others, are answered yes?"""
    actions: dict[tuple[str, str], set[str]] = {}
    for question in granted:
        repository = question.repository
        resource = ("repository", repository.name) if repository else ("registry", "catalog")
        actions.setdefault(resource, set()).add(question.registry_action)
    return tuple(AccessEntry(*resource, tuple(sorted(names))) for resource, names in actions.items())


def _parse_scope(text: str) -> RequestedScope:
    if len(text) > MAX_SCOPE_CHARACTERS:
        raise Invalid.at(
            "scope", f"expected a scope of at most {MAX_SCOPE_CHARACTERS} characters, got {len(text)}"
        )
    match = _SCOPE.fullmatch(text)
    if match is None:
        raise Invalid.at("scope", f"expected `type:name:action,action`, got `{text}`")
    actions = frozenset(action for action in match.group("actions").split(",") if action)
    return RequestedScope(match.group("type"), match.group("class"), match.group("name"), actions)


def _questions_of(scope: RequestedScope) -> tuple[RegistryQuestion, ...]:
    kind = (scope.resource_type, scope.resource_class)
    if kind == ("registry", None):
        asked = scope.name == "catalog" and _EVERY_ACTION in scope.actions
        return (RegistryQuestion(CATALOG_ACTION, _EVERY_ACTION, None),) if asked else ()
    repository = find_repository(scope.name) if kind == ("repository", None) else None
    if repository is None:
        return ()
    every = _EVERY_ACTION in scope.actions
    return tuple(
        RegistryQuestion(action, registry_action, repository)
        for registry_action, action in REPOSITORY_ACTIONS.items()
        if every or registry_action in scope.actions
    )
