"""Applications that present themselves, and their secrets: made, rotated, withdrawn, guessed."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.authn.client_secrets import ShownClient, UnreadableClient, read_client
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.service.edits import Edit
from bailiwick.service.oauth.clients import (
    MOST_FAILURES,
    ClientRefused,
    authenticate_client,
    find_application,
)
from bailiwick.service.oauth.secrets import list_secrets, rotate_secret, withdraw_secret

WORLD = """
kind: ServiceId
name: portal
---
kind: User
name: keeper
---
kind: Policy
name: keeper
subjects: [user:keeper]
roles: [Editor]
scope: {service: iam}
---
kind: Policy
name: portal
subjects: [service-id:portal]
roles: [Writer]
scope: {service: container-registry}
---
kind: Application
name: portal
type: confidential
grants: [client_credentials]
acts_as: service-id:portal
---
kind: Application
name: web
type: confidential
redirect_uris: [https://app.example/callback]
grants: [authorization_code]
---
kind: Application
name: desktop
type: public
redirect_uris: [http://127.0.0.1/callback]
grants: [authorization_code]
"""
HERE = "192.0.2.7"


@pytest.fixture
def world(acme: Installation) -> Installation:
    """The installation with the world above."""
    acme.apply(WORLD)
    return acme


def uid_of(world: Installation, name: str) -> str:
    """Which client id has this application?"""
    return world.host.snapshot("acme").identities["Application", name].uid


def shown(world: Installation, name: str, secret: str | None) -> ShownClient:
    """The application with this secret."""
    return ShownClient(uid_of(world, name), secret)


def refused(world: Installation, client: ShownClient, address: str = HERE) -> str:
    """What is said to whom is refused?"""
    with pytest.raises(ClientRefused) as caught:
        authenticate_client(world.host, client, address)
    return caught.value.message


def test_an_application_shows_its_secret(world: Installation) -> None:
    """With the right one it is itself; everything else is refused in the same words."""
    made = rotate_secret(world.host, world.owner, "web")
    client = authenticate_client(world.host, shown(world, "web", made.text), HERE)
    assert (client.account, client.application.name, client.is_authenticated) == ("acme", "web", True)
    other = rotate_secret(world.host, world.owner, "portal")
    said = {
        refused(world, one)
        for one in (
            shown(world, "web", made.text[:-1] + ("A" if made.text[-1] != "A" else "B")),
            shown(world, "web", other.text),
            shown(world, "web", None),
            shown(world, "web", ""),
            ShownClient("application-00000000000000000000", made.text),
            ShownClient("web", made.text),
            ShownClient("bailiwick-cli", made.text),
            shown(world, "desktop", made.text),
        )
    }
    assert said == {"the application is unknown, or its secret is wrong, expired or withdrawn"}
    assert made.text not in repr(made)
    assert made.text not in repr(shown(world, "web", made.text))


def test_a_public_application_has_nothing_to_show(world: Installation) -> None:
    """It is who it says, and not authenticated; it gets no secret."""
    client = authenticate_client(world.host, shown(world, "desktop", None), HERE)
    assert not client.is_authenticated
    with pytest.raises(Conflict):
        rotate_secret(world.host, world.owner, "desktop")
    assert authenticate_client(world.host, ShownClient("bailiwick-cli"), HERE).account == ""


def test_two_secrets_stand_for_the_overlap(world: Installation) -> None:
    """The one before it until then, older ones no more; without overlap only the newest."""
    first, second = (rotate_secret(world.host, world.owner, "web", overlap_seconds=60) for _ in range(2))
    for one in (first, second):
        assert authenticate_client(world.host, shown(world, "web", one.text), HERE)
    assert len(list_secrets(world.host, world.owner, "web")) == 2
    world.clock.seconds += 60
    assert refused(world, shown(world, "web", first.text))
    third = rotate_secret(world.host, world.owner, "web", overlap_seconds=0)
    assert refused(world, shown(world, "web", second.text))
    assert [one.uid for one in list_secrets(world.host, world.owner, "web")] == [third.record.uid]


def test_a_secret_ends_when_it_says_and_when_it_is_withdrawn(world: Installation) -> None:
    """In every process of the host."""
    ends = world.host.at() + timedelta(minutes=1)
    made = rotate_secret(world.host, world.owner, "web", expires_at=ends)
    other = world.another_host()
    assert authenticate_client(other, shown(world, "web", made.text), HERE)
    world.clock.seconds += 60
    assert refused(world, shown(world, "web", made.text))
    fresh = rotate_secret(world.host, world.owner, "web")
    withdraw_secret(world.host, world.owner, "web", fresh.record.uid)
    with pytest.raises(ClientRefused):
        authenticate_client(other, shown(world, "web", fresh.text), HERE)
    with pytest.raises(NotFound):
        withdraw_secret(world.host, world.owner, "web", fresh.record.uid)
    with pytest.raises(Invalid):
        rotate_secret(world.host, world.owner, "web", expires_at=world.host.at())
    with pytest.raises(Invalid):
        rotate_secret(world.host, world.owner, "web", overlap_seconds=-1)


def test_a_disabled_or_deleted_application_is_nobody(world: Installation) -> None:
    """Deleting takes its secrets along; so does the suspension of the account end it."""
    made = rotate_secret(world.host, world.owner, "web")
    client = shown(world, "web", made.text)
    world.apply("{kind: Application, name: web, type: confidential, disabled: true}")
    assert refused(world, client)
    assert find_application(world.host, client.client_id) is None
    world.apply("{kind: Application, name: web, type: confidential}")
    assert authenticate_client(world.host, client, HERE)
    world.edit(Edit("Application", "web", None))
    assert refused(world, client)
    assert world.host.store.find_secret("account:acme", made.record.uid) is None
    world.apply("{kind: Application, name: web, type: confidential}")
    assert refused(world, shown(world, "web", made.text)), "who takes the name later inherits nothing"


def test_guessing_is_counted_by_address(world: Installation) -> None:
    """In every process, whatever application is guessed at; other addresses and time go on."""
    made = rotate_secret(world.host, world.owner, "web")
    right, other = shown(world, "web", made.text), world.another_host()
    for number in range(MOST_FAILURES):
        host = (world.host, other)[number % 2]
        with pytest.raises(ClientRefused):
            authenticate_client(host, ShownClient(f"application-{number:020x}", "guess"), HERE)
    assert refused(world, right)
    assert authenticate_client(world.host, right, "192.0.2.70")
    world.clock.seconds += 15 * 60
    assert authenticate_client(world.host, right, HERE)


def test_a_secret_hands_over_all_that_the_service_id_holds(world: Installation) -> None:
    """An editor of `iam` makes one for an application that acts as nobody, and for no other; disabled or not."""
    keeper = world.session("user:keeper")
    assert rotate_secret(world.host, keeper, "web").text
    with pytest.raises(Denied) as caught:
        rotate_secret(world.host, keeper, "portal")
    assert caught.value.message == (
        "`service-id:portal` holds policy `portal`, and you lack `iam.policy.create` over service `container-registry`"
    )
    document = "{kind: Application, name: portal, type: confidential, acts_as: service-id:portal, %s: %s}"
    world.apply(document % ("disabled", "true"))
    with pytest.raises(Denied):
        rotate_secret(world.host, keeper, "portal")
    world.apply(document % ("grants", "[]"))
    with pytest.raises(Denied):
        rotate_secret(world.host, keeper, "portal")
    with pytest.raises(Denied):
        world.apply(document % ("grants", "[client_credentials]"), keeper)


def test_who_may_not_is_told_nothing(world: Installation) -> None:
    """Without the action there is no difference between an application that is there and one that is not."""
    world.apply("{kind: User, name: zoe}")
    zoe = world.session("user:zoe")
    for name in ("web", "none"):
        with pytest.raises(Denied):
            rotate_secret(world.host, zoe, name)
        with pytest.raises(Denied):
            list_secrets(world.host, zoe, name)
        with pytest.raises(Denied):
            withdraw_secret(world.host, zoe, name, "x")
    with pytest.raises(NotFound):
        rotate_secret(world.host, world.owner, "none")


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ("first_party: true", "iam.application.trust"),
        ("audiences: [https://api.example]", "iam.application.trust"),
        ("acts_as: service-id:portal, grants: [client_credentials]", "iam.policy.create"),
    ],
)
def test_what_is_weighty_needs_more_than_changing(world: Installation, change: str, action: str) -> None:
    """An editor of `iam` describes an application; trust and a service ID's access are not the editor's to give."""
    keeper = world.session("user:keeper")
    world.apply("{kind: Application, name: new, type: confidential, title: New}", keeper)
    with pytest.raises(Denied) as caught:
        world.apply(f"{{kind: Application, name: new, type: confidential, {change}}}", keeper)
    assert caught.value.action == action


def test_the_first_party_needs_authority_over_everything(world: Installation) -> None:
    """Whoever may trust applications could else make everybody's access theirs."""
    world.apply(
        """
        {kind: Role, name: truster, service: iam, rights: [{actions: [iam.application.*]}]}
        ---
        {kind: Policy, name: truster, subjects: [user:keeper], roles: [truster], scope: {service: iam}}
        """
    )
    keeper = world.session("user:keeper")
    world.apply(
        "{kind: Application, name: api, type: confidential, audiences: [https://api.example]}", keeper
    )
    with pytest.raises(Denied) as caught:
        world.apply("{kind: Application, name: new, type: confidential, first_party: true}", keeper)
    assert caught.value.message.startswith(
        "application `new` is trusted by all who sign in to it, and you lack"
    )


@pytest.mark.parametrize(
    ("document", "finding"),
    [
        ("grants: [client_credentials]", "`client_credentials` needs a service ID to act as"),
        ("grants: [authorization_code]", "`authorization_code` needs an address to send users back to"),
        ("grants: [refresh_token]", "`refresh_token` needs `authorization_code` or `device_code`"),
        ("acts_as: service-id:none", "unknown principal `service-id:none`"),
        ("scopes: [ims:images:fly]", "no service has an action `ims:images:fly`"),
        ("scopes: [ims/Nobody]", "there is no role `ims/Nobody`"),
    ],
)
def test_what_does_not_fit_together_is_refused(world: Installation, document: str, finding: str) -> None:
    """All that an application names is there, and it can do what its grants say."""
    with pytest.raises(Invalid) as caught:
        world.apply(f"{{kind: Application, name: new, type: confidential, {document}}}")
    assert finding in caught.value.findings[0].message


def test_a_public_application_acts_as_nobody(world: Installation) -> None:
    """Anybody could say to be it."""
    with pytest.raises(Invalid) as caught:
        world.apply(
            "{kind: Application, name: new, type: public, acts_as: service-id:portal, grants: [token_exchange]}"
        )
    assert "keeps no secret" in caught.value.findings[0].message


def test_the_command_line_is_built_in_and_can_be_switched_off(world: Installation) -> None:
    """An account stores it disabled, and in no other way."""
    assert world.host.snapshot("acme").application_of("bailiwick-cli") is not None
    whole = (
        "{kind: Application, name: bailiwick-cli, type: public, title: Bailiwick command line, first_party: true, "
        "redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'], "
        "grants: [authorization_code, refresh_token, device_code], "
        "scopes: [openid, profile, email, groups, offline_access, all], disabled: true}"
    )
    with pytest.raises(Invalid):
        world.apply("{kind: Application, name: bailiwick-cli, type: public, disabled: true}")
    world.apply(whole)
    snapshot = world.host.snapshot("acme")
    assert snapshot.application_of("bailiwick-cli") is None
    assert snapshot.application_of(uid_of(world, "bailiwick-cli")) is None
    assert find_application(world.host, uid_of(world, "bailiwick-cli")) is None


def basic(text: str) -> str:
    """This text as the header writes it."""
    return "Basic " + b64encode(text.encode()).decode()


def test_an_application_presents_itself_in_one_way() -> None:
    """By header or by form; both parts of the header are form-encoded (RFC 6749, 2.3.1)."""
    assert read_client(None, None, None) is None
    assert read_client("Bearer x", "app", "s") == ShownClient("app", "s")
    assert read_client(basic("a%3Ab:s%20+t"), None, None) == ShownClient("a:b", "s  t", True)
    assert read_client(basic("app:s"), "app", None) == ShownClient("app", "s", True)
    for header, client_id, secret in (
        (basic("app:s"), "other", None),
        (basic("app:s"), "app", "s"),
        (basic("no-colon"), None, None),
        (basic(":s"), None, None),
        ("Basic !!", None, None),
        ("Basic " + b64encode(b"\xff:\xff").decode(), None, None),
        (None, None, "s"),
        (None, "", "s"),
        (None, "a" * 600, "s"),
    ):
        with pytest.raises(UnreadableClient):
            read_client(header, client_id, secret)
