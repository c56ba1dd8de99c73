"""Delegated administrators grant within their scope and nowhere else: projects, services, instances, regions.

Rules 8.1 to 8.5 and 9.2 of docs/spec.md, over HTTP with sessions of their own: which scopes and roles each may put
into a policy, that what is granted works, and how each refusal reads. Other ways of handing something over are
test_delegated_ways.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.delegation import (
    ASSIGN,
    CREATE,
    CRYPTO,
    PUBLISH,
    REALMS,
    REGISTRY,
    Scope,
    lacks,
    over,
    policy,
    refusal,
    role,
    world,
)
from tests.e2e.server import RunningServer

INSTANCE = REALMS["instance"].scope
RING = {"type": "key-ring", "id": "payments"}
TEAM = {"service": REGISTRY, "region": "eu-de", "type": "namespace", "id": "team-*"}

INSIDE: list[tuple[str, str, Scope]] = [
    ("pia", "Administrator", {"project": "dev"}),
    ("pia", "Manager", {"project": "dev"}),
    ("pia", "ims/IMS FullAccess", {"service": "ims", "project": "dev"}),
    ("pia", "Reader", {"service": [REGISTRY, CRYPTO], "project": "dev"}),
    ("pia", "ims/IMS ReadOnlyAccess", {"service": "ims", "region": "eu-*", "project": "dev"}),
    ("pia", "ims/IMS ReadOnlyAccess", {"service": "ims", "project": "dev", "type": "image", "id": "web-*"}),
    ("sam", "Administrator", {"service": "vpc"}),
    ("sam", "VPC FullAccess", {"service": "vpc", "region": "eu-de"}),
    ("sam", "VPC FullAccess", {"service": "vpc", "region": ["eu-de", "eu-nl"]}),
    ("sam", "VPC FullAccess", {"service": "vpc", "project": "*"}),
    ("sam", "vpc/service-looker", {"service": "vpc", "project": "prod"}),
    ("ina", "Administrator", INSTANCE),
    ("ina", "Manager", INSTANCE),
    ("ina", "Writer", {**INSTANCE, **RING}),
    ("ina", "Reader", {**INSTANCE, "type": "key", "within": "key-ring/payments"}),
    ("rex", "Administrator", {"region": "eu-de"}),
    ("rex", "Reader", {"service": [REGISTRY, CRYPTO], "region": "eu-de"}),
    ("rex", "ims/IMS FullAccess", {"service": "ims", "region": "eu-de", "project": "prod"}),
    ("lou", "Administrator", {"project": "test"}),
    ("lou", "ims/IMS FullAccess", {"service": "ims", "project": ["test", "dev"]}),
    ("nora", "Reader", TEAM),
    ("nora", "Manager", {**TEAM, "id": "team-a*"}),
    ("nora", "Manager", {**TEAM, "id": ["team-a", "team-b"]}),
    ("nora", "Reader", {**TEAM, "type": "image", "id": "app", "within": "namespace/team-a"}),
    ("duo", "ims/IMS FullAccess", {"service": "ims", "region": "eu-de"}),
    ("duo", "VPC FullAccess", {"service": "vpc", "region": "eu-nl"}),
]
OUTSIDE: list[tuple[str, Scope, str]] = [
    ("pia", {"project": "prod"}, "project `prod`"),
    ("pia", {"project": ["dev", "prod"]}, "project `dev` or `prod`"),
    ("pia", {"project": "d*"}, "project `d*`"),
    ("pia", {"project": "de?"}, "project `de?`"),
    ("pia", {"project": "*"}, "project `*`"),
    ("pia", {}, "the whole account (every service but iam)"),
    ("pia", {"service": "ims"}, "service `ims`"),
    ("pia", {"service": "ims", "region": "eu-nl"}, "service `ims`, region `eu-nl`"),
    ("pia", {"service": "ims", "type": "image", "id": "in-dev"}, "service `ims`, `image` `in-dev`"),
    ("pia", {"service": "iam"}, "service `iam`"),
    ("pia", {"service": "iam", "project": "dev"}, "service `iam`, project `dev`"),
    ("pia", {"service": "iam", "type": "project", "id": "dev"}, "service `iam`, `project` `dev`"),
    ("pia", {"service": ["ims", "iam"], "project": "dev"}, "service `ims` or `iam`, project `dev`"),
    ("sam", {"service": "ims"}, "service `ims`"),
    ("sam", {"service": ["vpc", "ims"]}, "service `vpc` or `ims`"),
    ("sam", {"project": "dev"}, "project `dev`"),
    ("sam", {"region": "eu-de"}, "region `eu-de`"),
    ("sam", {}, "the whole account (every service but iam)"),
    ("sam", {"service": "iam"}, "service `iam`"),
    ("ina", {**INSTANCE, "instance": "production"},
     "service `hs-crypto`, region `us-south`, instance `production`"),
    ("ina", {**INSTANCE, "instance": ["development", "production"]},
     "service `hs-crypto`, region `us-south`, instance `development` or `production`"),
    ("ina", {**INSTANCE, "instance": "dev*"}, "service `hs-crypto`, region `us-south`, instance `dev*`"),
    ("ina", {**INSTANCE, "region": "eu-de"}, "service `hs-crypto`, region `eu-de`, instance `development`"),
    ("ina", {"service": CRYPTO, "instance": "development"}, "service `hs-crypto`, instance `development`"),
    ("ina", {"service": CRYPTO, "region": "us-south"}, "service `hs-crypto`, region `us-south`"),
    ("ina", {"service": CRYPTO, "region": "us-south", **RING},
     "service `hs-crypto`, region `us-south`, `key-ring` `payments`"),
    ("ina", {"service": CRYPTO, "project": "dev"}, "service `hs-crypto`, project `dev`"),
    ("ina", {"region": "us-south"}, "region `us-south`"),
    ("rex", {"region": "eu-nl"}, "region `eu-nl`"),
    ("rex", {"region": ["eu-de", "eu-nl"]}, "region `eu-de` or `eu-nl`"),
    ("rex", {"region": "eu-*"}, "region `eu-*`"),
    ("rex", {"service": "ims"}, "service `ims`"),
    ("rex", {"project": "dev"}, "project `dev`"),
    ("rex", {"service": ["ims", "iam"], "region": "eu-de"}, "service `ims` or `iam`, region `eu-de`"),
    ("lou", {"project": ["dev", "test", "prod"]}, "project `dev` or `test` or `prod`"),
    ("nora", {**TEAM, "id": "other"}, "service `container-registry`, region `eu-de`, `namespace` `other`"),
    ("nora", {**TEAM, "id": ["team-a", "other"]},
     "service `container-registry`, region `eu-de`, `namespace` `team-a` or `other`"),
    ("nora", {**TEAM, "id": "te*"}, "service `container-registry`, region `eu-de`, `namespace` `te*`"),
    ("nora", {**TEAM, "id": "team*"}, "service `container-registry`, region `eu-de`, `namespace` `team*`"),
    ("nora", {"service": REGISTRY, "region": "eu-de", "type": "namespace"},
     "service `container-registry`, region `eu-de`, `namespace`"),
    ("nora", {**TEAM, "type": "image", "id": "app"},
     "service `container-registry`, region `eu-de`, `image` `app`"),
    ("nora", {**TEAM, "type": "image", "id": "app", "within": "namespace/other"},
     "service `container-registry`, region `eu-de`, `image` `app`, within namespace/other"),
    ("nora", {**TEAM, "region": "eu-nl"},
     "service `container-registry`, region `eu-nl`, `namespace` `team-*`"),
    ("duo", {"service": ["ims", "vpc"], "region": "eu-de"}, "service `ims` or `vpc`, region `eu-de`"),
    ("duo", {"service": "ims", "region": ["eu-de", "eu-nl"]}, "service `ims`, region `eu-de` or `eu-nl`"),
]  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all; what is granted is taken back by the test."""
    folder: Path = tmp_path_factory.mktemp("delegated")
    with RunningServer(folder) as server:
        reply = server.owner().apply(*world())
        assert reply.status == 200, reply.text
        yield server


