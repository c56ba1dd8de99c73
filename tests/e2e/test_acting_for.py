"""Services that act as themselves, and sessions for somebody: only what every link may (rule 7.9, ruling 2)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.profile_world import events
from tests.e2e.server import Client, Reply, RunningServer

KEY = "brn:acme:hs-crypto:us-south:i1:key-ring/r1/key/k1"
WRITES = tuple(f"hs-crypto.registrations.{word}" for word in ("create", "merge", "write", "delete"))
WORLD: list[dict[str, Any]] = [
    {"kind": "User", "name": "alice"},
    {"kind": "User", "name": "bob"},
    {"kind": "ServiceId", "name": "imaging"},
    {"kind": "ServiceId", "name": "agent"},
    {"kind": "Resource", "name": KEY},
    {
        "kind": "Policy",
        "name": "imaging-acts-as-ims",
        "subjects": ["service-id:imaging"],
        "roles": ["iam/Service Agent"],
        "scope": {"service": "ims"},
    },
    {
        "kind": "Policy",
        "name": "keys",
        "subjects": ["service:ims", "user:alice", "service-id:agent"],
        "roles": ["Writer"],
        "scope": {"service": "hs-crypto"},
    },
]


@pytest.fixture
def world(owner: Client) -> Client:
    """`service-id:imaging` may act as `ims`; ims, alice and the agent write keys, bob does not."""
    assert owner.apply(*WORLD).status == 200
    return owner


def begun(server: RunningServer, reply: Reply) -> Client:
    """A caller by the session that this answer began."""
    assert reply.status == 201, reply.text
    return server.caller(reply.json["access_token"])


def act_as(caller: Client, service: str = "ims", wanted: dict[str, object] | None = None) -> Reply:
    """Ask for a session as the service."""
    return caller.post("services", service, "act-as", body=wanted or {})


def decide(caller: Client, action: str, principal: str, **context: object) -> dict[str, Any]:
    """What does AuthZEN answer about this principal?"""
    kind, _, name = principal.partition(":")
    asked = {
        "subject": {"type": kind, "id": name},
        "action": {"name": action},
        "resource": {"type": "hs-crypto/key", "id": KEY},
        "context": context,
    }
    reply = caller.send("POST", "/access/v1/evaluation", asked)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json
    return found


def test_an_integrated_service_registers_keys_for_a_user(server: RunningServer, world: Client) -> None:
    """Registrations (seed 002, table 4, rows 25 and 28 to 30) are written by a service for a user: what both may."""
    imaging, alice, bob = (server.client(one) for one in ("service-id:imaging", "user:alice", "user:bob"))
    reply = act_as(imaging, wanted={"for": alice.token})
    assert (reply.json["principal"], reply.json["through"], reply.json["for"]) == (
        "service:ims",
        ["acme/service-id:imaging"],
        ["acme/user:alice"],
    )
    for_alice, for_bob = begun(server, reply), begun(server, act_as(imaging, wanted={"for": bob.token}))
    for action in WRITES:
        assert for_alice.is_allowed(action, KEY, "service:ims")
        denied = decide(for_bob, action, "service:ims")
        assert (denied["decision"], denied["context"]["reason"], denied["context"]["link"]) == (
            False,
            "no_matching_policy",
            "user:bob",
        )
    world.delete("policies", "keys")
    world.apply({**WORLD[-1], "subjects": ["user:alice"]})
    denied = decide(for_alice, WRITES[0], "service:ims")
    assert (denied["decision"], denied["context"]["link"]) == (False, "service:ims")


def test_acting_as_a_service_needs_its_action_over_it(server: RunningServer, world: Client) -> None:
    """Nobody signs in as a service, and who may act as one may not act as another."""
    for caller, service in (("service-id:agent", "ims"), ("service-id:imaging", "vpc")):
        refused = act_as(server.client(caller), service)
        assert refused.status == 403
        assert refused.error == {
            "code": "denied",
            "detail": f"`{caller}` lacks `iam.service.act-as` over service `{service}`",
            "help": "ask somebody who may grant this, or the account's owner",
            "action": "iam.service.act-as",
            "reason": "no_matching_policy",
        }
    assert act_as(server.client("service-id:imaging"), "imz").error["reason"] == "unknown_service"


@pytest.mark.parametrize(
    "cause",
    ["the right to act as it", "the key of the service ID", "the key of the user", "the session"],
)
def test_what_a_service_session_rests_on_ends_it(server: RunningServer, world: Client, cause: str) -> None:
    """At the next request (bug class 28)."""
    reply = act_as(server.client("service-id:imaging"), wanted={"for": server.client("user:alice").token})
    session = begun(server, reply)
    assert session.is_allowed(WRITES[0], KEY, "service:ims")
    if cause == "the session":
        assert world.delete("sessions", reply.json["id"]).status == 204
    elif cause == "the right to act as it":
        assert world.delete("policies", "imaging-acts-as-ims").status == 204
    else:
        owner = "service-id:imaging" if cause.endswith("service ID") else "user:alice"
        key = world.get("api-keys", owner=owner).json["items"][0]["id"]
        assert world.delete("api-keys", key).status == 204
    assert session.send("POST", "/access/v1/evaluation", {}).status == 401


def test_a_profile_may_trust_a_service(server: RunningServer, world: Client) -> None:
    """The service assumes it like anybody, by trust and permission, and the list says through whom it came."""
    assert world.apply(
        {"kind": "Profile", "name": "keeper", "trust": ["service:ims"]},
        {
            "kind": "Policy",
            "name": "ims-assumes",
            "subjects": ["service:ims", "service-id:imaging"],
            "roles": ["Profile User"],
            "scope": {"service": "iam", "type": "profile", "id": "keeper"},
        },
    ).status == 200  # fmt: skip
    imaging = server.client("service-id:imaging")
    assert imaging.post("profiles", "keeper", "assume", body={}).error["reason"] == "not_trusted"
    session = begun(server, act_as(imaging)).post("profiles", "keeper", "assume", body={})
    assert session.status == 201, session.text
    shown = world.get("sessions", session.json["id"]).json
    assert (shown["principal"], shown["through"], shown["state"]) == (
        "profile:keeper",
        ["acme/service:ims", "acme/service-id:imaging"],
        "active",
    )
    listed = world.get("sessions", principal="profile:keeper").json["items"]
    assert [one["id"] for one in listed] == [session.json["id"]]
    world.delete("policies", "imaging-acts-as-ims")
    assert world.get("sessions", session.json["id"]).json["state"] == "ended"


def test_an_agent_acts_for_a_user_by_the_users_token(server: RunningServer, world: Client) -> None:
    """Both are judged as themselves; a name, or a token that is over, is not enough."""
    agent, bob = server.client("service-id:agent"), server.client("user:bob")
    session = begun(server, agent.post("sessions", body={"for": bob.token}))
    assert session.whoami == "service-id:agent"
    assert agent.is_allowed(WRITES[0], KEY)
    denied = decide(session, WRITES[0], "service-id:agent")
    assert (denied["decision"], denied["context"]["link"]) == (False, "user:bob")
    for wrong in ("user:alice", "x.y.z", f"{bob.token}x"):
        refused = agent.post("sessions", body={"for": wrong})
        assert refused.status == 400
        assert refused.error["errors"] == [
            {
                "message": "the token is malformed, expired or withdrawn",
                "place": "for",
                "help": "send the access token of whom the session acts for",
            }
        ]
    elsewhere = server.client_of("dev")
    refused = agent.post("sessions", body={"for": elsewhere.token})
    assert refused.error["errors"][0]["message"] == "the token is not one of account `acme`"


def test_who_acts_for_another_does_not_get_rid_of_the_other(server: RunningServer, world: Client) -> None:
    """Assuming a profile needs every link to be trusted and allowed, so the one acted for is not shed."""
    world.apply(
        {"kind": "Profile", "name": "strong", "trust": ["service-id:agent"]},
        {
            "kind": "Policy",
            "name": "assume",
            "subjects": ["service-id:agent", "user:alice"],
            "roles": ["Profile User"],
            "scope": {"service": "iam"},
        },
    )
    agent, alice, bob = (server.client(one) for one in ("service-id:agent", "user:alice", "user:bob"))
    assert agent.post("profiles", "strong", "assume", body={}).status == 201
    for_bob = begun(server, agent.post("sessions", body={"for": bob.token}))
    refused = for_bob.post("profiles", "strong", "assume", body={})
    assert refused.error["detail"] == "`user:bob` lacks `iam.profile.assume` on profile `strong`"
    for_alice = begun(server, agent.post("sessions", body={"for": alice.token}))
    refused = for_alice.post("profiles", "strong", "assume", body={})
    assert refused.error["detail"] == "no profile `strong` lets `user:alice` assume it"
    assert for_alice.post("services", "ims", "act-as", body={}).status == 403
    assert for_alice.post("api-keys", body={}).status == 403
    again = begun(server, for_alice.post("sessions", body={}))
    assert again.get("sessions").status == 403
    assert decide(again, WRITES[0], "service-id:agent")["decision"] is True
    world.patch("users", "alice", body={"disabled": True})
    assert again.send("POST", "/access/v1/evaluation", {}).status == 401


def test_a_profile_is_assumed_for_a_user(server: RunningServer, world: Client) -> None:
    """The profile and the user are both judged; ending the user's own session ends it too."""
    world.apply(
        {"kind": "Profile", "name": "keys", "trust": ["service-id:agent"]},
        {
            "kind": "Policy",
            "name": "assume",
            "subjects": ["service-id:agent"],
            "roles": ["Profile User"],
            "scope": {"service": "iam"},
        },
        {
            "kind": "Policy",
            "name": "profile-writes",
            "subjects": ["profile:keys"],
            "roles": ["Writer"],
            "scope": {"service": "hs-crypto"},
        },
    )
    agent = server.client("service-id:agent")
    for user, allowed in (("user:alice", True), ("user:bob", False)):
        own = server.client(user).post("sessions", body={"seconds": 600}).json
        reply = agent.post("profiles", "keys", "assume", body={"for": own["access_token"]})
        session = begun(server, reply)
        assert reply.json["expires_at"] == own["expires_at"]
        assert decide(session, WRITES[0], "profile:keys")["decision"] is allowed
        assert world.delete("sessions", own["id"]).status == 204
        assert session.send("POST", "/access/v1/evaluation", {}).status == 401


