"""What a command or API is asked as, who may do it, and which roles are enough for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bailiwick.engine import compile_account
from bailiwick.engine.operations import (
    OperationAnswer,
    allowed_operation,
    operation_requests,
    sufficient_roles,
    type_path,
)
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account, Principal, Resource
from bailiwick.model.conditions import Comparison, Ref
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.model.services import (
    Action,
    Operation,
    Qualifier,
    ResourceType,
    Right,
    Role,
    Service,
)

NOW = 1_800_000_000.0
OWNED = frozenset({"project", "owner"})
TYPES = {
    "instance": ResourceType("instance", attributes=frozenset({"project"})),
    "box": ResourceType("box", inherits=frozenset({"project"})),
    "item": ResourceType(
        "item", parents=("box",), attributes=OWNED, inherits=frozenset({"project", "owner"})
    ),
    "part": ResourceType("part", parents=("item", "part"), attributes=OWNED),
    "stray": ResourceType("stray"),
}
ACTIONS = {
    action.id: action
    for action in (
        Action("box.list", "List", "list", "box"),
        Action("item.read", "Read", "read", "item", requires=("item.see",)),
        Action("item.see", "See", "read", "item"),
        Action("item.drop", "Drop", "delete", "item"),
        Action("part.fix", "Fix", "write", "part"),
        Action("instance.end", "End", "delete", "instance"),
        Action("stray.find", "Find", "read", "stray"),
        Action("settings.set", "Set", "write", None, decided_on=frozenset({"region", "project"})),
    )
}
MINE = Qualifier(
    "mine", "Mine", frozenset({"owner"}), Comparison("resource.owner", "string-equals", Ref("principal.id"))
)


def role(name: str, *rights: Right) -> Role:
    """Which role of the service is it?"""
    return Role("store", name, "service", rights)


def right(
    *actions: str, effect: str = "allow", qualifier: str | None = None, level: str | None = None
) -> Right:
    """Which right on the service is it?"""
    return Right("store", actions, effect=effect, qualifier=qualifier, level=level)


ROLES = {
    one.name: one
    for one in (
        role("Lister", right("box.list")),
        role("Dropper", right("item.drop")),
        role("Manager", right("*")),
        role("Keeper", right("item.drop", qualifier="mine")),
        role("Chief", right("settings.set", level="account")),
        role("Careful", right("box.list", "item.drop"), right("item.drop", effect="deny")),
        role("Reader", right("item.read")),
        role("Seer", right("item.see")),
    )
}
STORE = Service("store", "Store", TYPES, ACTIONS, ROLES, qualifiers={"mine": MINE}, instances=True)
SERVICES = {"store": STORE}
SWEEP = Operation("store sweep", "Sweep", "command", (("item.drop", "target"), ("box.list", "target")))


def operation(*actions: tuple[str, str], discontinued: str = "") -> Operation:
    """Which command needs these actions?"""
    return Operation("store do", "Do", "command", actions, discontinued=discontinued)


def at(*path: tuple[str, str | None], instance: str | None = "i-1", **described: str) -> ResourceQuery:
    """Which resource of the store is it?"""
    query = ResourceQuery("store", path, region="here", instance=instance)
    return replace(query, **described)  # type: ignore[arg-type]  # the described attributes are texts


def asked(*actions: str, target: ResourceQuery) -> list[ResourceQuery]:
    """Of which resources are these actions asked, where the target is named?"""
    done = operation(*((action, "target") for action in actions))
    return [resource for _, resource in operation_requests(STORE, done, {"target": target})]


def account(*policies: Policy, **more: object) -> Account:
    """Which account has these policies? Alice and the owner are in it, Bob is disabled."""
    people = (Principal("user:owner"), Principal("user:alice"), Principal("user:bob", disabled=True))
    return Account(
        "acme",
        "user:owner",
        principals={person.reference: person for person in people},
        policies={policy.name: policy for policy in policies},
        **more,  # type: ignore[arg-type]  # further fields of the account
    )


def holding(*roles: str, scope: Scope | None = None) -> Account:
    """In which account does Alice hold these roles?"""
    return account(Policy("p", ("user:alice",), roles, scope or Scope(service=("store",))))


def answer(world: Account, done: Operation, principal: str = "user:alice", **more: object) -> OperationAnswer:
    """May it be done to the box?"""
    return allowed_operation(
        compile_account(SERVICES, world),
        STORE,
        done,
        {"target": at(("box", "b"))},
        principal=principal,
        now=NOW,
        **more,  # type: ignore[arg-type]  # chain, restrictions, context
    )


# Of what an operation's actions are asked


def test_an_action_of_the_targets_type_is_asked_of_the_target() -> None:
    """The named resource is passed on with all that was said of it."""
    item = at(("box", "b"), ("item", "x"), owner="user:alice", project="dev")
    assert asked("item.drop", target=item) == [item]


def test_an_action_without_a_type_keeps_the_named_resource() -> None:
    """Asked of the service itself, the named resource's attributes stay, so it is passed on."""
    item = at(("box", "b"), ("item", "x"), project="dev")
    assert asked("settings.set", target=item) == [item]