def body(role: str, scope: Scope, **more: object) -> dict[str, Any]:
    """A policy for bob."""
    return {"subjects": ["user:bob"], "roles": [role], "scope": scope, **more}


@pytest.mark.parametrize(("who", "role", "scope"), INSIDE)
def test_one_grants_within_ones_scope(company: RunningServer, who: str, role: str, scope: Scope) -> None:
    """The policy is made, narrowed, disabled and enabled, and ended by who administers its scope."""
    before = company.export()
    caller = company.client(f"user:{who}")
    made = caller.put("policies", "granted", body=body(role, scope))
    assert made.status == 201, made.text
    more = [
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"when": {"key": "context.mfa", "operator": "bool-equals", "value": True}},
        {"when": None},
        {"state": "disabled"},
        {"state": "enabled", "subjects": ["user:bob", "user:newcomer"]},
        {"effect": "deny"},
        {"effect": "allow"},
    ]
    for change in more:
        changed = caller.patch("policies", "granted", body=change)
        assert changed.status == 200, changed.text
    assert caller.delete("policies", "granted").status == 204
    assert company.export() == before


@pytest.mark.parametrize(("who", "scope", "words"), OUTSIDE)
def test_one_grants_nothing_beyond_ones_scope(
    company: RunningServer, who: str, scope: Scope, words: str
) -> None:
    """Other and wider scopes, patterns and lists are refused, for an allow as for a deny, and nothing is changed."""
    before = company.export()
    caller = company.client(f"user:{who}")
    error = refusal(CREATE, f"`user:{who}` lacks `{CREATE}` over {words}")
    for more in ({}, {"effect": "deny"}, {"state": "disabled"}, {"expires_at": "2027-01-01T00:00:00Z"}):
        asked = body("Administrator", scope, **more)
        for reply in (
            caller.put("policies", "mine", body=asked),
            caller.post("policies", body={"name": "mine", **asked}),
            caller.apply({"kind": "Policy", "name": "mine", **asked}),
        ):
            assert reply.status == 403, reply.text
            assert reply.error == error
    assert company.export() == before


