"""Families: begun, gone on with, and ended by everything that should end them, in every process."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.unit.service.oauth.oauth_world import API, World, make_world
from tests.unit.service.people.world import give_password

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.errors import Denied
from bailiwick.model.policies import Guardrail
from bailiwick.service.edits import Edit
from bailiwick.service.ending import end_session, list_sessions
from bailiwick.service.oauth.clients import find_application
from bailiwick.service.oauth.families import begin_family, refresh_family
from bailiwick.service.oauth.family_roots import root_of
from bailiwick.service.oauth.scopes import grant_scope
from bailiwick.service.people.visits import end_visit
from bailiwick.service.proving import said_of_session
from bailiwick.service.standing import read_restrictions

GONE = (("Policy", "pulls"), ("Policy", "alice"), ("User", "alice"))


@pytest.fixture
def world() -> World:
    """The account with its applications."""
    return make_world()


def refused(
    world: World, text: str | None, client: str = "web", *, host: object = None, **asked: object
) -> str:
    """With which word is this refresh token refused?"""
    with pytest.raises(OAuthRefused) as caught:
        refresh_family(host or world.host, world.client(client), text or "", **asked)  # type: ignore[arg-type]
    return caught.value.error


def test_every_refresh_token_is_used_once(world: World) -> None:
    """Each gives an access token of the same session and the next refresh token."""
    first = world.family()
    second = refresh_family(world.host, world.client("web"), first.refresh_token or "")
    third = refresh_family(world.another_host(), world.client("web"), second.refresh_token or "")
    texts = {one.refresh_token for one in (first, second, third)}
    assert len(texts) == 3
    sessions = [world.session(one.token.text) for one in (first, second, third)]
    assert {one.session_uid for one in sessions if one} == {first.family_uid}
    assert {one.principal for one in sessions if one} == {"user:alice"}
    assert third.token.lifetime_seconds == 900
    assert str(first.refresh_token) not in repr(first)


def test_a_token_that_comes_again_ends_the_family_in_every_process(world: World) -> None:
    """The access tokens too, and the newest refresh token; whoever has it was robbed, or is the thief."""
    other = world.another_host()
    first = world.family()
    second = refresh_family(world.host, world.client("web"), first.refresh_token or "")
    assert world.stands(second.token.text, other)
    assert refused(world, first.refresh_token, host=other) == "invalid_grant"
    for host in (world.host, other):
        assert not world.stands(first.token.text, host)
        assert not world.stands(second.token.text, host)
    assert refused(world, second.refresh_token) == "invalid_grant"


def test_even_a_request_that_is_wrong_otherwise_ends_it(world: World) -> None:
    """A stale token is looked at before scope and audience."""
    first = world.family()
    second = refresh_family(world.host, world.client("web"), first.refresh_token or "")
    refused(world, first.refresh_token, scope=("iam.user.read",), audience="https://none.example")
    assert not world.stands(second.token.text)


def test_of_two_at_once_one_wins_and_the_family_ends(world: World) -> None:
    """In two processes: at most one gets tokens, and they are worth nothing any more."""
    first = world.family()
    hosts = [world.another_host() for _ in range(4)]

    def use(number: int) -> str:
        try:
            return refresh_family(hosts[number], world.client("web"), first.refresh_token or "").token.text
        except OAuthRefused:
            return ""

    with ThreadPoolExecutor(len(hosts)) as threads:
        given = [text for text in threads.map(use, range(len(hosts))) if text]
    assert len(given) <= 1
    assert not any(world.stands(text, host) for text in (*given, first.token.text) for host in hosts)


def test_what_is_made_up_ends_nothing(world: World) -> None:
    """The uid of a family is no secret; only who had a token of it can end it by one."""
    first = world.family()
    text = first.refresh_token or ""
    mark, number, family_secret = text[:4], text[4:40], text[41:84]
    for wrong in (
        f"{mark}{number}_{'A' * 43}_{'B' * 43}",
        f"{mark}{number}_{'A' * 43}_{text[85:]}",
        f"{mark}{'0' * 36}_{family_secret}_{text[85:]}",
        text[:-1],
        text + "A",
        text.upper(),
        f" {text}",
        first.token.text,
        "",
    ):
        assert refused(world, wrong) == "invalid_grant"
    assert refused(world, text, "desktop") == "invalid_grant", "of another application"
    assert world.stands(first.token.text)
    assert refresh_family(world.host, world.client("web"), text)


def test_a_refresh_may_narrow_and_never_widen(world: World) -> None:
    """Less for one access token; the family keeps what it was granted."""
    client = world.client("web")
    root = root_of(world.acme.session("user:alice"), offline=True)
    scope = grant_scope(
        world.host.snapshot("acme"), client.application, ("openid", "container-registry.image.*")
    )
    begun = begin_family(world.host, client, root, scope=scope, refresh=True)
    narrow = refresh_family(
        world.host, client, begun.refresh_token or "", scope=("container-registry.image.pull",)
    )
    assert narrow.scope == ("container-registry.image.pull",)
    for more in ("all", "iam.user.read", "container-registry.*", "offline_access"):
        assert refused(world, narrow.refresh_token, scope=(more,)) == "invalid_scope"
    whole = refresh_family(world.host, client, narrow.refresh_token or "")
    assert whole.scope == scope
    session = world.session(whole.token.text)
    assert session is not None
    assert session.scope == "openid container-registry.image.*"


def test_what_a_scope_leaves_out_is_a_restriction(world: World) -> None:
    """It never gives more than the principal has, and `openid` alone nothing."""
    client = replace(world.client("web"))
    root = root_of(world.acme.session("user:alice"), offline=True)
    for asked, left in (
        ((), 0),
        (("openid",), 3),
        (("openid", "iam.user.read"), 3),
        (("container-registry/Reader",), 3),
    ):
        scope = grant_scope(world.host.snapshot("acme"), client.application, asked)
        session = world.session(begin_family(world.host, client, root, scope=scope, refresh=False).token.text)
        assert session is not None
        assert len(session.restrictions) == left, asked


def test_who_disables_or_takes_away_what_it_rests_on_ends_it(world: World) -> None:
    """User, application, key, account: at the next request of another process, and for refreshing."""
    documents = {
        "user": "{kind: User, name: alice, disabled: true}",
        "application": "{kind: Application, name: web, type: confidential, disabled: true}",
    }
    before = {
        "user": "{kind: User, name: alice}",
        "application": (
            "{kind: Application, name: web, type: confidential, redirect_uris: ['https://app.example/callback'], "
            "grants: [authorization_code, refresh_token], scopes: [openid, all]}"
        ),
    }
    other = world.another_host()
    for what, document in documents.items():
        for restored in before.values():
            world.acme.apply(restored)
        begun = world.family()
        assert world.stands(begun.token.text, other)
        client = world.client("web")
        world.acme.apply(document)
        assert not world.stands(begun.token.text, other), what
        with pytest.raises(OAuthRefused):
            refresh_family(other, client, begun.refresh_token or "")
    world.acme.apply(before["application"])
    world.acme.apply(before["user"])
    begun = world.family()
    world.acme.edit(*(Edit(kind, name, None) for kind, name in GONE))
    assert not world.stands(begun.token.text, other)


def test_deleting_the_application_ends_it_for_good(world: World) -> None:
    """Another of the same name is another."""
    begun = world.family()
    client = world.client("web")
    world.acme.edit(Edit("Application", "web", None))
    world.acme.apply(
        "{kind: Application, name: web, type: public, redirect_uris: ['https://app.example/callback'], "
        "grants: [authorization_code, refresh_token], scopes: [all]}"
    )
    assert not world.stands(begun.token.text)
    for one in (client, world.client("web")):
        with pytest.raises(OAuthRefused):
            refresh_family(world.host, one, begun.refresh_token or "")


def test_taking_the_grant_away_ends_refreshing(world: World) -> None:
    """The application is asked about as it is now."""
    begun = world.family()
    world.acme.apply(
        "{kind: Application, name: web, type: confidential, redirect_uris: ['https://app.example/callback'], "
        "grants: [authorization_code], scopes: [all]}"
    )
    assert refused(world, begun.refresh_token) == "invalid_grant"


def test_it_is_over_when_nobody_uses_it_and_when_its_time_has_come(world: World) -> None:
    """Two hours without use; ten hours in all, however often it is used; no access token outlives it."""
    idle = world.family()
    world.acme.clock.seconds += 7200
    assert refused(world, idle.refresh_token) == "invalid_grant"
    used = world.family()
    for _ in range(6):
        world.acme.clock.seconds += 5900
        used = refresh_family(world.host, world.client("web"), used.refresh_token or "")
    assert used.token.expires_epoch - world.acme.clock.seconds == 600
    world.acme.clock.seconds += 600
    assert refused(world, used.refresh_token) == "invalid_grant"


def test_without_offline_access_it_ends_with_the_visit(world: World) -> None:
    """With it, it rests on the password alone; a new password ends both."""
    visit = world.visit()
    online = world.family(root=root_of(visit.session, offline=False))
    offline = world.family(root=root_of(visit.session, offline=True))
    session = world.session(offline.token.text)
    assert session is not None
    assert session.authenticated is not None
    assert (session.authenticated.methods, session.authenticated.acr) == (("pwd",), "1fa")
    assert said_of_session(session, "", world.host.now())["mfa"] is False
    end_visit(world.host, visit)
    assert not world.stands(online.token.text)
    assert refused(world, online.refresh_token) == "invalid_grant"
    assert world.stands(offline.token.text)
    again = refresh_family(world.host, world.client("web"), offline.refresh_token or "")
    give_password(world.acme, "alice", "another horse 2")
    assert not world.stands(again.token.text)
    assert refused(world, again.refresh_token) == "invalid_grant"


def test_no_session_that_is_less_or_assumed_begins_one(world: World) -> None:
    """A restricted token would come back whole; one that an application has would go on without it."""
    alice = world.acme.session("user:alice")
    narrow = (Guardrail("n", ("ims:*",)),)
    by_application = world.session(world.family().token.text)
    assert by_application is not None
    for less in (replace(alice, restrictions=narrow), replace(alice, chain=("user:zoe",)), by_application):
        with pytest.raises(Denied):
            root_of(less, offline=True)


def test_families_are_listed_and_ended_with_the_accounts_sessions(world: World) -> None:
    """Newest first, each once, for as long as they may go on; ending one ends all of its tokens."""
    families = [world.family() for _ in range(3)]
    world.acme.clock.seconds += 1
    newest = world.family("desktop")
    listed = [one.uid for one in list_sessions(world.host, world.acme.owner)]
    assert listed[0] == newest.family_uid
    assert sorted(listed) == sorted({one.family_uid for one in (*families, newest)})
    rest: list[str] = []
    before = None
    while found := next(iter(list_sessions(world.host, world.acme.owner, before=before)), None):
        rest, before = [*rest, found.uid], found.id
    assert rest == listed
    end_session(world.host, world.acme.owner, newest.family_uid)
    assert not world.stands(newest.token.text, world.another_host())
    assert refused(world, newest.refresh_token, "desktop") == "invalid_grant"
    assert world.stands(families[0].token.text)


def test_a_token_for_another_audience_opens_nothing_here(world: World) -> None:
    """And a refresh stays with the audience that was granted."""
    begun = world.family(audience=API)
    assert not world.stands(begun.token.text)
    assert refused(world, begun.refresh_token, audience="https://other.example") == "invalid_target"
    again = refresh_family(world.host, world.client("web"), begun.refresh_token or "", audience=API)
    assert not world.stands(again.token.text)


def test_an_application_of_another_account_begins_nothing_here(world: World) -> None:
    """Only the command line's is in every account."""
    client = replace(world.client("web"), account="other")
    root = root_of(world.acme.session("user:alice"), offline=True)
    with pytest.raises(OAuthRefused):
        begin_family(world.host, client, root, scope=("all",), refresh=True)
    command_line = find_application(world.host, "bailiwick-cli")
    assert command_line is not None
    begun = begin_family(world.host, command_line, root, scope=("all",), refresh=True)
    assert world.stands(begun.token.text)
    assert refresh_family(world.host, command_line, begun.refresh_token or "")


