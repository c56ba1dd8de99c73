"""Searches for resources in one small account: what is found, and whether anything had to be decided one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.searched_world import (
    EVERY_FILE,
    F1,
    F2,
    F3,
    F4,
    F5,
    FILES,
    NOW,
    OWNER,
    RESOURCES,
    compiled,
    file,
    found,
    policy,
    projects,
    resource,
    search,
    who,
)

from bailiwick.engine import (
    Narrowing,
    Page,
    ResourceSearch,
    find_resources,
)
from bailiwick.model.accounts import Project
from bailiwick.model.conditions import All, Any, Comparison, Condition, Not, Ref
from bailiwick.model.names import EVERYONE
from bailiwick.model.policies import Guardrail, Scope, Window
from bailiwick.model.services import Right, Role


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (FILES, EVERY_FILE),
        (Scope(), EVERY_FILE),
        (Scope(("projects",)), ()),
        (Scope(("files",), region=("eu",)), (F1, F2, F3, F5)),
        (Scope(("files",), region=("u*",)), (F4,)),
        (Scope(("files",), project=("dev",)), (F1, F2, F5)),
        (Scope(("files",), project=("*",)), (F1, F2, F3, F5)),
        (Scope(("files",), instance=("*",)), ()),
        (Scope(("files",), type=("file",)), EVERY_FILE),
        (Scope(("files",), type=("folder",)), EVERY_FILE),
        (Scope(("files",), type=("service",)), ()),
        (Scope(("files",), type=("folder",), id=("*",)), EVERY_FILE),
        (Scope(("files",), type=("service",), id=("f?les",)), ()),
        (Scope(("projects", "files"), region=("e?",)), (F1, F2, F3, F5)),
        (Scope(("files",), type=("file",), id=("f2",)), (F2,)),
        (Scope(("files",), type=("file",), id=("f*",)), EVERY_FILE),
        (Scope(("files",), type=("file",), id=("?3", "*4")), (F3, F4)),
        (Scope(("files",), type=("folder",), id=("b",)), (F5,)),
        (Scope(("files",), type=("folder", "file"), id=("b", "f?")), EVERY_FILE),
        (Scope(("files",), within=(("folder", "b"),)), (F5,)),
        (Scope(("files",), region=("eu",), within=(("folder", "a"), ("folder", "c"))), (F1, F2, F3)),
        (Scope(("files",), type=("file",), id=tuple(f"f{n}" for n in range(2, 80))), (F2, F3, F5, F4)),
        (Scope(("files",), project=("?ev",), within=(("folder", "b"),)), (F5,)),
    ],
)
def test_a_scope_is_read_off_the_index(scope: Scope, names: tuple[str, ...]) -> None:
    """Whatever a scope says, sets alone tell where it holds."""
    assert found(compiled(policy("user:ann", "files/Reader", scope)), search("user:ann", "files.read")) == (
        names,
        0,
    )


@pytest.mark.parametrize(
    ("role", "names"),
    [("Own", (F1, F3, F4)), ("Ours", (F2,)), ("Whole", EVERY_FILE)],
)
def test_qualifiers_are_looked_up(role: str, names: tuple[str, ...]) -> None:
    """What is one's own, or one's groups', is found by its owner, without a decision on each."""
    assert found(compiled(policy("user:ann", role)), search("user:ann", "files.read")) == (names, 0)


def test_an_account_level_right_holds_nowhere_under_a_narrow_policy() -> None:
    """A right with `level: account` finds nothing under a policy for one project (rule 7.5)."""
    account = compiled(policy("user:ann", "Whole", Scope(("files",), project=("dev",))))
    assert found(account, search("user:ann", "files.read")) == ((), 0)


TESTED = Comparison("resource.tags.env", "string-equals", ("test", "stage"))


