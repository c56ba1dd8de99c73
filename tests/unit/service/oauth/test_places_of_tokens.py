"""From where tokens are used: refreshing and exchanging are uses, too, and asking about a token is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.service.oauth.oauth_world import API, World, make_world

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.oauth.exchanging import Exchange, exchange_token
from bailiwick.service.oauth.families import is_family_standing, refresh_family
from bailiwick.service.oauth.family_notes import list_families
from bailiwick.service.oauth.family_roots import root_of
from bailiwick.service.oauth.introspecting import introspect_for_client

INSIDE, OUTSIDE = "192.0.2.1", "203.0.113.9"


@pytest.fixture
def world() -> World:
    """The account with its applications."""
    return make_world()


@pytest.mark.parametrize("address", [OUTSIDE, "", "fe80::1%eth0"])
def test_a_refresh_token_is_used_from_the_accounts_networks_only(world: World, address: str) -> None:
    """Whoever stole it has nothing of it elsewhere, and uses it up for nobody. (rule 31.2)"""
    begun = world.family()
    inside = replace(world.acme.owner, context={"ip": INSIDE})
    world.acme.apply("kind: SecuritySettings\nnetworks: {api: [{network: 192.0.2.0/24}]}\n", inside)
    client, token = world.client("web"), begun.refresh_token or ""
    with pytest.raises(OAuthRefused) as refused:
        refresh_family(world.host, client, token, address=address)
    assert refused.value.error == "invalid_grant"
    assert refresh_family(world.host, client, token, address=INSIDE).refresh_token


def test_a_family_is_bound_to_the_networks_of_its_key(world: World) -> None:
    """Wherever the account's own may be; it stands all the same."""
    key = create_key(world.host, world.acme.owner, "user:alice", networks=("192.0.2.0/24",)).text
    session = world.host.authenticator.session_of_token(exchange_key(world.host, key, INSIDE).text, INSIDE)
    begun = world.family(root=root_of(session, offline=True))
    with pytest.raises(OAuthRefused):
        refresh_family(world.host, world.client("web"), begun.refresh_token or "", address=OUTSIDE)
    (family,) = list_families(world.host.store.activity, "acme", world.host.at())
    assert is_family_standing(world.host, family)


def test_a_token_is_exchanged_where_it_may_be_used(world: World) -> None:
    """Also for an API that is not asked from where; whoever asks about it may be anywhere."""
    key = create_key(world.host, world.acme.owner, "user:alice", networks=("192.0.2.0/24",)).text
    shown = exchange_key(world.host, key, INSIDE).text
    portal, wanted = world.authenticated("portal"), Exchange(shown, audience=API)
    with pytest.raises(OAuthRefused) as refused:
        exchange_token(world.host, portal, wanted, OUTSIDE)
    assert refused.value.error == "invalid_grant"
    token, _ = exchange_token(world.host, portal, wanted, INSIDE)
    assert introspect_for_client(world.host, portal, token.text)["active"]
