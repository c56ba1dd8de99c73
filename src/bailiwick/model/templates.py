"""Templates: roles, groups and policies that an enterprise defines once, and what became of them in an account.

Implements docs/spec.md section 21 (grammar). A template is stored in the enterprise's management account, one object
for each version; so are its assignments. An acceptance is stored in the account that accepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.model.accounts import Group
from bailiwick.model.policies import Policy
from bailiwick.model.services import Role

MANAGED = "template:"
VERSION_MARK = "@"
Part = Group | Role | Policy


@dataclass(frozen=True, slots=True)
class Template:
    """Which groups, roles and policies does one version define? `name` is `<template>@<version>`.

    A committed version never changes; a draft can be neither assigned nor accepted.
    """

    name: str
    groups: tuple[Group, ...] = ()
    roles: tuple[Role, ...] = ()
    policies: tuple[Policy, ...] = ()
    committed: bool = False
    description: str = ""

    @property
    def base(self) -> str:
        """Which template is it a version of?"""
        return self.name.rpartition(VERSION_MARK)[0]

    @property
    def version(self) -> int:
        """Which version is it?"""
        return int(self.name.rpartition(VERSION_MARK)[2])

    def parts(self) -> Iterator[tuple[str, Part]]:
        """What does it define, each with its kind?"""
        for word, values in (("Role", self.roles), ("Group", self.groups), ("Policy", self.policies)):
            for value in values:
                yield word, value


@dataclass(frozen=True, slots=True)
class TemplateAssignment:
    """Which version is offered to every account below which node? Where several would be, the nearest node's."""

    name: str
    template: str
    node: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class TemplateAcceptance:
    """Which version does this account hold, and does it take later ones without being asked again?

    `name` is the template's, without version; `enterprise` the management account that defines it.
    """

    name: str
    version: int
    enterprise: str
    follows: bool = False


def manager_of(base: str) -> str:
    """How is said that this template manages an object?"""
    return f"{MANAGED}{base}"
