"""Registry tokens hold exactly what their bearer may do, in the account, region and network that the settings say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.service.registry_world import (
    ACCOUNT,
    EU,
    EU_PRIVATE,
    OTHER,
    START,
    US,
    World,
    basic,
    build_memory_world,
    claims_of,
)

from bailiwick.authn.compact import parse_compact
from bailiwick.authn.registry import list_questions, parse_scopes
from bailiwick.authn.signing import KeyPurpose
from bailiwick.errors import Invalid, Unauthenticated
from bailiwick.model.policies import Guardrail
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.registry import check_registries, grant_registry_token, judge_questions
from bailiwick.service.sessions import Session
from bailiwick.service.settings import Registry

NOBODY = "the credential is missing, unknown, expired or withdrawn"
EVERYTHING = "repository:dev/app:pull,push,delete"
Access = dict[str, set[str]]

PRIVATE_ONLY = """
kind: Guardrail
name: private-only
actions: [container-registry.image.pull, container-registry.image.push]
scope: {service: container-registry}
when: {not: {key: context.network, operator: string-equals, value: private}}
"""


@pytest.fixture
def world() -> World:
    """An installation of its own for each test, at a moment that stands still."""
    return build_memory_world()


def ask(world: World, authorization: str | None, *scopes: str, registry: Registry = EU) -> Access:
    """The registry actions by repository that a token for these scopes gives."""
    parameters = [("service", registry.service), *(("scope", scope) for scope in scopes)]
    claims = claims_of(grant_registry_token(world.host, parameters, authorization).token.text)
    assert claims["aud"] == registry.service
    entries = claims["access"]
    assert isinstance(entries, list)
    return {entry["name"]: set(entry["actions"]) for entry in entries}


def ask_as(world: World, owner: str, *scopes: str, registry: Registry = EU) -> Access:
    """The same, asked with the API key of this principal."""
    return ask(world, basic("iamapikey", world.key(owner)), *scopes, registry=registry)


@pytest.mark.parametrize(
    ("principal", "actions"),
    [
        ("user:rita", {"pull"}),
        ("user:will", {"pull", "push", "delete"}),
        ("user:mona", {"pull", "push", "delete"}),
        ("user:root", {"pull", "push", "delete"}),
    ],
)
def test_a_token_holds_what_table_4_gives_the_role(world: World, principal: str, actions: set[str]) -> None:
    """Reader pulls; Writer and Manager pull, push and delete; the owner is implied to be Manager."""
    assert ask_as(world, principal, EVERYTHING) == {"dev/app": actions}


def test_a_token_never_holds_more_than_was_asked(world: World) -> None:
    """A manager who asks to pull gets a token to pull."""
    assert ask_as(world, "user:mona", "repository:dev/app:pull") == {"dev/app": {"pull"}}


def test_a_star_asks_for_every_action_that_there_is(world: World) -> None:
    """The star of a deletion is expanded into what the caller may do, never written into a token."""
    assert ask_as(world, "user:will", "repository:dev/app:*") == {"dev/app": {"pull", "push", "delete"}}
    assert ask_as(world, "user:rita", "repository:dev/app:*") == {"dev/app": {"pull"}}


def test_the_namespace_is_the_first_segment_and_the_image_the_rest(world: World) -> None:
    """`dev/team/app` is of `dev`; `dev-2/app` and `team/dev/app` are not, nor is a lone name."""
    names = ("dev/team/app", "dev-2/app", "team/dev/app", "dev", "Dev/app")
    scopes = [f"repository:{name}:pull" for name in names]
    assert ask_as(world, "user:rita", *scopes) == {"dev/team/app": {"pull"}}


def test_nobody_crosses_namespaces(world: World) -> None:
    """A mount's second repository is left out where it may not be pulled, and the rest of the token stands."""
    assert ask_as(world, "user:will", "repository:dev/app:pull,push", "repository:prod/app:pull") == {
        "dev/app": {"pull", "push"}
    }


def test_a_region_ends_at_its_registry(world: World) -> None:
    """A policy for `eu-de` means nothing at the registry in `us-south`, whatever the client asks there."""
    assert ask_as(world, "user:will", EVERYTHING, registry=US) == {}
    world.apply(
        """
        kind: Policy
        name: will-reads-everywhere
        subjects: [user:will]
        roles: [Reader]
        scope: {service: container-registry}
        """
    )
    assert ask_as(world, "user:will", EVERYTHING, registry=US) == {"dev/app": {"pull"}}


