"""The law of rule 27.5: a change and its undo leave the account as it was, or the undo is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.applying import parse_wanted
from bailiwick.service.edits import Edit
from bailiwick.service.history.undoing import undo_revision
from bailiwick.service.reading import Reader

WORLDS = 40
CHANGES = 14
PEOPLE = ("alice", "bob", "carol")
GROUPS = ("dev", "ops")
PROJECTS = ("blue", "green")
POLICIES = ("p1", "p2")
ROLES = ("Helper",)
Document = dict[str, Any]


def _user(draw: random.Random) -> Document:
    name = draw.choice(PEOPLE)
    return {"kind": "User", "name": name, "disabled": draw.random() < 0.3, "description": draw.choice("ab")}


def _group(draw: random.Random) -> Document:
    name = draw.choice(GROUPS)
    others = [f"group:{one}" for one in GROUPS if one < name]
    people = [f"user:{one}" for one in PEOPLE]
    return {"kind": "Group", "name": name, "members": draw.sample(people + others, draw.randrange(3))}


def _project(draw: random.Random) -> Document:
    return {"kind": "Project", "name": draw.choice(PROJECTS), "description": draw.choice("ab")}


def _role(draw: random.Random) -> Document:
    actions = draw.sample(["ims:images:get", "ims:images:list", "ims:images:update"], 1 + draw.randrange(2))
    return {"kind": "Role", "name": "Helper", "service": "ims", "rights": [{"actions": actions}]}


def _policy(draw: random.Random) -> Document:
    subjects = [f"user:{draw.choice(PEOPLE)}", f"group:{draw.choice(GROUPS)}"]
    scope = {"service": "ims", **({"project": draw.choice(PROJECTS)} if draw.random() < 0.5 else {})}
    role = draw.choice(["ims/Helper", "IMS ReadOnlyAccess"])
    document = {"kind": "Policy", "name": draw.choice(POLICIES), "roles": [role], "scope": scope}
    return {**document, "subjects": draw.sample(subjects, 1 + draw.randrange(2))}


def _resource(draw: random.Random) -> Document:
    image = f"brn:acme:ims:eu-de::image/{draw.choice('xy')}"
    owner = {"owner": f"user:{draw.choice(PEOPLE)}"} if draw.random() < 0.5 else {}
    return {"kind": "Resource", "name": image, "project": draw.choice(PROJECTS), **owner}


_KINDS: tuple[Callable[[random.Random], Document], ...] = (_user, _group, _project, _role, _policy, _resource)


def draw_edits(draw: random.Random, acme: Installation) -> list[Edit]:
    """Which one to three edits are tried? One in four removes something."""
    edits: dict[tuple[str, str], Edit] = {}
    for _ in range(1 + draw.randrange(3)):
        if draw.random() < 0.25:
            there = sorted(acme.host.snapshot("acme").identities)
            key = draw.choice(
                [one for one in there if one[0] in ("User", "Group", "Project", "Policy", "Resource")]
            )
            edits[key] = Edit(*key, None)
        else:
            edit = parse_wanted("acme", documents=[draw.choice(_KINDS)(draw)]).edits[0]
            edits[edit.key] = edit
    return list(edits.values())


def content(acme: Installation) -> list[Document]:
    """Everything that the account holds, by names."""
    return list(Reader(acme.host, acme.owner).export())


def change(draw: random.Random, acme: Installation) -> bool:
    """Was a change made that makes a revision?"""
    before = acme.revision
    try:
        acme.edit(*draw_edits(draw, acme))
    except (Invalid, Conflict, Denied, NotFound):
        return False
    return acme.revision > before


def undo(acme: Installation, revision: int) -> None:
    """Undo it as the owner."""
    undo_revision(acme.host, acme.owner, revision, via="test")


def is_undone(acme: Installation, revision: int) -> bool:
    """Was it undone, and not refused for what stands on it or refers to it?"""
    try:
        undo(acme, revision)
    except (Conflict, Invalid):
        return False
    return True


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_change_and_its_undo_leave_the_account_as_it_was(seed: int) -> None:
    """The newest change can always be undone, and so can its undo."""
    draw, acme = random.Random(f"undo {seed}"), install()
    for _ in range(CHANGES):
        before = content(acme)
        if not change(draw, acme):
            continue
        after, revision = content(acme), acme.revision
        undo(acme, revision)
        assert content(acme) == before
        undo(acme, revision + 1)
        assert content(acme) == after


@pytest.mark.parametrize("seed", range(WORLDS))
def test_all_changes_are_undone_in_reverse(seed: int) -> None:
    """Newest first the whole history can be undone, back to the account's beginning."""
    draw, acme = random.Random(f"undo all {seed}"), install()
    states = [(acme.revision, content(acme))]
    for _ in range(CHANGES):
        if change(draw, acme):
            states.append((acme.revision, content(acme)))
    for (_, before), (revision, _) in zip(reversed(states[:-1]), reversed(states), strict=False):
        undo(acme, revision)
        assert content(acme) == before


@pytest.mark.parametrize("seed", range(WORLDS))
def test_any_revision_is_undone_or_refused_and_nothing_changed(seed: int) -> None:
    """An undo out of turn changes only what its revision changed, or says why not; never something else."""
    draw, acme = random.Random(f"undo any {seed}"), install()
    for _ in range(CHANGES):
        change(draw, acme)
    for revision in draw.sample(range(2, acme.revision + 1), min(8, acme.revision - 1)):
        before = content(acme)
        touched = {(row.kind, row.name) for row in acme.store.changes("account:acme", revision - 1, 1)}
        if not is_undone(acme, revision):
            assert content(acme) == before
            continue
        differing = [
            one for one in (*before, *content(acme)) if one not in before or one not in content(acme)
        ]
        assert {(one["kind"], one["name"]) for one in differing} <= touched
