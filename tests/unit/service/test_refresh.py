"""A refresh token stands in for one API key at one registry, for 72 hours, and no longer than the key stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.service.registry_world import (
    ACCOUNT,
    EU,
    START,
    US,
    World,
    basic,
    build_memory_world,
    claims_of,
)

from bailiwick.authn.compact import Signer
from bailiwick.authn.registry.refresh import RefreshSubject, issue_refresh_token
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import TokenParties
from bailiwick.errors import Unauthenticated
from bailiwick.service.keyring import rotate
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.rotating import rotate_key
from bailiwick.service.refresh import session_of_refresh_token
from bailiwick.service.registry import RegistryGrant, grant_registry_token
from bailiwick.service.settings import Registry

NOBODY = "the credential is missing, unknown, expired or withdrawn"
SCOPE = ("scope", "repository:dev/app:pull")
OFFLINE = ("offline_token", "true")
DAY = 24 * 3600


@pytest.fixture
def world() -> World:
    """An installation of its own for each test, at a moment that stands still."""
    return build_memory_world()


def login(world: World, header: str, *more: tuple[str, str], registry: Registry = EU) -> RegistryGrant:
    """What a client gets that logs in with this header."""
    return grant_registry_token(world.host, [("service", registry.service), *more], header)


def refresh_token(world: World, header: str | None = None, *, registry: Registry = EU) -> str:
    """The refresh token of a login, with rita's key unless another header is given."""
    shown = header or basic("iamapikey", world.key("user:rita"))
    refresh = login(world, shown, OFFLINE, registry=registry).refresh
    assert refresh is not None
    return refresh.text


def pull_with(world: World, refresh: str, *, registry: Registry = EU) -> object:
    """The access of the token that this refresh token gives, asked to pull in `dev`."""
    granted = login(world, basic("iamrefresh", refresh), SCOPE, registry=registry)
    return claims_of(granted.token.text)["access"]


def pull_with_form(world: World, refresh: str) -> object:
    """The same, asked by a form."""
    form = [("service", EU.service), ("grant_type", "refresh_token"), ("refresh_token", refresh), SCOPE]
    return claims_of(grant_registry_token(world.host, form, None).token.text)["access"]


PULLS = [{"type": "repository", "name": "dev/app", "actions": ["pull"]}]


def test_a_refresh_token_does_as_well_as_its_key(world: World) -> None:
    """In the header or in a form, as often as wanted, and what it gives is the key's own."""
    refresh = refresh_token(world)
    assert pull_with(world, refresh) == PULLS
    assert pull_with_form(world, refresh) == PULLS
    world.remove("Policy", "rita-reads-dev")
    assert pull_with(world, refresh) == []


@pytest.mark.parametrize("asks", [("offline_token", "true"), ("access_type", "offline")])
def test_a_client_asks_for_it_in_one_of_two_words(world: World, asks: tuple[str, str]) -> None:
    """A query says `offline_token=true`, a form `access_type=offline`."""
    assert login(world, basic("iamapikey", world.key("user:rita")), asks).refresh is not None


@pytest.mark.parametrize("asks", [("offline_token", "false"), ("access_type", "online"), ("account", "x")])
def test_who_does_not_ask_gets_none(world: World, asks: tuple[str, str]) -> None:
    """Nothing that lives for days is handed out unasked."""
    assert login(world, basic("iamapikey", world.key("user:rita")), asks).refresh is None


def test_only_a_key_gives_one(world: World) -> None:
    """Nothing lives longer by being exchanged: not an access token, nor another refresh token, nor nobody."""
    key = world.key("user:rita")
    access = basic("iambearer", exchange_key(world.host, key).text)
    refresh = basic("iamrefresh", refresh_token(world))
    assert login(world, access, OFFLINE).refresh is None
    assert login(world, refresh, OFFLINE).refresh is None
    assert grant_registry_token(world.host, [("service", EU.service), OFFLINE], None).refresh is None


def test_it_ends_after_72_hours_however_often_it_is_used(world: World) -> None:
    """Use does not prolong it."""
    refresh = refresh_token(world)
    for _ in range(2):
        world.clock.seconds += DAY
        assert pull_with(world, refresh) == PULLS
    world.clock.seconds = START.timestamp() + 3 * DAY - 1
    assert pull_with(world, refresh) == PULLS
    world.clock.seconds += 1
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, refresh)


def test_it_ends_with_its_key_s_own_end(world: World) -> None:
    """A key for an hour gives a refresh token for an hour."""
    key = create_key(world.host, world.owner, "user:rita", expires_at=START + timedelta(hours=1)).text
    given = login(world, basic("iamapikey", key), OFFLINE).refresh
    assert given is not None
    assert given.lifetime_seconds == 3600
    world.clock.seconds += 3600
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, given.text)


def test_keys_and_refresh_tokens_are_used_from_the_keys_networks_only(world: World) -> None:
    """And from the account's; each is asked at every use, whichever of them is shown."""
    key = world.key("user:rita")
    refresh, uid = refresh_token(world), world.keys["user:rita"].uid
    token = exchange_key(world.host, key).text
    shown = (basic("iamapikey", key), basic("iambearer", token))
    as_refresh = [("service", EU.service), ("grant_type", "refresh_token"), ("refresh_token", refresh)]

    def works(address: str) -> list[bool]:
        answers = []
        for parameters, header in ((as_refresh, None), *(([("service", EU.service)], one) for one in shown)):
            try:
                grant_registry_token(world.host, parameters, header, address)
                answers.append(True)
            except Unauthenticated:
                answers.append(False)
        return answers

    assert works("198.51.100.1") == [True] * 3
    update_key(world.host, world.owner, uid, networks=("192.0.2.0/24",))
    assert works("::ffff:192.0.2.1") == [True] * 3
    assert works("198.51.100.1") == works("") == [False] * 3
    update_key(world.host, world.owner, uid, networks=())
    world.apply("kind: SecuritySettings\nname: security\nnetworks: {console: [192.0.2.0/24]}")
    assert works("198.51.100.1") == [True] * 3


