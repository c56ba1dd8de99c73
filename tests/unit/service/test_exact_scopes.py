"""The narrowest scope: what an action is decided on, and nothing that it is not."""

from __future__ import annotations

import pytest
from tests.unit.engine.searched_world import compiled, file

from bailiwick.engine import CompiledAccount, compile_account
from bailiwick.model.accounts import Account
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import ResourceQuery
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.exact_scopes import Narrowest, narrowest_scope

SHIPPED = compile_account(load_system_catalog(), Account("acme", "user:owner"))


def narrowest(
    action: str, name: str, account: CompiledAccount = SHIPPED, *, project: str | None = None
) -> Narrowest:
    """The scope for this action on this resource."""
    return narrowest_scope(account, action, ResourceQuery.of(parse_resource_name(name), project=project))


@pytest.mark.parametrize(
    ("action", "name", "said", "scope"),
    [
        (
            "ims:images:delete",
            "brn:acme:ims:eu-de::image/web",
            {},
            Scope(("ims",), ("eu-de",), type=("image",), id=("web",)),
        ),
        # Decided on the region alone: whatever else is named is not part of it.
        (
            "ims:images:create",
            "brn:acme:ims:eu-de::service/ims",
            {"project": "dev"},
            Scope(("ims",), ("eu-de",)),
        ),
        (
            "ims:serverImages:create",
            "brn:acme:ims:eu-de::service/ims",
            {"project": "dev"},
            Scope(("ims",), ("eu-de",), project=("dev",)),
        ),
        (
            "container-registry.image.pull",
            "brn:acme:container-registry:eu-de::namespace/dev/image/app",
            {},
            Scope(
                ("container-registry",),
                ("eu-de",),
                type=("image",),
                id=("app",),
                within=(("namespace", "dev"),),
            ),
        ),
        (
            "hs-crypto.secrets.read",
            "brn:acme:hs-crypto:us-south:i1:key-ring/r/key/k",
            {},
            Scope(
                ("hs-crypto",), ("us-south",), ("i1",), type=("key",), id=("k",), within=(("key-ring", "r"),)
            ),
        ),
        ("iam.user.update", "brn:acme:iam:::user/bob", {}, Scope(("iam",), type=("user",), id=("bob",))),
        ("iam.user.list", "brn:acme:iam:::service/iam", {}, Scope(("iam",))),
        (
            "iam.policy.create",
            "brn:acme:ims:eu-de::service/ims",
            {},
            Scope(("ims",), ("eu-de",), type=("service",), id=("ims",)),
        ),
    ],
)
def test_a_scope_says_what_the_action_is_decided_on(
    action: str, name: str, said: dict[str, str], scope: Scope
) -> None:
    """Service, then as much of region, instance, project and node as counts."""
    assert narrowest(action, name, project=said.get("project")) == Narrowest(scope)


@pytest.mark.parametrize(
    ("action", "name", "lacks"),
    [
        ("ims:images:delete", "brn:acme:ims:::image/web", "the question does not say the region"),
        (
            "hs-crypto.secrets.read",
            "brn:acme:hs-crypto:us-south::key-ring/r/key/k",
            "the question does not say the instance",
        ),
        (
            "ims:images:delete",
            "brn:acme:ims:eu-%2A::image/web",
            "no scope says the region `eu-*`: it would be a pattern",
        ),
        (
            "ims:images:delete",
            "brn:acme:ims:eu::image/a%3F",
            "no scope says the id `a?`: it would be a pattern",
        ),
        ("ims:images:nonsense", "brn:acme:ims:eu::image/a", "unknown action"),
    ],
)
def test_where_no_scope_is_exact_there_is_none(action: str, name: str, lacks: str) -> None:
    """And it is said what would have to be known."""
    assert narrowest(action, name) == Narrowest(None, lacks)


def test_an_id_that_nobody_says_is_missed() -> None:
    """Of the resource, and of the one above."""
    image = ResourceQuery("ims", (("image", None),), "eu-de")
    assert (
        narrowest_scope(SHIPPED, "ims:images:delete", image).lacks == "the question does not say which image"
    )
    inner = ResourceQuery("container-registry", (("namespace", None), ("image", "a")), "eu-de")
    found = narrowest_scope(SHIPPED, "container-registry.image.pull", inner)
    assert found.lacks == "the question does not say which namespace"


def test_what_policies_cannot_say_is_told_as_wider() -> None:
    """A service that constrains nothing but itself."""
    found = narrowest("eps:enterpriseProjects:get", "brn:acme:eps:::enterprise-project/dev")
    assert found == Narrowest(Scope(("eps",), type=("enterprise-project",), id=("dev",)))
    deep = narrowest("files.read", file(1), compiled())
    assert deep.scope == Scope(("files",), ("eu",), type=("file",), id=("f1",), within=(("folder", "a"),))
    tree = narrowest(
        "enterprise.account.retrieve", "brn:acme:enterprise:::enterprise/e/account-group/g/account/a"
    )
    assert tree.wider == "another account of the same id, in another enterprise, is reached too"
