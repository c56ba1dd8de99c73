"""Who is attached to a project: groups, users and service IDs, each by policies scoped to it.

Implements docs/spec.md rules 19.1 and 19.10. An attachment is an ordinary policy and nothing is kept beside it: what is
attached here is seen and changed as a policy, and a policy on one project that was written elsewhere is listed here.
The edits come through changes.py, where what they hand over is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.eps_codes import BAD_REQUEST
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import format_instant
from bailiwick.errors import did_you_mean
from bailiwick.model.accounts import Account
from bailiwick.model.policies import ALWAYS, Policy, Scope
from bailiwick.model.services import Service
from bailiwick.service.edits import Edit
from bailiwick.service.needed import Needed
from bailiwick.service.projects.eps import (
    ADD_GROUPS,
    ATTACH_POLICIES,
    LIST_USERS,
    REMOVE_GROUPS,
    eps_project,
    eps_service,
    projects_of,
)
from bailiwick.service.reading import Reader

CREATE_POLICY = "iam.policy.create"
MOST_NAME_CHARACTERS = 240
_NOT_IN_NAMES = str.maketrans({"/": "-", ":": "-"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """Which roles shall this subject have, or no longer have, on this project? `roles` empty: all that it has."""

    project: str
    subject: str
    roles: tuple[str, ...] = ()

    def attaching(self, reader: Reader) -> Sequence[Edit]:
        """Which edits attach it? What is attached already is left. Raises Denied, NotFound, Invalid.

        SECURITY: who may attach nothing to anything is refused before a role is looked for, and learns of none.
        """
        adding = Needed(ADD_GROUPS, eps_project(self.project))
        if not reader.judge.could_hold_any((CREATE_POLICY,)):
            reader.judge.require_any(adding)
        by_service = _roles_by_service(self.roles, reader)
        for service in by_service:
            scope = Scope(service=(service,), project=(self.project,))
            for action in (ADD_GROUPS, ATTACH_POLICIES):
                needed = Needed(action, eps_project(self.project))
                reader.judge.require_any_or_over(needed, CREATE_POLICY, scope)
        if self.project not in reader.snapshot.account.projects:
            reader.get("Project", self.project)
        edits = (self._attaching(reader.snapshot.account, *one) for one in by_service.items())
        return [edit for edit in edits if edit is not None]

    def _attaching(self, account: Account, service: str, roles: Sequence[str]) -> Edit | None:
        scope = Scope(service=(service,), project=(self.project,))
        held = next((p for p in account.policies.values() if self._is_plain(p) and p.scope == scope), None)
        if held is None:
            name = _free_name(account, f"{self.project}-{self.subject}-{service}")
            return Edit("Policy", name, Policy(name, (self.subject,), tuple(roles), scope))
        missing = [role for role in roles if not _holds(held, role, service)]
        return Edit("Policy", held.name, replace(held, roles=(*held.roles, *missing))) if missing else None

    def _is_plain(self, policy: Policy) -> bool:
        """Is it this subject's alone, always, and whole?"""
        conditions = (policy.effect, policy.enabled, policy.when, policy.window)
        return policy.subjects == (self.subject,) and conditions == ("allow", True, None, ALWAYS)

    def detaching(self, reader: Reader) -> Sequence[Edit]:
        """Which edits detach it? Raises Denied, NotFound, Invalid with all that stands in the way."""
        removing = Needed(REMOVE_GROUPS, eps_project(self.project))
        may_remove = reader.judge.is_any_allowed(removing)
        held = [
            policy
            for policy in attached_policies(reader.snapshot.account, self.project)
            if self.subject in policy.subjects
            and (may_remove or reader.may_read("Policy", policy.name, policy))
        ]
        if not held and not may_remove:
            reader.judge.require_any(removing)
        if self.project not in reader.snapshot.account.projects:
            reader.get("Project", self.project)
        notes = Collector()
        edits = [edit for policy in held for edit in self._detaching(policy, notes)]
        if not edits and not notes.findings:
            what = " or ".join(f"`{role}`" for role in self.roles) or "nothing"
            where = f"project `{self.project}`"
            verb = (
                f"`{self.subject}` does not have {what} on"
                if self.roles
                else f"`{self.subject}` is not attached to"
            )
            notes.add(("roles" if self.roles else "subject",), f"{verb} {where}", None, BAD_REQUEST)
        notes.raise_if_any()
        return edits

    def _detaching(self, policy: Policy, notes: Collector) -> Iterator[Edit]:
        """What becomes of this policy? One that others share, or that is on other projects too, is not taken apart."""
        service = policy.scope.service[0] if policy.scope.service and len(policy.scope.service) == 1 else ""
        kept = tuple(
            held
            for held in policy.roles
            if self.roles and not any(_is_role(held, one, service) for one in self.roles)
        )
        if kept == policy.roles:
            return
        if not is_only_on(policy, self.project):
            message = f"policy `{policy.name}` is on other projects too"
        elif kept and policy.subjects != (self.subject,):
            message = f"policy `{policy.name}` gives these roles to others too"
        else:
            subjects = tuple(one for one in policy.subjects if one != self.subject)
            if kept:
                yield Edit("Policy", policy.name, replace(policy, roles=kept))
            else:
                yield Edit("Policy", policy.name, replace(policy, subjects=subjects) if subjects else None)
            return
        notes.add(("subject",), message, "change that policy itself", BAD_REQUEST)


