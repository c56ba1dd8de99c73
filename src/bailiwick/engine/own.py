"""Bailiwick's own objects as resources of `iam`: which are stored, and what is stored of each?

Implements docs/spec.md rule 17.10. Pure: they are part of the account's value, never registered.
API keys are credentials, not objects of the account's value; they are not here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bailiwick.model.accounts import Account
from bailiwick.model.names import ResourceName, format_resource_name
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM

PRINCIPAL_TYPES = ("user", "service-id", "profile")


def own_names(account: Account, kind: str) -> list[str]:
    """Which stored objects of this type of `iam` are there, by canonical name, in order? (Not projects.)"""
    return sorted(
        format_resource_name(ResourceName(account.name, IAM, "", "", ((kind, ident),)))
        for ident in _ids(account, kind)
    )


def _ids(account: Account, kind: str) -> Collection[str]:
    if kind in PRINCIPAL_TYPES:
        prefix = f"{kind}:"
        return [one.removeprefix(prefix) for one in account.principals if one.startswith(prefix)]
    match kind:
        case "account":
            return (account.name,)
        case "group":
            return account.groups
        case "role":
            return account.roles
        case "guardrail":
            return account.guardrails
        case "resource":
            return account.resources
        case _:
            return ()


def as_stored(account: Account, query: ResourceQuery) -> ResourceQuery:
    """What is asked about, with what is stored of it in place of what the request says?

    A user without another owner is its own. What is neither stored nor of `iam` is left as it is.
    """
    if query.service != IAM or len(query.path) != 1:
        return query
    kind, ident = query.path[0]
    if ident is None or not _is_stored(account, kind, ident):
        return query
    owner, project = None, None
    if kind in PRINCIPAL_TYPES:
        reference = f"{kind}:{ident}"
        owner = account.principals[reference].owner or (reference if kind == "user" else None)
    elif kind == "resource":
        project = account.resources[ident].project
    return replace(query, owner=owner, project=project, groups=None, budget=None, tags=None)


def _is_stored(account: Account, kind: str, ident: str) -> bool:
    if kind in PRINCIPAL_TYPES:
        return f"{kind}:{ident}" in account.principals
    return ident in _ids(account, kind)
