"""Tokens of applications: for themselves, exchanged, asked about and given back; and that none outlives its root."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.service.oauth.oauth_world import API, World, make_world

from bailiwick.authn.client_secrets import ShownClient
from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.errors import Denied, Unauthenticated
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.edits import Edit
from bailiwick.service.keys.changing import update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.oauth.acting import act_as_itself, exchange_key_for
from bailiwick.service.oauth.clients import Client, ClientRefused, authenticate_client
from bailiwick.service.oauth.exchanging import Exchange, exchange_token
from bailiwick.service.oauth.families import refresh_family
from bailiwick.service.oauth.introspecting import introspect_for_client, introspect_for_session
from bailiwick.service.oauth.revoking import revoke_token
from bailiwick.service.oauth.secrets import rotate_secret, withdraw_secret

HERE = "192.0.2.1"
RELAY = "https://relay.example"


@pytest.fixture
def world() -> World:
    """The account with its applications."""
    return make_world()


def own(world: World, name: str = "portal", **asked: object) -> str:
    """A token of the service ID as which this application acts."""
    wanted = {"asked": (), "audience": None, **asked}
    return act_as_itself(world.host, world.authenticated(name), address=HERE, **wanted)[0].text  # type: ignore[arg-type]


def alice(world: World) -> str:
    """A token of alice, by her key."""
    return exchange_key(world.host, world.acme.key("user:alice")).text


def exchange(world: World, client: Client, text: str, **asked: object) -> str:
    """With which token does this application act for whose token this is?"""
    return exchange_token(world.host, client, Exchange(text, **asked), HERE)[0].text  # type: ignore[arg-type]


def word(world: World, client: Client, text: str, **asked: object) -> str:
    """With which word is the exchange refused?"""
    with pytest.raises(OAuthRefused) as caught:
        exchange(world, client, text, **asked)
    return caught.value.error


def test_an_application_acts_as_its_service_id(world: World) -> None:
    """Named in the token, in a session that is listed and can be ended."""
    session = world.session(own(world))
    assert session is not None
    assert (session.principal, session.client_id, session.scope) == (
        "service-id:portal",
        world.uid("portal"),
        "all",
    )
    assert session.session_uid


@pytest.mark.parametrize("what", ["secret", "application", "service id", "acts_as", "grants"])
def test_it_ends_with_everything_on_which_it_rests(world: World, what: str) -> None:
    """At the next request of another process."""
    client, other = world.authenticated("portal"), world.acme.another_host()
    text = act_as_itself(world.host, client, (), None, HERE)[0].text
    assert world.stands(text, other)
    document = "{kind: Application, name: portal, type: confidential, scopes: [all], %s}"
    acting = "grants: [client_credentials], acts_as: service-id:portal"
    changes = {
        "application": document % f"{acting}, disabled: true",
        "service id": "{kind: ServiceId, name: portal, disabled: true}",
        "acts_as": document % "grants: [client_credentials], acts_as: service-id:relay",
        "grants": document % "acts_as: service-id:portal",
    }
    if what == "secret":
        withdraw_secret(world.host, world.acme.owner, "portal", client.secret_uid)
    else:
        world.acme.apply(changes[what])
    assert not world.stands(text, other)
    if what in ("service id", "grants"):
        with pytest.raises((OAuthRefused, ClientRefused)):
            act_as_itself(
                world.host, replace(client, application=world.client("portal").application), (), None, HERE
            )


def test_a_token_ends_with_the_secret_that_has_an_end(world: World) -> None:
    """No later than it, whatever the application's tokens otherwise last."""
    ends = world.host.at() + timedelta(seconds=90)
    made = rotate_secret(world.host, world.acme.owner, "portal", expires_at=ends)
    client = authenticate_client(world.host, ShownClient(world.uid("portal"), made.text), HERE)
    token = act_as_itself(world.host, client, (), None, HERE)[0]
    assert token.lifetime_seconds == 90


