"""What in an account an administrator should look at, as far as the account alone says it.

Pure: an account in, facts out, without a clock; attention.py asks what of it a session may see, and when.
Implements docs/spec.md 27.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.model.accounts import Account
from bailiwick.model.policies import Policy
from bailiwick.model.services import IAM

EVERYONE, MEMBERS = "group:everyone", "group:members"
BUILT_IN = (EVERYONE, MEMBERS)
# Roles that may hand on what they hold, by the name that every service gives them.
ADMINISTRATOR = "Administrator"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about one object: what (`code`), of whom or what besides (`of`), and from when on it holds.

    `at`: epoch seconds of the end that it is about; None: it is about no time.
    """

    code: str
    kind: str
    name: str
    of: str = ""
    at: float | None = None


def find_facts(account: Account) -> tuple[Fact, ...]:
    """Which facts are there, in no order?"""
    return (
        *_windows(account),
        *_memberships(account),
        *_empty_policies(account),
        *_unused_roles(account),
        *_wide_policies(account),
        *_drafts(account),
        *_disabled_projects(account),
    )


def _windows(account: Account) -> Iterator[Fact]:
    for policy in account.policies.values():
        if policy.window.expires_at is not None:
            yield Fact("policy-ends", "Policy", policy.name, at=policy.window.expires_at)
    for group in account.groups.values():
        for one in group.members:
            if one.window.expires_at is not None:
                yield Fact("membership-ends", "Group", group.name, one.member, one.window.expires_at)


def _memberships(account: Account) -> Iterator[Fact]:
    disabled = {one.reference for one in account.principals.values() if one.disabled}
    if not disabled:
        return
    for group in account.groups.values():
        for one in group.members:
            if one.member in disabled:
                yield Fact("disabled-member", "Group", group.name, one.member)


def _empty_policies(account: Account) -> Iterator[Fact]:
    empty = {f"group:{group.name}" for group in account.groups.values() if not group.members}
    for policy in account.policies.values():
        if policy.enabled and all(subject in empty for subject in policy.subjects):
            yield Fact("reaches-nobody", "Policy", policy.name)


def _unused_roles(account: Account) -> Iterator[Fact]:
    if not account.roles:
        return
    used = {text.rpartition("/")[2] for policy in account.policies.values() for text in policy.roles}
    yield from (Fact("unused-role", "Role", name) for name in account.roles if name not in used)


def _wide_policies(account: Account) -> Iterator[Fact]:
    for policy in account.policies.values():
        if policy.enabled and policy.effect == "allow":
            yield from _wide(policy)


def _wide(policy: Policy) -> Iterator[Fact]:
    built_in = [subject for subject in policy.subjects if subject in BUILT_IN]
    if built_in:
        # `everyone` first: it takes in who is not signed in, and `members` besides.
        yield Fact("for-everyone", "Policy", policy.name, EVERYONE if EVERYONE in built_in else MEMBERS)
    scope = policy.scope
    administers = any(role.rpartition("/")[2] == ADMINISTRATOR for role in policy.roles)
    whole = not any((scope.region, scope.instance, scope.project, scope.type, scope.within))
    if scope.service is None and whole and administers:
        yield Fact("administers-everything", "Policy", policy.name)
    elif scope.service is not None and IAM in scope.service and whole and administers:
        yield Fact("administers-access", "Policy", policy.name)


def _drafts(account: Account) -> Iterator[Fact]:
    yield from (
        Fact("draft-guardrail", "Guardrail", one.name)
        for one in account.guardrails.values()
        if not one.enabled
    )


def _disabled_projects(account: Account) -> Iterator[Fact]:
    disabled = {name for name, project in account.projects.items() if project.disabled}
    if not disabled:
        return
    counts = dict.fromkeys(disabled, 0)
    for resource in account.resources.values():
        if resource.project in disabled:
            counts[resource.project] += 1
    yield from (
        Fact("disabled-project", "Project", name, str(count)) for name, count in counts.items() if count
    )
