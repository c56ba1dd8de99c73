"""Profiles assumed over HTTP, in one account and from another: who may, what they may then, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators.iam_assume_authenticator import IAMAssumeAuthenticator
from tests.e2e.profile_world import (
    ASSUMES,
    DELETE,
    IMAGE,
    READ,
    assume,
    events,
    is_over,
    make_acme,
    make_dev,
    ops,
    session_of,
)
from tests.e2e.server import FORM, Client, RunningServer


@pytest.fixture
def dev(server: RunningServer, owner: Client) -> Client:
    """The owner of `dev`; alice of dev may assume `//acme/ops`, which trusts her."""
    found = server.client_of("dev")
    make_dev(found)
    make_acme(owner, "account:dev/user:alice")
    return found


@pytest.fixture
def alice(server: RunningServer, dev: Client) -> Client:
    """Alice of dev."""
    return server.client_of("dev", "user:alice")


def test_a_profile_of_another_account_is_assumed(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """Who is trusted there and allowed here acts as the profile, in its account, with its access alone."""
    reply = assume(alice)
    session = session_of(server, reply)
    assert {
        name: reply.json[name] for name in ("account", "principal", "through", "for", "restrictions")
    } == {
        "account": "acme",
        "principal": "profile:ops",
        "through": ["dev/user:alice"],
        "for": [],
        "restrictions": [],
    }
    assert session.whoami == "profile:ops"
    assert session.is_allowed(DELETE, IMAGE)
    assert session.get("users").status == 403
    assert alice.send("GET", "/v1/accounts/acme/users").error["reason"] == "other_account"
    assert session.send("GET", "/v1/accounts/dev/users").error["reason"] == "other_account"


def test_both_accounts_record_who_assumed(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """At home it is alice who assumed; in the profile's account a session of it began, through alice (ruling 2)."""
    begun = assume(alice).json
    here, there = events(dev, "assume")[0], events(owner, "session")[0]
    assert (here["principal"], here["outcome"]) == ("user:alice", "begun")
    assert here["detail"] == {
        "profile": "acme/profile:ops",
        "session": begun["id"],
        "until": begun["expires_at"],
        "for": [],
    }
    assert (there["principal"], there["outcome"]) == ("profile:ops", "begun")
    assert there["detail"]["through"] == ["dev/user:alice"]
    assert there["detail"]["session"] == begun["id"]
    assert begun["access_token"] not in owner.get("activity").text + dev.get("activity").text


