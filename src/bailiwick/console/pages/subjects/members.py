"""Who is in a group, and in which groups somebody is: shown, added, taken away. Large groups come in pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nsmallest
from math import inf

from starlette.responses import Response

from bailiwick.catalog.scopes import format_window
from bailiwick.console.forms import Form
from bailiwick.console.moments import window_of
from bailiwick.console.objects import ObjectPages
from bailiwick.console.page import PAGE_SIZE, Page
from bailiwick.console.pages.subjects.common import GROUPS, SUBJECTS, show_subject, subject_address
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.engine import CompiledAccount
from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.accounts import Group, Membership
from bailiwick.service.edits import Edit
from bailiwick.service.effective import State, find_access, find_paths
from bailiwick.service.kinds import find_value, reference_of
from bailiwick.service.memberships import find_membership, parse_membership, with_members, without_member
from bailiwick.service.needed import iam_object
from bailiwick.service.reading import Found
from bailiwick.service.snapshots import Snapshot

ADD, REMOVE, READ = "iam.group.add-member", "iam.group.remove-member", "iam.group.read"
AUTHORITY = ("iam.policy.create", "iam.role.assign")
FIELDS = ("member", "group", "starts_at", "expires_at")
MANAGERS = {"document": "", "scim": "SCIM", "federation": "federation", "template": "template"}


@dataclass(frozen=True, slots=True)
class Line:
    """One membership: of whom in which group, since and until when, kept by whom, and what is so now.

    `name`: what the line is about; `address` its page. `via`: the groups between, of a membership that is not direct.
    """

    name: str
    address: str
    membership: Membership
    state: str
    removal: str
    via: tuple[str, ...] = ()

    @property
    def managed_by(self) -> str:
        """Who keeps it so, where it is not the account itself?"""
        return MANAGERS[self.membership.managed_by]


def member_entries() -> list[Entry]:
    """Which lines have memberships?"""
    add, remove = GROUPS.path_of("add"), GROUPS.path_of("remove")
    lines = [
        get(GROUPS.path_of(), show_members, READ),
        get(add, ask_members, READ),
        post(add, add_members, READ, ADD, *AUTHORITY),
        get(remove, ask_removal, READ),
        post(remove, remove_member, READ, REMOVE),
    ]
    for objects in SUBJECTS:
        lines.append(get(objects.path_of("groups"), partial(show_groups, objects), *objects.readings))
        join = objects.path_of("join")
        lines.append(get(join, partial(ask_group, objects), *objects.readings))
        lines.append(post(join, partial(join_group, objects), *objects.readings, READ, ADD, *AUTHORITY))
    return lines


# Who is in a group


def show_members(page: Page) -> Response:
    """Who is in it, by reference, a page at a time?"""
    found = GROUPS.get(page)
    group: Group = find_value(page.snapshot.account, "Group", found.name)
    after = _read_position(page.asked("after"))
    word, kind = page.asked("q").casefold(), page.asked("kind")
    wanted = (one for one in group.members if _fits(one, word, kind) and _order(one) > after)
    members = nsmallest(PAGE_SIZE + 1, wanted, key=_order)
    shown = members[:PAGE_SIZE]
    may_remove = page.may(REMOVE, iam_object("group", found.name))
    lines = [_member(page, found, one, removable=may_remove) for one in shown]
    return show_subject(
        page,
        GROUPS,
        found,
        "",
        template="members",
        lines=lines,
        size=len(group.members),
        next=_position(shown[-1]) if len(members) > PAGE_SIZE else "",
        may_add=page.may(ADD, iam_object("group", found.name)),
    )


def _fits(membership: Membership, word: str, kind: str) -> bool:
    member = membership.member
    return (not kind or member.startswith(f"{kind}:")) and (not word or word in member.casefold())


def _order(membership: Membership) -> tuple[str, float, float, str]:
    """By what are members ordered, one after another?"""
    window = membership.window
    starts, expires = window.starts_at, window.expires_at
    begins, ends = -inf if starts is None else starts, inf if expires is None else expires
    return membership.member, begins, ends, membership.managed_by


def _position(membership: Membership) -> str:
    """Which text says where in the order a member stands?"""
    return "|".join(map(str, _order(membership)))


def _read_position(text: str) -> tuple[str, float, float, str]:
    """Where in the order is it? At the beginning, where the text says nothing. Raises Invalid."""
    if not text:
        return "", -inf, -inf, ""
    try:
        member, starts, expires, managed_by = text.rsplit("|", 3)
        return member, float(starts), float(expires), managed_by
    except ValueError:
        raise Invalid.at("after", f"`{text[:40]}` is no place in a list of members") from None


def _member(page: Page, found: Found, membership: Membership, *, removable: bool) -> Line:
    address = subject_address(page, membership.member)
    state = _state(page, membership)
    return Line(
        membership.member, address, membership, state, _removal(page, found.name, membership, removable)
    )


def _removal(page: Page, group: str, membership: Membership, removable: bool, back: str = "") -> str:
    if not removable:
        return ""
    said = {"member": membership.member, **format_window(membership.window)}
    return GROUPS.url(page, group, "remove", **said, back=back)


def _state(page: Page, membership: Membership) -> str:
    """What is to be said of a membership? "": it holds, of somebody who is enabled."""
    window = membership.window
    if window.starts_at is not None and page.now < window.starts_at:
        return "begins later"
    if window.expires_at is not None and page.now >= window.expires_at:
        return "over"
    principal = page.snapshot.account.principals.get(membership.member)
    return "disabled" if principal is not None and principal.disabled else ""


# In which groups somebody is


def show_groups(objects: ObjectPages, page: Page) -> Response:
    """In which groups is it, itself and by other groups?"""
    found = objects.get(page)
    reference = reference_of(found.kind, found.name)
    direct = sorted(_direct(page, reference), key=lambda line: line.name)
    named = {line.name for line in direct}
    nested = [line for line in _nested(page, reference) if line.name not in named]
    seen = [line for line in (*direct, *nested) if _may_name(page, line.name)]
    return show_subject(
        page,
        objects,
        found,
        "groups",
        lines=seen,
        hidden=len(direct) + len(nested) - len(seen),
        may_join=page.judge.could_hold_any((ADD,)),
    )


def _may_name(page: Page, group: str) -> bool:
    return page.reader.may_read("Group", group, page.snapshot.account.groups.get(group))


def _direct(page: Page, reference: str) -> Iterator[Line]:
    for group, window in page.snapshot.compiled.parents.get(reference, ()):
        name = group.removeprefix("group:")
        found = page.snapshot.account.groups[name]
        whole = Membership(reference, window)
        membership = next(
            (one for one in found.members if one.member == reference and one.window == window), whole
        )
        removable = page.may(REMOVE, iam_object("group", name))
        removal = _removal(page, name, membership, removable, back=reference)
        yield Line(name, page.url("/groups", name), membership, _state(page, membership), removal)


def _nested(page: Page, reference: str) -> Iterator[Line]:
    paths = find_paths(page.snapshot.compiled, reference, page.now)
    for group, ways in sorted(paths.items()):
        name, way = group.removeprefix("group:"), ways[0]
        via = tuple(step.group.removeprefix("group:") for step in way.steps[:-1])
        state = "" if way.holds else "does not hold now"
        membership = Membership(reference, way.steps[-1].window)
        yield Line(name, page.url("/groups", name), membership, state, "", via)


# Adding


def ask_members(page: Page) -> Response:
    """A form: who shall be in the group, and for how long?"""
    return _ask_members(page, Form.of({"member": page.asked_all("member")}))


def _ask_members(page: Page, form: Form, status: int = 200) -> Response:
    found = GROUPS.get(page)
    return page.render("subjects/add.html", status=status, found=found, objects=GROUPS, form=form, own=False)


def add_members(page: Page) -> Response:
    """Add them."""
    members = page.form.all("member")
    return _added(page, page.name, members, partial(_ask_members, page), GROUPS, page.name)


def ask_group(objects: ObjectPages, page: Page) -> Response:
    """A form: into which group?"""
    return _ask_group(objects, page, Form())


def _ask_group(objects: ObjectPages, page: Page, form: Form, status: int = 200) -> Response:
    found = objects.get(page)
    return page.render("subjects/add.html", status=status, found=found, objects=objects, form=form, own=True)


def join_group(objects: ObjectPages, page: Page) -> Response:
    """Add it to the group that the form names."""
    found = objects.get(page)
    group = page.form.text("group").removeprefix("group:")
    member = reference_of(found.kind, found.name)
    return _added(page, group, (member,), partial(_ask_group, objects, page), objects, found.name, "groups")


def _added(
    page: Page,
    group: str,
    members: Sequence[str],
    again: partial[Response],
    objects: ObjectPages,
    name: str,
    step: str = "",
) -> Response:
    """Add these members to that group; where that fails the form is shown again with what was wrong."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        page.check_since(before, "Group", group, "")
        value = find_value(before.account, "Group", group)
        return [Edit("Group", group, with_members(value, wanted))]

    try:
        if not members:
            raise Invalid.at("member", "expected somebody to add")
        if not group:
            raise Invalid.at("group", "expected a group")
        wanted = [parse_membership(one, window_of(page.form)) for one in members]
        outcome = page.change(prepare)
    except (Invalid, Conflict, NotFound) as error:
        return again(page.form.failed(error, *FIELDS, members="member"), status_of(error))
    except Denied as error:
        if error.reason != "no_authority":
            raise
        return again(page.form.failed(error), status_of(error))
    who = members[0] if len(members) == 1 else f"{len(members)} members"
    note = f"{who} {'was' if len(members) == 1 else 'were'} added to group {group}."
    return objects.redirect(page, name, step, note=note, revision=outcome.revision)


