"""Access rights as a table, roles side by side, and rights in words: what each shows of small services."""

from __future__ import annotations

import pytest

from bailiwick.catalog.access_rights import (
    find_unmet,
    full_patterns,
    qualifiers_for,
    read_selection,
    select,
    tabulate,
    with_required,
)
from bailiwick.catalog.edit_rights import compare_held, write_rights
from bailiwick.catalog.entries import parse_service
from bailiwick.catalog.matrix import ordered_roles
from bailiwick.catalog.right_words import describe_right, marks_of
from bailiwick.catalog.role_tables import compare_roles, find_lines, make_matrix
from bailiwick.model.conditions import Comparison
from bailiwick.model.services import Right, Role
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
CLOUD = CATALOG["cloud"]
MFA = Comparison("context.mfa", "bool-equals", True)


def allow(*actions: str, qualifier: str | None = None) -> Right:
    """A plain right of Dell's service."""
    return Right("cloud", actions, qualifier=qualifier)


def access_of(*rights: Right) -> dict[str, str]:
    """The access of each type that these rights give anything of."""
    return {one.name: one.access for one in tabulate(rights, CLOUD) if one.access != "no"}


def test_a_pattern_over_a_type_is_full_access() -> None:
    """A star means full access of what it means; a list of all actions is custom, for later ones are not in it."""
    assert set(access_of(allow("*")).values()) == {"full"}
    assert access_of(allow("volume.*")) == {"volume": "full"}
    every = [id for id in CLOUD.actions if id.startswith("volume.")]
    assert access_of(allow(*every)) == {"volume": "custom"}
    assert access_of(allow("volume.*", qualifier="mine")) == {"volume": "custom"}


def test_qualifiers_add_up_and_any_beats_them() -> None:
    """An action that several rights give is held under each of their qualifiers; one without any covers all."""
    mine, budget = allow("volume.Detach", qualifier="mine"), allow("volume.Detach", qualifier="my budgets")
    assert read_selection([budget, mine], CLOUD).held == {"volume.Detach": ("mine", "my budgets")}
    assert read_selection([mine, allow("volume.D*")], CLOUD).held["volume.Detach"] == ()


def test_a_qualifier_that_is_ignored_or_never_holds() -> None:
    """Where the action ignores it, it is none; where nothing can satisfy it, the right gives nothing."""
    held = read_selection([allow("volume.Create", "firewall.*", qualifier="mine")], CLOUD).held
    assert held["volume.Create"] == ()
    assert held["firewall.Delete"] == ("mine",)
    assert "firewall.Create" not in held


def test_which_qualifiers_fit() -> None:
    """Those that the service defines, that the action does not ignore and whose attributes it sees."""
    found = {
        id: qualifiers_for(CLOUD.actions[id], CLOUD) for id in ("volume.Detach", "volume.Create", "ip.Assign")
    }
    assert found == {
        "volume.Detach": ("my groups", "mine", "this group", "my budgets"), "volume.Create": (), "ip.Assign": (),
    }  # fmt: skip
    assert qualifiers_for(CLOUD.actions["api-key.Access"], CLOUD) == ("mine",)


def test_full_access_is_a_pattern_where_one_says_just_that() -> None:
    """Else it is every action of the type, and all of them are full access."""
    assert full_patterns("load-balancer", CLOUD) == ("load-balancer.*",)
    registry = CATALOG["container-registry"]
    ids = full_patterns("namespace", registry)
    assert len(ids) == 6
    assert read_selection([Right(registry.name, ids)], registry).full == {"namespace"}


def test_everything_is_one_star() -> None:
    """Full access to all types replaces what was there; what no table shows stays."""
    deny = Right("cloud", ("volume.Delete",), effect="deny")
    rights = (allow("volume.Access"), deny, allow("server.*"))
    wanted = select({}, {one.name for one in tabulate((), CLOUD)}, CLOUD)
    assert write_rights(rights, wanted, CLOUD) == (allow("*"), deny)


def test_an_edit_leaves_the_rest_as_it_was_written() -> None:
    """What is taken away goes from its right alone; what is new goes into the first right of its qualifier."""
    rights = (allow("server.*", "volume.Access"), allow("volume.Delete", "volume.Detach", qualifier="mine"))
    held = dict(read_selection(rights, CLOUD).held)
    del held["volume.Delete"]
    held |= {"volume.Attach": ("mine",), "ip.Access": ()}
    assert write_rights(rights, select(held, {"server"}, CLOUD), CLOUD) == (
        allow("server.*", "volume.Access", "ip.Access"),
        allow("volume.Detach", "volume.Attach", qualifier="mine"),
    )


def test_prerequisites_are_found_and_added_as_widely() -> None:
    """Access for one's own is required of an action for one's own; any where it is for all."""
    held = {"volume.Detach": ("mine",), "load-balancer.AddDataCenter": ()}
    unmet = [(one.action.id, one.required.id, one.narrower) for one in find_unmet(held, CLOUD)]
    assert unmet == [
        ("volume.Detach", "volume.Access", False),
        ("load-balancer.AddDataCenter", "load-balancer.Access", False),
        ("load-balancer.AddDataCenter", "load-balancer.Configure", False),
    ]
    assert with_required(held, CLOUD) == {
        **held, "volume.Access": ("mine",), "load-balancer.Access": (), "load-balancer.Configure": (),
    }  # fmt: skip
    narrow = {"volume.Detach": (), "volume.Access": ("mine",)}
    assert [one.narrower for one in find_unmet(narrow, CLOUD)] == [True]