@pytest.mark.parametrize(
    ("when", "names", "decided"),
    [
        (Comparison("context.ip", "ip-in", "10.0.0.0/8"), (), 0),
        (Comparison("context.ok", "bool-equals", True), EVERY_FILE, 0),
        (OWNER, (F1, F3, F4), 0),
        (TESTED, (F1,), 0),
        (All((OWNER, TESTED)), (F1,), 0),
        (Any((OWNER, Comparison("resource.budget", "string-equals", "b1"))), (F1, F3, F5, F4), 0),
        (All((Comparison("context.no", "bool-equals", True), OWNER)), (), 0),
        (Any((Comparison("context.ok", "bool-equals", True), OWNER)), EVERY_FILE, 0),
        (Comparison("principal.id", "string-equals", Ref("resource.owner")), (F1, F3, F4), 0),
        (Comparison("principal.groups", "contains-any", Ref("resource.groups")), (F2,), 0),
        (Comparison("principal.groups", "contains-any", Ref("resource.region")), (), 0),
        (Comparison("resource.groups", "contains-any", ("group:crew", "group:x")), (F2,), 0),
        (Comparison("resource.owner", "string-equals", Ref("context.nothing")), (), 0),
        (Comparison("resource.owner", "string-equals", Ref("context.nothing"), missing=True), EVERY_FILE, 5),
        (Comparison("resource.owner", "string-equals", Ref("context.ok")), (), 0),
        (Comparison("resource.owner", "string-equals", Ref("resource.region")), (), 5),
        (Comparison("resource.owner", "contains-any", "user:ann"), (), 5),
        (Comparison("resource.owner", "string-equals", Ref("grant.subject")), (F1, F3, F4), 0),
        (Comparison("resource.owner", "string-not-equals", "user:ann"), (F2, F5), 5),
        (Comparison("resource.properties.size", "number-equals", 5), (F4,), 5),
        (Comparison("resource.properties.size", "string-equals", "5"), (), 5),
        (Comparison("principal.groups", "string-equals", Ref("resource.owner")), (), 0),
        (Comparison("resource.groups", "contains-any", Ref("principal.groups")), (F2,), 0),
        (Comparison("resource.id", "string-equals", "f1"), (F1,), 5),
        (Comparison("resource.service", "string-equals", Ref("context.service")), EVERY_FILE, 5),
        (Not(OWNER), (F2, F5), 5),
    ],
)
def test_conditions_are_answered_once_looked_up_or_decided(
    when: Condition, names: tuple[str, ...], decided: int
) -> None:
    """A condition costs decisions only where it reads the resource in a way that no index can answer."""
    account = compiled(policy("user:ann", "Reader", when=when))
    asked = search("user:ann", "files.read", context={"ok": True, "service": "files"})
    assert found(account, asked) == (names, decided)


def test_denies_and_guardrails_take_away() -> None:
    """What they surely forbid is not looked at, and what they may forbid is decided."""
    plain = policy("user:ann", "Manager")
    deny = policy("user:ann", "Reader", Scope(("files",), region=("us",)), effect="deny")
    assert found(compiled(plain, deny), search("user:ann", "files.read")) == ((F1, F2, F3, F5), 0)
    live = replace(deny, scope=FILES, when=Comparison("resource.tags.env", "string-equals", "live"))
    assert found(compiled(plain, live), search("user:ann", "files.read")) == ((F1, F2, F5, F4), 5)
    rail = Guardrail("rail", ("files.read",), Scope(("files",), project=("dev",)))
    assert found(compiled(plain, guardrails=[rail]), search("user:ann", "files.read")) == ((F3, F4), 0)
    other = replace(rail, actions=("files.put",))
    assert found(compiled(plain, guardrails=[other]), search("user:ann", "files.read")) == (EVERY_FILE, 0)
    past = replace(rail, window=Window(None, NOW))
    assert found(compiled(plain, guardrails=[past]), search("user:ann", "files.read")) == (EVERY_FILE, 0)
    unmet = replace(rail, when=Comparison("context.ok", "bool-equals", False))
    asked = search("user:ann", "files.read", context={"ok": True}, restrictions=(unmet,))
    assert found(compiled(plain), asked) == (EVERY_FILE, 0)
    assert found(compiled(plain), replace(asked, context={})) == ((F3, F4), 0)


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (Scope(("files",), within=(("folder", "b"), ("folder", "c"))), (F1, F2, F3, F4)),
        (Scope(("files",), type=("file",), id=("f1", "f?x", "?2")), (F3, F5, F4)),
        (Scope(("files",), type=("folder",), id=("a",)), (F5,)),
        (Scope(("files",), type=("file",)), ()),
        (Scope(("projects",)), EVERY_FILE),
        (Scope(project=("d?v", "none")), (F3, F4)),
        (Scope(("files",), instance=("*",)), EVERY_FILE),
    ],
)
def test_a_deny_takes_away_where_its_scope_holds(scope: Scope, left: tuple[str, ...]) -> None:
    """Whatever a scope says, sets alone tell what a deny with it leaves, also to an action that sees less."""
    account = compiled(policy("user:ann", "Manager"), policy("user:ann", "Manager", scope, effect="deny"))
    assert found(account, search("user:ann", "files.read")) == (left, 0)
    assert found(account, search("user:ann", "files.purge")) == (EVERY_FILE, 0)