def test_a_resource_group_reaches_the_namespaces_registered_in_it(world: World) -> None:
    """The project is the registered namespace's, and an unregistered namespace has none that a policy could match."""
    world.apply(
        """
        kind: User
        name: petra
        ---
        kind: Policy
        name: petra-writes-devs
        subjects: [user:petra]
        roles: [Writer]
        scope: {service: container-registry, project: devs}
        """
    )
    scopes = [f"repository:{name}/app:push" for name in ("dev", "prod", "nowhere")]
    assert ask_as(world, "user:petra", *scopes) == {"dev/app": {"push"}}


def test_a_service_id_in_a_group_is_granted_what_the_group_is(world: World) -> None:
    """An automation shows the key of its service ID and acts as that."""
    world.apply(
        """
        kind: ServiceId
        name: ci
        ---
        kind: Group
        name: builders
        members: [service-id:ci]
        ---
        kind: Policy
        name: builders-write-prod
        subjects: [group:builders]
        roles: [Writer]
        scope: {service: container-registry, region: eu-de, type: namespace, id: prod}
        """
    )
    parameters = [("service", EU.service), ("scope", "repository:prod/app:push")]
    granted = grant_registry_token(world.host, parameters, basic("iamapikey", world.key("service-id:ci")))
    claims = claims_of(granted.token.text)
    assert claims["sub"] == "service-id:ci"
    assert claims["access"] == [{"type": "repository", "name": "prod/app", "actions": ["push"]}]


def test_an_access_token_does_as_well_as_its_key(world: World) -> None:
    """`iambearer` shows a token made from a key, and ends with that token and with that key."""
    token = exchange_key(world.host, world.key("user:rita")).text
    assert ask(world, basic("iambearer", token), EVERYTHING) == {"dev/app": {"pull"}}
    delete_key(world.host, world.owner, world.keys["user:rita"].uid)
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask(world, basic("iambearer", token), EVERYTHING)


def test_an_access_token_past_its_end_is_refused(world: World) -> None:
    """An hour later the same token is nobody's."""
    token = exchange_key(world.host, world.key("user:rita")).text
    world.clock.seconds += 3600
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask(world, basic("iambearer", token), EVERYTHING)


def test_without_credentials_one_has_what_everyone_has(world: World) -> None:
    """`anonymous` gets a token without access, and pulls what a policy gives to everyone."""
    assert ask(world, None, EVERYTHING) == {}
    assert ask(world, None) == {}
    world.apply(
        """
        kind: Policy
        name: dev-is-public
        subjects: [group:everyone]
        roles: [Reader]
        scope: {service: container-registry, type: namespace, id: dev}
        """
    )
    assert ask(world, None, EVERYTHING, "repository:prod/app:pull") == {"dev/app": {"pull"}}


def test_a_login_without_scopes_gets_a_token_without_access(world: World) -> None:
    """A login only proves the key."""
    assert ask_as(world, "user:rita") == {}


def test_a_policy_change_counts_from_the_next_token_on(world: World) -> None:
    """Nothing is remembered between two tokens."""
    assert ask_as(world, "user:rita", EVERYTHING) == {"dev/app": {"pull"}}
    world.remove("Policy", "rita-reads-dev")
    assert ask_as(world, "user:rita", EVERYTHING) == {}


def test_a_disabled_key_and_a_withdrawn_key_are_nobody_s(world: World) -> None:
    """Both are refused in the same words, and a disabled key works again once it is enabled."""
    key, uid = world.key("user:rita"), world.keys["user:rita"].uid
    update_key(world.host, world.owner, uid, disabled=True)
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask_as(world, "user:rita", EVERYTHING)
    update_key(world.host, world.owner, uid, disabled=False)
    assert ask_as(world, "user:rita", EVERYTHING) == {"dev/app": {"pull"}}
    delete_key(world.host, world.owner, uid)
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask(world, basic("iamapikey", key), EVERYTHING)


def test_an_expired_key_is_nobody_s(world: World) -> None:
    """It works up to its end and not from there on."""
    ends = START + timedelta(minutes=5)
    key = create_key(world.host, world.owner, "user:rita", expires_at=ends).text
    world.clock.seconds = ends.timestamp() - 1
    assert ask(world, basic("iamapikey", key), EVERYTHING) == {"dev/app": {"pull"}}
    world.clock.seconds = ends.timestamp()
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask(world, basic("iamapikey", key), EVERYTHING)