def test_whoever_has_shown_no_secret_acts_as_nobody(world: World) -> None:
    """Neither by the grant nor by an exchange."""
    client = world.client("portal")
    with pytest.raises(OAuthRefused):
        act_as_itself(world.host, client, (), None, HERE)
    assert word(world, client, alice(world)) == "unauthorized_client"


def test_an_api_key_gives_less_when_less_is_asked_for(world: World) -> None:
    """The scope's restrictions; an unknown scope gives nothing."""
    key = world.acme.key("user:alice")
    session = world.session(exchange_key_for(world.host, key, ("iam.user.read",), HERE).text)
    assert session is not None
    assert len(session.restrictions) == 3
    with pytest.raises(OAuthRefused):
        exchange_key_for(world.host, key, ("iam.user.fly",), HERE)
    with pytest.raises(Unauthenticated):
        exchange_key_for(world.host, key[:-1], ("all",), HERE)


def test_an_exchange_acts_for_whose_token_is_shown(world: World) -> None:
    """The service ID first, alice in the chain: each is judged as itself."""
    session = world.session(exchange(world, world.authenticated("portal"), alice(world)))
    assert session is not None
    assert (session.principal, session.chain) == ("service-id:portal", ("user:alice",))


def test_an_exchange_of_an_exchanged_token_keeps_the_whole_chain(world: World) -> None:
    """Relay for portal for alice; nobody is shed on the way."""
    first = exchange(world, world.authenticated("portal"), alice(world))
    session = world.session(exchange(world, world.authenticated("relay"), first))
    assert session is not None
    assert session.chain == ("service-id:portal", "user:alice")
    asked = introspect_for_session(
        world.host, world.acme.owner, exchange(world, world.authenticated("relay"), first)
    )
    uid = world.host.snapshot("acme").identities["User", "alice"].uid
    assert (asked["sub"], asked["username"]) == (uid, "user:alice")
    names = world.host.snapshot("acme").identities
    assert asked["act"]["sub"] == names["ServiceId", "relay"].uid
    assert asked["act"]["act"]["sub"] == names["ServiceId", "portal"].uid
    assert "act" not in asked["act"]["act"]


def test_the_restrictions_of_a_token_hold_for_what_is_exchanged_for_it(world: World) -> None:
    """What alice let go of comes back by no exchange, and scopes add up."""
    narrow = exchange_key_for(world.host, world.acme.key("user:alice"), ("iam.user.read",), HERE).text
    session = world.session(exchange(world, world.authenticated("portal"), narrow, scope=("iam.*",)))
    assert session is not None
    assert len(session.restrictions) == 6


def test_a_token_for_another_api_is_no_consent(world: World) -> None:
    """Only one for an audience of the application, or that it got itself, or for Bailiwick itself."""
    family = world.family(audience=API).token.text
    assert world.stands(exchange(world, world.authenticated("portal"), family))
    assert word(world, world.authenticated("relay"), family) == "invalid_grant"
    down = exchange(world, world.authenticated("portal"), family, audience=API)
    assert not world.stands(down), "for the API only"
    assert word(world, world.authenticated("portal"), family, audience=RELAY) == "invalid_target"
    assert word(world, world.authenticated("portal"), family, scope=("openid",)) == "invalid_scope"


def test_what_is_no_token_that_stands_is_exchanged_for_nothing(world: World) -> None:
    """Malformed, over, of a disabled user, tampered with; and actor tokens of others."""
    client, text = world.authenticated("portal"), alice(world)
    for wrong in ("", "x", text[:-4] + "AAAA", text + "A"):
        assert word(world, client, wrong) == "invalid_grant"
    assert word(world, client, text, actor_token=alice(world)) == "invalid_grant"
    assert word(world, client, text, actor_token=own(world, "relay")) == "invalid_grant"
    assert word(world, client, text, actor_token="x") == "invalid_grant"
    mine = act_as_itself(world.host, client, ("ims:images:get",), None, HERE)[0].text
    session = world.session(exchange(world, client, text, actor_token=mine))
    assert session is not None
    assert len(session.restrictions) == 3, "the actor's own restrictions hold"
    world.acme.clock.seconds += 3600
    assert word(world, client, text) == "invalid_grant"