def test_nothing_secret_is_remembered(world: World) -> None:
    """Neither refresh token nor its parts are in notes, events or log."""
    begun = world.family()
    text = begun.refresh_token or ""
    kept = [
        note.document for _, note in world.host.store.activity.notes("account:acme", "", world.host.at(), 100)
    ]
    said = json.dumps(kept)
    assert begun.family_uid in said
    for part in (text, text[41:84], text[85:]):
        assert part not in said
    assert read_restrictions(()) == ()


def test_a_refresh_gives_nothing_that_the_application_lost(world: World) -> None:
    """A scope that it lists no more is gone from what follows; for an audience that it lost, nothing follows."""
    plain, for_api = world.family(), world.family(audience=API)
    change(world, scopes=("openid",), audiences=())
    client = world.client("web")
    after = refresh_family(world.host, client, plain.refresh_token or "")
    assert (plain.scope, after.scope) == (("openid", "all"), ("openid",))
    session = world.session(after.token.text)
    assert session is not None
    assert session.restrictions
    assert refused(world, after.refresh_token, scope=("all",)) == "invalid_scope"
    assert refused(world, for_api.refresh_token) == "invalid_target"
    change(world, scopes=("profile",))
    assert refused(world, after.refresh_token) == "invalid_scope"


def change(world: World, **changed: tuple[str, ...]) -> None:
    """The application lists something else from now on."""
    web = world.host.snapshot("acme").account.application("web")
    assert web is not None
    world.acme.edit(Edit("Application", "web", replace(web, **changed)))  # type: ignore[arg-type]
