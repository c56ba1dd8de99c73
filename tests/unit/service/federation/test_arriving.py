"""Signing in through a provider: who is whom, who is made, what rules bring, and what ends it; on a played provider."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.federation.provider import CLIENT, PROVIDER, Browser, Played, play
from tests.unit.service.people.world import give_password

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.engine import decide
from bailiwick.errors import Conflict, Unauthenticated
from bailiwick.model.accounts import Membership
from bailiwick.model.names import parse_resource_name
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.edits import Edit
from bailiwick.service.federation.arriving import answer_of
from bailiwick.service.federation.asking import Answer
from bailiwick.service.federation.linking import link_identity, unlink_identity
from bailiwick.service.loading import account_log
from bailiwick.service.people.events import REFUSED, SIGN_IN, SUCCEEDED
from bailiwick.service.people.signing_in import CodeDue, show_factor
from bailiwick.service.people.visits import Visit, find_visit
from bailiwick.store.ports import EventFilter

MAKES = PROVIDER + "new_users: create\n"
DEVELOPERS = """
kind: FederationRule
name: developers
provider: sso
groups: [group:readers]
conditions: [{claim: groups, operator: CONTAINS, value: dev}]
hours: 8
"""
HOURS = 3600


@pytest.fixture
def played(acme: Installation) -> Played:
    """A provider that makes users."""
    return play(acme, MAKES)


@pytest.fixture
def browser(acme: Installation, played: Played) -> Browser:
    """Somebody's browser."""
    return Browser(acme, played)


def refusal(browser: Browser, subject: str = "s-1", /, **claims: object) -> Fault:
    """For which fault is this one refused?"""
    with pytest.raises(SignInRefused) as caught:
        browser.sign_in(subject, **claims)
    return caught.value.fault


def members(acme: Installation, group: str = "readers") -> tuple[Membership, ...]:
    """Who is in the group?"""
    return acme.host.snapshot("acme").account.groups[group].members


def stands(acme: Installation, visit: Visit) -> bool:
    """Does the visit still stand, in another process?"""
    try:
        find_visit(acme.another_host(), visit.ticket or "", address="203.0.113.7")
    except Unauthenticated:
        return False
    return True


def test_somebody_new_is_made_with_all_that_rules_bring_in_one_change(
    acme: Installation, browser: Browser
) -> None:
    """The user, the link and the membership; by the user, through the provider; and recorded."""
    acme.apply(DEVELOPERS)
    before = acme.host.snapshot("acme").revision
    visit = browser.sign_in(preferred_username="eve", email="eve@acme.example", groups=["dev"])
    assert visit.session.principal == "user:eve"
    after = acme.host.snapshot("acme")
    assert after.revision == before + 1
    rows = acme.store.changes(account_log("acme"), before, 10)
    assert {(row.kind, row.actor_uid, row.via) for row in rows} == {
        (kind, visit.session.uid, "provider:sso") for kind in ("User", "Group", "FederatedIdentity")
    }
    until = float(int(acme.clock.seconds) + 8 * HOURS)
    assert [(m.member, m.window.starts_at, m.window.expires_at, m.managed_by) for m in members(acme)] == [
        ("user:eve", None, until, "federation")
    ]
    assert after.account.principals["user:eve"].email == "eve@acme.example"
    wanted = EventFilter("account:acme", kind=SIGN_IN, outcome=SUCCEEDED)
    event = acme.store.activity.events(wanted, None, 1, newest_first=True)[0].event
    assert (event.principal_uid, event.detail["provider"], event.detail["by"]) == (
        visit.session.uid,
        "sso",
        "provider",
    )


