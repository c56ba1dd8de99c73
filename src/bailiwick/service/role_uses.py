"""How many policies name each role? Counted for the whole account at once.

Pure: one account in, numbers out. A bare name counts for the role of that name of every service that the policy's
scope reaches (docs/spec.md 3.8); whether the visitor may see the policies is asked elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.model.accounts import Account
from bailiwick.model.policies import Policy
from bailiwick.model.services import IAM, Role


@dataclass(frozen=True, slots=True)
class RoleUses:
    """Numbers of policies: by `service/name`, and by bare name where the scope is of every service."""

    by_reference: Counter[str]
    anywhere: Counter[str]

    def of(self, role: Role) -> int:
        """How many policies name this role?"""
        return self.by_reference[role.reference] + (0 if role.service == IAM else self.anywhere[role.name])


def count_uses(account: Account) -> RoleUses:
    """How many policies of the account name each role?"""
    uses = RoleUses(Counter(), Counter())
    for policy in account.policies.values():
        full, bare = _named(policy)
        uses.by_reference.update(full)
        uses.anywhere.update(bare)
    return uses


def _named(policy: Policy) -> tuple[set[str], set[str]]:
    """Which roles does the policy name, each once: in full, and by a name that each service understands?"""
    full = {text for text in policy.roles if "/" in text}
    bare = {text for text in policy.roles if "/" not in text}
    if policy.scope.service is None:
        # WHY: such a policy may name one of the roles in full as well.
        return {
            text for text in full if text.partition("/")[2] not in bare or text.startswith(f"{IAM}/")
        }, bare
    return full | {f"{service}/{text}" for service in policy.scope.service for text in bare}, set()


def names_role(policy: Policy, role: Role) -> bool:
    """Does this policy name the role?"""
    if role.reference in policy.roles:
        return True
    services = policy.scope.service
    reaches = role.service != IAM if services is None else role.service in services
    return role.name in policy.roles and reaches


def policies_naming(role: Role, account: Account) -> Iterator[str]:
    """Which policies name the role, by name?"""
    return (name for name, policy in account.policies.items() if names_role(policy, role))