def test_an_action_of_an_ancestors_type_is_asked_of_the_nearest_one() -> None:
    """Of two parts above, the nearer is meant; of a box above a part, the box."""
    part = at(("box", "b"), ("item", "x"), ("part", "p"), ("part", "q"))
    assert asked("part.fix", "item.drop", "box.list", target=part) == [
        part,
        at(("box", "b"), ("item", "x")),
        at(("box", "b")),
    ]


def test_what_is_said_of_a_resource_holds_above_it_only_where_it_was_taken_from_there() -> None:
    """An item takes project and owner from its box; a part takes the project alone."""
    item = at(("box", "b"), ("item", "x"), project="dev", owner="user:alice", budget="b1")
    assert asked("box.list", target=item) == [at(("box", "b"), project="dev", owner="user:alice")]
    part = at(("box", "b"), ("item", "x"), ("part", "p"), project="dev", owner="user:alice")
    assert asked("item.drop", target=part) == [at(("box", "b"), ("item", "x"), project="dev")]


def test_an_action_of_a_type_below_is_asked_of_an_unknown_one() -> None:
    """Below a box an item whose id nobody said is asked about, two levels down as well."""
    box = at(("box", "b"), project="dev", owner="user:alice")
    assert asked("item.drop", "part.fix", target=box) == [
        at(("box", "b"), ("item", None), project="dev", owner="user:alice"),
        at(("box", "b"), ("item", None), ("part", None), project="dev"),
    ]


def test_below_the_service_itself_everything_is_unknown() -> None:
    """What is said of the service itself holds of nothing in it."""
    service = at(("service", "store"), project="dev")
    assert asked("item.drop", target=service) == [at(("box", None), ("item", None))]


def test_the_instance_is_the_outermost_ancestor() -> None:
    """From anything in an instance the instance is reached, and from the instance what is in it."""
    assert asked("instance.end", target=at(("box", "b"), project="dev")) == [
        at(("instance", "i-1"), project="dev")
    ]
    assert asked("item.drop", target=at(("instance", "i-1"), project="dev")) == [
        at(("box", None), ("item", None), project="dev")
    ]
    assert asked("box.list", target=at(("instance", "i-2"), instance=None)) == [
        at(("box", None), instance="i-2")
    ]


@pytest.mark.parametrize(
    ("action", "target", "kind"),
    [
        ("stray.find", at(("box", "b")), "box"),
        ("instance.end", at(("box", "b"), instance=None), "box"),
        ("box.list", at(("stray", "s")), "stray"),
    ],
)
def test_a_type_that_stands_neither_above_nor_below_is_refused(
    action: str, target: ResourceQuery, kind: str
) -> None:
    """The message names the action, the type that it is for, and the type that was named."""
    wanted = str(ACTIONS[action].resource_type)
    with pytest.raises(Invalid) as caught:
        asked(action, target=target)
    [finding] = caught.value.findings
    assert (finding.message, finding.place, finding.help) == (
        f"`store do` asks `{action}` of a `{wanted}`, and none stands above or below a `{kind}`",
        "target",
        f"name a `{wanted}`",
    )


def test_each_side_is_asked_of_its_own_resource() -> None:
    """What is done to the source is asked of the source, the rest of the target."""
    move = operation(("item.read", "source"), ("item.drop", "target"))
    source, target = at(("box", "b"), ("item", "x")), at(("box", "c"), ("item", "y"))
    assert operation_requests(STORE, move, {"source": source, "target": target}) == [
        ("item.read", source),
        ("item.drop", target),
    ]


