"""The reference's decisions in one small world, rule by rule of sections 1 to 7."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import reference
from tests.unit.reference.worlds import (
    ACCOUNT,
    NOW,
    SERVICES,
    account,
    ask,
    image,
    policy,
    reason,
    registered,
    space,
)

from bailiwick.model.accounts import Group, Membership, Principal
from bailiwick.model.conditions import parse_condition
from bailiwick.model.policies import Guardrail, Scope, Window
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import Right, Role

READ = policy("Reader")


@pytest.mark.parametrize(
    ("resource", "action", "expected"),
    [
        (ResourceQuery("nowhere", (("a", "b"),)), "pull", "unknown_service"),
        (image(path=(("cup", "a"),)), "pull", "unknown_resource_type"),
        (image(path=(("image", "a"),)), "pull", "incomplete_resource"),
        (image(path=(("space", "a"), ("space", "b"))), "see", "incomplete_resource"),
        (image(path=()), "pull", "incomplete_resource"),
        (image(path=(("space", "s"), ("service", "store"))), "see", "incomplete_resource"),
        (image(), "fly", "unknown_action"),
        (image(), "iam.user.invite", "unknown_action"),
        (image(), "see", "wrong_resource_type"),
        (image(), "pull", "allowed"),
        (image(), "iam.role.assign", "no_matching_policy"),
    ],
)
def test_what_is_not_known_is_refused_first(resource: ResourceQuery, action: str, expected: str) -> None:
    """Unknown services, types, paths and actions each have their reason (7.2 a)."""
    assert reason(account(READ), action, resource) == expected


def test_suspension_and_principals_come_next() -> None:
    """A suspended account, an unknown and a disabled principal are refused in this order (7.2 b, c)."""
    assert reason(account(READ, suspended=True), "pull", image(), "user:nobody") == "account_suspended"
    assert reason(account(READ), "pull", image(), "user:nobody") == "unknown_principal"
    off = {**ACCOUNT.principals, "user:ann": Principal("user:ann", disabled=True)}
    assert reason(account(READ, principals=off), "pull", image()) == "principal_disabled"


@pytest.mark.parametrize(
    ("subject", "principal", "expected"),
    [
        ("group:members", "service-id:ci", "allowed"),
        ("group:members", "profile:runner", "no_matching_policy"),
        ("group:members", "service:store", "no_matching_policy"),
        ("group:everyone", "anonymous", "allowed"),
        ("group:everyone", "service:vault", "allowed"),
        ("group:everyone", "service:nowhere", "unknown_principal"),
        ("group:staff", "user:ann", "allowed"),
        ("group:staff", "user:bea", "no_matching_policy"),
    ],
)
def test_subjects_are_groups_and_built_in_groups(subject: str, principal: str, expected: str) -> None:
    """A principal is itself, its groups through circles, and the built-in ones that hold it (1.4 to 1.6)."""
    assert reason(account(policy("Reader", subject)), "pull", image(), principal) == expected


def test_windows_bound_memberships_and_policies() -> None:
    """Nothing holds outside its window, and the next bound is told (1.7, 7.8)."""
    world = account(policy("Reader", "group:staff", window=Window(500.0, 1500.0)))
    assert ask(world, "pull", image()).valid_until == 1500.0
    late = ask(world, "pull", image(), now=1500.0)
    assert (late.reason.value, late.valid_until) == ("no_matching_policy", 2000.0)
    assert ask(world, "pull", image(), now=2000.0).valid_until is None
    assert ask(world, "pull", image(), now=499.0).valid_until == 500.0
    assert ask(world, "fly", image()).valid_until is None


@pytest.mark.parametrize(
    ("scope", "resource", "expected"),
    [
        (Scope(project=("dev",)), image(), True),
        (Scope(project=("*",)), image(project=None), False),
        (Scope(region=("eu", "us")), image(region="us"), True),
        (Scope(region=("e?",)), image(region=None), False),
        (Scope(service=("vault",)), image(), False),
        (Scope(service=("store",), type=("space",), id=("s",)), image(), True),
        (Scope(service=("store",), type=("space",), id=("i",)), image(), False),
        (Scope(service=("store",), type=("space",)), image(path=(("space", None), ("image", "i"))), True),
        (
            Scope(service=("store",), type=("space",), id=("*",)),
            image(path=(("space", None), ("image", "i"))),
            False,
        ),
        (Scope(service=("store",), within=(("space", "s"),)), image(), True),
        (Scope(service=("store",), within=(("image", "i"),)), image(), False),
        (Scope(service=("store",), instance=("*",)), image(instance="i1"), False),
    ],
)
def test_scopes_select(scope: Scope, resource: ResourceQuery, expected: bool) -> None:
    """A scope allows where all its constraints are true (section 4)."""
    assert bool(ask(account(policy("Reader", scope=scope)), "pull", resource)) == expected


def test_registered_resources_are_as_stored() -> None:
    """What is stored counts, what is said of a registered resource does not; what is not stored is absent (2.4)."""
    world = account(
        policy("Reader", scope=Scope(project=("dev",))), resources=registered("space/s", project="old")
    )
    assert reason(world, "see", space(project="dev")) == "no_matching_policy"
    assert reason(world, "see", space("t", project="dev")) == "allowed"


def test_project_and_inherited_attributes_come_from_the_nearest_ancestor() -> None:
    """A described image has the project and the owner of its registered space, whatever is said (2.5)."""
    world = account(policy("Mine"), resources=registered("space/s", project="dev", owner="user:ann"))
    assert reason(world, "pull", image(owner="user:bea")) == "allowed"
    bare = account(policy("Mine"), resources=registered("space/s"))
    assert reason(bare, "pull", image(owner="user:ann")) == "no_matching_policy"
    scoped = account(policy("Reader", scope=Scope(project=("dev",))), resources=registered("space/s"))
    assert reason(scoped, "pull", image(project="dev")) == "no_matching_policy"


def test_an_unregistered_key_takes_the_project_of_its_instance() -> None:
    """The registered instance is the last ancestor; a region said of a service without regions is not looked at."""
    name = "brn:acme:vault::i1:instance/i1"
    stored = registered("space/s")["brn:acme:store:eu::space/s"]
    resources = {name: type(stored)(name, project="dev")}
    world = account(policy("Reader", scope=Scope(project=("dev",))), resources=resources)
    for region in (None, "eu"):
        key = ResourceQuery("vault", (("key", "k"),), region=region, instance="i1", project="old")
        assert reason(world, "use", key) == "allowed"


def test_a_type_without_an_attribute_has_none_and_an_area_is_its_own_project() -> None:
    """An attribute that the type does not list is absent; a type may stand for a project (2.6)."""
    deny = policy("Reader", effect="deny", name="d", scope=Scope(project=("*",)))
    plain = account(policy("Reader"), deny)
    assert (
        reason(plain, "iam.role.assign", ResourceQuery("store", (("plain", "x"),), project="dev"))
        == "no_matching_policy"
    )
    scoped = account(policy("Administrator", scope=Scope(service=("store",), project=("dev",))))
    area = ResourceQuery("store", (("area", "dev"),), region="eu", project="old")
    assert reason(scoped, "iam.policy.create", area) == "allowed"
    inside = ResourceQuery("store", (("area", "dev"), ("part", "x")), region="eu", project="old")
    resources = registered("area/dev", project="old")
    assert (
        reason(account(*scoped.policies.values(), resources=resources), "iam.policy.create", inside)
        == "allowed"
    )


def test_actions_see_only_what_they_are_decided_on() -> None:
    """An action without a type is decided on the region alone; a list of attributes keeps nodes together (3.1, 3.2)."""
    assert (
        reason(account(policy("Writer", scope=Scope(project=("dev",)))), "make", image())
        == "no_matching_policy"
    )
    assert reason(account(policy("Writer", scope=Scope(region=("eu",)))), "make", image()) == "allowed"
    by_id = policy("Reader", scope=Scope(service=("store",), type=("space",), id=("s",)))
    assert reason(account(by_id), "look", space()) == "allowed"
    by_project = policy("Reader", scope=Scope(project=("dev",)))
    assert reason(account(by_project), "look", space(project="dev")) == "no_matching_policy"


def test_a_disabled_project_takes_nothing_even_for_actions_that_do_not_look_at_it() -> None:
    """What is taken into a disabled project is refused, and so is an unknown one while any is disabled (7.2 e)."""
    world = account(policy("Writer"))
    assert reason(world, "take", image()) == "allowed"
    assert reason(world, "take", image(project="old")) == "project_disabled"
    assert reason(world, "take", image(project=None)) == "project_disabled"
    assert reason(world, "take", image(project="ghost")) == "allowed"


def test_qualifiers_hold_unless_the_action_ignores_them() -> None:
    """A qualifier must be true for an allow; some actions take it as true (3.12)."""
    world = account(policy("Mine"))
    assert reason(world, "pull", image(owner="user:ann")) == "allowed"
    assert reason(world, "pull", image(owner="user:bea")) == "no_matching_policy"
    assert reason(world, "pull", image()) == "no_matching_policy"
    assert reason(world, "see", space(owner="user:bea")) == "allowed"


def test_denies_apply_unless_they_are_false() -> None:
    """An unknown attribute or an unmet qualifier that is unknown does not save from a deny (5.2, 7.4)."""
    deny = policy("Reader", name="d", effect="deny", scope=Scope(project=("old",)))
    world = account(READ, deny)
    assert reason(world, "pull", image()) == "allowed"
    assert reason(world, "pull", image(project=None)) == "explicit_deny"
    assert reason(world, "pull", image(project="old")) == "explicit_deny"
    mine = account(READ, policy("Mine", name="d", effect="deny"))
    assert reason(mine, "pull", image()) == "explicit_deny"
    assert reason(mine, "pull", image(owner="user:bea")) == "allowed"


def test_the_owner_needs_no_policy_but_for_explicit_roles() -> None:
    """The owner is above denies and holds all but what only explicit roles give; guardrails bind it (7.2 d to g)."""
    deny = policy("Reader", "group:everyone", effect="deny")
    assert reason(account(deny), "pull", image(), "user:olga") == "allowed"
    assert reason(account(deny), "push", image(), "user:olga") == "allowed"
    assert reason(account(), "burn", image(), "user:olga") == "no_matching_policy"
    assert reason(account(), "iam.role.assign", image(), "user:olga") == "allowed"
    rails = {"g": Guardrail("g", ("p*",))}
    assert reason(account(guardrails=rails), "pull", image(), "user:olga") == "guardrail"


@pytest.mark.parametrize(
    ("pattern", "scope", "action", "expected"),
    [
        ("*", Scope(), "pull", "guardrail"),
        ("*", Scope(), "iam.policy.create", "allowed"),
        ("iam.*", Scope(), "iam.policy.create", "guardrail"),
        ("iam.*", Scope(service=("iam",)), "iam.policy.create", "allowed"),
        ("*", Scope(service=("vault",)), "pull", "allowed"),
        ("*", Scope(project=("old",)), "pull", "allowed"),
    ],
)
def test_guardrails_reach_the_actions_of_their_services(
    pattern: str, scope: Scope, action: str, expected: str
) -> None:
    """Actions of `iam` over other services are reached only by patterns that begin so (7.7)."""
    world = account(guardrails={"g": Guardrail("g", (pattern,), scope)})
    assert reason(world, action, image(), "user:olga") == expected


def test_restrictions_are_guardrails_of_the_request() -> None:
    """A session's restriction denies what it names; one that is switched off does nothing."""
    rail = Guardrail("r", ("pull",), window=Window(None, 1200.0))
    decision = ask(account(READ), "pull", image(), restrictions=(rail,))
    assert (decision.reason.value, decision.valid_until) == ("guardrail", 1200.0)
    off = Guardrail("r", ("pull",), enabled=False)
    assert reason(account(READ), "pull", image(), restrictions=(off,)) == "allowed"