def test_whom_nobody_knows_is_refused_where_nobody_is_made(acme: Installation, browser: Browser) -> None:
    """Whatever name or email the provider says; nothing is written but that it was refused."""
    acme.apply(PROVIDER)
    before = acme.host.snapshot("acme").revision
    said = {"preferred_username": "alice", "email": "alice@acme.example", "email_verified": True}
    assert refusal(browser, **said) is Fault.UNKNOWN_USER
    assert acme.host.snapshot("acme").revision == before
    event = acme.store.activity.events(
        EventFilter("account:acme", outcome=REFUSED), None, 1, newest_first=True
    )[0].event
    assert (event.detail["reason"], event.detail["subject"]) == ("unknown_user", "s-1")


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"preferred_username": "alice"}, Fault.NAME_TAKEN),
        ({"preferred_username": "owner"}, Fault.NAME_TAKEN),
        ({}, Fault.NAME),
        ({"preferred_username": ["eve"]}, Fault.NAME),
        ({"preferred_username": 7}, Fault.NAME),
        ({"preferred_username": "a/b"}, Fault.NAME),
        ({"preferred_username": "a" * 500}, Fault.NAME),
    ],
)
def test_a_name_takes_nobody_over(browser: Browser, claims: dict[str, object], fault: Fault) -> None:
    """Neither one that is taken, nor one that is none."""
    assert refusal(browser, **claims) is fault


def test_only_issuer_and_subject_say_who_it_is(acme: Installation, browser: Browser) -> None:
    """The same subject comes again under whatever name; another subject with the first one's name is refused."""
    first = browser.sign_in(preferred_username="eve", email="eve@acme.example")
    again = browser.sign_in(preferred_username="mallory", email="alice@acme.example")
    assert again.session.uid == first.session.uid
    assert acme.host.snapshot("acme").account.principals["user:eve"].email == "eve@acme.example"
    assert refusal(browser, "s-2", preferred_username="eve", email="eve@acme.example") is Fault.NAME_TAKEN


def test_an_administrator_links_a_subject(acme: Installation, browser: Browser) -> None:
    """Then it is Alice, at that provider alone; and what she has, it has."""
    acme.apply(PROVIDER)
    record = link_identity(acme.host, acme.owner, "alice", "sso", "s-1")
    assert browser.sign_in().session.principal == "user:alice"
    acme.apply(PROVIDER.replace("name: sso", "name: other"))
    with pytest.raises(Conflict, match="another user's"):
        link_identity(acme.host, acme.owner, "bob", "other", "s-1")
    unlink_identity(acme.host, acme.owner, "alice", record.uid)
    assert refusal(browser) is Fault.UNKNOWN_USER


def test_another_provider_of_the_same_issuer_is_not_the_one_that_was_linked(
    acme: Installation, browser: Browser
) -> None:
    """Nor does the provider with another issuer mean those whom it named under the first."""
    browser.sign_in(preferred_username="eve")
    acme.apply(MAKES.replace("name: sso", "name: other"))
    state, code = browser.played.issue(browser.go("other"), "s-1", {"preferred_username": "eve"})
    answer = browser.answer()
    with pytest.raises(SignInRefused) as caught:
        browser.bring(type(answer)("acme", "other", state, code, "", None))
    assert caught.value.fault is Fault.UNKNOWN_USER


def test_a_rule_that_no_longer_fits_ends_the_membership(acme: Installation, browser: Browser) -> None:
    """At the next sign-in; also where the rule is gone; and what people gave stays."""
    acme.apply(DEVELOPERS)
    browser.sign_in(preferred_username="eve", groups=["dev"])
    acme.clock.seconds += HOURS
    browser.sign_in(groups=["dev"])
    until = float(int(acme.clock.seconds) + 8 * HOURS)
    assert [m.window.expires_at for m in members(acme)] == [until]
    browser.sign_in(groups=["sales"])
    assert members(acme) == ()
    browser.sign_in(groups=["dev"])
    acme.edit(Edit("FederationRule", "developers", None))
    browser.sign_in(groups=["dev"])
    assert members(acme) == ()
    acme.apply("kind: Group\nname: readers\nmembers: [user:eve]\n")
    acme.apply(DEVELOPERS)
    browser.sign_in(groups=["dev"])
    assert len(members(acme)) == 2
    browser.sign_in(groups=[])
    assert members(acme) == (Membership("user:eve"),)