def test_a_prerequisite_that_takes_no_such_qualifier_is_added_for_all() -> None:
    """Else it would never hold."""
    service = parse_service(
        {
            "kind": "Service", "name": "s", "title": "S", "resource_types": {"t": {}},
            "qualifiers": [{"name": "mine", "when": {"key": "resource.owner", "operator": "string-equals",
                            "value": {"ref": "principal.id"}}}],
            "actions": [
                {"id": "a", "title": "A", "access": "read", "resource_type": "t", "decided_on": ["region"]},
                {"id": "b", "title": "B", "access": "read", "resource_type": "t", "requires": ["a"]},
            ],
        }
    )  # fmt: skip
    assert with_required({"b": ("mine",)}, service) == {"b": ("mine",), "a": ()}


def test_differences_of_what_is_held() -> None:
    """Given, taken away, limited otherwise; in the service's order."""
    before = {"volume.Detach": (), "volume.Access": ()}
    after = {"volume.Detach": ("mine",), "server.Access": (), "volume.Access": ()}
    changed = [(one.action.id, one.before, one.after) for one in compare_held(before, after, CLOUD)]
    assert changed == [("server.Access", None, ()), ("volume.Detach", (), ("mine",))]


@pytest.mark.parametrize(
    ("right", "words", "marks"),
    [
        (allow("a.*"), "Allows a.*", ()),
        (
            Right("cloud", ("a", "b"), effect="deny", when=MFA),
            "Denies a, b, under a condition",
            ("denied", "under a condition"),
        ),
        (allow("a", qualifier="mine"), "Allows a, on what is mine", ()),
        (
            Right("iam", ("x",), level="account"),
            "Allows x of service iam, only by a policy over the whole account",
            ("whole account only",),
        ),
        (
            Right("iam", ("x",), roles=("cloud/*",)),
            "Allows x of service iam for role cloud/*",
            ("some roles only",),
        ),
        (
            Right("iam", ("x",), roles=("a/b", "c/d")),
            "Allows x of service iam for roles a/b, c/d",
            ("some roles only",),
        ),
    ],
)
def test_rights_in_words(right: Right, words: str, marks: tuple[str, ...]) -> None:
    """A sentence each, and what limits it in a word or two."""
    assert describe_right(right, "cloud") == words
    assert marks_of(right) == marks


def test_the_matrix_of_every_service_holds_every_action_and_operation() -> None:
    """One field for each role; an operation is possible where the role gives all of its actions."""
    for service in CATALOG.values():
        matrix = make_matrix(service, ordered_roles(service))
        lines = [line for section in matrix.sections for line in section.lines]
        assert {line.action.id for line in lines} == set(service.actions)
        assert all(len(line.cells) == len(service.roles) for line in lines)
        assert len(matrix.operations) == len(service.operations)


def test_operations_that_roles_give_in_part() -> None:
    """Retention is run by a Manager alone, or by a Reader and a Writer together."""
    registry = CATALOG["container-registry"]
    roles = ordered_roles(registry)
    matrix = make_matrix(registry, roles)
    [line] = [one for one in matrix.operations if "retention-run" in one.operation.id]
    assert dict(zip([role.name for role in roles], line.given, strict=True)) == {
        "Administrator": "none", "Reader": "some", "Writer": "some", "Manager": "all",
    }  # fmt: skip
    gone = [one for one in matrix.operations if one.operation.discontinued]
    assert gone
    assert {given for one in gone for given in one.given} == {"none"}


def test_a_matrix_is_searched_by_text() -> None:
    """In ids and titles, whatever the case; sections without a line go."""
    matrix = find_lines(make_matrix(CLOUD, ordered_roles(CLOUD)), "DETACH")
    assert [line.action.id for section in matrix.sections for line in section.lines] == ["volume.Detach"]
    assert [line.operation.id for line in matrix.operations] == ["Detach a volume from a server"]


def test_two_roles_compared() -> None:
    """What only one gives, what both give alike, what they limit differently, and other rights of one alone."""
    deny = Right("cloud", ("ip.Access",), effect="deny")
    first = Role("cloud", "A", "service", (allow("volume.Access", "volume.Attach"), allow("volume.Detach")))
    second = Role(
        "cloud", "B", "service",
        (allow("volume.Access"), allow("volume.Detach", qualifier="mine"), allow("server.Access"), deny),
    )  # fmt: skip
    compared = compare_roles(first, second, CLOUD)
    assert {one.action.id: one.where for one in compared.actions} == {
        "ip.Access": "second", "server.Access": "second", "volume.Access": "both",
        "volume.Attach": "first", "volume.Detach": "differs",
    }  # fmt: skip
    assert (compared.count("first"), compared.count("second")) == (1, 2)
    assert (compared.only_first, compared.only_second) == ((), (deny,))
