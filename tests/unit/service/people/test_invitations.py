"""One-time links: what they grant is the inviter's to grant, twice, and each is good once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, PASSWORD, Person, give_password, link_of

from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound, Unauthenticated
from bailiwick.model.accounts import Principal
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.service.assuming import Wanted, begin_session
from bailiwick.service.edits import Edit
from bailiwick.service.people.accepting import accept, find_offer
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import (
    Wish,
    delete_invitation,
    invite_to_password,
    invite_user,
    list_invitations,
    read_invitation,
)
from bailiwick.service.people.visits import Visit, find_visit
from bailiwick.service.sessions import Session

CAROL = Principal("user:carol", email="carol@acme.example")


def invite(acme: Installation, session: Session | None = None, **wish: object) -> str:
    """The link's text of an invitation of carol."""
    made = invite_user(acme.host, session or acme.owner, Wish(CAROL, **wish))  # type: ignore[arg-type]
    assert made.address.startswith("https://iam.acme.example/console/invitation/")
    return link_of(made.address)


def gone(kind: str, name: str) -> Edit:
    """The edit that removes this."""
    return Edit(kind, name, None)


def granted(user: str, role: str = "Writer", service: str = "container-registry") -> str:
    """The document of a policy for this user, named by both."""
    return f"kind: Policy\nname: {user}-{role}\nsubjects: [user:{user}]\nroles: [{role}]\nscope: {{service: {service}}}"


def policy(role: str = "Writer", service: str = "container-registry") -> Policy:
    """A policy for carol."""
    return Policy("carol", ("user:carol",), (role,), Scope(service=(service,)))


def test_accepting_makes_everything_at_once(acme: Installation) -> None:
    """User, membership, policy and password, as one revision; then a visit."""
    link = invite(acme, groups=("readers",), policies=(policy(),))
    offer = find_offer(acme.host, link, CLIENT)
    assert (offer.account, offer.invitation.name, offer.invitation.inviter) == ("acme", "carol", "user:owner")
    assert offer.password_rules[0] == "At least 6 characters, at most 128."
    before = acme.revision
    visit = accept(acme.host, link, PASSWORD, CLIENT)
    assert visit is not None
    assert visit.session.principal == "user:carol"
    assert acme.host.store.activity.last_used("account:acme", visit.session.credential) == acme.host.at()
    assert acme.revision == before + 1
    account = acme.another_host().snapshot("acme").account
    assert account.principals["user:carol"].email == "carol@acme.example"
    assert [one.member for one in account.groups["readers"].members] == ["user:carol"]
    assert account.policies["carol"].roles == ("Writer",)
    assert Person(acme, "carol").sign_in()


def test_a_link_is_good_once(acme: Installation) -> None:
    """Also for two at once: one of them comes in."""
    link = invite(acme)
    start = Barrier(2)
    answers: list[object] = []

    def try_it(host: object, password: str) -> None:
        start.wait()
        try:
            answers.append(accept(host, link, password, CLIENT))  # type: ignore[arg-type]
        except BailiwickError as error:
            answers.append(error)

    hosts = (acme.host, acme.another_host())
    threads = [Thread(target=try_it, args=(host, f"{PASSWORD}{at}")) for at, host in enumerate(hosts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, BailiwickError) for one in answers) == 1
    with pytest.raises(NotFound):
        find_offer(acme.host, link, CLIENT)
    with pytest.raises(NotFound):
        accept(acme.host, link, PASSWORD, CLIENT)


def test_a_password_that_is_refused_uses_nothing_up(acme: Installation) -> None:
    """The link stays good, and nobody is made."""
    link = invite(acme)
    with pytest.raises(Invalid):
        accept(acme.host, link, "x", CLIENT)
    assert "user:carol" not in acme.host.snapshot("acme").account.principals
    assert accept(acme.host, link, PASSWORD, CLIENT)