def test_a_membership_ends_by_itself(acme: Installation, browser: Browser) -> None:
    """When the rule's hours are over, whether or not anybody signs in."""
    acme.apply(DEVELOPERS)
    visit = browser.sign_in(preferred_username="eve", groups=["dev"])
    image = "brn:acme:container-registry:eu-de::namespace/a/image/b"

    def may_pull() -> bool:
        resource = ResourceQuery.of(parse_resource_name(image))
        compiled = acme.host.snapshot("acme").compiled
        asked = Request(visit.session.principal, "container-registry.image.pull", resource, acme.host.now())
        return decide(compiled, asked).allowed

    assert may_pull()
    acme.clock.seconds += 8 * HOURS - 1
    assert may_pull()
    acme.clock.seconds += 2
    assert not may_pull()


def test_the_longest_rule_counts_and_disabled_ones_do_not(acme: Installation, browser: Browser) -> None:
    """Of several that bring into one group; and one that fits everybody."""
    longer = DEVELOPERS.replace("developers", "all").replace("hours: 8", "hours: 20")
    acme.apply(DEVELOPERS + "---" + longer.partition("conditions")[0] + "hours: 20\n")
    browser.sign_in(preferred_username="eve", groups=["dev"])
    assert [m.window.expires_at for m in members(acme)] == [float(int(acme.clock.seconds) + 20 * HOURS)]
    acme.apply(longer.partition("conditions")[0] + "hours: 20\ndisabled: true\n")
    browser.sign_in(groups=["dev"])
    assert [m.window.expires_at for m in members(acme)] == [float(int(acme.clock.seconds) + 8 * HOURS)]


def test_two_identities_of_one_user_do_not_take_each_others_memberships(
    acme: Installation, browser: Browser
) -> None:
    """Whoever comes by one that brings nowhere keeps what the other brought."""
    acme.apply(DEVELOPERS)
    browser.sign_in("s-1", preferred_username="eve", groups=["dev"])
    second = link_identity(acme.host, acme.owner, "eve", "sso", "s-2")
    browser.sign_in("s-2", groups=[])
    assert len(members(acme)) == 1
    browser.sign_in("s-2", groups=["dev"])
    assert len(members(acme)) == 1
    unlink_identity(acme.host, acme.owner, "eve", second.uid)
    assert len(members(acme)) == 1
    browser.sign_in("s-1", groups=[])
    assert members(acme) == ()


@pytest.mark.parametrize("how", ["unlinked", "provider", "issuer", "user", "deleted", "provider deleted"])
def test_what_a_visit_rests_on_ends_it(acme: Installation, browser: Browser, how: str) -> None:
    """At the next request, in every process."""
    visit = browser.sign_in(preferred_username="eve")
    assert stands(acme, visit)
    if how == "unlinked":
        unlink_identity(acme.host, acme.owner, "eve", visit.session.credential)
    elif how == "provider":
        acme.apply(MAKES + "disabled: true\n")
    elif how == "issuer":
        acme.apply(MAKES.replace("https://sso.example", "https://sso2.example"))
    elif how == "user":
        acme.apply("kind: User\nname: eve\ndisabled: true\n")
    elif how == "deleted":
        acme.edit(Edit("User", "eve", None))
    else:
        acme.edit(Edit("IdentityProvider", "sso", None))
    assert not stands(acme, visit)
    if how == "provider":
        acme.apply(MAKES)
        assert stands(acme, visit), "what is only out of use comes back"


def test_who_may_not_come_is_refused(acme: Installation, browser: Browser) -> None:
    """A disabled user, one who was away for too long, everybody of a suspended account; nothing changes by that."""
    browser.sign_in(preferred_username="eve")
    acme.apply("kind: User\nname: eve\ndisabled: true\n")
    assert refusal(browser) is Fault.OUT_OF_USE
    acme.apply("kind: User\nname: eve\n---\nkind: SecuritySettings\nsign_in: {unused_days: 30}\n")
    browser.sign_in()
    acme.clock.seconds += timedelta(days=31).total_seconds()
    assert refusal(browser) is Fault.AWAY
    acme.apply("kind: Account\nname: acme\nowner: user:owner\nsuspended: true\n")
    assert refusal(browser) is Fault.OUT_OF_USE
    assert refusal(browser, "s-9", preferred_username="new") is Fault.UNKNOWN_USER