@pytest.mark.parametrize(("who", "scope", "words"), OUTSIDE)
def test_a_grant_is_not_stretched_beyond_ones_scope(
    company: RunningServer, who: str, scope: Scope, words: str
) -> None:
    """A policy that one may make is not changed into one that one may not."""
    caller = company.client(f"user:{who}")
    own = next(own for name, _, own in INSIDE if name == who)
    assert caller.put("policies", "granted", body=body("Administrator", own)).status == 201
    before = company.export()
    wide = {name: None for name in own if name not in scope} | scope
    reply = caller.patch("policies", "granted", body={"scope": wide})
    assert reply.status == 403, reply.text
    assert reply.error == refusal("iam.policy.update", f"`user:{who}` lacks `iam.policy.update` over {words}")
    assert company.export() == before
    assert caller.delete("policies", "granted").status == 204


@pytest.mark.parametrize("name", REALMS)
def test_what_is_granted_holds_there_and_nowhere_else(company: RunningServer, name: str) -> None:
    """Who was granted something may do it inside, may not outside, and no longer when it is taken back."""
    realm = REALMS[name]
    owner, admin = company.owner(), company.client(f"user:{realm.admin}")
    asked = (realm.asked, realm.inside, "user:newcomer")
    granted = {**body(f"{realm.service}/{realm.role}", {"service": realm.service, **realm.scope})}
    assert not owner.is_allowed(*asked)
    made = admin.put("policies", "granted", body={**granted, "subjects": ["user:newcomer"]})
    assert made.status == 201, made.text
    assert owner.is_allowed(*asked)
    assert company.client("user:newcomer").is_allowed(realm.asked, realm.inside)
    assert not owner.is_allowed(*realm.outside, "user:newcomer")
    assert not owner.is_allowed(realm.wider, realm.inside, "user:newcomer")
    assert admin.delete("policies", "granted").status == 204
    assert not owner.is_allowed(*asked)


