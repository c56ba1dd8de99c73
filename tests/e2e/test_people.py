"""How people sign in, over HTTP and on the command line: links, resets, second factors, lock-outs."""

from __future__ import annotations

import pytest
from tests.e2e.processes import call, signed_in
from tests.e2e.server import RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.errors import Unauthenticated
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.events import Client
from bailiwick.service.people.factors import begin_enrolment
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import Visit

PASSWORD = "correct horse 1"
HERE = Client("127.0.0.1")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


def take(server: RunningServer, address: str, password: str = PASSWORD) -> Visit:
    """Choose a password by this link."""
    visit = accept(server.host, address.rpartition("/")[2], password, HERE)
    assert visit is not None
    return visit


def enter(server: RunningServer, name: str, password: str = PASSWORD) -> object:
    """Sign in."""
    return sign_in(server.host, Given("acme", name, password), HERE)


def test_an_invitation_carries_what_it_says(server: RunningServer) -> None:
    """Its link is in the first answer only; accepting it makes all of it."""
    owner = server.owner()
    owner.apply({"kind": "Group", "name": "dev"})
    policy = {"name": "carol", "roles": ["Reader"], "scope": {"service": "container-registry"}}
    body = {"name": "carol", "email": "carol@acme.example", "groups": ["dev"], "policies": [policy]}
    made = owner.post("invitations", body=body)
    assert made.status == 201, made.text
    assert made.json["link"].startswith(f"{server.host.public_url}/console/invitation/")
    shown = owner.send("GET", f"/v1/accounts/acme/invitations/{made.json['id']}")
    assert {**shown.json, "link": made.json["link"]} == made.json
    assert [one["id"] for one in owner.get("invitations").json["items"]] == [made.json["id"]]
    take(server, made.json["link"])
    assert owner.get("users", "carol").json["email"] == "carol@acme.example"
    assert owner.get("policies", "carol").json["subjects"] == ["user:carol"]
    assert owner.get("invitations").json["items"] == []


def test_what_is_wrong_with_an_invitation_is_said_at_once(server: RunningServer) -> None:
    """Every finding, with its place."""
    policy = {"name": "p", "roles": ["Reader"], "subjects": ["user:max"]}
    reply = server.owner().post(
        "invitations",
        body={"name": "a b", "email": "none", "seconds": 1, "policies": [policy], "color": "red"},
    )
    assert reply.status == 400
    places = {one["place"] for one in reply.json["errors"]}
    assert places >= {"email", "seconds", "color", "policies[0].subjects"}


def test_a_password_is_reset_by_a_link_or_given(server: RunningServer) -> None:
    """The link leaves the old one alone until it is used; a given one is to be changed; neither is shown again."""
    owner = server.owner()
    owner.apply({"kind": "User", "name": "alice"})
    take(server, owner.send("POST", "/v1/accounts/acme/users/alice/reset-password", {}).json["link"])
    link = owner.send("POST", "/v1/accounts/acme/users/alice/reset-password", {"seconds": 600}).json["link"]
    assert enter(server, "alice")
    take(server, link, "another horse 2")
    with pytest.raises(Unauthenticated):
        enter(server, "alice")
    reply = owner.send("POST", "/v1/accounts/acme/users/alice/reset-password", {"password": "x"})
    assert (reply.status, reply.json["errors"][0]["place"]) == (400, "password")
    reply = owner.send("POST", "/v1/accounts/acme/users/alice/reset-password", {"password": "given horse 3"})
    assert (reply.status, reply.text) == (204, "")
    visit = enter(server, "alice", "given horse 3")
    assert isinstance(visit, Visit)
    assert visit.owes == "password"
    assert "given horse 3" not in owner.get("log").text


def test_a_second_factor_is_removed(server: RunningServer) -> None:
    """And where there is none, that is said."""
    owner = server.owner()
    owner.apply({"kind": "User", "name": "alice"})
    path = "/v1/accounts/acme/users/alice/second-factor"
    assert owner.send("DELETE", path).status == 404
    visit = take(server, owner.send("POST", "/v1/accounts/acme/users/alice/reset-password", {}).json["link"])
    begin_enrolment(server.host, visit)
    assert owner.send("DELETE", path).status == 204