def test_nobody_invites_to_what_they_could_not_grant(acme: Installation) -> None:
    """Whether by a policy or by a group."""
    keeper = acme.session("user:keeper")
    for wish in ({"policies": (policy(),)}, {"groups": ("readers",)}):
        with pytest.raises(Denied):
            invite(acme, keeper, **wish)
    assert accept(acme.host, invite(acme, keeper), PASSWORD, CLIENT)
    with pytest.raises(Denied):
        invite(acme, acme.session("user:bob"))


def test_no_invitation_outlives_its_inviters_rights(acme: Installation) -> None:
    """It is judged again when it is accepted: rights taken away, or the inviter disabled, and it gives nothing."""
    admin = granted("bob", "Administrator")
    acme.apply(f"{admin}\n---\n{granted('bob', 'Editor', 'iam')}")
    bob = acme.session("user:bob")
    link = invite(acme, bob, policies=(policy(),))
    acme.edit(gone("Policy", "bob-Administrator"))
    with pytest.raises(Denied):
        accept(acme.host, link, PASSWORD, CLIENT)
    assert "user:carol" not in acme.host.snapshot("acme").account.principals
    acme.apply(admin)
    acme.apply("kind: User\nname: bob\ndisabled: true")
    with pytest.raises(Denied, match="whoever invited you"):
        accept(acme.host, link, PASSWORD, CLIENT)
    acme.apply("kind: User\nname: bob")
    assert accept(acme.host, link, PASSWORD, CLIENT)


def test_a_group_that_only_has_the_name_gives_nothing(acme: Installation) -> None:
    """What an invitation names is meant by uid."""
    link = invite(acme, groups=("readers",))
    acme.edit(gone("Policy", "readers"), gone("Group", "readers"))
    acme.apply("kind: Group\nname: readers\nmembers: []")
    with pytest.raises(Conflict):
        accept(acme.host, link, PASSWORD, CLIENT)


def test_an_invitation_replaces_nobody(acme: Installation) -> None:
    """Neither a user nor a policy that is there by then."""
    with pytest.raises(Conflict):
        invite_user(acme.host, acme.owner, Wish(Principal("user:alice")))
    link = invite(acme)
    acme.apply("kind: User\nname: carol")
    with pytest.raises(Conflict):
        accept(acme.host, link, PASSWORD, CLIENT)


def test_only_the_invited_is_granted_anything(acme: Installation) -> None:
    """A policy of the invitation has no other subject."""
    other = Policy("carol", ("user:carol", "user:bob"), ("Writer",), Scope(service=("container-registry",)))
    with pytest.raises(Invalid, match="other subjects"):
        invite(acme, policies=(other,))
    with pytest.raises(Invalid, match="there is no group `reader`"):
        invite(acme, groups=("reader",))


def test_a_link_ends(acme: Installation) -> None:
    """After seven days, or sooner where that was wanted, or when it is withdrawn or made anew."""
    with pytest.raises(Invalid):
        invite(acme, seconds=8 * 86_400)
    link = invite(acme, seconds=3600)
    acme.clock.seconds += 3600
    with pytest.raises(NotFound):
        accept(acme.host, link, PASSWORD, CLIENT)
    first, second = invite(acme), invite(acme)
    with pytest.raises(NotFound):
        find_offer(acme.host, first, CLIENT)
    [known] = list_invitations(acme.host, acme.owner)
    assert read_invitation(acme.host, acme.owner, known.uid) == known
    with pytest.raises(Denied):
        delete_invitation(acme.host, acme.session("user:bob"), known.uid)
    delete_invitation(acme.host, acme.owner, known.uid)
    with pytest.raises(NotFound):
        find_offer(acme.host, second, CLIENT)
    assert acme.store.find_secret("account:acme", known.uid) is None


def test_no_other_text_is_a_link(acme: Installation) -> None:
    """A changed secret, another account, another invitation's uid, nonsense: the same answer."""
    link, [known] = invite(acme), list_invitations(acme.host, acme.owner)
    account, uid, secret = link.split(".")
    password = give_password(acme, "alice").sign_in().session.credential
    wrong = [
        f"{account}.{uid}.{'A' * 43}", f"bm93aGVyZQ.{uid}.{secret}",
        f"{account}.{password}.{secret}", "", "x", known.uid,
        f"%FF.{uid}.{secret}", link + "\n",
    ]  # fmt: skip
    for text in wrong:
        with pytest.raises(NotFound, match="this link is not good"):
            accept(acme.host, text, PASSWORD, CLIENT)