def test_what_is_changed_for_another_says_so(server: RunningServer, world: Client) -> None:
    """The agent is the actor, and the log names for whom."""
    world.apply(
        {
            "kind": "Policy",
            "name": "editors",
            "subjects": ["service-id:agent", "user:alice"],
            "roles": ["iam/Editor"],
            "scope": {"service": "iam"},
        }
    )
    agent, alice = server.client("service-id:agent"), server.client("user:alice")
    session = begun(server, agent.post("sessions", body={"for": alice.token}))
    assert session.post("groups", body={"name": "made"}).status == 201
    row = world.get("log").json["items"][0]
    assert (row["actor"], row["through"], row["for"]) == ("service-id:agent", [], ["acme/user:alice"])
    world.apply({**WORLD[-1], "name": "ims-edits", "subjects": ["service:ims"], "roles": ["iam/Editor"],
                 "scope": {"service": "iam"}})  # fmt: skip
    service = begun(server, act_as(server.client("service-id:imaging")))
    assert service.post("groups", body={"name": "made-too"}).status == 201
    row = world.get("log").json["items"][0]
    assert (row["actor"], row["through"], row["for"]) == ("service:ims", ["acme/service-id:imaging"], [])


def test_a_question_may_carry_the_token_of_a_session(server: RunningServer, world: Client) -> None:
    """A service that was shown a token asks about the session behind it, chain, restrictions, end and all."""
    world.apply(
        {"kind": "ServiceId", "name": "gateway"},
        {"kind": "Policy", "name": "asks", "subjects": ["service-id:gateway"], "roles": ["iam/Evaluator"]},
    )
    gateway, agent = server.client("service-id:gateway"), server.client("service-id:agent")
    for_bob = agent.post("sessions", body={"for": server.client("user:bob").token}).json
    keeps = [{"actions": [WRITES[0]], "scope": {"service": "hs-crypto"}}]
    narrow = agent.post("sessions", body={"restrict": keeps, "seconds": 60}).json
    whole = decide(gateway, WRITES[0], "service-id:agent", token=agent.token)
    assert whole["decision"] is True
    assert whole["context"]["valid_until"]
    by_bob = decide(gateway, WRITES[0], "service-id:agent", token=for_bob["access_token"])
    assert (by_bob["decision"], by_bob["context"]["link"]) == (False, "user:bob")
    less = decide(gateway, WRITES[0], "service-id:agent", token=narrow["access_token"])
    assert (less["decision"], less["context"]["reason"]) == (False, "guardrail")
    more = decide(gateway, WRITES[1], "service-id:agent", token=narrow["access_token"])
    assert more["decision"] is True
    assert more["context"]["valid_until"] == narrow["expires_at"].replace("+00:00", "Z")
    world.delete("sessions", narrow["id"])
    over = decide(gateway, WRITES[1], "service-id:agent", token=narrow["access_token"])
    assert (over["decision"], over["context"]["reason"]) == (False, "session_ended")


