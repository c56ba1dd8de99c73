"""Linking identities and taking them away: by whom, when, and that nothing else links anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.federation.provider import CLIENT, PROVIDER, Browser, play
from tests.unit.service.people.world import Person, give_password

from bailiwick.authn.federation.faults import SignInRefused
from bailiwick.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.service.federation.arriving import answer_of
from bailiwick.service.federation.linking import (
    MOST_IDENTITIES,
    PENDING_SECONDS,
    find_pending,
    keep_pending,
    link_identity,
    link_pending,
    list_identities,
    require_own_proof,
    unlink_identity,
    unlink_own,
)
from bailiwick.service.people.recovering import recover_owner
from bailiwick.service.people.stepping_up import Shown, step_up
from bailiwick.service.people.visits import Visit, find_visit
from bailiwick.service.proving import StepUpRequired

DEVELOPERS = """
kind: FederationRule
name: everybody
provider: sso
groups: [group:readers]
"""


@pytest.fixture
def browser(acme: Installation) -> Browser:
    """Somebody's browser, and a provider."""
    return Browser(acme, play(acme))


@pytest.fixture
def alice(acme: Installation, browser: Browser) -> Person:
    """A user with a password."""
    return give_password(acme, "alice")


def come_back(browser: Browser, visit: Visit, subject: str = "s-1", **claims: object) -> None:
    """Go to the provider from one's profile, sign in there, and come back in this visit."""
    state, code = browser.played.issue(browser.go(visit_uid=visit.uid), subject, claims)
    answer = browser.answer()
    host = browser.acme.host
    proven = answer_of(host, type(answer)("acme", "sso", state, code, "", None), browser.binding, CLIENT)
    keep_pending(host, visit, proven, CLIENT)


def test_ones_own_is_linked_by_saying_yes(acme: Installation, browser: Browser, alice: Person) -> None:
    """Coming back links nothing; yes links once, what was shown; then it signs in."""
    visit = alice.sign_in()
    come_back(browser, visit, email="alice@sso.example")
    pending = find_pending(acme.another_host(), visit)
    assert pending is not None
    assert (pending.subject, pending.shown) == ("s-1", "alice@sso.example")
    assert acme.host.snapshot("acme").federated_identities_of(visit.session.uid) == []
    record = link_pending(acme.host, visit)
    assert (record.subject, record.shown, record.owner_uid) == ("s-1", "alice@sso.example", visit.session.uid)
    assert browser.sign_in().session.principal == "user:alice"
    assert find_pending(acme.host, visit) is None
    with pytest.raises(NotFound):
        link_pending(acme.host, visit)


def test_what_waits_is_of_one_visit_and_not_for_long(
    acme: Installation, browser: Browser, alice: Person
) -> None:
    """Another visit of the same user, another user's, five minutes later: nothing to say yes to."""
    visit, other = alice.sign_in(), alice.sign_in()
    come_back(browser, visit)
    for stranger in (other, give_password(acme, "bob").sign_in()):
        assert find_pending(acme.host, stranger) is None
        with pytest.raises(NotFound):
            link_pending(acme.host, stranger)
    acme.clock.seconds += PENDING_SECONDS + 1
    with pytest.raises(NotFound):
        link_pending(acme.host, visit)


def test_an_answer_to_another_visit_is_refused(acme: Installation, browser: Browser, alice: Person) -> None:
    """What somebody began in their own visit is not linked in the victim's."""
    mallory = give_password(acme, "bob").sign_in()
    state, code = browser.played.issue(browser.go(visit_uid=mallory.uid), "s-evil", {})
    answer = browser.answer()
    proven = answer_of(acme.host, type(answer)("acme", "sso", state, code, "", None), browser.binding, CLIENT)
    with pytest.raises(SignInRefused, match="another visit"):
        keep_pending(acme.host, alice.sign_in(), proven, CLIENT)


def test_a_browser_left_open_links_and_unlinks_nothing(
    acme: Installation, browser: Browser, alice: Person
) -> None:
    """Without a proof as new as the account wants it for critical operations; what waits is linked with one."""
    acme.apply("kind: SecuritySettings\noperation_protection: {minutes: 5}\n")
    visit = alice.sign_in()
    come_back(browser, visit)
    record = link_pending(acme.host, visit)
    acme.clock.seconds += 301
    old = find_visit(acme.host, str(visit.ticket), address="")
    come_back(browser, old, "s-2")
    with pytest.raises(StepUpRequired):
        require_own_proof(acme.host, old)
    with pytest.raises(StepUpRequired):
        link_pending(acme.host, old)
    with pytest.raises(StepUpRequired):
        unlink_own(acme.host, old, record.uid)
    proved = step_up(acme.host, old, Shown(password=alice.password), CLIENT)
    assert link_pending(acme.host, proved).subject == "s-2"
    unlink_own(acme.host, proved, record.uid)


