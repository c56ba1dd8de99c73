"""Every other way of handing something over, tried by each delegated administrator in each realm.

Rule 9.3 of docs/spec.md, over HTTP: projects, services, instances and regions each have a group, a user, a profile, a
role, a deny and a guardrail of their own (delegation.py). In one's own realm each way works and has its effect; in the
three others it is refused for what it would hand over, said whole, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.delegation import (
    CREATE,
    HELP,
    REALMS,
    Document,
    Realm,
    assert_unmovable,
    lacks,
    over,
    policy,
    refusal,
    world,
)
from tests.e2e.server import Client, Reply, RunningServer


@dataclass(frozen=True)
class Way:
    """One way of handing over what the things of a realm hold.

    `attempt` does it as the caller; `because` is how its refusal begins; `shown` says whether it had its effect.
    """

    attempt: Callable[[Client, str, Realm], Reply]
    because: str
    shown: Callable[[Client, str, Realm], bool]


def may(owner: Client, realm: Realm, who: str, action: str | None = None) -> bool:
    """Is this user allowed what the realm's things allow, or this?"""
    return owner.is_allowed(action or realm.asked, realm.inside, who)


def join(who: Client, name: str, realm: Realm) -> Reply:
    """Put somebody into the realm's group."""
    return who.patch("groups", f"{name}-team", body={"members": ["user:newcomer"]})


def nest(who: Client, name: str, realm: Realm) -> Reply:
    """Put a group of somebody's into the realm's group."""
    return who.patch("groups", f"{name}-team", body={"members": ["group:outsiders"]})


def enable(who: Client, name: str, realm: Realm) -> Reply:
    """Let a user of the realm act again."""
    return who.patch("users", f"{name}-sleeper", body={"disabled": False})


def trust(who: Client, name: str, realm: Realm) -> Reply:
    """Let somebody assume the realm's profile."""
    return who.patch("profiles", f"{name}-profile", body={"trust": ["user:owner", "user:newcomer"]})


def widen(who: Client, name: str, realm: Realm) -> Reply:
    """Let the realm's role do more."""
    return who.patch("roles", f"{name}-looker", body={"rights": [{"actions": [realm.asked, realm.wider]}]})


def describe(who: Client, name: str, realm: Realm) -> Reply:
    """Say of somebody what a policy of the realm asks for."""
    return who.patch("users", "newcomer", body={"properties": {f"in-{name}": True}})


def lift(who: Client, name: str, realm: Realm) -> Reply:
    """Take the realm's guardrail away."""
    return who.delete("guardrails", f"{name}-rail")


def loosen(who: Client, name: str, realm: Realm) -> Reply:
    """Let the realm's guardrail bind only some."""
    when = {"key": "principal.id", "operator": "string-equals", "value": "user:bob"}
    return who.patch("guardrails", f"{name}-rail", body={"when": when})


def joined(owner: Client, name: str, realm: Realm) -> bool:
    """Has somebody what the realm's group has?"""
    return may(owner, realm, "user:newcomer")


def unrailed(owner: Client, name: str, realm: Realm) -> bool:
    """May the owner do what the guardrail forbids?"""
    return may(owner, realm, "user:owner", realm.railed)


WAYS: dict[str, Way] = {
    "a member of a group": Way(join, "`user:newcomer` joins `group:{name}-team`", joined),
    "a group in a group": Way(nest, "`group:outsiders` joins `group:{name}-team`", joined),
    "an attribute that a policy reads": Way(
        describe, "property `in-{name}` of `user:newcomer` is read by policy `{name}-described`", joined
    ),
    "a user who is enabled": Way(
        enable,
        "`user:{name}-sleeper` is enabled and holds policy `{name}-sleeper`",
        lambda owner, name, realm: may(owner, realm, f"user:{name}-sleeper"),
    ),
    "a profile's trust": Way(
        trust,
        "`profile:{name}-profile` is trusted to more and holds policy `{name}-profile`",
        lambda owner, name, realm: "user:newcomer" in owner.get("profiles", f"{name}-profile").json["trust"],
    ),
    "a role widened": Way(
        widen,
        "role `{name}-looker` of policy `{name}-looks` changes",
        lambda owner, name, realm: may(owner, realm, "user:bob", realm.wider),
    ),
    "a guardrail removed": Way(lift, "guardrail `{name}-rail` is removed or changed", unrailed),
    "a guardrail loosened": Way(loosen, "guardrail `{name}-rail` is removed or changed", unrailed),
}
MATRIX = [(way, who, where) for way in WAYS for who in REALMS for where in REALMS]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all: what has worked is put back."""
    folder: Path = tmp_path_factory.mktemp("ways")
    with RunningServer(folder) as server:
        put_back(server)
        yield server


def put_back(server: RunningServer) -> None:
    """Let the account hold the company's documents and nothing else."""
    reply = server.owner().apply(*world(), prune=True)
    assert reply.status == 200, reply.text