def test_a_token_must_be_the_subjects(server: RunningServer, world: Client) -> None:
    """A question that contradicts itself is refused, and a token gives nobody the right to ask about another."""
    agent, alice = server.client("service-id:agent"), server.client("user:alice")
    asked = {
        "subject": {"type": "user", "id": "alice"},
        "action": {"name": WRITES[0]},
        "resource": {"type": "hs-crypto/key", "id": KEY},
    }
    for token, message in (
        (agent.token, "the token is not the subject's"),
        (server.client_of("dev").token, "the token is not one of account `acme`"),
        (7, "expected an access token as text"),
    ):
        refused = world.send("POST", "/access/v1/evaluation", {**asked, "context": {"token": token}})
        assert refused.status == 400
        assert refused.error["errors"] == [{"message": message, "place": "context.token"}]
    denied = agent.send("POST", "/access/v1/evaluation", {**asked, "context": {"token": alice.token}})
    assert denied.error["action"] == "iam.decision.evaluate"


def test_only_evaluations_judge_a_token(server: RunningServer, world: Client) -> None:
    """Where no session would be judged a token is refused, not passed over."""
    context = {"token": world.token}
    subject = {"type": "user", "id": "owner"}
    search = {
        "subject": subject,
        "action": {"name": WRITES[0]},
        "resource": {"type": "hs-crypto/key"},
        "context": context,
    }
    operation = {"principal": "user:owner", "operation": "keys: create a registration", "resources": {"target": KEY},
                 "context": context}  # fmt: skip
    for path, body in (
        ("/access/v1/search/resource", search),
        (world.path("operations", "check"), operation),
    ):
        refused = world.send("POST", path, body)
        assert refused.status == 400
        assert refused.error["errors"] == [
            {
                "message": "a token is judged by the evaluation endpoints only",
                "place": "context.token",
                "help": "ask with the token itself",
            }
        ]


