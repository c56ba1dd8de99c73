"""The account itself, its principals, groups and projects: do they fit together?

Implements docs/spec.md 1.1, 1.3 to 1.5 for what must hold of stored values.
"""

from __future__ import annotations

from bailiwick.catalog.check_enterprises import check_is_apart
from bailiwick.catalog.check_world import ObjectNotes, World, check_window
from bailiwick.catalog.eps_codes import DEFAULT_STAYS_ENABLED
from bailiwick.model.accounts import Account, Group, Principal, Project
from bailiwick.model.names import BUILT_IN_GROUPS
from bailiwick.model.trusting import parse_trusted


def check_head(account: Account, notes: ObjectNotes, world: World) -> None:
    """Has the account one owner, a user who can sign in?"""
    owner = account.principals.get(account.owner)
    if not account.owner.startswith("user:"):
        notes.add(("owner",), f"`{account.owner}` cannot own an account", "name a user, as `user:name`")
    elif owner is None:
        world.check_reference(account.owner, ("owner",), notes)
    elif owner.disabled:
        notes.add(
            ("owner",), f"owner `{account.owner}` is disabled", "enable the user, or name another owner"
        )
    check_is_apart(account, notes)


def check_principal(principal: Principal, notes: ObjectNotes, world: World) -> None:
    """Do the principal's owner and those whom a profile trusts exist?"""
    if principal.owner is not None:
        world.check_reference(principal.owner, ("owner",), notes)
    if principal.provisioned_by is not None:
        world.check_reference(principal.provisioned_by, ("provisioned_by",), notes)
        if principal.reference == world.account.owner:
            notes.add(("provisioned_by",), "the owner of the account is not provisioned from elsewhere")
    for index, text in enumerate(principal.trust):
        trusted = parse_trusted(text)
        if not trusted.account:
            world.check_reference(trusted.subject, ("trust", index), notes)
        elif trusted.account == world.account.name:
            own = trusted.subject or "group:members"
            notes.add(("trust", index), f"`{text}` is this account itself", f"write `{own}`")
    if principal.reference == world.account.owner and principal.disabled:
        notes.add(("disabled",), "the owner of the account cannot be disabled", "name another owner first")


def check_group(group: Group, notes: ObjectNotes, world: World) -> None:
    """Do the members exist, for a time that can be, and is the group not inside itself?"""
    if group.name in BUILT_IN_GROUPS:
        notes.add(("name",), f"group `{group.name}` is built in", "choose another name")
    if group.provisioned_by is not None:
        world.check_reference(group.provisioned_by, ("provisioned_by",), notes)
    for index, membership in enumerate(group.members):
        kind, _, name = membership.member.partition(":")
        path = ("members", index)
        if kind == "group" and name in BUILT_IN_GROUPS:
            notes.add(path, f"built-in group `{name}` cannot be a member")
        else:
            world.check_reference(membership.member, path, notes)
        check_window(membership.window, path, notes)
    cycle = find_cycle(group.name, world.account)
    if cycle:
        notes.add(("members",), f"the group contains itself: {' → '.join(f'`{name}`' for name in cycle)}")


def check_project(project: Project, notes: ObjectNotes, world: World) -> None:
    """Is the default project enabled, and the only one?"""
    if not project.default:
        return
    if project.disabled:
        notes.add(
            ("disabled",),
            "the default project cannot be disabled",
            "make another project the default first",
            DEFAULT_STAYS_ENABLED,
        )
    others = sorted(name for name in world.default_projects if name != project.name)
    if others:
        notes.add(("default",), f"project `{others[0]}` is the default already", "an account has one at most")


def find_cycle(start: str, account: Account) -> list[str] | None:
    """By which shortest path does the group contain itself? None: it does not."""
    came_from: dict[str, str] = {}
    pending = [start]
    for name in pending:
        group = account.groups.get(name)
        for membership in group.members if group is not None else ():
            kind, _, inner = membership.member.partition(":")
            if kind != "group":
                continue
            if inner == start:
                return _path_to(name, start, came_from)
            if inner not in came_from:
                came_from[inner] = name
                pending.append(inner)
    return None


def _path_to(last: str, start: str, came_from: dict[str, str]) -> list[str]:
    path = [start]
    while last != start:
        path.append(last)
        last = came_from[last]
    path.append(start)
    return path[::-1]