def test_it_ends_when_its_key_is_withdrawn_and_rests_while_it_is_disabled(world: World) -> None:
    """Withdrawing the key is how it is withdrawn; another key of the same user does not keep it alive."""
    refresh, uid = refresh_token(world), world.keys["user:rita"].uid
    create_key(world.host, world.owner, "user:rita")
    update_key(world.host, world.owner, uid, disabled=True)
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, refresh)
    update_key(world.host, world.owner, uid, disabled=False)
    assert pull_with(world, refresh) == PULLS
    delete_key(world.host, world.owner, uid)
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, refresh)


def test_it_ends_with_its_owner_and_its_account(world: World) -> None:
    """A user who is disabled or gone, or an account that is suspended, has no refresh tokens."""
    rita, will = refresh_token(world), refresh_token(world, basic("iamapikey", world.key("user:will")))
    world.apply("{kind: User, name: rita, disabled: true}")
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, rita)
    world.remove("Policy", "rita-reads-dev")
    world.remove("User", "rita")
    world.apply("{kind: User, name: rita}")
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, rita)
    assert pull_with(world, will) == PULLS
    world.apply(f"{{kind: Account, name: {ACCOUNT}, owner: user:root, suspended: true}}")
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, will)


def test_it_is_good_at_its_own_registry_only(world: World) -> None:
    """What was given at one registry is nobody's at another of the same account."""
    refresh = refresh_token(world)
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, refresh, registry=US)


def test_it_is_no_access_token_and_no_key(world: World) -> None:
    """Neither the registry's other user names nor Bailiwick's own routes take it."""
    refresh = refresh_token(world)
    for kind in ("iambearer", "iamapikey"):
        with pytest.raises(Unauthenticated, match=NOBODY):
            login(world, basic(kind, refresh))
    with pytest.raises(Unauthenticated):
        world.host.authenticate(f"Bearer {refresh}")


def test_it_ends_at_once_when_the_signing_key_was_stolen(world: World) -> None:
    """New keys without overlap end what the stolen one has signed, or could still sign."""
    refresh = refresh_token(world)
    rotate(world.host.store, KeyPurpose.ACCESS, world.host.at(), "system", leaked=True)
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, refresh)


def test_it_names_the_key_s_own_owner(world: World) -> None:
    """Even a token of the right key is nobody's where owner and API key do not belong together."""
    for owner in ("user:rita", "user:will"):
        world.key(owner)
    rita, will = (
        session_of_refresh_token(world.host, EU, refresh_token(world, basic("iamapikey", world.key(owner))))
        for owner in ("user:rita", "user:will")
    )
    mixed = issue_refresh_token(
        RefreshSubject(rita.uid, ACCOUNT, will.credential),
        parties=TokenParties(world.host.settings.issuer, EU.service),
        signer=Signer(world.host.key_set(KeyPurpose.ACCESS).current()),
        now=START,
        jti="r-1",
    )
    with pytest.raises(Unauthenticated, match=NOBODY):
        pull_with(world, mixed.text)


def test_a_changed_letter_makes_it_nobody_s(world: World) -> None:
    """Every part of it is signed."""
    refresh = refresh_token(world)
    for place in (3, len(refresh) // 2, len(refresh) - 2):
        letter = "A" if refresh[place] != "A" else "B"
        with pytest.raises(Unauthenticated, match=NOBODY):
            pull_with(world, refresh[:place] + letter + refresh[place + 1 :])


def test_its_issue_and_its_use_are_remembered(world: World) -> None:
    """The activity names it by its id, and counts its use as use of the key."""
    refresh = refresh_token(world)
    world.clock.seconds += 60
    pull_with(world, refresh)
    first, second = (stored.event for stored in world.events("issued"))
    assert first.detail["refresh_jti"] == claims_of(refresh)["jti"]
    assert (second.detail["credential"], second.detail["refresh_jti"]) == ("iamrefresh", "")
    assert second.credential_uid == first.credential_uid == world.keys["user:rita"].uid
    assert world.host.store.activity.last_used("account:acme", first.credential_uid) == START + timedelta(
        seconds=60
    )
    assert refresh not in repr((first, second))


def test_what_an_earlier_secret_gives_ends_with_it(world: World) -> None:
    """Whoever still has the old one is not let in for three days more; what the new one gives stands."""
    old = world.key("user:rita")
    uid = world.keys["user:rita"].uid
    new = rotate_key(world.host, world.owner, uid, overlap_seconds=600).text
    by_old, by_new = (refresh_token(world, basic("iamapikey", text)) for text in (old, new))
    assert pull_with(world, by_old) == pull_with(world, by_new) == PULLS
    world.clock.seconds += 600
    with pytest.raises(Unauthenticated):
        pull_with(world, by_old)
    assert pull_with(world, by_new) == PULLS