@pytest.mark.parametrize("name", REALMS)
def test_whom_one_makes_an_administrator_is_one_there_too(company: RunningServer, name: str) -> None:
    """An administrator makes another, who grants within the same scope and not beyond it."""
    realm = REALMS[name]
    before = company.export()
    admin, second = company.client(f"user:{realm.admin}"), company.client("user:newcomer")
    more = body("Administrator", realm.scope, subjects=["user:newcomer"])
    own = body(f"{realm.service}/{realm.role}", {"service": realm.service, **realm.scope})
    lacking = refusal(CREATE, f"`user:newcomer` lacks `{CREATE}` over {over(realm)}")
    assert second.put("policies", "second", body=own).error == lacking
    assert admin.put("policies", "first", body=more).status == 201
    assert second.put("policies", "second", body=own).status == 201
    whole = second.put("policies", "third", body=body("Administrator", {}))
    assert whole.error == refusal(
        CREATE, f"`user:newcomer` lacks `{CREATE}` over the whole account (every service but iam)"
    )
    # The first can be taken back by the second: both administer it.
    assert second.delete("policies", "first").status == 204
    assert admin.delete("policies", "second").status == 204
    assert company.export() == before


EXPLICIT = ["KMS Key Purge", "VMware KMIP Manager", "Certificate Manager", "Crypto unit administrator"]


@pytest.mark.parametrize("name", EXPLICIT)
@pytest.mark.parametrize(
    ("who", "scope", "words"),
    [
        ("pia", {"service": CRYPTO, "project": "dev"}, "service `hs-crypto`, project `dev`"),
        ("ina", INSTANCE, REALMS["instance"].words),
        ("rex", {"service": CRYPTO, "region": "eu-de"}, "service `hs-crypto`, region `eu-de`"),
    ],
)
def test_roles_that_are_assigned_by_name_are_no_administrators_to_give(
    company: RunningServer, who: str, name: str, scope: Scope, words: str
) -> None:
    """Neither such a role nor a custom one with its actions, not even on one key."""
    before = company.export()
    caller = company.client(f"user:{who}")
    full = f"{CRYPTO}/{name}"
    for named in (name, full):
        reply = caller.put("policies", "mine", body=body(named, scope))
        assert reply.status == 403, reply.text
        assert reply.error == lacks(ASSIGN, words, "policy `mine` grants it", full)
    both = {**body("Reader", scope), "roles": ["Reader", name]}
    assert caller.put("policies", "mine", body=both).error["detail"] == (
        f"policy `mine` grants it, and you lack `{ASSIGN}` for role `{full}` over {words}"
    )
    assert company.export() == before


@pytest.mark.parametrize("actions", [["hs-crypto.secrets.purge"], ["hs-crypto.*"], ["*"]])
def test_a_custom_role_with_such_an_action_is_assigned_by_name_too(
    company: RunningServer, actions: list[str]
) -> None:
    """Who may make roles and administers the instance does not get at the purging of keys by a role of their own."""
    if company.owner().get("roles", "Purger").status == 200:
        company.owner().delete("roles", "Purger")
    before = company.export()
    ina = company.client("user:ina")
    assert (
        ina.put("roles", "Purger", body={"service": CRYPTO, "rights": [{"actions": actions}]}).status == 201
    )
    reply = ina.put("policies", "mine", body=body("Purger", INSTANCE))
    assert reply.status == 403, reply.text
    assert reply.error == lacks(
        ASSIGN, REALMS["instance"].words, "policy `mine` grants it", f"{CRYPTO}/Purger"
    )
    assert ina.delete("roles", "Purger").status == 204
    # Nor in one go with the grant, nor by widening a role that is granted already.
    made = {"kind": "Role", "name": "Purger", "service": CRYPTO, "rights": [{"actions": actions}]}
    granted = {"kind": "Policy", "name": "mine", **body("Purger", INSTANCE)}
    assert ina.apply(made, granted).error == reply.error
    widened = ina.patch("roles", "instance-looker", body={"rights": [{"actions": actions}]})
    assert widened.status == 403
    assert widened.error["action"] == ASSIGN
    assert company.export() == before


