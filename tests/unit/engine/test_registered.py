"""What is registered, and what a name that leaves out a part may mean."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from bailiwick.engine import compile_account, decide, registered
from bailiwick.engine.registered import Key, Registered, Sought
from bailiwick.model.accounts import Account, Principal, Resource
from bailiwick.model.overlays import Overlay
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import Action, ResourceType, Right, Role, Service

TYPES = {
    "box": ResourceType("box"),
    "item": ResourceType("item", parents=("box",), inherits=frozenset({"project", "owner"})),
}
STORE = Service(
    "store",
    "Store",
    TYPES,
    {"take": Action("take", "Take", "read", "item"), "open": Action("open", "Open", "read", "box")},
    {"Taker": Role("store", "Taker", "service", (Right("store", ("*",)),))},
)
BOX = "brn:acme:store:north::box/b1"
ACME = Account(
    "acme",
    "user:olga",
    principals={name: Principal(name) for name in ("user:olga", "user:ann")},
    policies={
        "own": Policy("own", ("user:ann",), ("Taker",), Scope(service=("store",), project=("own",))),
    },
    resources={BOX: Resource(BOX, project="other")},
)


def is_allowed(query: ResourceQuery, account: Account = ACME) -> bool:
    """May ann, who may take what is in project `own`, do so here?"""
    action = "take" if query.path[-1][0] == "item" else "open"
    return decide(compile_account({"store": STORE}, account), Request("user:ann", action, query, 0.0)).allowed


def item(box: str | None, region: str | None = "north") -> ResourceQuery:
    """An item that is said to be in project `own`."""
    return ResourceQuery("store", (("box", box), ("item", "i")), region, project="own")


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        (item("b1"), False),
        (item(None), False),
        (item("b1", None), False),
        (item(None, None), False),
        (item("b2"), True),
        (item("b2", None), True),
        (item(None, "south"), True),
        (replace(item("b1"), path=(("box", "b1"),)), False),
        (replace(item("b1", None), path=(("box", "b1"),)), False),
        (replace(item(None), path=(("box", None),)), False),
        (replace(item(None, "south"), path=(("box", None),)), True),
        (replace(item("b2", None), path=(("box", "b2"),)), True),
    ],
)
def test_a_part_left_out_never_hides_what_is_registered(query: ResourceQuery, allowed: bool) -> None:
    """Where `box/b1` could be meant, the project is unknown whatever is said; elsewhere it is as said (2.10)."""
    assert is_allowed(query) is allowed


def test_an_item_that_could_be_meant_makes_what_is_said_of_it_unknown() -> None:
    """A registered item in an unregistered box is found only by its whole name (2.10)."""
    name = "brn:acme:store:north::box/b2/item/i"
    account = replace(ACME, resources={name: Resource(name, project="other")})
    assert not is_allowed(item("b2", None), account)
    assert is_allowed(item("b3", None), account)


def test_a_stored_resource_without_its_region_is_not_registered() -> None:
    """Nothing is taken from it, not even by its own name (2.10)."""
    name = "brn:acme:store:::box/b1"
    account = replace(ACME, resources={name: Resource(name, project="other")})
    assert not compile_account({"store": STORE}, account).registered
    assert is_allowed(item("b1"), account)
    assert is_allowed(item("b1", None), account)


def drawn(chance: random.Random) -> Key:
    """Some key among few."""
    path: tuple[tuple[str, str | None], ...] = (("box", chance.choice("ab")),)
    if chance.random() < 0.5:
        path = (*path, ("item", chance.choice("cd")))
    return Key(chance.choice(("store", "shop")), chance.choice(("north", "south")), "", path)


def left_out(chance: random.Random, key: Key) -> Sought:
    """Some parts of the key left out."""
    path = tuple((kind, ident if chance.random() < 0.5 else None) for kind, ident in key.path)
    return Sought(key.service, chance.choice((key.region, None)), chance.choice((key.instance, None)), path)


def fits(sought: Sought, key: Key) -> bool:
    """Is every part that is sought the key's own?"""
    return (
        sought.service == key.service
        and sought.region in (None, key.region)
        and sought.instance in (None, key.instance)
        and [kind for kind, _ in sought.path] == [kind for kind, _ in key.path]
        and all(one in (None, other) for (_, one), (_, other) in zip(sought.path, key.path, strict=True))
    )


@pytest.mark.parametrize("most_forms", [1, 64])
def test_what_could_be_meant_is_kept_up_with_changes(
    monkeypatch: pytest.MonkeyPatch, most_forms: int
) -> None:
    """After any drawn changes each question is answered as by looking at every resource."""
    monkeypatch.setattr(registered, "MOST_FORMS", most_forms)
    chance = random.Random(3)
    found = Registered(Overlay({}))
    plain: dict[Key, Resource] = {}
    yes = 0
    for _ in range(300):
        changes = {drawn(chance): chance.choice((Resource("r"), None)) for _ in range(chance.randrange(3))}
        found = found.changed(changes)
        plain |= {key: value for key, value in changes.items() if value is not None}
        for key in [key for key, value in changes.items() if value is None]:
            plain.pop(key, None)
        assert dict(found) == plain
        assert len(found) == len(plain)
        for _ in range(4):
            sought = left_out(chance, drawn(chance))
            expected = any(fits(sought, key) for key in plain)
            yes += expected
            assert found.could_mean(sought) is expected
    assert 200 < yes < 1000


def test_paths_that_nothing_has_cost_no_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many kinds of names are asked about, only what is registered of their kind is ever looked at."""
    looked_at: list[registered.Form] = []
    in_form = registered._in_form

    def counted(form: registered.Form, keys: Iterable[Key]) -> Iterator[Sought]:
        looked_at.append(form)
        return in_form(form, keys)

    monkeypatch.setattr(registered, "_in_form", counted)
    found = Registered(Overlay({Key("store", "north", "", (("box", "a"),)): Resource("r")}))
    for depth in range(1, 500):
        assert not found.could_mean(Sought("store", None, "", (("box", "a"),) * (depth + 1)))
    assert looked_at == []
    assert found.could_mean(Sought("store", None, "", (("box", "a"),)))
    assert len(looked_at) == 1
