"""What is left to a provisioner: who joins its groups, and when its users are active.

Implements docs/spec.md rules 33.4 to 33.6. Pure. Whoever names a provisioner hands over to it what the object holds, as
with a profile's trust; handing_over asks for that. What the provisioner then does within these bounds hands over
nothing that was not handed over before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bailiwick.model.accounts import Account, Group, Membership, Principal

SCIM, ACTIVE = "scim", "active"
EXTERNAL_ID = "externalId"


def consented_to(before: Account, after: Account, group: str, added: Iterable[Membership]) -> str | None:
    """To whose choice is it left that these join the group? Only users and groups that the same one provisions."""
    by = provisioner_of(before.groups.get(group))
    if by is None or by != provisioner_of(after.groups.get(group)):
        return None
    for one in added:
        found = find_referred(before, one.member) or find_referred(after, one.member)
        if one.managed_by != SCIM or provisioner_of(found) != by:
            return None
    return by


def is_paused(user: Principal) -> bool:
    """Is this user disabled by the one who provisions it, and by nobody else? (rule 33.6)"""
    said = user.properties.get(SCIM)
    is_inactive = isinstance(said, Mapping) and said.get(ACTIVE) is False
    return user.disabled and user.provisioned_by is not None and is_inactive


def without_stale_mark(user: Principal) -> Principal:
    """The same, but of a user in use nothing says that its provisioner put it out of use.

    SECURITY: such a mark would stay, and be taken for the provisioner's when somebody else disables the user. (33.6)
    """
    said = user.properties.get(SCIM)
    if user.disabled or not isinstance(said, Mapping) or said.get(ACTIVE) is not False:
        return user
    kept = {name: one for name, one in said.items() if name != ACTIVE}
    return replace(user, properties={**user.properties, SCIM: kept})


def find_referred(account: Account, reference: str) -> Principal | Group | None:
    """Which principal or group of the account is called so?"""
    if reference.startswith("group:"):
        return account.groups.get(reference.removeprefix("group:"))
    return account.principals.get(reference)


def external_id_in(value: object) -> str:
    """How does the provisioner's directory know this user or group? "": not at all."""
    if isinstance(value, Group):
        return value.external_id
    said = value.properties.get(SCIM) if isinstance(value, Principal) else None
    return str(said.get(EXTERNAL_ID, "")) if isinstance(said, Mapping) else ""


def provisioner_of(value: Principal | Group | None) -> str | None:
    """Which service ID keeps it in step with a directory?"""
    return None if value is None else value.provisioned_by