def test_an_exchange_ends_with_the_subjects_token_key_and_user(world: World) -> None:
    """At the next request of another process."""
    other, client = world.acme.another_host(), world.authenticated("portal")
    made = create_key(world.host, world.acme.owner, "user:alice")
    by_key = exchange(world, client, exchange_key(world.host, made.text).text)
    subject = exchange_key(world.host, world.acme.key("user:alice")).text
    revoked = exchange(world, client, subject)
    left = exchange(world, client, alice(world))
    assert all(world.stands(one, other) for one in (by_key, revoked, left))
    update_key(world.host, world.acme.owner, made.uid, disabled=True)
    revoke_token(world.host, None, subject)
    assert [world.stands(one, other) for one in (by_key, revoked, left)] == [False, False, True]
    world.acme.apply("{kind: User, name: alice, disabled: true}")
    assert not world.stands(left, other)


def test_a_guardrail_can_forbid_to_be_acted_for(world: World) -> None:
    """As it forbids every session (22.7), for either."""
    world.acme.apply(
        "{kind: Guardrail, name: none, actions: [iam.session.begin], scope: {service: iam}, "
        "when: {key: principal.id, operator: string-equals, value: 'user:alice'}}"
    )
    assert word(world, world.authenticated("portal"), alice(world)) == "invalid_grant"


def test_introspection_tells_an_application_of_its_own_and_its_audiences(world: World) -> None:
    """And everybody else nothing; a token with one changed byte is inactive."""
    portal, relay = world.authenticated("portal"), world.authenticated("relay")
    text = world.family(audience=API).token.text
    said = introspect_for_client(world.host, portal, text)
    assert said["active"] is True
    assert (said["aud"], said["client_id"], said["scope"]) == (API, world.uid("web"), "openid all")
    assert "act" not in said
    assert introspect_for_client(world.host, relay, text) == {"active": False}
    mine = own(world)
    assert introspect_for_client(world.host, portal, mine)["active"]
    assert introspect_for_client(world.host, relay, mine) == {"active": False}
    body = text.split(".")
    for part in range(3):
        changed = list(body)
        changed[part] = ("B" if changed[part][0] != "B" else "C") + changed[part][1:]
        assert introspect_for_client(world.host, portal, ".".join(changed)) == {"active": False}
    assert introspect_for_client(world.host, portal, "x") == {"active": False}
    with pytest.raises(ClientRefused):
        introspect_for_client(world.host, world.client("desktop"), text)


def test_introspection_of_the_account_needs_its_action(world: World) -> None:
    """The owner may ask about every token of the account, zoe about none."""
    text = alice(world)
    assert introspect_for_session(world.host, world.acme.owner, text)["active"]
    with pytest.raises(Denied):
        introspect_for_session(world.host, world.acme.session("user:zoe"), text)


def test_what_is_over_is_inactive_at_once(world: World) -> None:
    """In every process: revoked, ended, of a disabled user or application."""
    portal, other = world.authenticated("portal"), world.acme.another_host()

    def active(text: str) -> bool:
        return bool(introspect_for_client(other, portal, text)["active"])

    first, second = world.family(audience=API), world.family(audience=API)
    assert active(first.token.text)
    revoke_token(world.host, world.client("web"), first.token.text)
    assert not active(first.token.text)
    assert active(second.token.text)
    revoke_token(world.host, world.client("web"), second.refresh_token or "")
    assert not active(second.token.text)
    third = world.family(audience=API).token.text
    world.acme.apply("{kind: User, name: alice, disabled: true}")
    assert not active(third)


