"""One's own pages and the account's settings: keys, sessions, access; security, all keys, lock-outs, invitations."""

from __future__ import annotations

import re

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.errors import Unauthenticated
from bailiwick.model.security import PASSWORD_NUMBERS, PROTECTION_NUMBERS, SIGN_IN_NUMBERS
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.people.signing_in import Given, sign_in

PASSWORD = "correct horse 1"
DEFAULTS = {
    name: str(one.default)
    for name, one in {**PASSWORD_NUMBERS, **SIGN_IN_NUMBERS, **PROTECTION_NUMBERS}.items()
}
SETTINGS = "/settings/security"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs next to nothing."""
    monkeypatch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))


def enter(server: RunningServer, name: str) -> Browser:
    """A browser in which this user has chosen a password, and signed in."""
    server.client(f"user:{name}")
    server.client("user:owner")
    owner = server.host.authenticator.session_of_key(server.key("user:owner"))[0]
    link = invite_to_password(server.host, owner, name).address.rpartition("/")[2]
    accept(server.host, link, PASSWORD, Client())
    return another(server, name)


def another(server: RunningServer, name: str) -> Browser:
    """One more browser of theirs."""
    browser, page = Browser(server.address), "/console/sign-in"
    fields = {"account": ACCOUNT, "name": name, "password": PASSWORD}
    assert browser.post(page, fields, seen_at=page).status == 303
    return browser


@pytest.fixture
def owner(server: RunningServer) -> Browser:
    """The owner's browser."""
    return enter(server, "owner")


@pytest.fixture
def alice(server: RunningServer) -> Browser:
    """Somebody who has nothing."""
    server.owner().apply({"kind": "User", "name": "alice"})
    return enter(server, "alice")


def test_ones_keys_are_made_shown_once_stopped_and_withdrawn(server: RunningServer, alice: Browser) -> None:
    """By somebody who has no right but to be there; another's keys are not theirs."""
    reply = alice.post("/me/keys/new", {"description": "<b>build</b>", "days": "30"})
    found = re.search(r'value="(bwk_[^"]+)"', reply.text)
    assert found is not None
    assert server.token(found[1])
    shown = alice.get("/me/keys").text
    assert found[1] not in shown
    assert "&lt;b&gt;build&lt;/b&gt;" in shown
    uid = next(
        one for one, key in server.host.snapshot("acme").keys.items() if found[1].startswith(key.prefix)
    )
    assert alice.post(f"/me/keys/{uid}/disable", {}).status == 303
    assert "disabled" in alice.get("/me/keys").text
    assert alice.post(f"/me/keys/{uid}/enable", {}).status == 403
    assert f"{uid}/enable" not in alice.get("/me/keys").text
    assert alice.get(f"/me/keys/{uid}/delete").status == 200
    assert alice.post(f"/me/keys/{uid}/delete", {}).status == 303
    assert uid not in server.host.snapshot("acme").keys
    theirs = next(one for one, key in server.host.snapshot("acme").keys.items() if key.owner_name == "owner")
    assert alice.post(f"/me/keys/{theirs}/delete", {}).status == 404
    assert alice.post("/me/keys/new", {"days": "9999"}).status == 400


def test_ones_sessions_are_seen_and_ended(server: RunningServer, alice: Browser) -> None:
    """This one, another, all others; nobody else's."""
    second, third = another(server, "alice"), another(server, "alice")
    shown = alice.get("/me/sessions").text
    assert shown.count(">End</button>") == 3, "two, and the one of the link"
    assert "this one" in shown
    uid = re.findall(r'name="session" value="([^"]+)"', shown)[0]
    assert alice.post("/me/sessions/end", {"session": uid}).status == 303
    assert third.get("/me").status == 303
    assert alice.post("/me/sessions/end", {"session": "session-0"}).status == 404
    assert alice.post("/me/sessions/end-others", {}).status == 303
    assert second.get("/me").status == 303
    assert alice.get("/me").status == 200


def test_what_may_i_do_answers_from_the_engine(server: RunningServer, alice: Browser, owner: Browser) -> None:
    """Nothing; some in one region; the owner everything but what is granted by name only."""
    assert "Nothing yet" in alice.get("/me/access").text
    server.owner().apply(
        {"kind": "Resource", "name": "brn:acme:ims:eu-de::image/web"},
        {"kind": "Policy", "name": "a", "subjects": ["user:alice"], "roles": ["IMS ReadOnlyAccess"],
         "scope": {"service": "ims", "region": "eu-de"}},
    )  # fmt: skip
    assert "Image Management Service" in alice.get("/me/access").text
    actions = alice.get("/me/access/ims").text
    assert "ims:images:get" in actions
    assert "1 registered resource" in actions
    assert "ims:images:delete" not in actions
    assert "hs-crypto.keys.purge" not in owner.get("/me/access/hs-crypto").text
    assert owner.get("/me/access/nothing").status == 404


