"""The reference's answers about authority in one small world, rule by rule of section 8."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import reference
from tests.unit.reference.worlds import ACCOUNT, NOW, SERVICES, account, holds, policy

from bailiwick.model.accounts import Principal
from bailiwick.model.conditions import parse_condition
from bailiwick.model.policies import Guardrail, Scope, Window
from bailiwick.model.requests import AuthorityQuestion
from bailiwick.model.services import Action, Right, Role, Service

STORE = Scope(service=("store",))


def scoped(**parts: object) -> Scope:
    """Which scope of the store has these constraints?"""
    return Scope(service=("store",), **parts)  # type: ignore[arg-type]  # fields by name


CONTAINED = [
    (STORE, STORE, True),
    (Scope(), STORE, True),
    (STORE, Scope(), False),
    (STORE, scoped(project=("dev",)), True),
    (scoped(project=("dev",)), STORE, False),
    (scoped(project=("d*",)), scoped(project=("dev", "dex")), True),
    (scoped(project=("d*",)), scoped(project=("dev", "old")), False),
    (scoped(project=("d*",)), scoped(project=("de*",)), True),
    (scoped(project=("d?v",)), scoped(project=("d?v",)), True),
    (scoped(project=("d?v",)), scoped(project=("dev",)), True),
    (scoped(project=("*",)), STORE, False),
    (scoped(type=("space",)), scoped(type=("space",), id=("s",)), True),
    (scoped(type=("space",), id=("s*",)), scoped(type=("space",), id=("s1",)), True),
    (scoped(type=("space",), id=("s",)), scoped(type=("space",)), False),
    (scoped(type=("space",), id=("s",)), scoped(within=(("space", "s"),)), True),
    (scoped(within=(("space", "s"),)), scoped(within=(("space", "s"),)), True),
    (scoped(within=(("space", "s"),)), scoped(type=("space",), id=("s",)), False),
]


@pytest.mark.parametrize(("granted", "asked", "expected"), CONTAINED)
def test_a_policy_must_contain_every_cell(granted: Scope, asked: Scope, expected: bool) -> None:
    """Containment is attribute by attribute, and every alternative is asked for (8.2, 8.5)."""
    assert holds(account(policy("Administrator", scope=granted)), "iam.policy.create", asked) == expected


def test_two_policies_do_not_add_up_to_one_cell() -> None:
    """One policy must contain a cell; several may hold several cells."""
    both = account(
        policy("Reader", scope=scoped(project=("dev",))),
        policy("Reader", name="q", scope=scoped(project=("old",))),
    )
    assert holds(both, "pull", scoped(project=("dev", "old")))
    assert not holds(both, "pull", scoped(project=("*",)))


def test_an_action_that_does_not_span_is_asked_of_its_one_service() -> None:
    """Without its service, or with another beside it, nothing is held (8.1)."""
    world = account(policy("Reader"))
    assert holds(world, "pull", STORE)
    assert not holds(world, "pull", Scope())
    assert not holds(world, "pull", Scope(service=("store", "vault")))
    assert not holds(world, "fly", STORE)
    assert not holds(world, "pull", Scope(service=("nowhere",)))


def test_who_is_not_known_holds_nothing() -> None:
    """Suspension, unknown and disabled principals, disabled and past policies hold nothing (8.3)."""
    off = {**ACCOUNT.principals, "user:ann": Principal("user:ann", disabled=True)}
    assert not holds(account(policy("Reader"), suspended=True), "pull", STORE)
    assert not holds(account(policy("Reader")), "pull", STORE, "user:nobody")
    assert not holds(account(policy("Reader"), principals=off), "pull", STORE)
    assert not holds(account(policy("Reader", enabled=False)), "pull", STORE)
    assert not holds(account(policy("Reader", window=Window(None, 1000.0))), "pull", STORE)


def test_the_owner_holds_what_is_implied() -> None:
    """The owner needs no policy, is above denies and below guardrails; explicit roles are not implied."""
    deny = policy("Reader", "group:everyone", effect="deny")
    assert holds(account(deny), "pull", STORE, "user:olga")
    assert holds(account(), "push", STORE, "user:olga")
    assert not holds(account(), "burn", STORE, "user:olga")
    assert not holds(account(guardrails={"g": Guardrail("g")}), "pull", STORE, "user:olga")


def test_a_disabled_project_is_in_no_authority_to_take() -> None:
    """What takes into a project is not held where a disabled one may be, by the owner neither (8.3)."""
    world = account(policy("Writer"))
    for principal in ("user:ann", "user:olga"):
        assert not holds(world, "take", STORE, principal)
        assert not holds(world, "take", scoped(project=("o*",)), principal)
        assert holds(world, "take", scoped(project=("dev",)), principal)


def test_conditions_must_be_true_and_blind() -> None:
    """A condition holds with this context, and reads nothing of the resource (8.3)."""
    mfa = parse_condition({"key": "context.mfa", "operator": "bool-equals", "value": True})
    owner = parse_condition(
        {"key": "principal.id", "operator": "string-equals", "value": {"ref": "resource.owner"}}
    )
    assert holds(account(policy("Reader", when=mfa)), "pull", STORE, context={"mfa": True})
    assert not holds(account(policy("Reader", when=mfa)), "pull", STORE)
    assert not holds(account(policy("Reader", when=owner)), "pull", STORE)
    assert not holds(account(policy("Mine")), "pull", STORE)
    assert holds(account(policy("Mine")), "see", STORE)


@pytest.mark.parametrize(
    ("scope", "asked", "expected"),
    [
        (scoped(project=("old",)), STORE, False),
        (scoped(project=("old",)), scoped(project=("dev",)), True),
        (scoped(project=("old",)), scoped(project=("o*",)), False),
        (Scope(service=("vault",)), STORE, True),
        (scoped(type=("image",), id=("a",)), scoped(type=("image",), id=("b",)), True),
        (scoped(type=("image",), id=("a",)), scoped(type=("space",), id=("b",)), False),
        (scoped(type=("folder",), id=("a",)), scoped(type=("folder",), id=("b",)), False),
        (scoped(within=(("space", "a"),)), scoped(type=("space",), id=("b",)), True),
        (scoped(within=(("space", "a"),)), scoped(within=(("space", "b"),)), True),
    ],
)
def test_a_guardrail_that_may_meet_the_cell_takes_it(scope: Scope, asked: Scope, expected: bool) -> None:
    """Only what is plainly disjoint does not meet; a type that stands in itself never is (8.6)."""
    world = account(policy("Reader"), guardrails={"g": Guardrail("g", ("pull",), scope)})
    assert holds(world, "pull", asked) == expected


BLINDLY_FALSE = [
    {"operator": "exists", "value": True},
    {"operator": "string-equals", "value": "x", "missing": False},
]


@pytest.mark.parametrize("condition", BLINDLY_FALSE)
def test_a_deny_that_reads_the_resource_meets_whatever_it_answers_blindly(
    condition: dict[str, object],
) -> None:
    """A deny on resources with an owner takes the authority over all resources, though blindly it is false."""
    when = parse_condition({"key": "resource.owner", **condition})
    assert not holds(
        account(policy("Reader"), policy("Reader", name="d", effect="deny", when=when)), "pull", STORE
    )


def test_other_rights_that_do_not_span_deny_but_give_no_authority() -> None:
    """A foreign right on an action that does not span is no authority, but its deny meets the cell (8.4, 8.6)."""
    foreign = Role("vault", "Foreign", "service", (Right("store", ("pull",)),))
    services = {**SERVICES, "vault": _with_role(SERVICES["vault"], foreign)}
    question = AuthorityQuestion("user:ann", "pull", STORE, NOW)
    assert not reference.decide_over(services, account(policy("vault/Foreign")), question)
    denied = account(policy("Reader"), policy("vault/Foreign", name="d", effect="deny"))
    assert not reference.decide_over(services, denied, question)
    assert reference.decide_over(services, account(policy("Reader")), question)


def _with_role(service: Service, role: Role) -> Service:
    return replace(service, roles={**service.roles, role.name: role})


def test_required_actions_are_held_too() -> None:
    """What the action requires must be held over the same cell (8.3)."""
    assert not holds(account(policy("Narrow")), "push", STORE)
    assert holds(account(policy("Narrow"), policy("Reader", name="q")), "push", STORE)


def test_a_required_action_that_is_decided_on_less_is_not_held_by_a_narrower_policy() -> None:
    """A policy on a project never allows an action that does not look at projects, so it is no authority either."""
    store = SERVICES["store"]
    blind = Action("pull", "Pull", "read", "image", decided_on=frozenset({"region"}))
    services = {**SERVICES, "store": replace(store, actions={**store.actions, "pull": blind})}
    question = AuthorityQuestion("user:ann", "push", scoped(project=("dev",)), NOW)
    narrow = policy("Writer", scope=scoped(project=("dev",)))
    assert not reference.decide_over(services, account(narrow), question)
    assert reference.decide_over(services, account(policy("Writer", scope=STORE)), question)


def test_authority_over_all_services_needs_the_role_in_each() -> None:
    """A bare role name must mean such a role in every service but `iam` (8.4)."""
    assert not holds(account(policy("Administrator")), "iam.policy.create", Scope())
    assert holds(account(policy("iam/Administrator")), "iam.policy.create", Scope())
    vault = SERVICES["vault"]
    rights = (Right("iam", ("iam.policy.*",)),)
    services = {**SERVICES, "vault": _with_role(vault, Role("vault", "Administrator", "platform", rights))}
    question = AuthorityQuestion("user:ann", "iam.policy.create", Scope(), NOW)
    assert reference.decide_over(services, account(policy("Administrator")), question)


@pytest.mark.parametrize(
    ("role", "expected"),
    [("store/Reader", True), ("store/Burner", False), ("vault/Reader", False), (None, False)],
)
def test_authority_to_assign_is_of_the_rights_roles(role: str | None, expected: bool) -> None:
    """Roles that the right does not list, and explicit ones, are not held (3.10)."""
    said = {} if role is None else {"role": role}
    assert (
        holds(account(policy("Administrator")), "iam.role.assign", STORE, action_properties=said) == expected
    )


def test_a_service_that_means_another_action_by_the_name_is_not_covered() -> None:
    """Authority over an action of `iam` says nothing of a service's own action of the same name (7.2 a)."""
    vault = SERVICES["vault"]
    own = Action("iam.policy.create", "Own", "create", "key")
    services = {**SERVICES, "vault": replace(vault, actions={**vault.actions, own.id: own})}
    world = account(policy("iam/Administrator"))
    everywhere = AuthorityQuestion("user:ann", own.id, Scope(), NOW)
    assert reference.decide_over(SERVICES, world, everywhere)
    assert not reference.decide_over(services, world, everywhere)