def test_no_condition_reads_a_token(server: RunningServer, world: Client) -> None:
    """What proves who asks is no part of the situation, and appears in no answer."""
    world.apply(
        {
            "kind": "Policy",
            "name": "by-token",
            "subjects": ["user:bob"],
            "roles": ["Writer"],
            "scope": {"service": "hs-crypto"},
            "when": {"key": "context.token", "operator": "exists", "value": True},
        }
    )
    bob = server.client("user:bob")
    assert decide(bob, WRITES[0], "user:bob", token=bob.token)["decision"] is False


def test_explanations_say_through_whom(server: RunningServer, world: Client) -> None:
    """The answer names who assumed, for whom it acts, and what restricts it."""
    imaging, alice = server.client("service-id:imaging"), server.client("user:alice")
    keeps = [{"actions": ["hs-crypto.secrets.purge"], "scope": {"service": "hs-crypto"}}]
    body: dict[str, object] = {"for": alice.token, "restrict": keeps}
    token = act_as(imaging, wanted=body).json["access_token"]
    asked = {
        "subject": {"type": "service", "id": "ims"},
        "action": {"name": WRITES[0]},
        "resource": {"type": "hs-crypto/key", "id": KEY},
        "context": {"token": token},
    }
    reply = world.send("POST", "/access/v1/evaluation?explain=true", asked)
    assert reply.json["context"]["explanation"]["session"] == {
        "through": ["acme/service-id:imaging"],
        "for": ["acme/user:alice"],
        "restrictions": ["restriction-1"],
    }
    plain = world.send("POST", "/access/v1/evaluation?explain=true", {**asked, "context": {}})
    assert "session" not in plain.json["context"]["explanation"]


def test_the_activity_says_for_whom(server: RunningServer, world: Client) -> None:
    """The record of a session names everybody in it, and no token."""
    alice = server.client("user:alice")
    reply = act_as(server.client("service-id:imaging"), wanted={"for": alice.token})
    [event] = events(world, "session")
    assert (event["principal"], event["detail"]["through"], event["detail"]["for"]) == (
        "service:ims",
        ["acme/service-id:imaging"],
        ["acme/user:alice"],
    )
    text = world.get("activity").text
    assert reply.json["access_token"] not in text
    assert str(alice.token) not in text