def test_the_settings_are_a_document(server: RunningServer) -> None:
    """Shown with every field, changed in part, exported, deleted back to the defaults."""
    owner = server.owner()
    body = {"name": "security", "passwords": {"minimum_length": 12}}
    assert owner.put("security-settings", "security", body=body).status == 201
    shown = owner.get("security-settings", "security").json
    assert (shown["passwords"]["minimum_length"], shown["sign_in"]["idle_minutes"]) == (12, 60)
    assert "SecuritySettings" in owner.get("export").text
    reply = owner.put(
        "security-settings", "security", body={"name": "security", "sign_in": {"idle_minutes": 5}}
    )
    assert reply.json["errors"][0]["place"] == "sign_in.idle_minutes"
    assert owner.send("DELETE", "/v1/accounts/acme/security-settings/security").status == 204


def test_who_may_only_read_settings_loosens_nothing(server: RunningServer) -> None:
    """And whoever may set them loosens none, unless everything is theirs to grant."""
    owner = server.owner()
    owner.apply(
        {"kind": "User", "name": "kim"},
        {"kind": "User", "name": "vic"},
        {"kind": "Role", "name": "Setter", "service": "iam", "rights": [{"actions": ["iam.setting.*"]}]},
        {
            "kind": "Policy",
            "name": "kim",
            "subjects": ["user:kim"],
            "roles": ["Setter"],
            "scope": {"service": "iam"},
        },
        {
            "kind": "Policy",
            "name": "vic",
            "subjects": ["user:vic"],
            "roles": ["Viewer"],
            "scope": {"service": "iam"},
        },
    )
    kim, vic = server.client("user:kim"), server.client("user:vic")
    strict = {
        "name": "security",
        "passwords": {"minimum_length": 12},
        "sign_in": {"failures_before_lockout": 3},
    }
    assert kim.put("security-settings", "security", body=strict).status == 201
    assert vic.get("security-settings", "security").status == 200
    assert (
        vic.put("security-settings", "security", body={**strict, "require_second_factor": True}).status == 403
    )
    for looser in ({**strict, "passwords": {"minimum_length": 11}}, {**strict, "sign_in": {}}):
        reply = kim.put("security-settings", "security", body=looser)
        assert (reply.status, reply.json["reason"]) == (403, "no_authority"), reply.text
    assert kim.send("DELETE", "/v1/accounts/acme/security-settings/security").status == 403


def test_the_command_line_invites_and_unlocks(server: RunningServer) -> None:
    """In the words of the other commands; the link stands alone on a line."""
    owner = server.owner()
    owner.apply({"kind": "Group", "name": "dev"})
    said = signed_in(server.address, server.key("user:owner"))
    done = call("user", "invite", "carol", "--email", "carol@acme.example", "--group", "dev",
               "--policy", "Reader@container-registry", "--days", "2", variables=said)  # fmt: skip
    assert done.code == 0, done.err
    assert "for carol, good once, until" in done.err
    take(server, done.out.strip())
    assert owner.get("policies", "carol-Reader-container-registry").status == 200
    done = call("user", "reset-password", "carol", variables=said)
    take(server, done.out.strip(), "another horse 2")
    assert call("user", "unlock", "carol", variables=said).code == 2
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            enter(server, "carol", "wrong")
    with pytest.raises(LockedOut):
        enter(server, "carol", "another horse 2")
    assert call("user", "unlock", "carol", variables=said).out == "carol may try again\n"
    assert enter(server, "carol", "another horse 2")
    call("user", "invite", "dave", variables=said)
    listed = call("invitation", "list", variables=said).out
    assert "become a user" in listed
    uid = next(word for word in listed.split() if word.startswith("invitation-"))
    assert call("invitation", "withdraw", uid, variables=said).out == f"withdrew {uid}\n"
