"""The kinds of objects that an account holds: where each lives in the account, and which `iam` type it is.

One table; everything that treats kinds alike reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import ACCOUNT_GROUP, ENTERPRISE, MEMBER
from bailiwick.model.overlays import as_overlay

ACCOUNT = "Account"
RESOURCE = "Resource"
SECURITY = "SecuritySettings"
IDENTITY_PROVIDER = "IdentityProvider"
FEDERATION_RULE = "FederationRule"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its document word, its place in `Account`, its `iam` resource type, its word in paths.

    `prefix`: how a reference to it begins (`user:`), "" where it is referred to by its bare name.
    """

    word: str
    field: str
    resource_type: str
    path: str
    prefix: str = ""

    def key(self, name: str) -> str:
        """Under which key of its mapping is the object of this name?"""
        return f"{self.prefix}{name}" if self.field == "principals" else name


KINDS: Mapping[str, Kind] = {
    kind.word: kind
    for kind in (
        Kind("User", "principals", "user", "users", "user:"),
        Kind("ServiceId", "principals", "service-id", "service-ids", "service-id:"),
        Kind("Profile", "principals", "profile", "profiles", "profile:"),
        Kind("Group", "groups", "group", "groups", "group:"),
        Kind("Project", "projects", "project", "projects"),
        Kind("Role", "roles", "role", "roles"),
        Kind("Policy", "policies", "policy", "policies"),
        Kind("Guardrail", "guardrails", "guardrail", "guardrails"),
        Kind("Service", "services", "service", "services"),
        Kind(RESOURCE, "resources", "resource", "resources"),
        Kind(SECURITY, "security", "security-settings", "security-settings"),
        Kind("Application", "applications", "application", "applications"),
        Kind(IDENTITY_PROVIDER, "identity_providers", "identity-provider", "identity-providers"),
        Kind(FEDERATION_RULE, "federation_rules", "federation-rule", "federation-rules"),
        Kind("Template", "templates", "template", "templates"),
        Kind("TemplateAssignment", "template_assignments", "template-assignment", "template-assignments"),
        Kind("TemplateAcceptance", "template_acceptances", "template-acceptance", "template-acceptances"),
        Kind("Enterprise", "enterprises", "enterprise", "enterprises"),
        Kind("AccountGroup", "account_groups", "account-group", "account-groups"),
        Kind("EnterpriseAccount", "enterprise_accounts", "enterprise-account", "enterprise-accounts"),
    )
}
# The kinds that make an enterprise's tree, with their resource types in the service `enterprise`.
NODE_TYPES: Mapping[str, str] = {
    "Enterprise": ENTERPRISE,
    "AccountGroup": ACCOUNT_GROUP,
    "EnterpriseAccount": MEMBER,
}
KIND_OF_NODE: Mapping[str, str] = {node: word for word, node in NODE_TYPES.items()}
KIND_OF_PREFIX = {kind.prefix: kind.word for kind in KINDS.values() if kind.prefix}
KIND_OF_PATH = {kind.path: kind for kind in KINDS.values()}
PRINCIPAL_WORDS = ("User", "ServiceId", "Profile")


def find_value(account: Account, word: str, name: str) -> Any:
    """What does the account hold of this kind and name? None: nothing."""
    if word == ACCOUNT:
        return account
    kind = KINDS[word]
    return getattr(account, kind.field).get(kind.key(name))


def list_values(account: Account, word: str) -> Mapping[str, Any]:
    """Which objects of this kind are there, by name?"""
    kind = KINDS[word]
    values: Mapping[str, Any] = getattr(account, kind.field)
    return values if kind.field != "principals" else _Part(values, kind.prefix)


class _Part(Mapping[str, Any]):
    """What begins with a prefix in a mapping, by the rest of its name. WHY: a copy of a hundred thousand takes long."""

    __slots__ = ("_prefix", "_whole")

    def __init__(self, whole: Mapping[str, Any], prefix: str) -> None:
        self._whole, self._prefix = whole, prefix

    def __getitem__(self, name: str) -> Any:
        return self._whole[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        prefix = self._prefix
        return (key.removeprefix(prefix) for key in self._whole if key.startswith(prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def with_values(account: Account, changed: Mapping[tuple[str, str], Any]) -> Account:
    """What is the account once these objects are so? None removes. What does not change is shared, not copied."""
    fields: dict[str, dict[str, Any]] = {}
    for (word, name), value in changed.items():
        if word == ACCOUNT:
            account = replace(
                account,
                owner=value.owner,
                suspended=value.suspended,
                description=value.description,
                enterprise=value.enterprise,
                shares_reports=value.shares_reports,
                project_quota=value.project_quota,
            )
            continue
        kind = KINDS[word]
        fields.setdefault(kind.field, {})[kind.key(name)] = value
    after: dict[str, Any] = {
        field: as_overlay(getattr(account, field)).changed(values) for field, values in fields.items()
    }
    return replace(account, **after)


def reference_of(word: str, name: str) -> str:
    """How is an object referred to, with its kind where that belongs to the reference?"""
    return f"{KINDS[word].prefix}{name}"