def test_prerequisites_are_asked_as_requests_of_their_own() -> None:
    """An allow on an action counts only where what it requires is allowed too (7.6)."""
    alone = ask(account(policy("Narrow")), "push", image())
    assert (alone.reason.value, alone.prerequisite) == ("prerequisite_missing", "pull")
    assert ask(account(policy("Narrow"), policy("Reader", name="q")), "push", image())
    denied = account(policy("Writer"), policy("Reader", name="d", effect="deny"))
    assert reason(denied, "push", image()) == "prerequisite_missing"


def test_bare_role_names_mean_the_resources_service() -> None:
    """`Reader` is each service's own; `service/name` is that one; a custom role comes before the catalog's (3.8)."""
    key = ResourceQuery("vault", (("key", "k"),), instance="i1")
    assert reason(account(READ), "use", key) == "allowed"
    assert reason(account(policy("store/Reader")), "use", key) == "no_matching_policy"
    assert reason(account(policy("store/Reader")), "pull", image()) == "allowed"
    roles = {"Reader": Role("store", "Reader", "service", (Right("store", ("see",)),), custom=True)}
    assert reason(account(READ, roles=roles), "pull", image()) == "no_matching_policy"


def test_other_rights_reach_over_their_own_service() -> None:
    """An Administrator of one service administers it alone; account-level rights need a wide policy (3.9, 7.5)."""
    scoped = account(policy("Administrator", scope=Scope(service=("store",))))
    key, invite = ResourceQuery("vault", (("key", "k"),)), ResourceQuery("iam", (("service", "iam"),))
    assert reason(scoped, "iam.policy.create", image()) == "allowed"
    assert reason(scoped, "iam.policy.create", key) == "no_matching_policy"
    assert reason(scoped, "iam.user.invite", invite) == "allowed"
    narrow = account(policy("Administrator", scope=Scope(service=("store",), project=("*",))))
    assert reason(narrow, "iam.user.invite", invite) == "no_matching_policy"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("store/Reader", "allowed"),
        ("store/Burner", "no_matching_policy"),
        ("store/Hot", "no_matching_policy"),
        ("vault/Reader", "no_matching_policy"),
        (None, "no_matching_policy"),
        (5, "no_matching_policy"),
    ],
)
def test_roles_are_assigned_by_pattern_but_explicit_ones_by_name(
    role: str | int | None, expected: str
) -> None:
    """`store/*` stands for every role but explicit ones and custom ones with what only such hold (3.10, 3.11)."""
    hot = {"Hot": Role("store", "Hot", "service", (Right("store", ("bu*",)),), custom=True)}
    said = {} if role is None else {"role": role}
    world = account(policy("Administrator"), roles=hot)
    assert reason(world, "iam.role.assign", image(), action_properties=said) == expected