def test_denying_roles_with_tests_are_decided_where_they_read_the_resource() -> None:
    """A deny of what is one's own concerns every file that is allowed, until it is decided."""
    deny = policy("user:ann", "Own", effect="deny")
    account = compiled(policy("user:ann", "Manager"), deny)
    assert found(account, search("user:ann", "files.read")) == ((F2, F5), 5)
    assert found(account, search("user:root", "files.read")) == (EVERY_FILE, 0)


def test_a_disabled_project_takes_nothing() -> None:
    """What is in it is still read, and nothing is put there (rule 7.2 e)."""
    account = compiled(policy("user:ann", "Manager"))
    assert found(account, search("user:ann", "files.put")) == ((F1, F2, F5, F4), 0)
    assert found(account, search("user:ann", "files.read")) == (EVERY_FILE, 0)


def test_prerequisites_must_be_allowed_too() -> None:
    """Writing is found only where reading is allowed."""
    write = policy("user:ann", "Writer")
    assert found(compiled(write), search("user:ann", "files.write")) == ((), 0)
    read = policy("user:ann", "Reader", Scope(("files",), project=("dev",)))
    assert found(compiled(write, read), search("user:ann", "files.write")) == ((F1, F2, F5), 0)


def test_an_action_sees_only_what_it_is_decided_on() -> None:
    """No policy for a project, a type or an owner grants what is decided on the region alone (rule 3.2)."""
    for scope in (
        Scope(("files",), project=("dev",)),
        Scope(("files",), type=("file",)),
        Scope(("files",), type=("file",), id=("f1",)),
        Scope(("files",), type=("file",), id=("f?",), region=("e?",)),
        Scope(("files",), within=(("folder", "a"),)),
    ):
        account = compiled(policy("user:ann", "Manager", scope), policy("user:ann", "Own"))
        assert found(account, search("user:ann", "files.purge")) == ((), 0)
    account = compiled(policy("user:ann", "Manager", Scope(("files",), region=("us",))))
    assert found(account, search("user:ann", "files.purge")) == ((F4,), 0)


def test_actions_of_the_service_itself_and_of_every_service() -> None:
    """They are found over every resource that they may be asked of."""
    account = compiled(
        policy("user:ann", "Manager", Scope(("files",), region=("us",))),
        policy("user:ann", "iam/Administrator", Scope(("files",), type=("file",), id=("f1",))),
    )
    assert found(account, search("user:ann", "files.setting")) == ((F4,), 0)
    for name, names in {
        "files": EVERY_FILE,
        "f*": EVERY_FILE,
        "f?les": EVERY_FILE,
        "x": (),
        "x?": (),
    }.items():
        itself = Scope(("files",), type=("service",), id=(name,))
        assert found(compiled(policy("user:ann", "Manager", itself)), search("user:ann", "files.itself")) == (
            names,
            0,
        )
    for scope, names in {
        Scope(("files",), type=("service",)): EVERY_FILE,
        Scope(("files",), type=("file",)): (),
        Scope(("files",), type=("file",), id=("f?",)): (),
        Scope(("files",), within=(("service", "files"),)): (),
    }.items():
        account = compiled(policy("user:ann", "Manager", scope))
        assert found(account, search("user:ann", "files.itself")) == (names, 0)
    account = compiled(
        policy("user:ann", "Manager", Scope(("files",), region=("us",))),
        policy("user:ann", "iam/Administrator", Scope(("files",), type=("file",), id=("f1",))),
    )
    assert found(account, search("user:ann", "iam.policy.create")) == ((F1,), 0)