def test_nobody_comes_from_where_the_account_lets_nobody_in(acme: Installation, browser: Browser) -> None:
    """And nothing is made or renewed by trying."""
    acme.apply(DEVELOPERS)
    browser.sign_in(preferred_username="eve", groups=["dev"])
    acme.apply("kind: SecuritySettings\nnetworks: {console: [{network: 198.51.100.0/24}]}\n")
    before = acme.revision
    assert refusal(browser, groups=["dev"]) is Fault.OUT_OF_USE
    assert refusal(browser, "s-2", preferred_username="new") is Fault.OUT_OF_USE
    assert acme.revision == before


def test_answers_for_accounts_that_are_not_there_leave_nothing(acme: Installation, browser: Browser) -> None:
    """However many names somebody makes up."""
    for account in ("nobody", "a:b", ""):
        with pytest.raises(SignInRefused):
            answer_of(acme.host, Answer(account, "sso", "x", "y", "", None), browser.binding, CLIENT)
    assert set(acme.host._locked_out) <= {"acme"}


@pytest.mark.parametrize(
    ("claims", "comes"),
    [
        ({"email": "eve@acme.example", "email_verified": True}, True),
        ({"email": "eve@ACME.example", "email_verified": "true"}, True),
        ({"email": "eve@acme.example"}, False),
        ({"email": "eve@acme.example", "email_verified": False}, False),
        ({"email": "eve@evil.example", "email_verified": True}, False),
        ({"email": "eve@sub.acme.example", "email_verified": True}, False),
        ({"email": "acme.example", "email_verified": True}, True),
        ({"email": ["eve@acme.example"], "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_verified_addresses_of_the_accounts_domains_come(
    acme: Installation, browser: Browser, claims: dict[str, object], comes: bool
) -> None:
    """Where it takes only some, whether or not they came before."""
    acme.apply(MAKES + "email_domains: [acme.example]\n")
    if comes:
        assert browser.sign_in(preferred_username="eve", **claims).session.principal == "user:eve"
    else:
        assert refusal(browser, preferred_username="eve", **claims) is Fault.EMAIL


def test_a_verified_email_says_nothing_of_another_claim(acme: Installation, browser: Browser) -> None:
    """Where an address stands that people choose for themselves."""
    acme.apply(MAKES + "email_domains: [acme.example]\nemail_claim: upn\n")
    said = {"upn": "ceo@acme.example", "email": "eve@evil.example", "email_verified": True}
    assert refusal(browser, preferred_username="eve", **said) is Fault.EMAIL
    assert browser.sign_in(preferred_username="eve", **said | {"email": "ceo@acme.example"}).uid


def test_a_second_factor_there_counts_where_the_account_says_so(acme: Installation, browser: Browser) -> None:
    """Else one's own is due, where one has one, and is owed where the account requires one."""
    visit = browser.sign_in(preferred_username="eve", amr=["pwd", "mfa"])
    assert visit.session.context["mfa"] is False
    acme.apply("kind: SecuritySettings\nrequire_second_factor: true\n")
    assert browser.sign_in(amr=["mfa"]).owes == "second-factor"
    acme.apply(MAKES + "trusts_mfa: true\n")
    visit = browser.sign_in(amr=["pwd", "mfa"])
    assert (visit.owes, visit.session.context["mfa"]) == ("", True)
    assert browser.sign_in(amr=["pwd"]).owes == "second-factor"


def test_ones_own_second_factor_is_due(acme: Installation, browser: Browser) -> None:
    """After the provider, as after a password; and a ticket for the code is good for nothing once it is unlinked."""
    alice = give_password(acme, "alice")
    alice.enrol(alice.sign_in())
    record = link_identity(acme.host, acme.owner, "alice", "sso", "s-1")
    due = browser.bring(browser.answer())
    assert isinstance(due, CodeDue)
    acme.clock.seconds += 60
    visit = show_factor(acme.host, due.ticket, alice.code(), CLIENT)
    assert visit.session.credential == record.uid
    assert visit.session.context["mfa"] is True
    due = browser.bring(browser.answer())
    assert isinstance(due, CodeDue)
    unlink_identity(acme.host, acme.owner, "alice", record.uid)
    acme.clock.seconds += 60
    with pytest.raises(Unauthenticated):
        show_factor(acme.host, due.ticket, alice.code(), CLIENT)