def test_a_chain_is_judged_link_by_link() -> None:
    """The first denied identity is named; the end is the earliest of those judged (7.9)."""
    world = account(
        policy("Reader", "group:staff"), policy("Reader", "service-id:ci", "q", window=Window(0.0, 1100.0))
    )
    assert ask(world, "pull", image(), chain=("service-id:ci",)).valid_until == 1100.0
    denied = ask(world, "pull", image(), chain=("user:bea", "service-id:ci"))
    assert (denied.reason.value, denied.link, denied.valid_until) == (
        "no_matching_policy",
        "user:bea",
        2000.0,
    )
    assert ask(world, "pull", image(), "user:bea", chain=("user:ann",)).link == "user:bea"
    assert ask(world, "pull", image(), "user:bea").link is None


def test_what_is_said_of_the_principal_is_not_said_of_the_chain() -> None:
    """Properties that the caller says belong to the principal alone."""
    when = parse_condition({"key": "principal.properties.team", "operator": "string-equals", "value": "a"})
    world = account(policy("Reader", "group:everyone", when=when))
    said = {"team": "a"}
    assert ask(world, "pull", image(), principal_properties=said)
    assert not ask(world, "pull", image(), principal_properties=said, chain=("user:bea",))


def test_keys_of_the_principal() -> None:
    """Groups are those that hold now; an identity that is not stored has none, even as a member (6.1)."""
    when = parse_condition({"key": "principal.groups", "operator": "contains-any", "value": "group:crew"})
    crew = Group("crew", (Membership("user:ann", Window(None, 2000.0)), Membership("service:store")))
    world = account(policy("Reader", "group:everyone", when=when), groups={"crew": crew})
    assert ask(world, "pull", image())
    assert not ask(world, "pull", image(), now=2000.0)
    assert not ask(world, "pull", image(), "service:store")