def test_a_password_link_for_another_is_a_grant(acme: Installation, alice: Person) -> None:
    """Judged when it is made and when it is used; whoever is there by the name alone is not meant."""
    with pytest.raises(Denied):
        invite_to_password(acme.host, acme.session("user:bob"), "alice")
    with pytest.raises(Denied):
        invite_to_password(acme.host, acme.session("user:keeper"), "owner")
    link = link_of(invite_to_password(acme.host, acme.session("user:keeper"), "alice").address)
    acme.apply(granted("alice"))
    with pytest.raises(Denied):
        accept(acme.host, link, "another horse 2", CLIENT)
    acme.edit(gone("Policy", "alice-Writer"))
    visit = alice.sign_in()
    assert accept(acme.host, link, "another horse 2", CLIENT)
    with pytest.raises(Unauthenticated):
        find_visit(acme.host, str(visit.ticket), address="")


def test_one_gives_oneself_a_first_password_only(acme: Installation) -> None:
    """Later ones are chosen with the old one."""
    forbidden = "kind: Guardrail\nname: none\nactions: [iam.user.reset-password]\nscope: {service: iam}"
    acme.apply(forbidden)
    with pytest.raises(Denied):
        invite_to_password(acme.host, acme.owner, "owner")
    acme.edit(gone("Guardrail", "none"))
    assert invite_to_password(acme.host, acme.session("user:bob"), "bob")
    owner = give_password(acme, "owner")
    assert owner.sign_in()
    with pytest.raises(Conflict):
        invite_to_password(acme.host, acme.owner, "owner")


def test_a_link_does_not_step_over_a_second_factor(acme: Installation, alice: Person) -> None:
    """Who has one signs in with it."""
    alice.enrol(alice.sign_in())
    link = link_of(invite_to_password(acme.host, acme.owner, "alice").address)
    assert accept(acme.host, link, "another horse 2", CLIENT) is None


def test_a_session_that_may_do_less_invites_nobody(acme: Installation) -> None:
    """Its restrictions could not be looked at any more when the invitation is accepted."""
    less = Guardrail("less", ("iam.policy.*",), Scope(service=("iam",)))
    begun = begin_session(acme.host, give_password(acme, "owner").sign_in().session, Wanted(restrict=(less,)))
    session = acme.host.authenticate(f"Bearer {begun.token.text}")
    with pytest.raises(Denied):
        invite_user(acme.host, session, Wish(CAROL))


def test_a_link_is_of_no_use_from_elsewhere(acme: Installation) -> None:
    """Where pages are visited from some networks only: it is as if there were none, and it is not used up."""
    link = link_of(invite_to_password(acme.host, acme.owner, "bob").address)
    acme.apply("kind: SecuritySettings\nname: security\nnetworks: {console: [192.0.2.0/24]}")
    with pytest.raises(NotFound):
        find_offer(acme.host, link, CLIENT)
    with pytest.raises(NotFound):
        accept(acme.host, link, PASSWORD, CLIENT)
    assert isinstance(accept(acme.host, link, PASSWORD, Client("192.0.2.7")), Visit)


def test_who_does_not_sign_in_chooses_no_password(acme: Installation) -> None:
    """The link that was given before is good again when they may."""
    link = link_of(invite_to_password(acme.host, acme.owner, "bob").address)
    acme.apply("kind: User\nname: bob\naccess: programmatic")
    with pytest.raises(NotFound):
        accept(acme.host, link, PASSWORD, CLIENT)
    acme.apply("kind: User\nname: bob\naccess: both")
    assert isinstance(accept(acme.host, link, PASSWORD, CLIENT), Visit)