def test_a_disabled_user_and_a_suspended_account_get_nothing(world: World) -> None:
    """Their keys are refused, and a suspended account gives nothing to anonymous either."""
    world.key("user:rita")
    world.apply(
        """
        kind: Policy
        name: dev-is-public
        subjects: [group:everyone]
        roles: [Reader]
        scope: {service: container-registry, type: namespace, id: dev}
        ---
        kind: User
        name: rita
        disabled: true
        """
    )
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask_as(world, "user:rita", EVERYTHING)
    world.key("user:will")
    world.apply(f"{{kind: Account, name: {ACCOUNT}, owner: user:root, suspended: true}}")
    with pytest.raises(Unauthenticated, match=NOBODY):
        ask_as(world, "user:will", EVERYTHING)
    assert ask(world, None, EVERYTHING) == {}


@pytest.mark.parametrize("kind", ["iamapikey", "iambearer", "iamrefresh"])
def test_a_wrong_password_is_refused_in_one_way(world: World, kind: str) -> None:
    """Whatever it was said to be, and however near it came to a key."""
    near = world.key("user:rita")[:-1] + "_"
    for password in ("x", near, "bwk_aaaaaaaa_" + "A" * 43, "a.b." + "c" * 86):
        with pytest.raises(Unauthenticated, match=NOBODY):
            ask(world, basic(kind, password), EVERYTHING)


def test_a_password_of_one_kind_is_not_one_of_another(world: World) -> None:
    """A key is no access token, an access token is no refresh token, and neither is a key."""
    key = world.key("user:rita")
    token = exchange_key(world.host, key).text
    for kind, secret in (
        ("iambearer", key),
        ("iamrefresh", key),
        ("iamapikey", token),
        ("iamrefresh", token),
    ):
        with pytest.raises(Unauthenticated, match=NOBODY):
            ask(world, basic(kind, secret), EVERYTHING)


def test_a_registry_token_is_no_credential(world: World) -> None:
    """What a registry is given cannot be brought back as an access token or a refresh token."""
    parameters = [("service", EU.service), ("scope", EVERYTHING)]
    given = grant_registry_token(world.host, parameters, basic("iamapikey", world.key("user:root")))
    for kind in ("iambearer", "iamrefresh"):
        with pytest.raises(Unauthenticated, match=NOBODY):
            ask(world, basic(kind, given.token.text), EVERYTHING)


def test_a_key_of_another_account_is_refused_even_by_its_owner(world: World) -> None:
    """The owner of `other` is nobody at a registry of `acme`, and the other way round."""
    owner = basic("iamapikey", world.key("other/user:root"))
    with pytest.raises(Unauthenticated) as refused:
        ask(world, owner, EVERYTHING)
    assert refused.value.message == "the credential is not one of registry `registry-eu`'s account"
    assert ask(world, owner, EVERYTHING, registry=OTHER) == {"dev/app": {"pull", "push", "delete"}}
    with pytest.raises(Unauthenticated):
        ask_as(world, "user:root", EVERYTHING, registry=OTHER)


def test_private_only_closes_the_public_registry_and_binds_the_owner(world: World) -> None:
    """The network is the registry's in the settings; deletion is not what the setting prevents."""
    world.apply(PRIVATE_ONLY)
    assert ask_as(world, "user:root", EVERYTHING) == {"dev/app": {"delete"}}
    assert ask_as(world, "user:rita", EVERYTHING) == {}
    assert ask_as(world, "user:rita", EVERYTHING, registry=EU_PRIVATE) == {"dev/app": {"pull"}}


def test_a_client_cannot_say_where_it_is_or_whose_registry_it_asks(world: World) -> None:
    """Parameters that name an account, a region or a network change nothing."""
    world.apply(PRIVATE_ONLY)
    said = [
        ("account", "other"),
        ("region", "us-south"),
        ("network", "private"),
        ("context.network", "private"),
    ]
    parameters = [("service", EU.service), ("scope", EVERYTHING), *said]
    granted = grant_registry_token(world.host, parameters, basic("iamapikey", world.key("user:rita")))
    assert claims_of(granted.token.text)["access"] == []