def client_of(server: RunningServer, name: str) -> Client:
    """Who administers this realm?"""
    return server.client(f"user:{REALMS[name].admin}")


@pytest.mark.parametrize(("way", "who", "where"), MATRIX)
def test_a_way_is_open_in_ones_own_realm_alone(
    company: RunningServer, way: str, who: str, where: str
) -> None:
    """Own: it is done and has its effect. Others': refused for what would be handed over, and nothing changes."""
    one, realm, owner = WAYS[way], REALMS[where], company.owner()
    before = company.export()
    assert not one.shown(owner, where, realm)
    reply = one.attempt(client_of(company, who), where, realm)
    if who == where:
        assert reply.status in (200, 204), reply.text
        assert one.shown(owner, where, realm)
        put_back(company)
    else:
        assert reply.status == 403, reply.text
        assert reply.error == lacks(CREATE, over(realm), one.because.format(name=where))
    assert company.export() == before


@pytest.mark.parametrize("who", REALMS)
@pytest.mark.parametrize("where", REALMS)
def test_a_deny_is_ended_in_ones_own_realm_alone(company: RunningServer, who: str, where: str) -> None:
    """Deleted, disabled or made narrower, a deny is a policy: who administers its scope may."""
    realm, owner, caller = REALMS[where], company.owner(), client_of(company, who)
    before = company.export()
    barred = f"user:{where}-barred"
    changes: list[tuple[str, Callable[[], Reply]]] = [
        ("delete", lambda: caller.delete("policies", f"{where}-bars")),
        ("update", lambda: caller.patch("policies", f"{where}-bars", body={"state": "disabled"})),
        ("update", lambda: caller.patch("policies", f"{where}-bars", body={"subjects": ["user:newcomer"]})),
    ]
    for action, change in changes:
        assert not may(owner, realm, barred)
        reply = change()
        if who == where:
            assert reply.status in (200, 204), reply.text
            assert may(owner, realm, barred)
            put_back(company)
        else:
            detail = f"`user:{REALMS[who].admin}` lacks `iam.policy.{action}` over {over(realm)}"
            assert reply.error == refusal(f"iam.policy.{action}", detail)
        assert company.export() == before


@pytest.mark.parametrize("who", REALMS)
@pytest.mark.parametrize("where", REALMS)
def test_a_key_is_made_for_whom_one_could_grant_it_all(company: RunningServer, who: str, where: str) -> None:
    """A key of another user or profile-less service ID acts as it does; else it is refused, and none is made."""
    realm, caller = REALMS[where], client_of(company, who)
    keys = len(company.owner().get("api-keys").json["items"])
    for kind in ("user", "service-id"):
        reply = caller.post("api-keys", body={"owner": f"{kind}:{where}-holder"})
        if who == where:
            assert reply.status == 201, reply.text
            as_it = company.caller(company.token(reply.json["apikey"]))
            assert as_it.whoami == f"{kind}:{where}-holder"
            assert as_it.is_allowed(realm.asked, realm.inside)
            assert not as_it.is_allowed(*realm.outside)
            assert company.owner().delete("api-keys", reply.json["id"]).status == 204
        else:
            because = f"`{kind}:{where}-holder` holds policy `{where}-holder`"
            assert reply.error == lacks(CREATE, over(realm), because)
    assert len(company.owner().get("api-keys").json["items"]) == keys


def test_a_key_of_another_administrator_is_its_realms(company: RunningServer) -> None:
    """Nobody comes to another realm by a key of who administers it, nor to Bailiwick's own objects by a keeper's."""
    for who in REALMS:
        caller = client_of(company, who)
        for where, realm in REALMS.items():
            if who != where:
                reply = caller.post("api-keys", body={"owner": f"user:{realm.admin}"})
                assert reply.status == 403, reply.text
                assert reply.error["action"] == CREATE
        mine = caller.post("api-keys", body={})
        assert mine.status == 201
        assert caller.delete("api-keys", mine.json["id"]).status == 204


