"""Attacks by way of profiles, services and sessions, over HTTP: each ends in a refusal, and nothing has changed.

`dora` administers the Image Management Service and keeps profiles, users and groups (`Keeper`); the profile `deployer`
and the service `ims` hold what she does not. Bug classes 24, 25, 28, 29 and 30.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.profile_world import IMAGE, READ, assume, make_acme, make_dev, session_of
from tests.e2e.server import Client, RunningServer

KEEPS = [
    "iam.*.list",
    "iam.*.read",
    "iam.profile.*",
    "iam.user.*",
    "iam.group.*",
    "iam.role.*",
    "iam.api-key.*",
]
WORLD: list[dict[str, Any]] = [
    {"kind": "User", "name": "dora"},
    {"kind": "User", "name": "victor"},
    {"kind": "Group", "name": "gateways", "members": []},
    {"kind": "Role", "name": "Keeper", "service": "iam", "rights": [{"actions": KEEPS}]},
    {
        "kind": "Profile",
        "name": "deployer",
        "trust": ["user:victor"],
        "when": {"key": "principal.properties.floor", "operator": "number-equals", "value": 3},
    },
    {
        "kind": "Policy",
        "name": "keeper",
        "subjects": ["user:dora"],
        "roles": ["Keeper"],
        "scope": {"service": "iam"},
    },
    {
        "kind": "Policy",
        "name": "dora-ims",
        "subjects": ["user:dora"],
        "roles": ["Administrator", "iam/Administrator"],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "registry",
        "subjects": ["profile:deployer", "service:ims"],
        "roles": ["Manager"],
        "scope": {"service": "container-registry"},
    },
    {
        "kind": "Policy",
        "name": "gateways-act",
        "subjects": ["group:gateways"],
        "roles": ["iam/Service Agent"],
        "scope": {"service": "ims"},
    },
]
AGENT = {"subjects": ["user:dora"], "roles": ["iam/Service Agent"], "scope": {"service": "ims"}}
WHEN = WORLD[4]["when"]
ATTEMPTS: dict[str, tuple[str, tuple[str, ...], dict[str, Any], str]] = {
    "a profile that trusts oneself": (
        "PUT", ("profiles", "deployer"), {"trust": ["user:victor", "user:dora"], "when": WHEN},
        "`profile:deployer` is trusted to more",
    ),
    "a profile that trusts another account": (
        "PUT", ("profiles", "deployer"), {"trust": ["user:victor", "account:dev"], "when": WHEN},
        "`profile:deployer` is trusted to more",
    ),
    "a profile that trusts somebody of another account": (
        "PUT", ("profiles", "deployer"), {"trust": ["user:victor", "account:dev/user:alice"], "when": WHEN},
        "`profile:deployer` is trusted to more",
    ),
    "a profile that trusts a service that one may act as": (
        "PUT", ("profiles", "deployer"), {"trust": ["user:victor", "service:ims"], "when": WHEN},
        "`profile:deployer` is trusted to more",
    ),
    "a profile that trusts without its condition": (
        "PUT", ("profiles", "deployer"), {"trust": ["user:victor"]}, "`profile:deployer` is trusted to more",
    ),
    "the property that the condition reads": (
        "PATCH", ("users", "victor"), {"properties": {"floor": 3}},
        "`profile:deployer` trusts by property `floor` of `user:victor`",
    ),
    "to act as a service": (
        "PUT", ("policies", "acts"), AGENT, "`service:ims` may be acted as (policy `acts` grants it)",
    ),
    "a group whose members act as a service": (
        "PUT", ("groups", "gateways"), {"members": ["user:dora"]}, "`service:ims` may be acted as",
    ),
    "a key for whom a profile trusts": (
        "POST", ("api-keys",), {"owner": "user:victor"}, "`user:victor` holds policy `registry`",
    ),
}  # fmt: skip


@pytest.fixture
def world(owner: Client) -> Client:
    """The owner of an account with dora."""
    reply = owner.apply(*WORLD)
    assert reply.status == 200, reply.text
    return owner


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nobody_hands_themselves_what_others_hold_through_others(
    server: RunningServer, world: Client, attempt: str
) -> None:
    """What a profile or service holds is handed over by whoever could hand it over, and by nobody else (class 25)."""
    method, path, body, because = ATTEMPTS[attempt]
    dora = server.client("user:dora")
    before = server.export()
    refused = dora.send(method, dora.path(*path), body)
    assert refused.status == 403, refused.text
    assert refused.error["action"] == "iam.policy.create"
    assert refused.error["detail"].startswith(because), refused.error["detail"]
    assert refused.error["detail"].endswith(
        "and you lack `iam.policy.create` over service `container-registry`"
    )
    assert server.export() == before


def test_what_is_ones_own_is_handed_over(server: RunningServer, world: Client) -> None:
    """The refusals are not for other reasons: of a profile with nothing foreign she may say whom it trusts."""
    dora = server.client("user:dora")
    assert dora.put("profiles", "own", body={"trust": ["account:dev"]}).status == 201
    grant = {"subjects": ["profile:own"], "roles": ["ims/IMS ReadOnlyAccess"], "scope": {"service": "ims"}}
    assert dora.put("policies", "own-reads", body=grant).status == 201
    assert dora.put("profiles", "own", body={"trust": ["account:dev", "user:dora"]}).status == 200
    world.delete("policies", "registry")
    assert dora.put("policies", "acts", body=AGENT).status == 201


def test_a_session_that_may_do_less_makes_no_credential_that_may_more(
    server: RunningServer, world: Client
) -> None:
    """Nor does it begin a whole session, join a group or grant itself what it was begun without."""
    keeps = [
        {"actions": ["ims:*"], "scope": {"service": "ims"}},
        {"actions": ["iam.service.*"], "scope": {"service": "vpc"}},
    ]
    reply = world.post("sessions", body={"restrict": keeps})
    less = server.caller(reply.json["access_token"])
    image = "brn:acme:ims:eu-de::image/web-1"
    assert world.is_allowed(READ, image)
    assert not less.is_allowed(READ, image)
    for owner in ("user:owner", "user:dora"):
        refused = less.post("api-keys", body={"owner": owner})
        assert refused.status == 403, refused.text
    again = server.caller(less.post("sessions", body={}).json["access_token"])
    assert not again.is_allowed(READ, image)
    policy = {"subjects": ["user:victor"], "roles": ["IMS ReadOnlyAccess"], "scope": {"service": "ims"}}
    assert less.put("policies", "mine", body=policy).status == 403
    refused = less.put("groups", "gateways", body={"members": ["user:victor"]})
    assert refused.error["detail"] == (
        "`user:victor` joins `group:gateways`, and this session may not hand on `iam.service.act-as`"
    )


def test_the_name_in_the_path_is_the_one_that_is_assumed(server: RunningServer, owner: Client) -> None:
    """No second name can be said, and none that is read in two ways (bug class 24)."""
    dev = server.client_of("dev")
    make_dev(dev)
    make_acme(owner, "account:dev/user:alice")
    alice = server.client_of("dev", "user:alice")
    for field in ("profile", "name", "account", "principal", "profile_name"):
        refused = alice.send("POST", "/v1/accounts/acme/profiles/ops/assume", {field: "other"})
        assert refused.status == 400
        assert refused.error["errors"][0]["message"] == f"unknown field `{field}`"
    for path in (
        "/v1/accounts/acme/profiles/%2F%2Facme%2Fops/assume",
        "/v1/accounts/acme/profiles/x%2F..%2Fops/assume",
        "/v1/accounts/acme//profiles/ops/assume",
        "/v1/accounts/acme/profiles/ops/assume/",
    ):
        assert alice.send("POST", path, {}).status == 404
    assert assume(alice, "ops:x").status == 400
    assert assume(alice, "Ops").status == 403


def test_a_token_with_a_changed_byte_is_nobodys(server: RunningServer, owner: Client) -> None:
    """Ended or not, only the very token that was given is one (bug class 29)."""
    dev = server.client_of("dev")
    make_dev(dev)
    make_acme(owner, "account:dev/user:alice")
    begun = assume(server.client_of("dev", "user:alice")).json
    token = begun["access_token"]
    assert server.caller(token, "acme").get("sessions").status == 403
    for place in (0, len(token) // 3, len(token) // 2, len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert server.caller(changed, "acme").get("sessions").status == 401
    owner.delete("sessions", begun["id"])
    for text in (token, token + "=", token.replace(".", "..", 1)):
        assert server.caller(text, "acme").get("sessions").status == 401


def test_an_end_holds_in_every_process_and_after_a_restart(server: RunningServer, owner: Client) -> None:
    """The end of a session is in the account's log: another host of the store follows it (bug class 28)."""
    dev = server.client_of("dev")
    make_dev(dev)
    make_acme(owner, "account:dev/user:alice")
    begun = assume(server.client_of("dev", "user:alice")).json
    other = type(server.host)(server.host.store, server.host.settings, clock=server.clock)
    assert other.authenticator.session_of_token(begun["access_token"]).principal == "profile:ops"
    owner.delete("sessions", begun["id"])
    with pytest.raises(Exception, match="the credential is missing, unknown, expired or withdrawn"):
        other.authenticator.session_of_token(begun["access_token"])
    row = owner.get("log", kind="SessionEnd").json["items"][0]
    assert (row["op"], row["name"], row["actor"]) == ("create", begun["id"], "user:owner")
    assert owner.post("log", "verify", body={}).json["ok"] is True
    server.clock.advance(4000)
    again = assume(server.client_of("dev", "user:alice")).json
    owner = server.owner()
    assert owner.delete("sessions", again["id"]).status == 204
    ops = [(one["op"], one["uid"]) for one in owner.get("log", kind="SessionEnd").json["items"]]
    assert ops == [("create", again["id"]), ("delete", begun["id"]), ("create", begun["id"])]


def test_a_profile_of_another_account_reaches_nothing_at_home(server: RunningServer, owner: Client) -> None:
    """A session is of one account, and its questions and changes are about that one."""
    dev = server.client_of("dev")
    make_dev(dev, {"kind": "Profile", "name": "ops", "trust": ["user:mallory"]})
    make_acme(owner, "account:dev/user:alice")
    session = session_of(server, assume(server.client_of("dev", "user:alice")))
    for path in ("profiles", "sessions", "users", "log"):
        assert session.send("GET", f"/v1/accounts/dev/{path}").error["reason"] == "other_account"
    assert (
        session.send("POST", "/v1/accounts/dev/profiles/ops/assume", {}).error["reason"]
        == "no_matching_policy"
    )
    asked = {
        "subject": {"type": "profile", "id": "ops"},
        "action": {"name": READ},
        "resource": {"type": "ims/image", "id": IMAGE},
    }
    refused = session.send("POST", "/accounts/dev/access/v1/evaluation", asked)
    assert refused.error["reason"] == "other_account"