def test_the_security_settings_are_changed_and_undone(server: RunningServer, owner: Browser) -> None:
    """What is wrong stands at its field and changes nothing; what is changed is said, and can be undone."""
    shown = owner.get(SETTINGS).text
    assert "These are the defaults" in shown
    wrong = owner.post(SETTINGS, {**DEFAULTS, "minimum_length": "5", "idle_minutes": "x"})
    assert (wrong.status, 'id="idle_minutes-error"' in wrong.text) == (400, True)
    wrong = owner.post(SETTINGS, {**DEFAULTS, "minimum_length": "5"})
    assert (wrong.status, 'id="minimum_length-error"' in wrong.text) == (400, True)
    right = {**DEFAULTS, "minimum_length": "12", "name_refused": "yes", "notice": "<i>Friday</i>"}
    assert owner.post(SETTINGS, right).status == 303
    assert "The security settings were changed." in owner.get(SETTINGS).text
    settings = server.host.snapshot("acme").account.security_settings
    assert (settings.passwords.minimum_length, settings.sign_in.notice) == (12, "<i>Friday</i>")
    assert "&lt;i&gt;Friday&lt;/i&gt;" in another(server, "owner").get("").text
    stale = owner.post(SETTINGS, {**right, "since": "1"})
    assert stale.status == 409


def test_who_may_only_see_the_settings_gets_no_form(server: RunningServer, alice: Browser) -> None:
    """And who may not even see them is told which action is missing."""
    assert "iam.setting.read" in alice.get(SETTINGS).text
    viewer = {
        "kind": "Policy",
        "name": "v",
        "subjects": ["user:alice"],
        "roles": ["Viewer"],
        "scope": {"service": "iam"},
    }
    server.owner().apply(viewer)
    shown = alice.get(SETTINGS).text
    assert "You see these settings and may not change them" in shown
    assert 'type="number"' not in shown
    assert alice.post(SETTINGS, DEFAULTS).status == 403


def test_all_keys_are_paged_and_searched(server: RunningServer, owner: Browser) -> None:
    """Fifty a page; another's is disabled and deleted by whoever may."""
    client = server.owner()
    for at in range(60):
        client.apply({"kind": "ServiceId", "name": f"s{at:02}"})
        client.post("api-keys", body={"owner": f"service-id:s{at:02}", "description": f"number {at}"})
    page = owner.get("/settings/keys").text
    assert page.count("service-id:s") < 60
    following = re.search(r'rel="next" href="([^"]+)"|href="([^"]+)" rel="next"', page)
    assert following is not None
    assert "service-id:s59" in owner.get((following[1] or following[2]).replace("&amp;", "&")).text
    found = owner.get("/settings/keys?q=number+42").text
    assert ("service-id:s42" in found, "service-id:s41" in found) == (True, False)
    uid = next(one for one, key in server.host.snapshot("acme").keys.items() if key.owner_name == "s42")
    assert owner.post(f"/settings/keys/{uid}/disable", {}).status == 303
    assert owner.post(f"/settings/keys/{uid}/delete", {}).status == 303
    assert uid not in server.host.snapshot("acme").keys


def test_lockouts_and_invitations_are_seen_lifted_and_withdrawn(
    server: RunningServer, owner: Browser
) -> None:
    """By whoever may."""
    server.owner().apply({"kind": "User", "name": "max"})
    assert "Nobody is locked out" in owner.get("/settings/lockouts").text
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(server.host, Given("acme", "max", "wrong"), Client())
    shown = owner.get("/settings/lockouts").text
    lockout = re.search(r'name="lockout" value="([^"]+)"', shown)
    assert lockout is not None
    assert owner.post("/settings/lockouts/lift", {"lockout": lockout[1]}).status == 303
    assert "max may try again." in owner.get("/settings/lockouts").text
    server.owner().post("invitations", body={"name": "carol"})
    shown = owner.get("/settings/invitations").text
    assert "become a user" in shown
    invitation = re.search(r'name="invitation" value="([^"]+)"', shown)
    assert invitation is not None
    assert owner.post("/settings/invitations/withdraw", {"invitation": invitation[1]}).status == 303
    owner.get("")
    assert "No open invitations" in owner.get("/settings/invitations").text