def test_stored_properties_hide_what_is_said_from_their_first_step() -> None:
    """A stored first step hides the whole of what the request says under it (2.8)."""
    when = parse_condition({"key": "resource.properties.a.b", "operator": "string-equals", "value": "x"})
    said = {"a": {"b": "x"}}
    hidden = account(
        policy("Reader", when=when), resources=registered("space/s", properties={"a": {"c": "y"}})
    )
    assert not ask(hidden, "see", space(properties=said))
    open_ = account(policy("Reader", when=when), resources=registered("space/s", properties={"z": 1}))
    assert ask(open_, "see", space(properties=said))


def test_tags_are_unknown_on_described_and_absent_on_registered_resources() -> None:
    """A missing tag denies nothing on a registered resource and allows nothing on a described one (2.7)."""
    when = parse_condition({"key": "resource.tags.env", "operator": "string-not-equals", "value": "live"})
    world = account(policy("Reader", when=when), resources=registered("space/s"))
    assert ask(world, "see", space("s"))
    assert not ask(world, "see", space("t"))
    assert ask(world, "see", space("t", tags={"env": "test"}))


def test_deciding_policies_are_all_of_the_deciding_effect() -> None:
    """Every policy that applies with the effect is named, in order (7.10)."""
    allows = (policy("Reader", name="b"), policy("Writer", name="a"), policy("Burner", name="c"))

    def deciding(world: object, **more: object) -> tuple[str, ...]:
        request = Request("user:ann", "pull", image(), NOW, **more)  # type: ignore[arg-type]  # fields by name
        return reference.deciding_policies(SERVICES, world, request)  # type: ignore[arg-type]  # an account

    assert deciding(account(*allows)) == ("a", "b")
    assert deciding(account(*allows, policy("Reader", name="z", effect="deny"))) == ("z",)
    assert deciding(account(*allows), restrictions=(Guardrail("r"),)) == ("r",)
    assert deciding(account()) == ()
    assert deciding(account(*allows), chain=("user:bea",)) == ()


def test_guardrails_from_above_bind_and_those_of_nodes_below_do_not() -> None:
    """A node's guardrail binds the accounts below, not the one that holds it (20.6); exceptions go on (7.7)."""
    rail = Guardrail("all", ("*",), except_actions=("pu*",))
    above = account(READ, guardrails_above={"corp/all": rail})
    assert reason(above, "see", space()) == "guardrail"
    assert reason(above, "pull", image()) == "allowed"
    below = replace(rail, node="enterprise:corp")
    assert reason(account(READ, guardrails={"all": below}), "see", space()) == "allowed"
    assert reason(account(READ, guardrails={"all": replace(below, node=None)}), "see", space()) == "guardrail"