def attached_policies(account: Account, project: str) -> Iterator[Policy]:
    """Which policies that allow name this project?"""
    for policy in account.policies.values():
        if policy.effect == "allow" and project in projects_of(policy.scope):
            yield policy


def is_only_on(policy: Policy, project: str) -> bool:
    """Is the policy on this one project and nowhere else?"""
    return projects_of(policy.scope) == (project,)


@dataclass(frozen=True, slots=True)
class Attached:
    """One subject's policy on a project, as it is shown."""

    subject: str
    policy: Policy

    @property
    def position(self) -> str:
        """After which text does the list go on?"""
        return f"{self.subject} {self.policy.name}"

    def describe(self) -> dict[str, object]:
        """How is it shown?"""
        window = self.policy.window
        return {
            "subject": self.subject,
            "roles": list(self.policy.roles),
            "services": list(self.policy.scope.service or ()),
            "policy": self.policy.name,
            "state": "enabled" if self.policy.enabled else "disabled",
            "projects": list(projects_of(self.policy.scope)),
            "starts_at": None if window.starts_at is None else format_instant(window.starts_at),
            "expires_at": None if window.expires_at is None else format_instant(window.expires_at),
            "has_condition": self.policy.when is not None,
        }


def list_attached(reader: Reader, project: str, subject: str | None) -> list[Attached]:
    """Who is attached to this project, as far as the session may see? Raises Denied, and NotFound to who sees projects.

    `eps:users:list` shows all; else one sees the policies that one may read.
    """
    needed = Needed(LIST_USERS, eps_service())
    sees_all = reader.judge.is_any_allowed(needed) and reader.may_read("Project", project, None)
    policies = [
        policy
        for policy in attached_policies(reader.snapshot.account, project)
        if sees_all or reader.may_read("Policy", policy.name, policy)
    ]
    if not sees_all and not policies:
        reader.judge.require_any(needed)
    if project not in reader.snapshot.account.projects:
        reader.get("Project", project)
    found = [
        Attached(one, policy) for policy in policies for one in policy.subjects if subject in (None, one)
    ]
    return sorted(found, key=lambda one: one.position)


def _roles_by_service(roles: Sequence[str], reader: Reader) -> Mapping[str, list[str]]:
    """Of which service is each role? Raises Invalid where it is of none, or of several."""
    notes = Collector()
    found: dict[str, list[str]] = {}
    for index, text in enumerate(roles):
        known = _services_with(text, reader.snapshot.account, reader.services)
        if len(known) == 1:
            found.setdefault(known[0], []).append(text)
        elif known:
            choices = ", ".join(f"`{service}/{text}`" for service in known[:4])
            notes.add(
                ("roles", index), f"`{text}` is a role of {len(known)} services", f"say whose: {choices} …"
            )
        else:
            names = {role for service in reader.services.values() for role in service.roles}
            own = set(reader.snapshot.account.roles) if reader.may_list("Role") else set()
            hint = did_you_mean(text, names | own)
            notes.add(("roles", index), f"unknown role `{text}`", hint)
    notes.raise_if_any()
    return found


def _services_with(text: str, account: Account, services: Mapping[str, Service]) -> list[str]:
    service, slash, bare = text.rpartition("/")
    custom = account.roles.get(bare)
    named = [name for name, one in services.items() if bare in one.roles and service in ("", name)]
    if custom is not None and (not slash or custom.service == service):
        named.append(custom.service)
    return sorted(set(named))


def _is_role(held: str, wanted: str, service: str) -> bool:
    """Do both texts mean one role, under a policy of this one service ("": of several)?"""
    return _full(held, service) == _full(wanted, service)


def _full(role: str, service: str) -> str:
    return role if "/" in role or not service else f"{service}/{role}"


def _holds(policy: Policy, role: str, service: str) -> bool:
    return any(_is_role(held, role, service) for held in policy.roles)


def _free_name(account: Account, words: str) -> str:
    """Which name of a policy says what it is, and is not taken?"""
    wanted = words.translate(_NOT_IN_NAMES)[:MOST_NAME_CHARACTERS].strip()
    number, name = 1, wanted
    while name in account.policies:
        number += 1
        name = f"{wanted}-{number}"
    return name