@pytest.mark.parametrize(
    "asked",
    [
        search("user:ann", "files.list"),
        search("user:ann", "files.nothing"),
        search("user:cat", "files.read"),
        search("user:ghost", "files.read"),
        search("user:ann", "files.read", chain=("user:ghost",)),
        replace(search("user:ann", "files.read"), service="ghost"),
        replace(search("user:ann", "files.read"), type="ghost"),
    ],
)
def test_nothing_is_found_where_nothing_can_be_allowed(asked: ResourceSearch) -> None:
    """Unknown names, actions of another type and those who may not act find nothing."""
    account = compiled(policy(EVERYONE, "Manager"))
    assert found(account, asked) == ((), 0)
    assert found(replace(account, account=replace(account.account, suspended=True)), asked) == ((), 0)


def test_a_suspended_account_finds_nothing() -> None:
    """Neither resources nor principals."""
    account = compiled(policy(EVERYONE, "Manager"), suspended=True)
    assert found(account, search("user:ann", "files.read")) == ((), 0)
    assert who(account) == ((), 0)


def test_everyone_in_a_chain_must_be_allowed() -> None:
    """What is found is what each of them would find."""
    account = compiled(
        policy("user:ann", "Reader", Scope(("files",), project=("dev",))),
        policy("user:bob", "Reader", Scope(("files",), within=(("folder", "a"),))),
    )
    assert found(account, search("user:ann", "files.read", chain=("user:bob",))) == ((F1, F2), 0)


def test_a_joined_search_finds_what_both_find() -> None:
    """Only where the one who asks may ask is it said what the other may do (rule 17.8)."""
    account = compiled(
        policy("user:ann", "Reader", Scope(("files",), project=("dev",))),
        policy("user:bob", "Own"),
    )
    other = replace(search("user:bob", "files.read"), service="ghost", type="ghost")
    assert found(account, search("user:ann", "files.read", also=other)) == ((F2,), 0)


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (Narrowing(owner="user:ann"), (F1, F3, F4)),
        (Narrowing(tags={"env": "live"}), (F3,)),
        (Narrowing(tags={"env": "live", "x": "y"}), ()),
        (Narrowing(name_prefix="brn:acme:files:eu::folder/a/"), (F1, F2, F3)),
        (Narrowing(scope=Scope(("files",), region=("us",))), (F4,)),
        (Narrowing(scope=Scope(("files",), project=("d?v",)), owner="user:ann"), (F1,)),
        (Narrowing(scope=Scope(("projects",))), ()),
    ],
)
def test_narrowing_takes_what_is_registered(only: Narrowing, names: tuple[str, ...]) -> None:
    """Whatever the action is decided on, all that narrows must hold of the resource (rule 17.7)."""
    account = compiled(policy("user:ann", "Manager"))
    for action in ("files.read", "files.purge"):
        assert found(account, search("user:ann", action, only=only)) == (names, 0)
    undecided = compiled(policy("user:ann", "Manager", when=Comparison("resource.id", "string-like", "f*")))
    assert found(undecided, search("user:ann", "files.read", only=only))[0] == names


def test_projects_are_the_candidates_of_a_type_that_stands_for_them() -> None:
    """Every project is one, registered as a resource or not; a deny on what nobody knows of it is decided."""
    asked = ResourceSearch("user:ann", "projects.get", "projects", "project", NOW)
    dev, old = (f"brn:acme:projects:::project/{name}" for name in ("dev", "old"))
    scope = Scope(("projects",), project=("dev",))
    assert found(compiled(policy("user:ann", "Viewer", scope)), asked) == ((dev,), 0)
    everywhere = Scope(("projects",))
    assert found(compiled(policy("user:ann", "Viewer", everywhere)), asked) == ((dev, old), 0)
    with_owner = compiled(
        policy("user:ann", "Viewer", everywhere),
        policy("user:ann", "Viewer", everywhere, effect="deny", when=OWNER),
        resources={dev: resource(dev, owner="user:bob")},
    )
    assert found(with_owner, asked) == ((dev,), 2)
    missing = Comparison("resource.owner", "string-equals", "user:ann", missing=True)
    assert found(compiled(policy("user:ann", "Viewer", everywhere, when=missing)), asked) == ((dev, old), 2)