def test_roles_of_bailiwick_itself_are_nobodys_to_give_but_its_administrators(company: RunningServer) -> None:
    """A role of `iam` over one's own scope would hand on single rights of an administrator; it is not assigned so."""
    before = company.export()
    granting = role("Granter", "iam", {"actions": ["iam.policy.*", "iam.role.assign"]})
    owner = company.owner()
    assert owner.apply(granting).status == 200
    for realm in REALMS.values():
        caller = company.client(f"user:{realm.admin}")
        for name in ("iam/Granter", "iam/Administrator"):
            reply = caller.put("policies", "mine", body=body(name, realm.scope))
            assert reply.status == 403, reply.text
            assert reply.error == lacks(ASSIGN, realm.words, "policy `mine` grants it", name)
    assert owner.delete("roles", "Granter").status == 204
    assert company.export() == before


def test_granting_to_everyone_needs_its_own_right(company: RunningServer) -> None:
    """Administrators publish within their scope; who may only create policies there does not."""
    before = company.export()
    owner, gina = company.owner(), {"kind": "User", "name": "gina"}
    granter = role(
        "Granter", "iam",
        {"actions": [CREATE, "iam.policy.read", "iam.policy.update"]},
        {"actions": [ASSIGN], "roles": ["vpc/*"]},
    )  # fmt: skip
    held = policy("granters", "user:gina", "iam/Granter", {"service": "vpc"})
    assert owner.apply(gina, granter, held).status == 200
    everyone = body("VPC ReadOnlyAccess", {"service": "vpc"}, subjects=["group:everyone"])
    reply = company.client("user:gina").put("policies", "public", body=everyone)
    assert reply.status == 403, reply.text
    assert reply.error == lacks(PUBLISH, "service `vpc`", "policy `public` grants it")
    members = {**everyone, "subjects": ["group:members"]}
    assert company.client("user:gina").put("policies", "all-members", body=members).status == 201
    wider = company.client("user:gina").patch(
        "policies", "all-members", body={"subjects": ["group:members", "group:everyone"]}
    )
    assert wider.error == lacks(PUBLISH, "service `vpc`", "policy `all-members` grants it")
    sam = company.client("user:sam")
    assert sam.put("policies", "public", body=everyone).status == 201
    assert company.owner().is_allowed("vpc:vpcs:get", "brn:acme:vpc:eu-de::vpc/v", "anonymous:anonymous")
    beyond = sam.put("policies", "public-images", body={**everyone, "scope": {"service": "ims"}})
    assert beyond.error == refusal(CREATE, f"`user:sam` lacks `{CREATE}` over service `ims`")
    for name in ("public", "all-members", "granters"):
        assert owner.delete("policies", name).status == 204
    assert owner.delete("roles", "Granter").status == 204
    assert owner.delete("users", "gina").status == 204
    assert company.export() == before


def test_who_administers_a_scope_ends_any_grant_in_it_and_none_outside(company: RunningServer) -> None:
    """Policies that others made are changed and ended by who administers their scope, and only by them."""
    for name, realm in REALMS.items():
        caller = company.client(f"user:{realm.admin}")
        for other, its in REALMS.items():
            before = company.export()
            reply = caller.delete("policies", f"{other}-holder")
            if name == other:
                assert reply.status == 204
                assert company.owner().apply(*world()).status == 200
                continue
            detail = f"`user:{realm.admin}` lacks `iam.policy.delete` over {over(its)}"
            assert reply.error == refusal("iam.policy.delete", detail)
            assert company.export() == before