def test_what_the_session_changes_names_profile_and_assumer(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """The profile is the actor in the change log, and the row says through whom (ruling 2)."""
    grant = {
        "kind": "Policy",
        "name": "ops-groups",
        "subjects": ["profile:ops"],
        "roles": ["iam/Editor"],
        "scope": {"service": "iam"},
    }
    owner.apply(grant)
    session = session_of(server, assume(alice))
    assert session.post("groups", body={"name": "made-by-ops"}).status == 201
    row = owner.get("log").json["items"][0]
    uid = dev.get("activity", kind="assume").json["items"][0]["principal_uid"]
    assert (row["actor"], row["via"], row["through"], row["for"]) == (
        "profile:ops",
        "api",
        [f"dev/{uid}"],
        [],
    )


def test_home_refuses_first(server: RunningServer, owner: Client, dev: Client) -> None:
    """Who may not assume it at home is told so, and the other account hears nothing of it."""
    mallory = server.client_of("dev", "user:mallory")
    for profile in ("ops", "no-such-profile"):
        refused = assume(mallory, profile)
        assert refused.status == 403
        assert refused.error == {
            "code": "denied",
            "detail": f"`user:mallory` lacks `iam.profile.assume` on profile `//acme/{profile}`",
            "help": "ask somebody who may grant this, or the account's owner",
            "action": "iam.profile.assume",
            "reason": "no_matching_policy",
        }
    assert events(owner, "session") == []
    assert events(dev, "assume")[0]["detail"] == {
        "profile": "//acme/no-such-profile",
        "reason": "no_matching_policy",
        "link": "user:mallory",
    }


def test_who_is_not_trusted_learns_nothing(server: RunningServer, owner: Client, dev: Client) -> None:
    """No such account, no such profile, a disabled one and one that does not trust all look alike."""
    dev.apply({**ASSUMES, "name": "any", "subjects": ["user:mallory"], "scope": {"service": "iam"}})
    owner.apply({"kind": "Profile", "name": "off", "trust": ["account:dev"], "disabled": True})
    mallory = server.client_of("dev", "user:mallory")
    for account, profile in (("acme", "ops"), ("acme", "off"), ("acme", "none"), ("nowhere", "ops")):
        refused = assume(mallory, profile, account)
        assert refused.status == 403
        assert refused.error == {
            "code": "denied",
            "detail": f"no profile `//{account}/{profile}` lets `user:mallory` assume it",
            "help": "a profile names in `trust` who may assume it; ask whoever keeps it",
            "action": "iam.profile.assume",
            "reason": "not_trusted",
        }
    told = [(event["detail"]["by"], event["detail"]["reason"]) for event in events(owner, "session")]
    assert told == [("dev/user:mallory", "profile_disabled"), ("dev/user:mallory", "not_trusted")]


def test_a_name_given_anew_is_not_trusted(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """The trust is bound to the alice of then; another user of the name inherits nothing until it is written anew."""
    trust = owner.get("profiles", "ops").json["trust"]
    assert trust[0].startswith("account:dev/user:alice:user-")
    session = session_of(server, assume(alice))
    assert dev.delete("policies", "assumes-ops").status == 204
    assert dev.delete("users", "alice").status == 204
    assert is_over(session)
    assert dev.apply({"kind": "User", "name": "alice"}, ASSUMES).status == 200
    server._keys.pop("dev/user:alice")
    again = server.client_of("dev", "user:alice")
    assert assume(again).error["reason"] == "not_trusted"
    assert owner.apply(ops("account:dev/user:alice")).json["differences"][0]["op"] == "changed"
    assert assume(again).status == 201
    assert owner.apply(ops("account:dev/user:alice")).json["differences"] == []


def test_a_name_that_nobody_has_trusts_nobody(server: RunningServer, owner: Client, dev: Client) -> None:
    """Whoever takes the name later is not trusted by it."""
    owner.apply(ops("account:dev/user:zoe"))
    dev.apply({"kind": "User", "name": "zoe"}, {**ASSUMES, "subjects": ["user:zoe"]})
    assert assume(server.client_of("dev", "user:zoe")).error["reason"] == "not_trusted"


def test_a_uid_under_a_wrong_name_trusts_nobody(server: RunningServer, owner: Client, dev: Client) -> None:
    """An entry that calls mallory alice deceives whoever reads the list, and so it means nobody."""
    dev.apply({**ASSUMES, "subjects": ["user:mallory"]})
    mallory = server.client_of("dev", "user:mallory")
    assert assume(mallory).error["reason"] == "not_trusted"
    uid = events(dev, "assume")[0]["principal_uid"]
    owner.apply(ops(f"account:dev/user:alice:{uid}"))
    assert assume(mallory).error["reason"] == "not_trusted"
    owner.apply(ops(f"account:dev/user:mallory:{uid}"))
    assert assume(mallory).status == 201


@pytest.mark.parametrize(
    ("trust", "is_trusted"),
    [
        ("account:dev", True),
        ("account:other", False),
        ("account:dev/group:deployers", True),
        ("account:dev/group:others", False),
        ("user:alice", False),
        ("group:members", False),
    ],
)
def test_whom_an_entry_means(
    server: RunningServer, owner: Client, dev: Client, alice: Client, trust: str, is_trusted: bool
) -> None:
    """An account means all its people, its groups their members; a local name means nobody of another account."""
    dev.apply(
        {"kind": "Group", "name": "deployers", "members": ["user:alice"]},
        {"kind": "Group", "name": "others", "members": ["user:mallory"]},
    )
    owner.apply({"kind": "User", "name": "alice"}, ops(trust))
    assert (assume(alice).status == 201) is is_trusted


def test_a_condition_reads_the_caller_and_the_connection(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """The profile's condition must be true of who assumes it; a principal of another account is called by it."""
    inside = {"key": "context.ip", "operator": "ip-in", "value": ["127.0.0.0/8"]}
    elsewhere = {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8"]}
    imaging = {"key": "principal.properties.department", "operator": "string-equals", "value": "imaging"}
    named = {"key": "principal.id", "operator": "string-equals", "value": "account:dev/user:alice"}
    local = {"key": "principal.id", "operator": "string-equals", "value": "user:alice"}
    for when, expected in ((inside, 201), (elsewhere, 403), (imaging, 403), (named, 201), (local, 403)):
        owner.apply(ops("account:dev", when=when))
        reply = assume(alice)
        assert reply.status == expected, when
        if expected == 403:
            assert reply.error["reason"] == "trust_condition"
            assert reply.error["detail"] == (
                "profile `//acme/ops` trusts `user:alice` only on a condition that does not hold"
            )
    owner.apply(ops("account:dev", when=imaging))
    dev.patch("users", "alice", body={"properties": {"department": "imaging"}})
    session = session_of(server, assume(alice))
    dev.patch("users", "alice", body={"properties": {"department": "sales"}})
    assert is_over(session)


Change = Callable[[Client, Client], object]
SUSPENDED = {"suspended": True}
ENDS: dict[str, Change] = {
    "the root key is disabled": lambda owner, dev: dev.patch(
        "api-keys", key_of(dev, "user:alice"), body={"disabled": True}
    ),
    "the root key is withdrawn": lambda owner, dev: dev.delete("api-keys", key_of(dev, "user:alice")),
    "the assumer is disabled": lambda owner, dev: dev.patch("users", "alice", body={"disabled": True}),
    "the assumer may not assume it any more": lambda owner, dev: dev.delete("policies", "assumes-ops"),
    "a guardrail at home forbids it": lambda owner, dev: dev.apply(
        {"kind": "Guardrail", "name": "none", "actions": ["iam.profile.assume"], "scope": {"service": "iam"}}
    ),
    "the home account is suspended": lambda owner, dev: dev.send("PATCH", "/v1/accounts/dev", SUSPENDED),
    "the profile trusts nobody": lambda owner, dev: owner.apply(ops()),
    "the profile's condition changes": lambda owner, dev: owner.apply(
        ops("account:dev", when={"key": "context.mfa", "operator": "bool-equals", "value": True})
    ),
    "the profile is disabled": lambda owner, dev: owner.patch("profiles", "ops", body={"disabled": True}),
    "the profile is deleted": lambda owner, dev: [
        owner.delete("policies", "ops-images"),
        owner.delete("profiles", "ops"),
    ],
    "the profile's account is suspended": lambda owner, dev: owner.send(
        "PATCH", "/v1/accounts/acme", SUSPENDED
    ),
    "the session is ended": lambda owner, dev: owner.delete(
        "sessions", owner.get("sessions").json["items"][0]["id"]
    ),
}


def key_of(owner: Client, principal: str) -> str:
    """Which key has this principal?"""
    return str(owner.get("api-keys", owner=principal).json["items"][0]["id"])


@pytest.mark.parametrize("cause", ENDS)
def test_everything_that_a_session_rests_on_ends_it(
    server: RunningServer, owner: Client, dev: Client, alice: Client, cause: str
) -> None:
    """At the next request, whichever account the change is made in (bug classes 28 and 30)."""
    session = session_of(server, assume(alice))
    assert not is_over(session)
    ENDS[cause](owner, dev)
    assert is_over(session), cause


def test_a_session_of_a_deleted_profile_is_not_one_of_the_next(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """A profile that takes the name is another (bug class 28)."""
    session = session_of(server, assume(alice))
    owner.delete("policies", "ops-images")
    owner.delete("profiles", "ops")
    make_acme(owner, "account:dev/user:alice")
    assert is_over(session)
    assert not is_over(session_of(server, assume(alice)))


def test_a_chain_does_not_outlive_its_root(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """Each session ends no later than the one that it was made from, however long it may last (bug class 30)."""
    owner.apply(
        {"kind": "Profile", "name": "next", "trust": ["profile:ops"]},
        {**ASSUMES, "name": "ops-assumes", "subjects": ["profile:ops"], "scope": {"service": "iam"}},
    )
    short = assume(alice, seconds=60).json
    server.clock.advance(30)
    ops_session = server.caller(short["access_token"], "acme")
    longer = assume(ops_session, "next")
    assert longer.json["expires_at"] == short["expires_at"]
    assert longer.json["expires_in"] <= 31
    assert longer.json["through"] == ["acme/profile:ops", "dev/user:alice"]
    chained = session_of(server, longer)
    again = assume(ops_session, "next")
    assert again.status == 201
    owner.delete("sessions", short["id"])
    assert chained.get("sessions").status == 401
    assert assume(chained, "next").status == 401


def test_seconds_are_the_profiles_to_limit(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """A session lasts as long as is asked, at most as long as the profile lets it."""
    owner.apply(ops("account:dev/user:alice", maximum_session_seconds=120))
    assert assume(alice).json["expires_in"] == 120
    assert assume(alice, seconds=60).json["expires_in"] == 60
    for seconds in (59, 121):
        refused = assume(alice, seconds=seconds)
        assert refused.status == 400
        assert refused.error["errors"] == [
            {"message": f"expected 60 to 120 seconds, got `{seconds}`", "place": "seconds"}
        ]
    session = session_of(server, assume(alice, seconds=60))
    server.clock.advance(60)
    assert session.get("sessions").status == 401


def test_a_session_may_do_less_than_its_profile(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """What it was begun without it may not do, nor may what it assumes, and it makes no credential that could."""
    keeps = {"actions": ["ims:images:delete"], "scope": {"service": "ims"}}
    reply = assume(alice, restrict=[keeps])
    assert reply.json["restrictions"] == [keeps]
    session = session_of(server, reply)
    assert session.is_allowed(READ, IMAGE)
    assert not session.is_allowed(DELETE, IMAGE)
    owner.apply(
        {"kind": "Profile", "name": "next", "trust": ["profile:ops"]},
        {**ASSUMES, "name": "ops-assumes", "subjects": ["profile:ops"], "scope": {"service": "iam"}},
        {
            "kind": "Policy",
            "name": "next-images",
            "subjects": ["profile:next"],
            "roles": ["ims/IMS FullAccess"],
            "scope": {"service": "ims"},
        },
    )
    chained = session_of(server, assume(session, "next"))
    assert chained.is_allowed(READ, IMAGE)
    assert not chained.is_allowed(DELETE, IMAGE)


def test_a_session_may_do_nothing_but(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """All but a few actions are left out by `except_actions`, Bailiwick's own by naming `iam`."""
    only = [
        {"actions": ["*"], "except_actions": [READ]},
        {"actions": ["*"], "scope": {"service": "iam"}},
    ]
    session = session_of(server, assume(alice, restrict=only))
    assert session.is_allowed(READ, IMAGE)
    assert not session.is_allowed(DELETE, IMAGE)
    assert session.get("sessions").error["reason"] == "guardrail"


def test_a_mistyped_restriction_is_refused(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """One that names nothing would restrict nothing; every finding is told at once."""
    wrong = [{"actions": ["ims:image:delete"], "scope": {"service": "ims"}}, {"name": "x", "scope": 3}]
    refused = assume(alice, restrict=wrong)
    assert refused.status == 400
    assert [(e["message"], e["place"]) for e in refused.error["errors"]] == [
        ("unknown field `name`", "restrict[1].name"),
        ("missing field `actions`", "restrict[1]"),
        ("expected fields, got `3`", "restrict[1].scope"),
    ]
    refused = assume(alice, restrict=[{"actions": ["*"], "node": "enterprise:e"}])
    assert refused.error["errors"][0]["message"] == "unknown field `node`"
    refused = assume(alice, restrict=wrong[:1])
    assert refused.status == 400
    assert refused.error["errors"][0]["place"] == "restrict[0].actions[0]"
    many = [{"actions": ["ims:images:get"], "scope": {"service": "ims"}}]
    assert assume(alice, restrict=many * 17).status == 400
    long = [{"actions": ["ims:images:get"], "scope": {"service": "ims", "id": "x" * 250, "type": "image"}}]
    assert (
        assume(alice, restrict=long * 8)
        .error["errors"][0]["message"]
        .startswith("expected at most 2048 bytes")
    )


def test_ibm_clouds_own_authenticator_assumes_a_profile(
    server: RunningServer, owner: Client, dev: Client, alice: Client
) -> None:
    """Its key for a token, that for the profile's, without a change."""
    authenticator = IAMAssumeAuthenticator(
        server.key("dev/user:alice"),
        iam_profile_name="ops",
        iam_account_id="acme",
        url=server.address,
    )
    session = server.caller(authenticator.token_manager.get_token(), "acme")
    assert session.whoami == "profile:ops"
    assert session.is_allowed(DELETE, IMAGE)
    owner.apply(ops())
    assert is_over(session)
    with pytest.raises(ApiException, match="no profile `//acme/ops` lets `user:alice` assume it"):
        authenticator.token_manager.request_token()


@pytest.mark.parametrize(
    ("form", "error", "message"),
    [
        (
            {"profile_name": "ops", "account": "acme"},
            "invalid_request",
            "expected `access_token`, got nothing",
        ),
        (
            {"access_token": "a.b.c", "account": "acme"},
            "invalid_request",
            "expected `profile_name`, got nothing",
        ),
        (
            {"access_token": "a.b.c", "profile_name": "ops", "account": "acme"},
            "invalid_grant",
            "the access token is unknown, expired or withdrawn",
        ),
        (
            {"access_token": "alice", "profile_name": "//acme/ops", "account": "dev"},
            "invalid_request",
            "`//acme/ops` is no profile name",
        ),
        (
            {"access_token": "alice", "profile_name": "ops", "account": "dev"},
            "invalid_grant",
            "`user:alice` lacks `iam.profile.assume` on profile `ops`",
        ),
    ],
)
def test_the_token_endpoint_says_why_it_assumes_nothing(
    server: RunningServer, alice: Client, form: dict[str, str], error: str, message: str
) -> None:
    """By the words of RFC 6749."""
    sent = {name: str(alice.token) if value == "alice" else value for name, value in form.items()}
    body = urlencode({"grant_type": "urn:ibm:params:oauth:grant-type:assume", **sent}).encode()
    reply = server.nobody().send("POST", "/identity/token", body, headers={"Content-Type": FORM})
    assert (reply.status, reply.json["error"], reply.json["error_description"]) == (400, error, message)