def test_a_condition_on_the_address_reads_the_connection_s(world: World) -> None:
    """A guardrail on networks is met by the address that the connection has; where there is none it is closed."""
    world.apply(
        """
        kind: Guardrail
        name: office-only
        actions: ["container-registry.*"]
        scope: {service: container-registry}
        when: {key: context.ip, operator: ip-not-in, value: [10.0.0.0/8]}
        """
    )
    header = basic("iamapikey", world.key("user:rita"))
    parameters = [("service", EU.service), ("scope", EVERYTHING), ("context.ip", "10.1.2.3")]
    for address, granted in (("10.1.2.3", 1), ("::ffff:10.1.2.3", 1), ("192.0.2.1", 0), ("", 0)):
        access = claims_of(grant_registry_token(world.host, parameters, header, address).token.text)["access"]
        assert isinstance(access, list)
        assert len(access) == granted


def test_the_catalog_needs_the_list_over_the_whole_region(world: World) -> None:
    """A manager of one namespace does not see the names of all; a reader of the region does, and of it alone."""
    world.apply(
        """
        kind: User
        name: lena
        ---
        kind: Policy
        name: lena-reads-eu
        subjects: [user:lena]
        roles: [Reader]
        scope: {service: container-registry, region: eu-de}
        """
    )
    scope = "registry:catalog:*"
    assert ask_as(world, "user:mona", scope) == {}
    assert ask_as(world, "user:lena", scope) == {"catalog": {"*"}}
    assert ask_as(world, "user:root", scope) == {"catalog": {"*"}}
    assert ask_as(world, "user:lena", scope, registry=US) == {}
    assert ask(world, None, scope) == {}


def test_the_catalog_is_closed_by_a_deny_on_any_namespace(world: World) -> None:
    """Where one namespace is hidden from somebody, the list of all names is too."""
    world.apply(
        """
        kind: User
        name: lena
        ---
        kind: Policy
        name: lena-reads-eu
        subjects: [user:lena]
        roles: [Reader]
        scope: {service: container-registry, region: eu-de}
        ---
        kind: Policy
        name: lena-not-in-prod
        subjects: [user:lena]
        roles: [Reader]
        effect: deny
        scope: {service: container-registry, type: namespace, id: prod}
        """
    )
    asked = ("registry:catalog:*", "repository:dev/app:pull", "repository:prod/app:pull")
    assert ask_as(world, "user:lena", *asked) == {"dev/app": {"pull"}}


def session_of(world: World, owner: str, **narrowed: Any) -> Session:
    """A session of this principal, narrowed as given."""
    return replace(world.host.authenticator.session_of_key(world.key(owner))[0], **narrowed)


def granted_to(world: World, session: Session) -> list[str]:
    """What this session may do of pulling and pushing in `dev` and listing everything."""
    scopes = parse_scopes([EVERYTHING, "registry:catalog:*"])
    judged = judge_questions(world.host, EU, session, list_questions(scopes))
    return [one.text for one in judged if one.decision]


def test_whoever_acts_for_another_has_what_both_have(world: World) -> None:
    """Every link of the chain is judged, for images and for the catalog."""
    everything = ["dev/app:pull", "dev/app:push", "dev/app:delete", "catalog:*"]
    assert granted_to(world, session_of(world, "user:root")) == everything
    assert granted_to(world, session_of(world, "user:root", chain=("user:rita",))) == ["dev/app:pull"]
    assert granted_to(world, session_of(world, "user:rita", chain=("user:root",))) == ["dev/app:pull"]


def test_a_session_s_restrictions_hold_at_the_registry(world: World) -> None:
    """A token that was scoped down gives a registry token that is."""
    no_changes = Guardrail("no-changes", ("container-registry.image.push", "container-registry.image.delete"))
    no_lists = Guardrail("no-lists", ("container-registry.image.list",))
    session = session_of(world, "user:root", restrictions=(no_changes, no_lists))
    assert granted_to(world, session) == ["dev/app:pull"]


def test_pushing_into_a_disabled_project_is_refused_and_pulling_is_not(world: World) -> None:
    """A disabled project takes nothing in, and what is in it stays usable."""
    world.apply("{kind: Project, name: devs, disabled: true}")
    assert ask_as(world, "user:will", EVERYTHING) == {"dev/app": {"pull", "delete"}}


