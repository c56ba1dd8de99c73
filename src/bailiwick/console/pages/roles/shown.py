"""Which role an address means, and who may see it: `Volume Operator` (custom), `ims/IMS ReadOnlyAccess` (any).

System roles are the same in every account and are shown to everybody; custom ones to whoever may read them.
"""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.console.catalog import find_shown, get_service
from bailiwick.console.objects import ObjectPages, Tab
from bailiwick.console.page import Page
from bailiwick.errors import Invalid, NotFound, did_you_mean
from bailiwick.model.services import Role, Service
from bailiwick.service.needed import iam_service
from bailiwick.service.reading import Found
from bailiwick.service.role_uses import RoleUses, count_uses

KIND = "Role"
READ, LIST, CREATE, UPDATE = "iam.role.read", "iam.role.list", "iam.role.create", "iam.role.update"
LIST_POLICIES = "iam.policy.list"

ROLES = ObjectPages(
    KIND,
    "Roles",
    own_tabs=(Tab("Access rights"), Tab("Policies", "policies")),
    in_query=True,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A role that the visitor may see. `found`: its stored document; None: a system role."""

    role: Role
    service: Service
    found: Found | None

    @property
    def address(self) -> str:
        """By which name do pages know it?"""
        return self.role.name if self.role.custom else self.role.reference


def get_shown(page: Page, name: str) -> Shown:
    """Which role is it? Raises Denied, NotFound; of custom roles nothing is said to who may not read them."""
    head, slash, rest = name.partition("/")
    if not name:
        raise Invalid.at("name", "the address names no role", "choose one from the list")
    service = find_shown(page, head) if slash else None
    if service is not None and rest in service.roles:
        return Shown(service.roles[rest], service, None)
    found = page.reader.get(KIND, rest if slash else name)
    role = page.snapshot.account.roles[found.name]
    if slash and role.service != head:
        raise NotFound(f"there is no role `{name}`", did_you_mean(name, [role.reference]))
    return Shown(role, get_service(page, role.service), found)


def uses_of_roles(page: Page) -> RoleUses | None:
    """How many policies name each role? None: the visitor may not see the policies."""
    return count_uses(page.snapshot.account) if page.may(LIST_POLICIES, iam_service()) else None
