"""Does everything in an account fit together, and fit the catalog? Every finding at once.

`check_account` is asked of the state after a change; with `only`, what changed and what depends on it.
Pure; knows no store and no files (`locate` says where an object was written, if anywhere).
Serves docs/spec.md sections 1 to 4 and 9.1 ("validity is judged on the state after").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_applications import check_application
from bailiwick.catalog.check_enterprises import (
    check_account_group,
    check_enterprise,
    check_enterprise_account,
)
from bailiwick.catalog.check_federation import check_provider, check_rule
from bailiwick.catalog.check_identities import check_group, check_head, check_principal, check_project
from bailiwick.catalog.check_policies import check_guardrail, check_policy
from bailiwick.catalog.check_removals import check_removals, policies_naming
from bailiwick.catalog.check_resources import check_resource
from bailiwick.catalog.check_roles import check_own_service, check_role
from bailiwick.catalog.check_templates import check_acceptance, check_assignment, check_template
from bailiwick.catalog.check_world import LocateObject, ObjectNotes, World, tell_all
from bailiwick.catalog.documents import KINDS, Value, kind_of, name_of
from bailiwick.errors import Finding
from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_resource_name

Named = tuple[str, str]

_CHECKS: dict[str, Callable[[Any, ObjectNotes, World], None]] = {
    "Account": check_head,
    "User": check_principal,
    "ServiceId": check_principal,
    "Profile": check_principal,
    "Group": check_group,
    "Project": check_project,
    "Service": check_own_service,
    "Role": check_role,
    "Policy": check_policy,
    "Guardrail": check_guardrail,
    "Resource": check_resource,
    "Application": check_application,
    "Template": check_template,
    "TemplateAssignment": check_assignment,
    "TemplateAcceptance": check_acceptance,
    "Enterprise": check_enterprise,
    "AccountGroup": check_account_group,
    "EnterpriseAccount": check_enterprise_account,
    "IdentityProvider": check_provider,
    "FederationRule": check_rule,
    # WHY nothing: security settings name nothing else, and their ranges are checked where they are read.
    "SecuritySettings": lambda value, notes, world: None,
}
_PREFIXES = {"User": "user:", "ServiceId": "service-id:", "Profile": "profile:"}


def check_account(
    catalog: Catalog,
    account: Account,
    only: Collection[Named] | None = None,
    locate: LocateObject | None = None,
    tells: Callable[[str], bool] = tell_all,
) -> list[Finding]:
    """What is wrong with this account? Names of kinds that are not told are not offered.

    `only` holds (kind, name) of the documents that changed: these are checked, what depends on them is
    checked too, and one that is no longer in the account must not be referred to. None: everything.
    """
    world = World(catalog, account, tells)
    findings: list[Finding] = []
    removed: list[Named] = []
    for kind, name, value in _chosen(account, only):
        if value is None:
            removed.append((kind, name))
            continue
        notes = ObjectNotes(kind, name, locate)
        _CHECKS[kind](value, notes, world)
        findings.extend(notes.findings)
    if removed:
        for notes in check_removals(removed, world):
            findings.extend(notes.findings)
    return findings


def find_value(account: Account, kind: str, name: str) -> Value | None:
    """Which value of the account does the document of this kind and name hold?"""
    if kind == "Account":
        return account
    found: Value | None = getattr(account, KINDS[kind].holder).get(_PREFIXES.get(kind, "") + name)
    return found


def _chosen(account: Account, only: Collection[Named] | None) -> Iterator[tuple[str, str, Value | None]]:
    if only is None:
        for value in _all_values(account):
            yield kind_of(value), name_of(value), value
        return
    chosen = dict.fromkeys(only)
    chosen.update(dict.fromkeys(_dependents(only, account)))
    for kind, name in chosen:
        yield kind, name, find_value(account, kind, name)


def _all_values(account: Account) -> Iterator[Value]:
    yield account
    for holder in dict.fromkeys(kind.holder for kind in KINDS.values() if kind.holder):
        yield from getattr(account, holder).values()


def _dependents(only: Iterable[Named], account: Account) -> Iterator[Named]:
    """Whose validity may these changes touch, beyond existence?"""
    for kind, name in only:
        value = find_value(account, kind, name)
        if value is None:
            continue
        if kind == "Role":
            yield from (("Policy", policy.name) for policy in policies_naming(name, account))
        elif kind == "Service":
            yield from _dependents_of_service(name, account)


def _dependents_of_service(name: str, account: Account) -> Iterator[Named]:
    yield from (("Role", role.name) for role in account.roles.values() if role.service == name)
    for policy in account.policies.values():
        if policy.scope.service is None or name in policy.scope.service:
            yield "Policy", policy.name
    for guardrail in account.guardrails.values():
        if guardrail.scope.service is None or name in guardrail.scope.service:
            yield "Guardrail", guardrail.name
    for resource in account.resources.values():
        if parse_resource_name(resource.name).service == name:
            yield "Resource", resource.name