def test_an_unknown_service_is_not_answered(world: World) -> None:
    """There is no registry to fall back on, with credentials or without."""
    for header in (None, basic("iamapikey", world.key("user:root"))):
        with pytest.raises(Invalid, match="`registry-xx` is no registry of this installation"):
            ask(world, header, EVERYTHING, registry=Registry("registry-xx", ACCOUNT, "eu-de"))
    with pytest.raises(Invalid, match="expected the `service` of the registry's challenge, got none"):
        grant_registry_token(world.host, [("scope", EVERYTHING)], None)
    with pytest.raises(Invalid, match="expected `service` once, got it 2 times"):
        grant_registry_token(world.host, [("service", EU.service), ("service", US.service)], None)


def test_a_token_is_the_registry_key_s_and_lives_sixty_seconds(world: World) -> None:
    """It names its issuer, registry and bearer, and two tokens are never the same."""
    parameters = [("service", EU.service), ("scope", EVERYTHING)]
    header = basic("iamapikey", world.key("user:rita"))
    first, second = (grant_registry_token(world.host, parameters, header) for _ in range(2))
    claims, now = claims_of(first.token.text), int(START.timestamp())
    assert {name: claims[name] for name in ("iss", "aud", "sub", "iat", "nbf", "exp")} == {
        "iss": "https://iam.acme.example", "aud": "registry-eu", "sub": "user:rita",
        "iat": now, "nbf": now, "exp": now + 60,
    }  # fmt: skip
    assert first.token.jti != second.token.jti
    assert parse_compact(first.token.text).kid == world.host.key_set(KeyPurpose.REGISTRY).current().kid


def test_what_was_issued_is_remembered_with_what_was_left_out(world: World) -> None:
    """The account's activity says who, by which key, at which registry, what was given and why the rest was not."""
    ask_as(world, "user:rita", EVERYTHING)
    (stored,) = world.events("issued")
    event, uid = stored.event, world.keys["user:rita"].uid
    assert (event.log, event.credential_uid) == (f"account:{ACCOUNT}", uid)
    assert event.detail | {"jti": "", "refresh_jti": ""} == {
        "registry": "registry-eu",
        "principal": "user:rita",
        "address": "",
        "credential": "iamapikey",
        "jti": "",
        "granted": ["dev/app:pull"],
        "withheld": ["dev/app:push no_matching_policy", "dev/app:delete no_matching_policy"],
        "asked": 3,
        "refresh_jti": "",
    }
    assert world.host.store.activity.last_used("account:acme", uid) == START
    assert (world.host.counters.allowed, world.host.counters.denied) == (1, 2)


def test_a_refusal_is_remembered_without_what_was_sent(world: World) -> None:
    """Neither the password nor the name that came with it is kept."""
    for header in (basic("iamapikey", "s3cret"), basic("s3cret", "x"), "Bearer s3cret"):
        with pytest.raises(Unauthenticated):
            ask(world, header, EVERYTHING)
    events = [stored.event for stored in world.events("refused")]
    assert [event.detail["reason"] for event in events] == [
        NOBODY,
        "unknown kind of user name",
        "expected `Authorization: Basic` with a user name and a password",
    ]
    assert {event.log for event in events} == {f"account:{ACCOUNT}"}
    assert "s3cret" not in repr(events)


def test_a_long_request_leaves_a_short_trace(world: World) -> None:
    """What is remembered of one request is bounded, and says how much was asked."""
    ask(world, None, *(f"repository:dev/app-{number}:pull" for number in range(60)))
    (stored,) = world.events("issued")
    withheld = stored.event.detail["withheld"]
    assert isinstance(withheld, list)
    assert (len(withheld), stored.event.detail["asked"]) == (16, 60)


def test_a_registry_of_an_account_that_does_not_exist_does_not_start() -> None:
    """Every such registry is named at once, with the nearest account."""
    right = build_memory_world()
    check_registries(right.host)
    wrong = build_memory_world(
        registries=[EU, Registry("a", "acne", "eu-de"), Registry("b", "nobody", "eu-de")]
    )
    with pytest.raises(Invalid) as refused:
        check_registries(wrong.host)
    assert [(finding.message, finding.help) for finding in refused.value.findings] == [
        ("registry `a` is of account `acne`, which does not exist", "did you mean `acme`?"),
        ("registry `b` is of account `nobody`, which does not exist", "available: `acme`, `other`"),
    ]