@pytest.mark.parametrize(
    ("resources", "message", "help"),
    [
        ({}, "`store do` needs a source", "name the resource that is its source"),
        (
            {"source": ResourceQuery("shop", (("box", "b"),))},
            "`store do` is of service `store`, and its source of `shop`",
            "available: `store`",
        ),
        (
            {"source": ResourceQuery("store", ())},
            "the source of `store do` has no path",
            "expected `type/id`",
        ),
    ],
)
def test_a_side_that_is_missing_or_elsewhere_is_refused(
    resources: Mapping[str, ResourceQuery], message: str, help: str
) -> None:
    """Nothing is asked of a resource that was not named, or is of another service."""
    with pytest.raises(Invalid) as caught:
        operation_requests(STORE, operation(("item.read", "source")), resources)
    [finding] = caught.value.findings
    assert (finding.message, finding.place, finding.help) == (message, "source", help)


# Who may do it


def test_an_operation_is_allowed_when_all_its_actions_are() -> None:
    """Two roles that hold one action each make up the operation; one of them does not."""
    done = answer(holding("Lister", "Dropper"), SWEEP)
    assert bool(done) is True
    assert (done.allowed, done.reason) == (True, "allowed")
    assert [(one.action, one.resource.path) for one in done.asked] == [
        ("item.drop", (("box", "b"), ("item", None))),
        ("box.list", (("box", "b"),)),
    ]
    refused = answer(holding("Dropper"), SWEEP)
    assert bool(refused) is False
    assert (refused.allowed, refused.reason) == (False, "no_matching_policy")
    assert [one.decision.allowed for one in refused.asked] == [True, False]


def test_a_policy_on_some_items_does_not_reach_an_unknown_one() -> None:
    """Sweeping a box is not granted by a policy on items of certain names."""
    some = Scope(service=("store",), type=("item",), id=("x*",))
    every = Scope(service=("store",), type=("item",))
    drop = operation(("item.drop", "target"))
    assert answer(holding("Manager", scope=some), drop).reason == "no_matching_policy"
    assert answer(holding("Manager", scope=every), drop).reason == "allowed"


def test_an_action_without_a_type_sees_the_stored_project_of_the_named_resource() -> None:
    """Where the box is registered in prod, saying dev does not help."""
    box = Resource("brn:acme:store:here:i-1:box/b", project="prod")
    dev = Policy("p", ("user:alice",), ("Manager",), Scope(service=("store",), project=("dev",)))
    compiled = compile_account(SERVICES, account(dev, resources={box.name: box}))
    done = operation(("settings.set", "target"))
    for described, reason in ((at(("box", "b"), project="dev"), "no_matching_policy"),
                              (at(("box", "c"), project="dev"), "allowed")):  # fmt: skip
        found = allowed_operation(
            compiled, STORE, done, {"target": described}, principal="user:alice", now=NOW
        )
        assert found.reason == reason


def test_the_reason_is_that_of_the_first_denied_action() -> None:
    """A role that denies dropping gives that reason, though listing is allowed."""
    done = answer(holding("Careful"), SWEEP)
    assert (done.reason, [one.decision.allowed for one in done.asked]) == ("explicit_deny", [False, True])


def test_chain_restrictions_and_context_reach_every_action() -> None:
    """Whoever is acted for must be allowed too, a session's restriction binds, conditions see the context."""
    listing = operation(("box.list", "target"))
    world = holding("Manager")
    assert answer(world, listing, chain=("user:owner",)).reason == "allowed"
    assert answer(world, listing, chain=("anonymous",)).reason == "no_matching_policy"
    only_safe = Guardrail("g", ("*",), when=Comparison("context.safe", "bool-equals", False))
    assert answer(world, listing, restrictions=(only_safe,)).reason == "guardrail"
    assert answer(world, listing, restrictions=(only_safe,), context={"safe": True}).reason == "allowed"