# Taking away


def ask_removal(page: Page) -> Response:
    """What does the member lose by it?"""
    found = GROUPS.get(page)
    group: Group = find_value(page.snapshot.account, "Group", found.name)
    membership = _membership(group, page.asked("member"), page.asked("starts_at"), page.asked("expires_at"))
    after = without_member(group, membership)
    refusal: BailiwickError | None = None
    lost: list[str] = []
    try:
        outcome = page.change(lambda before: [Edit("Group", found.name, after)], dry_run=True)
        lost = _lost(page, membership.member, outcome.plan.compile())
    except (Denied, Invalid, Conflict) as error:
        refusal = error
    seen = [
        one for one in lost if page.reader.may_read("Policy", one, page.snapshot.account.policies.get(one))
    ]
    return page.render(
        "subjects/remove.html",
        found=found,
        objects=GROUPS,
        membership=membership,
        window=format_window(membership.window),
        lost=seen,
        hidden=len(lost) - len(seen),
        refusal=refusal,
        back=page.asked("back"),
        cancel=subject_address(page, page.asked("back"), "groups") or GROUPS.url(page, found.name),
    )


def _membership(group: Group, member: str, starts_at: str, expires_at: str) -> Membership:
    said = {"starts_at": starts_at, "expires_at": expires_at}
    return find_membership(group, member, {name: text for name, text in said.items() if text})