def test_an_administrator_makes_a_service_id_and_grants_to_it(company: RunningServer) -> None:
    """A program of one's own gets what one may grant, and a key, and nothing beyond."""
    for name, realm in REALMS.items():
        caller = client_of(company, name)
        assert caller.post("service-ids", body={"name": f"{name}-robot"}).status == 201
        scope = {"service": realm.service, **realm.scope}
        grant = {"subjects": [f"service-id:{name}-robot"], "roles": [f"{realm.service}/{realm.role}"]}
        assert caller.put("policies", "robots", body={**grant, "scope": scope}).status == 201
        key = caller.post("api-keys", body={"owner": f"service-id:{name}-robot"})
        assert key.status == 201, key.text
        robot = company.caller(company.token(key.json["apikey"]))
        assert robot.is_allowed(realm.asked, realm.inside)
        assert not robot.is_allowed(*realm.outside)
        wide = caller.put("policies", "robots", body={**grant, "scope": {"service": realm.service}})
        assert wide.status == (200 if name == "service" else 403)
        put_back(company)


MOVED = {
    "service": ("vpc", "brn:acme:vpc:eu-nl::vpc/one", "service `vpc`, region `eu-nl`, project `{}`, `vpc` `one`"),
    "instance": (
        "hs-crypto", "brn:acme:hs-crypto:us-south:development:instance/development",
        "service `hs-crypto`, region `us-south`, instance `development`, project `{}`",
    ),
    "region": (
        "ims", REALMS["region"].inside, "service `ims`, region `eu-de`, project `{}`, `image` `here`",
    ),
    "project": (
        "ims", REALMS["project"].inside, "service `ims`, region `eu-nl`, project `{}`, `image` `in-dev`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("who", REALMS)
@pytest.mark.parametrize("where", MOVED)
def test_what_is_moved_is_ones_own_on_both_sides(company: RunningServer, who: str, where: str) -> None:
    """Between `dev` and `prod` moves who administers the thing wherever it is; a project's administrator does not."""
    _, name, words = MOVED[where]
    owner, caller = company.owner(), client_of(company, who)
    before = company.export()
    was = owner.get("resources", name).json["project"]
    to = "prod" if was == "dev" else "dev"
    reply = caller.patch("resources", name, body={"project": to})
    if who == where == "instance":
        # Authority is not what it lacks: an instance keeps the project that it was registered with.
        assert (reply.status, reply.error["code"]) == (400, "EPS.0033"), reply.text
    elif who == where != "project":
        assert reply.status == 200, reply.text
        assert owner.get("resources", name).json["project"] == to
        put_back(company)
    else:
        assert_unmovable(reply, name, words.format("prod" if who == "project" else "dev"))
    assert company.export() == before


def test_who_administers_two_projects_moves_between_them(company: RunningServer) -> None:
    """Within one's own projects things move, and what the projects' users may goes with them."""
    owner, lou = company.owner(), company.client("user:lou")
    before = company.export()
    image = REALMS["project"].inside
    assert owner.is_allowed("ims:images:get", image, "user:project-holder")
    assert lou.patch("resources", image, body={"project": "test"}).status == 200
    assert not owner.is_allowed("ims:images:get", image, "user:project-holder")
    out = lou.patch("resources", image, body={"project": "prod"})
    words = "service `ims`, region `eu-nl`, project `prod`, `image` `in-dev`"
    assert_unmovable(out, image, words)
    taken = lou.patch("resources", image.replace("in-dev", "in-prod"), body={"project": "test"})
    words = "service `ims`, region `eu-nl`, project `prod`, `image` `in-prod`"
    assert_unmovable(taken, image.replace("in-dev", "in-prod"), words)
    assert lou.patch("resources", image, body={"project": "dev"}).status == 200
    assert company.export() == before


@pytest.mark.parametrize("who", REALMS)
def test_prune_ends_what_one_may_end_and_else_nothing(company: RunningServer, who: str) -> None:
    """A document left out is a deletion: of one's own realm it is done, of another's it stops the whole."""
    caller = client_of(company, who)
    before = company.export()
    for where, realm in REALMS.items():
        left = [document for document in world() if document.get("name") != f"{where}-bars"]
        for dry_run in (True, False):
            reply = caller.apply(*left, prune=True, dry_run=dry_run)
            if who == where:
                assert reply.status == 200, reply.text
            else:
                detail = f"`user:{REALMS[who].admin}` lacks `iam.policy.delete` over {over(realm)}"
                assert reply.error == refusal("iam.policy.delete", detail)
        if who == where:
            assert company.owner().is_allowed(realm.asked, realm.inside, f"user:{where}-barred")
            put_back(company)
        assert company.export() == before


def test_who_keeps_nothing_is_stopped_by_bailiwicks_own_actions(company: RunningServer) -> None:
    """Administering a scope gives no group, user, role, resource or key of others: those are Bailiwick's objects."""
    nora = company.client("user:nora")
    image = REALMS["project"].inside
    before = company.export()
    for document, action, place in (
        ({"kind": "Group", "name": "project-team", "members": ["user:nora"]},
         "iam.group.add-member", " on group `project-team`"),
        ({"kind": "User", "name": "project-sleeper"}, "iam.user.update", " on user `project-sleeper`"),
        ({"kind": "Profile", "name": "project-profile", "trust": ["user:nora"]},
         "iam.profile.update", " on profile `project-profile`"),
        ({"kind": "Role", "name": "project-looker", "service": "ims", "rights": [{"actions": ["*"]}]},
         "iam.role.update", " on role `project-looker`"),
        ({"kind": "Guardrail", "name": "project-rail", "actions": ["ims:images:get"], "scope": {"service": "ims"}},
         "iam.guardrail.update", " on guardrail `project-rail`"),
        ({"kind": "Resource", "name": image, "project": "dev", "tags": {"a": "b"}},
         "iam.resource.update", f" on resource `{image}`"),
        ({"kind": "Group", "name": "new", "members": []}, "iam.group.create", ""),
    ):  # fmt: skip
        reply = nora.apply(document)
        assert reply.error == refusal(action, f"`user:nora` lacks `{action}`{place}", "no_matching_policy")
    # What is done to projects, an action of the project service is enough for as well.
    dev = " on enterprise-project `dev`"
    projects: list[tuple[Document, str, str, str]] = [
        ({"kind": "Resource", "name": image, "project": "test"}, "eps:resources:remove", dev,
         "`iam.project.remove-resource` on project `dev`"),
        ({"kind": "Project", "name": "dev", "disabled": True}, "eps:enterpriseProjects:disable", dev,
         "`iam.project.disable` on project `dev`"),
        ({"kind": "Project", "name": "new"}, "eps:enterpriseProjects:create", "", "`iam.project.create`"),
    ]  # fmt: skip
    for asked, action, place, enough in projects:
        said = f"`user:nora` lacks `{action}`{place}"
        error = refusal(action, said, "no_matching_policy", f"{enough} is enough too; {HELP}")
        assert nora.apply(asked).error == {**error, "code": "EPS.0039"}
    key = nora.post("api-keys", body={"owner": "user:bob"})
    assert key.error == refusal(
        "iam.api-key.create", "`user:nora` lacks `iam.api-key.create`", "no_matching_policy"
    )
    assert company.export() == before


def test_a_role_that_gains_in_two_realms_needs_both(company: RunningServer) -> None:
    """One role in policies of two realms is widened by neither administrator, but by the owner."""
    company.owner().apply(policy("both", "user:bob", "project-looker", {"service": "ims", "region": "eu-de"}))
    before = company.export()
    for name in ("project", "region"):
        other = {"project": "both", "region": "project-looks"}[name]
        words = {"project": "service `ims`, region `eu-de`", "region": "service `ims`, project `dev`"}[name]
        reply = widen(client_of(company, name), "project", REALMS["project"])
        assert reply.error == lacks(CREATE, words, f"role `project-looker` of policy `{other}` changes")
        assert company.export() == before
    put_back(company)


def test_a_role_of_ones_own_is_made_and_assigned(company: RunningServer) -> None:
    """A custom role is anybody's to make who may; assigning it needs the realm."""
    for name, realm in REALMS.items():
        caller = client_of(company, name)
        rights = [{"actions": [realm.asked, realm.wider]}]
        assert caller.put("roles", "own", body={"service": realm.service, "rights": rights}).status == 201
        scope = {"service": realm.service, **realm.scope}
        granted = {"subjects": ["user:newcomer"], "roles": ["own"], "scope": scope}
        assert caller.put("policies", "own", body=granted).status == 201
        assert may(company.owner(), realm, "user:newcomer", realm.wider)
        foreign = next(one for one in REALMS.values() if one.service != realm.service)
        away = {**granted, "roles": ["own"], "scope": {**scope, "service": foreign.service}}
        refused = caller.put("policies", "away", body=away)
        assert refused.status in (400, 403), refused.text
        put_back(company)