def test_what_is_discontinued_may_be_done_by_nobody() -> None:
    """Neither the owner nor a Manager may, whether it lists actions or not."""
    for gone in (
        operation(discontinued="2021-10-05"),
        operation(("box.list", "target"), discontinued="2021-10-05"),
    ):
        for principal in ("user:owner", "user:alice"):
            done = answer(holding("Manager"), gone, principal)
            assert (done.allowed, done.reason, done.asked) == (False, "discontinued", ())


@pytest.mark.parametrize(
    ("principal", "reason"),
    [
        ("user:alice", "allowed"),
        ("anonymous", "allowed"),
        ("service:store", "allowed"),
        ("user:nobody", "unknown_principal"),
        ("user:bob", "principal_disabled"),
    ],
)
def test_what_needs_no_action_may_be_done_by_every_known_principal(principal: str, reason: str) -> None:
    """Nothing is asked but whether the principal is known and enabled."""
    done = answer(account(), operation(), principal)
    assert (done.allowed, done.reason) == (reason == "allowed", reason)


def test_what_needs_no_action_needs_a_known_chain_and_a_live_account() -> None:
    """Each of the chain is judged, and a suspended account does nothing."""
    assert answer(account(), operation(), chain=("user:bob",)).reason == "principal_disabled"
    assert answer(account(suspended=True), operation()).reason == "account_suspended"


# Which roles are enough


def enough(*actions: str, **more: object) -> tuple[tuple[str, ...], ...]:
    """Which smallest sets of roles are enough for these actions?"""
    done = operation(*((action, "target") for action in actions))
    return sufficient_roles(SERVICES, "store", done, **more)  # type: ignore[arg-type]  # custom, among, narrow


def test_the_smallest_sets_that_hold_every_action_are_enough() -> None:
    """One role with everything, or two with one action each; no set that holds another."""
    assert enough("item.drop", "box.list") == (("Manager",), ("Lister", "Dropper"))
    assert enough("box.list") == (("Lister",), ("Manager",), ("Careful",))


def test_an_action_that_nobody_holds_is_enough_for_nobody() -> None:
    """No set of the looked-at roles gives it."""
    assert enough("part.fix", among=["Lister", "Dropper"]) == ()


def test_what_an_action_requires_must_be_held_too() -> None:
    """Reading needs seeing, so that a Reader needs a Seer."""
    assert enough("item.read") == (("Manager",), ("Reader", "Seer"))
    assert enough("item.read", "item.see") == (("Manager",), ("Reader", "Seer"))


def test_a_qualified_right_is_not_enough() -> None:
    """Dropping one's own is not dropping any."""
    assert enough("item.drop", among=["Keeper", "Manager"]) == (("Manager",),)


def test_a_role_that_denies_a_needed_action_is_left_out() -> None:
    """Careful lists and would drop, but denies it; for listing alone it is enough."""
    among = ["Careful", "Dropper", "Lister"]
    assert enough("item.drop", "box.list", among=among) == (("Lister", "Dropper"),)
    assert enough("box.list", among=["Careful"]) == (("Careful",),)


def test_a_right_for_the_account_level_is_enough_only_over_the_service() -> None:
    """Under a policy on a project, a type or an id it does not hold."""
    assert enough("settings.set") == (("Manager",), ("Chief",))
    assert enough("settings.set", narrow=True) == (("Manager",),)


def test_custom_roles_of_the_service_count() -> None:
    """A custom role of the service is looked at after the service's own, one of another service never."""
    mine = replace(role("Sweeper", right("item.drop", "box.list")), custom=True)
    other = replace(mine, name="Other", service="shop")
    custom = {"Sweeper": mine, "Other": other}
    assert enough("item.drop", "box.list", custom=custom) == (
        ("Manager",),
        ("Sweeper",),
        ("Lister", "Dropper"),
    )


def test_nothing_is_enough_for_what_is_discontinued_and_nothing_is_needed_without_actions() -> None:
    """The empty set of roles is enough where the document needs none."""
    assert sufficient_roles(SERVICES, "store", operation(discontinued="2021-10-05")) == ()
    assert sufficient_roles(SERVICES, "store", operation()) == ((),)


def test_the_fewest_types_lead_to_a_type() -> None:
    """From the outermost one down; a type that the service lacks is led to by none."""
    assert type_path(STORE, "part") == ["box", "item", "part"]
    assert type_path(STORE, "box") == ["box"]
    assert type_path(STORE, "nowhere") == []