def _lost(page: Page, member: str, after: CompiledAccount) -> list[str]:
    """Which policies reach the member now, and not any more afterwards?"""
    held = [_holding(compiled, member, page.now) for compiled in (page.snapshot.compiled, after)]
    return sorted(held[0] - held[1])


def _holding(compiled: CompiledAccount, member: str, now: float) -> set[str]:
    access = find_access(compiled, member, now)
    return (
        set() if access is None else {one.policy.name for one in access.reaches if one.state is State.HOLDS}
    )


def remove_member(page: Page) -> Response:
    """Take the membership away."""
    form, name = page.form, page.name

    def prepare(before: Snapshot) -> Sequence[Edit]:
        page.check_since(before, "Group", name, "")
        group: Group = find_value(before.account, "Group", name)
        said = (form.get("member"), form.get("starts_at"), form.get("expires_at"))
        return [Edit("Group", name, without_member(group, _membership(group, *said)))]

    outcome = page.change(prepare)
    note = f"{form.get('member')} was taken out of group {name}."
    objects, whose = _back(form.get("back"), name)
    return objects.redirect(
        page, whose, "groups" if form.get("back") else "", note=note, revision=outcome.revision
    )


def _back(reference: str, group: str) -> tuple[ObjectPages, str]:
    """On whose page did it begin?"""
    kind, _, name = reference.partition(":")
    for objects in SUBJECTS:
        if name and reference_of(objects.kind, name) == f"{kind}:{name}":
            return objects, name
    return GROUPS, group
