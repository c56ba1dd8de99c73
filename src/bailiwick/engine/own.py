"""Objects that are stored as such and are resources, too: which are there, and what is stored of each?

Implements docs/spec.md rule 17.10. Pure: they are part of the account's value. Bailiwick's own objects are resources
of `iam` and never registered; the nodes of an enterprise's tree are resources of `enterprise`, which may be, too.
API keys and sessions are not part of the account's value; they are not here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import ACCOUNT_GROUP, ENTERPRISE, MEMBER, NODE_KINDS, path_of
from bailiwick.model.names import ResourceName, format_resource_name, parse_resource_name
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import IAM

PRINCIPAL_TYPES = ("user", "service-id", "profile")
_FIELDS: Mapping[str, str] = {
    "group": "groups",
    "role": "roles",
    "guardrail": "guardrails",
    "resource": "resources",
    "application": "applications",
    "template": "templates",
    "template-assignment": "template_assignments",
    "template-acceptance": "template_acceptances",
}
_NODES: Mapping[str, str] = {
    ENTERPRISE: "enterprises",
    ACCOUNT_GROUP: "account_groups",
    MEMBER: "enterprise_accounts",
}


def has_own(service: str, kind: str) -> bool:
    """May objects of this type be stored that are not registered? (Projects are projects.)"""
    return (service == IAM and kind != "project") or (service == ENTERPRISE and kind in NODE_KINDS)


def own_names(account: Account, service: str, kind: str) -> list[str]:
    """Which stored objects are resources of this type, by canonical name, in order?"""
    if service == ENTERPRISE:
        return sorted({*_nodes(account, kind), *_registered(account, kind)})
    return sorted(
        format_resource_name(ResourceName(account.name, IAM, "", "", ((kind, ident),)))
        for ident in _ids(account, kind)
    )


def count_own(account: Account, service: str, kind: str) -> int:
    """How many stored objects are resources of this type, at most? (Of a tree, what is registered counts whole.)"""
    if service == ENTERPRISE:
        return len(getattr(account, _NODES[kind])) + len(account.resources)
    return len(account.principals if kind in PRINCIPAL_TYPES else _ids(account, kind))


def _nodes(account: Account, kind: str) -> Iterator[str]:
    for name in getattr(account, _NODES[kind]):
        path = path_of(account, f"{kind}:{name}")
        yield format_resource_name(ResourceName(account.name, ENTERPRISE, "", "", path))


def _registered(account: Account, kind: str) -> Iterator[str]:
    for text in account.resources:
        if f":{ENTERPRISE}:" in text:
            name = parse_resource_name(text)
            if (name.service, name.type) == (ENTERPRISE, kind):
                yield text


def _ids(account: Account, kind: str) -> Collection[str]:
    if kind in PRINCIPAL_TYPES:
        prefix = f"{kind}:"
        return [one.removeprefix(prefix) for one in account.principals if one.startswith(prefix)]
    if kind == "account":
        return (account.name,)
    found: Mapping[str, object] = getattr(account, _FIELDS.get(kind, ""), {})
    return found


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
