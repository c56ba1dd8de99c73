"""Lists: what they hold, what stands for a container, and when they are granted."""

from __future__ import annotations

import pytest

from bailiwick.engine import CompiledAccount, compile_account
from bailiwick.engine.lists import Listed, decide_list, listed_by, member_search, narrowing_of
from bailiwick.model.accounts import Account, Principal, Project, Resource
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Reason, Request, ResourceQuery
from bailiwick.model.services import Action, ResourceType, Right, Role, Service
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
TYPES = {
    "shelf": ResourceType("shelf"),
    "box": ResourceType("box"),
    "folder": ResourceType("folder", parents=("shelf", "box", "folder")),
    "page": ResourceType("page", parents=("folder",)),
    "lid": ResourceType("lid", parents=("box",)),
}
ACTIONS = {
    one.id: one
    for one in (
        Action("page.list", "List pages", "list", "page"),
        Action("lid.list", "List lids", "list", "lid"),
        Action("all.list", "List everything", "list"),
        Action("self.list", "List the service", "list", "service"),
    )
}
READER = Role("store", "Reader", "service", (Right("store", ("*",)),))
STORE = Service(
    "store", "Store", TYPES, ACTIONS, {"Reader": READER}, regional=True, instances=True, account="acme"
)


def compiled(*policies: Policy) -> CompiledAccount:
    """An account with a store, in which bob and the policies are."""
    names = ("box/b/lid/l", "box/b/folder/f/page/p", "shelf/s/folder/f/page/q")
    resources = [Resource(f"brn:acme:store:eu:i1:{path}") for path in names]
    account = Account(
        "acme",
        "user:olivia",
        principals={name: Principal(name) for name in ("user:olivia", "user:bob")},
        policies={one.name: one for one in policies},
        projects={"dev": Project("dev"), "prod": Project("prod")},
        resources={one.name: one for one in resources},
        services={"store": STORE},
    )
    return compile_account(CATALOG, account)


def request(action: str, *path: tuple[str, str], principal: str = "user:bob", **said: str) -> Request:
    """May bob list this in the container of this path?"""
    return Request(principal, action, ResourceQuery("store", path, **said), 1_800_000_000.0)  # type: ignore[arg-type]  # the described attributes are texts


SERVICE = ("service", "store")
EVERYWHERE = Policy("p", ("user:bob",), ("Reader",), Scope(service=("store",)))


@pytest.mark.parametrize(
    ("service", "action", "listed"),
    [
        ("iam", "iam.user.list", Listed("user", "iam.user.read")),
        ("iam", "iam.policy.list", None),
        ("eps", "eps:enterpriseProjects:list", Listed("enterprise-project", "eps:enterpriseProjects:list")),
        ("hs-crypto", "hs-crypto.keyrings.list", None),
    ],
)
def test_what_a_list_holds_follows_from_its_type(service: str, action: str, listed: Listed | None) -> None:
    """Resources of its type; objects of `iam` by reading them; else nobody knows."""
    entry = CATALOG[service]
    assert listed_by(entry, entry.actions[action]) == listed


def test_a_list_of_services_or_of_no_type_has_no_members() -> None:
    """They are granted on the container, or not."""
    account = compiled(EVERYWHERE)
    for action in ("all.list", "self.list"):
        assert member_search(account, request(action, SERVICE)) is None
        assert decide_list(account, request(action, SERVICE)).allowed
        assert not decide_list(compiled(), request(action, SERVICE)).allowed


def test_a_list_is_asked_of_whatever_may_stand_below() -> None:
    """Where one chain of types leads to its type, it may be granted as a whole; with several only on members."""
    account = compiled(EVERYWHERE)
    assert decide_list(account, request("lid.list", SERVICE)).container.allowed
    assert decide_list(
        account, request("page.list", ("box", "b"), region="eu", instance="i1")
    ).container.allowed
    several = decide_list(account, request("page.list", SERVICE))
    assert (several.allowed, several.container.reason) == (True, Reason.WRONG_RESOURCE_TYPE)
    below_nothing = decide_list(account, request("lid.list", ("shelf", "s"), region="eu", instance="i1"))
    assert (below_nothing.allowed, below_nothing.container.reason) == (False, Reason.WRONG_RESOURCE_TYPE)


def test_a_member_is_enough() -> None:
    """Who may list one box's lids may list lids, and that box's only."""
    one = Policy("p", ("user:bob",), ("Reader",), Scope(service=("store",), within=(("box", "b"),)))
    found = decide_list(compiled(one), request("lid.list", SERVICE))
    assert (found.allowed, found.container.allowed) == (True, False)
    none = decide_list(compiled(one), request("lid.list", SERVICE, region="us"))
    assert (none.allowed, none.container.reason) == (False, Reason.NO_MATCHING_POLICY)


def test_what_nobody_knows_is_decided_as_such() -> None:
    """Services and actions that are not there give the engine's reason."""
    account = compiled(EVERYWHERE)
    assert decide_list(account, request("nothing", SERVICE)).container.reason is Reason.UNKNOWN_ACTION
    nowhere = Request("user:bob", "x", ResourceQuery("nowhere", (("service", "nowhere"),)), 0.0)
    assert decide_list(account, nowhere).container.reason is Reason.UNKNOWN_SERVICE


@pytest.mark.parametrize(
    ("query", "prefix"),
    [
        (ResourceQuery("store", (("box", "b"),), "eu", "i1"), "brn:acme:store:eu:i1:box/b/"),
        (ResourceQuery("store", (("box", "b"),), None, "i1"), None),
        (ResourceQuery("store", (("box", "b"),), "eu", None), None),
        (ResourceQuery("store", (("box", None),), "eu", "i1"), None),
    ],
)
def test_members_stand_below_their_container(query: ResourceQuery, prefix: str | None) -> None:
    """Their names begin with its; a name that leaves something out has nothing below it."""
    only = narrowing_of("acme", STORE, query)
    assert (only and only.name_prefix) == prefix


def test_a_container_that_says_a_pattern_has_no_members() -> None:
    """In a scope it would be a wildcard."""
    account = compiled(EVERYWHERE)
    assert member_search(account, request("lid.list", SERVICE, region="e*")) is None


def test_a_project_user_lists_the_projects_granted() -> None:
    """Projects are members too."""
    scope = Scope(service=("eps",), type=("enterprise-project",), id=("dev",))
    account = compiled(Policy("p", ("user:bob",), ("EPS ReadOnlyAccess",), scope))
    eps = ResourceQuery("eps", (("service", "eps"),))
    asked = Request("user:bob", "eps:enterpriseProjects:list", eps, 1_800_000_000.0)
    found = decide_list(account, asked)
    assert (found.allowed, found.container.allowed) == (True, False)