def test_a_deny_for_a_region_concerns_projects_of_which_no_region_is_known() -> None:
    """A project has no region in its name, so a deny for one may be meant, and an allow for one is not (rule 5.2)."""
    places = replace(
        projects(),
        name="places",
        regional=True,
        roles={"Viewer": Role("places", "Viewer", "service", (Right("places", ("*",)),))},
    )
    europe = Scope(("places",), region=("eu",))
    asked = ResourceSearch("user:ann", "projects.get", "places", "project", NOW)
    plain = policy("user:ann", "Viewer", Scope(("places",)))
    names = tuple(f"brn:acme:places:::project/{name}" for name in ("dev", "old"))
    assert found(compiled(plain, services={"places": places}), asked) == (names, 0)
    denied = compiled(plain, policy("user:ann", "Viewer", europe, effect="deny"), services={"places": places})
    assert found(denied, asked) == ((), 2)
    allowed = compiled(policy("user:ann", "Viewer", europe), services={"places": places})
    assert found(allowed, asked) == ((), 0)


def test_projects_that_come_and_go_are_found() -> None:
    """Adding, removing and registering a project changes what a search for projects finds."""
    asked = ResourceSearch("user:ann", "projects.get", "projects", "project", NOW)
    before = compiled(policy("user:ann", "Viewer", Scope(("projects",)), when=OWNER))
    assert found(before, asked) == ((), 0)
    new = "brn:acme:projects:::project/new"
    account = replace(
        before.account, projects={"new": Project("new")}, resources={new: resource(new, owner="user:ann")}
    )
    after = before.apply(
        account, [("Project", "new"), ("Project", "dev"), ("Project", "old"), ("Resource", new)]
    )
    assert found(after, asked) == ((new,), 0)
    bare = after.apply(replace(account, resources={}), [("Resource", new)])
    assert found(bare, asked) == ((), 0)
    gone = after.apply(replace(account, projects={}), [("Project", "new")])
    assert found(gone, asked) == ((), 0)
    assert found(gone.apply(replace(account, projects={}, resources={}), [("Resource", new)]), asked) == (
        (),
        0,
    )


def test_what_is_named_as_its_service_does_not_is_decided() -> None:
    """A region in the name of a resource of a service without regions is no part of the name (rule 2.3)."""
    odd = "brn:acme:projects:eu::service/projects"
    account = compiled(
        policy("user:ann", "iam/Administrator", Scope(("projects",), region=("eu",))),
        policy("user:ann", "iam/Administrator", Scope(("projects",), project=("dev",))),
        resources={odd: resource(odd, project="dev")},
    )
    asked = ResourceSearch("user:ann", "iam.policy.create", "projects", "service", NOW)
    assert found(account, asked) == ((), 1)


def test_the_index_follows_changes() -> None:
    """What came, changed and went since is found as it is now, and the account before as it was."""
    before = compiled(policy("user:ann", "Own"))
    asked = search("user:ann", "files.read")
    assert found(before, asked) == ((F1, F3, F4), 0)
    new = file(9)
    resources = {one.name: one for one in RESOURCES}
    del resources[F3]
    resources |= {F1: resource(F1, owner="user:bob"), new: resource(new, owner="user:ann")}
    changed = replace(before.account, resources=resources)
    after = before.apply(changed, [("Resource", name) for name in (F1, F3, new)])
    assert found(after, asked) == ((new, F4), 0)
    assert found(before, asked) == ((F1, F3, F4), 0)
    assert find_resources(after, asked, after=None, limit=1) == Page((new,), new)
