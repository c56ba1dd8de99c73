"""From grants to documents: one role for each set of actions, one policy for each grant, checked as apply would.

Implements docs/spec.md 23.6 and 23.8. Must not know any format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Invalid
from bailiwick.importing.actions import Named
from bailiwick.importing.findings import Refusals
from bailiwick.importing.keys import ALWAYS, NEVER
from bailiwick.importing.known import Known
from bailiwick.model.accounts import Account, Group, Principal, Project
from bailiwick.model.conditions import Condition
from bailiwick.model.names import MAX_NAME_LENGTH
from bailiwick.model.patterns import is_pattern
from bailiwick.model.policies import ALWAYS as ANY_TIME
from bailiwick.model.policies import Policy, Scope, Window
from bailiwick.model.services import Right, Role, Service

MARK = "imported from"
_NOT_IN_NAMES = str.maketrans({"/": "-", ":": "-", "*": "any", "?": "-"})
_LONGEST = MAX_NAME_LENGTH - 40


@dataclass(frozen=True, slots=True)
class Origin:
    """Where does what is imported come from, and whom shall it hold for? `name` begins every name."""

    provider: str
    name: str
    subjects: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        """With what does the description of everything begin that was imported from there?"""
        return f"{MARK} {self.provider} {self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One part of a statement: actions of one service, or roles, with one effect, one scope, one condition."""

    pointer: str
    effect: str
    scope: Scope
    service: Service | None = None
    named: Named | None = None
    roles: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    when: Condition = ALWAYS
    window: Window = ANY_TIME


@dataclass(slots=True)
class Drafts:
    """The roles and policies of one import so far. `taken` are names of earlier files of the same import."""

    known: Known
    refusals: Refusals
    origin: Origin
    taken: set[str] = field(default_factory=set)
    roles: dict[tuple[str, tuple[str, ...]], Role] = field(default_factory=dict)
    policies: list[tuple[Policy, str]] = field(default_factory=list)

    def add(self, grant: Grant) -> None:
        """Which role and policy does this grant come to? Refuses what would never match as theirs does."""
        if grant.when == NEVER:
            self.refusals.add("never_holds", grant.pointer, "nothing satisfies the condition", "leave it out")
            return
        roles = grant.roles
        if grant.named is not None and grant.service is not None:
            if not self._is_exact(grant, grant.named, grant.service):
                return
            roles = (self._role(grant.service, grant.named.patterns).reference,)
        policy = Policy(
            name=self._name("", grant.pointer),
            subjects=grant.subjects or self.origin.subjects,
            roles=roles,
            scope=grant.scope,
            when=None if grant.when == ALWAYS else grant.when,
            window=grant.window,
            effect=grant.effect,
            description=f"{self.origin.mark}#{grant.pointer}",
        )
        self.policies.append((policy, grant.pointer))

    def _is_exact(self, grant: Grant, named: Named, service: Service) -> bool:
        if named.listed and grant.effect == "deny":
            help = "name the actions, or give the service the other system's own ids"
            message = f"a deny by wildcard of actions that `{service.name}` calls otherwise"
            self.refusals.add("wildcard_in_deny", grant.pointer, message, help)
            return False
        if named.listed:
            self.refusals.note(
                grant.pointer, f"actions that `{service.name}` gets later are not allowed by it"
            )
        needy = [action for action in named.actions if action.requires]
        if needy and grant.effect == "allow":
            message = f"`{needy[0].id}` requires `{needy[0].requires[0]}` here, which theirs does not"
            self.refusals.add(
                "prerequisite", grant.pointer, message, "write a policy with a role of this service"
            )
            return False
        # WHY without the project: theirs has no effect on such actions either.
        scope = replace(grant.scope, project=None)
        blind = self.known.find_blind(service, named.actions, scope, grant.when)
        if blind is not None:
            action, attribute = blind
            message = f"`{action.id}` is not decided on `{attribute}`, so it would never match"
            self.refusals.add(
                "not_decided_on", grant.pointer, message, "leave the action or the constraint out"
            )
        return blind is None

    def _role(self, service: Service, patterns: tuple[str, ...]) -> Role:
        key = (service.name, patterns)
        if key not in self.roles:
            name = self._name(f"-{service.name}", str(len(self.roles) + 1))
            rights = (Right(service.name, patterns),)
            description = f"{self.origin.mark}"
            self.roles[key] = Role(
                service.name, name, "service", rights, custom=True, description=description
            )
        return self.roles[key]

    def _name(self, middle: str, end: str) -> str:
        """Which free name is it? From the file's name and the place, so that importing again changes the same."""
        stem = self.origin.name.translate(_NOT_IN_NAMES).strip()[:_LONGEST]
        tail = end.strip("/").replace("Statement/", "").replace("policies/", "").translate(_NOT_IN_NAMES)[:24]
        name = f"{stem}{middle}-{tail or 1}"
        free, number = name, 1
        while free in self.taken:
            number += 1
            free = f"{name}-{number}"
        self.taken.add(free)
        return free

    def documents(self) -> list[dict[str, object]]:
        """Which documents are they, roles first? Refuses what apply would not accept."""
        values: list[Role | Policy] = [*self.roles.values(), *(policy for policy, _ in self.policies)]
        places = {policy.name: pointer for policy, pointer in self.policies}
        documents = []
        for value in values:
            kind = "Role" if isinstance(value, Role) else "Policy"
            document = format_document(kind, value)
            try:
                parse_document(document, self.known.account.name)
            except Invalid as error:
                for finding in error.findings:
                    self.refusals.add("too_large" if "most" in finding.message else "refused_by_checks",
                                      places.get(value.name, ""), finding.message, finding.help)  # fmt: skip
            documents.append(document)
        if not self.refusals.found:
            self._check(values, places)
        return documents

    def _check(self, values: Sequence[Role | Policy], places: Mapping[str, str]) -> None:
        """What would apply find wrong? Whether subjects and projects exist, the server knows."""
        account = _with_named(self.known.account, values)
        only = [("Role" if isinstance(value, Role) else "Policy", value.name) for value in values]
        for finding in check_account(self.known.catalog, account, only):
            name = finding.place.partition(":")[0].partition(" ")[2]
            self.refusals.add("refused_by_checks", places.get(name, ""), finding.message, finding.help)


def _with_named(account: Account, values: Sequence[Role | Policy]) -> Account:
    """The account with these roles and policies, and with whatever subjects and projects they name."""
    policies = {value.name: value for value in values if isinstance(value, Policy)}
    subjects = {subject for policy in policies.values() for subject in policy.subjects}
    projects = {
        name for policy in policies.values() for name in policy.scope.project or () if not is_pattern(name)
    }
    groups = {name.partition(":")[2] for name in subjects if name.startswith("group:")}
    return replace(
        account,
        roles={**account.roles, **{value.name: value for value in values if isinstance(value, Role)}},
        policies={**account.policies, **policies},
        principals={**{name: Principal(name) for name in subjects}, **account.principals},
        groups={**{name: Group(name) for name in groups}, **account.groups},
        projects={**{name: Project(name) for name in projects}, **account.projects},
    )