def test_a_refresh_token_is_asked_about_by_its_own_application(world: World) -> None:
    """Only the newest is active."""
    portal = world.authenticated("portal")
    world.acme.apply(
        "{kind: Application, name: web, type: confidential, redirect_uris: ['https://app.example/callback'], "
        "grants: [authorization_code, refresh_token], scopes: [openid, all]}"
    )
    web, begun = world.authenticated("web"), world.family()
    assert introspect_for_client(world.host, web, begun.refresh_token or "")["active"]
    assert introspect_for_client(world.host, portal, begun.refresh_token or "") == {"active": False}
    refresh_family(world.host, web, begun.refresh_token or "")
    assert introspect_for_client(world.host, web, begun.refresh_token or "") == {"active": False}
    session = world.session(begun.token.text)
    assert session is not None, "asking ends nothing"


def test_a_token_is_given_back_by_whose_it_is(world: World) -> None:
    """Not by another application; of no application by whoever holds it; and only once counts."""
    web, begun, other = world.client("web"), world.family(), world.acme.another_host()
    for client in (world.client("desktop"), None):
        revoke_token(world.host, client, begun.token.text)
        revoke_token(world.host, client, begun.refresh_token or "")
    assert world.stands(begun.token.text)
    revoke_token(world.host, web, begun.token.text)
    assert not world.stands(begun.token.text, other)
    again = refresh_family(world.host, web, begun.refresh_token or "")
    assert world.stands(again.token.text, other), "an access token alone"
    revoke_token(world.host, web, again.refresh_token or "")
    assert not world.stands(again.token.text, other)
    plain = alice(world)
    made = begin_session(world.host, world.host.authenticator.session_of_token(plain), Wanted()).token.text
    revoke_token(world.host, web, plain)
    assert world.stands(plain, other)
    for _ in range(2):
        revoke_token(world.host, None, plain)
    assert not world.stands(plain, other)
    assert not world.stands(made, other), "what was made with it ends with it"
    changed = plain[:-4] + ("AAAA" if plain[-4:] != "AAAA" else "BBBB")
    assert not world.stands(changed, other), "nor is it good again with another signature"


STEPS = st.lists(
    st.tuples(st.sampled_from(["refresh", "exchange", "relay", "session", "api"]), st.integers(0, 900)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.integers(120, 2000))
def test_no_chain_outlives_its_root(steps: list[tuple[str, int]], seconds: int) -> None:
    """However tokens are made from tokens, none is good after the end of the key at the root (bug class 30)."""
    world = make_world()
    ends = world.host.at() + timedelta(seconds=seconds)
    made = create_key(world.host, world.acme.owner, "user:alice", expires_at=ends)
    texts = [exchange_key(world.host, made.text).text]
    portal, relay = world.authenticated("portal"), world.authenticated("relay")
    for step, pause in steps:
        world.acme.clock.seconds += pause
        newest = texts[-1]
        try:
            if step == "session":
                session = world.host.authenticator.session_of_token(newest)
                texts.append(begin_session(world.host, session, Wanted()).token.text)
            elif step == "api":
                exchange(world, portal, newest, audience=API)
            else:
                texts.append(exchange(world, relay if step == "relay" else portal, newest))
        except (OAuthRefused, Unauthenticated):
            assert not world.stands(newest) or len(texts) > 4
    world.acme.clock.seconds = ends.timestamp()
    assert not any(world.stands(text) for text in texts)


def test_suspending_and_deleting_end_it(world: World) -> None:
    """The account suspended; the user gone."""
    other = world.acme.another_host()
    text = exchange(world, world.authenticated("portal"), alice(world))
    mine = own(world)
    world.acme.edit(
        *(
            Edit(kind, name, None)
            for kind, name in (("Policy", "pulls"), ("Policy", "alice"), ("User", "alice"))
        )
    )
    assert not world.stands(text, other)
    assert world.stands(mine, other)
    world.acme.apply("{kind: Account, name: acme, owner: user:owner, suspended: true}")
    assert not world.stands(mine, other)