def test_an_identity_is_one_users_only(acme: Installation, browser: Browser, alice: Person) -> None:
    """What another has is not taken; linking one's own again changes nothing; ten are enough."""
    link_identity(acme.host, acme.owner, "bob", "sso", "s-1")
    visit = alice.sign_in()
    with pytest.raises(Conflict, match="another user's"):
        come_back(browser, visit, "s-1")
    first = link_identity(acme.host, acme.owner, "alice", "sso", "s-2")
    assert link_identity(acme.host, acme.owner, "alice", "sso", "s-2") == first
    for number in range(MOST_IDENTITIES - 1):
        link_identity(acme.host, acme.owner, "alice", "sso", f"t-{number}")
    with pytest.raises(Conflict, match="at most"):
        link_identity(acme.host, acme.owner, "alice", "sso", "one more")


def test_the_last_way_in_is_not_ones_own_to_take(acme: Installation, browser: Browser, alice: Person) -> None:
    """Neither is another way one of a provider out of use; an administrator may."""
    acme.apply(PROVIDER + "new_users: create\n")
    visit = browser.sign_in(preferred_username="eve")
    with pytest.raises(Conflict, match="only way"):
        unlink_own(acme.host, visit, visit.session.credential)
    acme.apply(PROVIDER.replace("name: sso", "name: other").replace("https://sso", "https://old"))
    link_identity(acme.host, acme.owner, "eve", "other", "s-1")
    acme.apply(
        PROVIDER.replace("name: sso", "name: other").replace("https://sso", "https://old")
        + "disabled: true\n"
    )
    with pytest.raises(Conflict, match="only way"):
        unlink_own(acme.host, visit, visit.session.credential)
    unlink_identity(acme.host, acme.owner, "eve", visit.session.credential)


def test_unlinking_takes_back_what_the_identity_brought(
    acme: Installation, browser: Browser, alice: Person
) -> None:
    """In the same change; and only one's own can be named."""
    acme.apply(DEVELOPERS)
    mine = link_identity(acme.host, acme.owner, "alice", "sso", "s-1")
    theirs = link_identity(acme.host, acme.owner, "bob", "sso", "s-2")
    browser.sign_in("s-1")
    visit = alice.sign_in()
    with pytest.raises(NotFound):
        unlink_own(acme.host, visit, theirs.uid)
    with pytest.raises(NotFound):
        unlink_identity(acme.host, acme.owner, "alice", theirs.uid)
    before = acme.revision
    unlink_own(acme.host, visit, mine.uid)
    assert acme.revision == before + 1
    assert acme.host.snapshot("acme").account.groups["readers"].members == ()


def test_linking_another_needs_authority_over_all_that_they_hold(
    acme: Installation, browser: Browser
) -> None:
    """An editor of users is not enough for the owner, nor for who holds what the editor may not grant."""
    acme.apply("kind: Group\nname: readers\nmembers: [user:bob]\n")
    keeper = acme.session("user:keeper")
    for name in ("owner", "bob"):
        with pytest.raises(Denied):
            link_identity(acme.host, keeper, name, "sso", "s-1")
    with pytest.raises(Denied):
        link_identity(acme.host, acme.session("user:bob"), "alice", "sso", "s-1")
    for subject in ("", "a" * 256, "a\nb"):
        with pytest.raises(Invalid):
            link_identity(acme.host, acme.owner, "alice", "sso", subject)
    with pytest.raises(Invalid, match="no identity provider"):
        link_identity(acme.host, acme.owner, "alice", "none", "s-1")
    linked = link_identity(acme.host, acme.owner, "bob", "sso", "s-1")
    with pytest.raises(Denied):
        unlink_identity(acme.host, keeper, "bob", linked.uid)
    assert [one.provider for one in list_identities(acme.host, keeper, "bob")] == ["sso"]
    with pytest.raises(Denied):
        list_identities(acme.host, acme.session("user:bob"), "alice")


def test_a_session_that_is_not_in_person_links_nothing(
    acme: Installation, browser: Browser, alice: Person
) -> None:
    """Nor does one that may do less."""
    visit = alice.sign_in()
    narrowed = replace(visit, session=replace(visit.session, chain=("user:bob",)))
    with pytest.raises(Denied, match="only in person"):
        link_pending(acme.host, narrowed)


def test_recovering_an_owner_ends_what_an_identity_began(acme: Installation, browser: Browser) -> None:
    """The link stays, for its provider says who comes; whoever sits in a visit of it does not."""
    link_identity(acme.host, acme.owner, "owner", "sso", "s-1")
    visit = browser.sign_in("s-1")
    recover_owner(acme.host, "acme")
    with pytest.raises(Unauthenticated):
        find_visit(acme.another_host(), str(visit.ticket), address=CLIENT.address)
    assert browser.sign_in("s-1").session.principal == "user:owner"
