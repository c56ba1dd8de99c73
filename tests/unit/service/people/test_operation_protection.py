"""Operation protection: a critical deed of who signed in needs a proof that is not older than the account says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.people.world import CLIENT, Person, give_password

from bailiwick.catalog.documents import parse_document
from bailiwick.errors import Denied, Invalid
from bailiwick.service.assuming import Begun, Wanted, assume_profile, begin_session
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.history.undoing import undo_revision
from bailiwick.service.keys.changing import delete_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.people.attempts import LockedOut
from bailiwick.service.people.factors import begin_enrolment
from bailiwick.service.people.passwords import change_own_password
from bailiwick.service.people.stepping_up import Shown, step_up
from bailiwick.service.people.visits import Visit, find_visit
from bailiwick.service.proving import StepUpRequired, said_of_session
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session

MINUTES = 60
PROFILE = """
kind: Profile
name: cleaner
trust: [user:owner]
---
kind: Policy
name: cleaner
subjects: [profile:cleaner]
roles: [Editor]
scope: {service: iam}
"""


@pytest.fixture
def owner(acme: Installation) -> Person:
    """The owner, with a password."""
    return give_password(acme, "owner")


def later(acme: Installation, visit: Visit, minutes: float = 16) -> Visit:
    """The same visit, so long afterwards."""
    acme.clock.seconds += int(minutes * MINUTES)
    return find_visit(acme.host, str(visit.ticket), address="203.0.113.7")


def delete_bob(acme: Installation, session: Session) -> None:
    """A critical deed."""
    change_account(acme.host, session, lambda _: [Edit("User", "bob", None)], via="test")


def session_of(acme: Installation, begun: Begun) -> Session:
    """The session of this token, as the API sees it now."""
    session = acme.host.authenticator.session_of_token(begun.token.text)
    return replace(session, context=said_of_session(session, "203.0.113.7", acme.host.now()))


def test_a_critical_deed_is_done_soon_after_signing_in(acme: Installation, owner: Person) -> None:
    """Signing in is a proof."""
    delete_bob(acme, later(acme, owner.sign_in(), 15).session)
    assert "user:bob" not in acme.host.snapshot("acme").account.principals


def test_later_it_needs_a_newer_proof_and_then_it_is_done(acme: Installation, owner: Person) -> None:
    """The refusal says what is needed; the password of who has no second factor is enough."""
    visit = later(acme, owner.sign_in())
    with pytest.raises(StepUpRequired) as caught:
        delete_bob(acme, visit.session)
    assert (caught.value.action, caught.value.max_age_seconds) == ("iam.user.delete", 900)
    with pytest.raises(Invalid):
        step_up(acme.host, visit, Shown(password="wrong"), CLIENT)
    proved = step_up(acme.host, visit, Shown(password=owner.password), CLIENT)
    assert proved.uid == visit.uid
    delete_bob(acme, proved.session)


def test_only_who_may_do_it_is_asked_for_a_proof(acme: Installation, alice: Person) -> None:
    """Who may not is refused as ever."""
    visit = later(acme, alice.sign_in())
    with pytest.raises(Denied) as caught:
        delete_bob(acme, visit.session)
    assert caught.value.reason == "no_matching_policy"


DEEDS: dict[str, Callable[[Installation, Session], object]] = {
    "a policy": lambda acme, who: edit(
        acme, who, kind="Policy", name="p", subjects=["user:bob"], roles=["Reader"], scope={"service": "ims"}
    ),
    "a guardrail": lambda acme, who: edit(acme, who, kind="Guardrail", name="g", actions=["*"]),
    "settings": lambda acme, who: edit(
        acme, who, kind="SecuritySettings", name="security", operation_protection={"enabled": False}
    ),
    "a member": lambda acme, who: edit(acme, who, kind="Group", name="readers", members=["user:bob"]),
    "a key of one's own": lambda acme, who: create_key(acme.host, who, "user:owner"),
    "a key of another": lambda acme, who: create_key(acme.host, who, "user:bob"),
    "an export": lambda acme, who: list(Reader(acme.host, who).export()),
    "an undo": lambda acme, who: undo_revision(acme.host, who, acme.revision, via="test"),
}


def edit(acme: Installation, who: Session, **document: object) -> None:
    """One edit."""
    kind = str(document["kind"])
    value = parse_document({**document, "account": "acme"}, "acme")[1]
    change_account(acme.host, who, lambda _: [Edit(kind, str(document["name"]), value)], via="test")


@pytest.mark.parametrize("deed", DEEDS)
def test_no_way_of_doing_it_goes_round(acme: Installation, owner: Person, deed: str) -> None:
    """The owner is bound like anybody, and by their own guardrails and settings too."""
    acme.apply("kind: User\nname: dora")
    visit = later(acme, owner.sign_in())
    before = acme.revision
    with pytest.raises(StepUpRequired):
        DEEDS[deed](acme, visit.session)
    assert acme.revision == before


def test_nor_does_a_guardrail_fall_by_what_it_reads(acme: Installation, owner: Person) -> None:
    """Taking somebody out of a group by which it finds them asks for what changing it asks for."""
    acme.apply(
        """
        {kind: Group, name: outside, members: ['user:bob']}
        ---
        {kind: Guardrail, name: none, actions: ['ims:images:delete'], scope: {service: ims},
         when: {key: principal.groups, operator: contains-any, value: ['group:outside']}}
        """
    )
    visit = later(acme, owner.sign_in())
    group = acme.host.snapshot("acme").account.groups["outside"]
    gone = Edit("Group", "outside", replace(group, members=()))
    with pytest.raises(StepUpRequired) as caught:
        acme.edit(gone, session=visit.session)
    assert caught.value.action == "iam.guardrail.update"
    proved = step_up(acme.host, visit, Shown(password=owner.password), CLIENT)
    acme.edit(gone, session=proved.session)


def test_neither_does_one_of_an_enterprise(acme: Installation, owner: Person) -> None:
    """What guards the accounts below is taken off them by nobody who found a page open."""
    acme.apply(
        """
        {kind: Enterprise, name: corp}
        ---
        {kind: AccountGroup, name: live, parent: 'enterprise:corp'}
        ---
        {kind: Guardrail, name: kept, node: 'account-group:live', actions: ['ims:images:delete'],
         scope: {service: ims}}
        """
    )
    visit = later(acme, owner.sign_in())
    for gone in (Edit("Guardrail", "kept", None), Edit("AccountGroup", "live", None)):
        with pytest.raises(StepUpRequired):
            acme.edit(gone, session=visit.session)
    proved = step_up(acme.host, visit, Shown(password=owner.password), CLIENT)
    acme.edit(Edit("Guardrail", "kept", None), session=proved.session)
    acme.edit(Edit("AccountGroup", "live", None), session=proved.session)


def test_what_is_not_critical_asks_for_nothing(acme: Installation, owner: Person) -> None:
    """Making a user, looking around, withdrawing a key that leaked, trying a change without making it."""
    made = create_key(acme.host, acme.owner, "user:owner")
    visit = later(acme, owner.sign_in())
    edit(acme, visit.session, kind="User", name="erin")
    assert Reader(acme.host, visit.session).may_list("Policy")
    delete_key(acme.host, visit.session, made.uid)
    change_account(acme.host, visit.session, lambda _: [Edit("User", "bob", None)], via="test", dry_run=True)


def test_a_session_of_a_key_has_nobody_to_ask(acme: Installation) -> None:
    """It is not bound: making the key was."""
    acme.clock.seconds += 3600
    delete_bob(acme, acme.owner)


def test_who_has_a_second_factor_proves_it_with_that(acme: Installation, owner: Person) -> None:
    """Not with the password; not in a visit that never showed it; and a code of another visit is not of this one."""
    plain = owner.sign_in()
    owner.enrol(owner.sign_in())
    plain = later(acme, plain, 1)
    with pytest.raises(StepUpRequired):
        delete_bob(acme, plain.session)
    with pytest.raises(Invalid):
        step_up(acme.host, plain, Shown(password=owner.password), CLIENT)
    other = owner.sign_in()
    assert other.factor_at is not None
    with pytest.raises(StepUpRequired):
        delete_bob(acme, later(acme, plain, 0.5).session)
    used = owner.code()
    delete_bob(acme, step_up(acme.host, plain, Shown(code=used), CLIENT).session)
    with pytest.raises(Invalid):
        step_up(acme.host, other, Shown(code=used), CLIENT)


def test_guessing_in_a_visit_locks_out(acme: Installation, owner: Person) -> None:
    """As guessing when signing in does."""
    visit = owner.sign_in()
    for _ in range(5):
        with pytest.raises(Invalid):
            step_up(acme.host, visit, Shown(password="wrong"), CLIENT)
    with pytest.raises(LockedOut):
        step_up(acme.host, visit, Shown(password=owner.password), CLIENT)


def test_what_is_made_from_a_visit_keeps_its_proof_and_gets_no_newer(
    acme: Installation, owner: Person
) -> None:
    """A token of it, a token of that, and a profile that it assumes; within the time and after it."""
    acme.apply(PROFILE)
    visit = owner.sign_in()
    own = begin_session(acme.host, visit.session, Wanted())
    again = begin_session(acme.host, session_of(acme, own), Wanted())
    assumed = assume_profile(acme.host, visit.session, "acme", "cleaner", Wanted())
    through = assume_profile(acme.host, session_of(acme, again), "acme", "cleaner", Wanted())
    change_account(acme.host, session_of(acme, assumed), lambda _: [Edit("User", "alice", None)], via="test")
    later(acme, visit)
    late = begin_session(acme.host, session_of(acme, own), Wanted())
    for begun in (own, again, assumed, through, late):
        with pytest.raises(StepUpRequired):
            delete_bob(acme, session_of(acme, begun))


def test_acting_for_somebody_needs_their_proof_too(acme: Installation, owner: Person) -> None:
    """A session of a key that acts for who signed in is bound by that one's proof."""
    acme.apply("kind: ServiceId\nname: helper\n---\nkind: Policy\nname: helper\nsubjects: [service-id:helper]\n"
               "roles: [Editor]\nscope: {service: iam}")  # fmt: skip
    visit = owner.sign_in()
    token = begin_session(acme.host, visit.session, Wanted()).token.text
    key = exchange_key(acme.host, acme.key("service-id:helper"))
    helper = acme.host.authenticator.session_of_token(key.text)
    begun = begin_session(acme.host, helper, Wanted(acts_for=token))
    acme.clock.seconds += 16 * MINUTES
    with pytest.raises(StepUpRequired):
        delete_bob(acme, session_of(acme, begun))


def test_a_new_password_in_an_old_visit_is_a_proof_only_of_who_has_no_factor(
    acme: Installation, owner: Person
) -> None:
    """Changing the password shows the old one; with a second factor that is not enough."""
    visit = change_own_password(
        acme.host, later(acme, owner.sign_in()), owner.password, "another horse 2", CLIENT
    )
    delete_bob(acme, visit.session)
    owner.password = "another horse 2"
    owner.enrol(owner.sign_in())
    acme.clock.seconds += 30
    old = later(acme, owner.sign_in())
    changed = change_own_password(acme.host, old, owner.password, "a third horse 3", CLIENT)
    with pytest.raises(StepUpRequired):
        change_account(acme.host, changed.session, lambda _: [Edit("User", "alice", None)], via="test")


def test_nobody_makes_a_second_factor_of_a_visit_that_was_left_open(
    acme: Installation, alice: Person
) -> None:
    """Also where the account protects no operations: it would be a way in for good."""
    acme.apply("kind: SecuritySettings\nname: security\noperation_protection: {enabled: false}")
    visit = later(acme, alice.sign_in())
    with pytest.raises(StepUpRequired):
        begin_enrolment(acme.host, visit)


def test_an_account_sets_how_new_a_proof_must_be(acme: Installation, owner: Person) -> None:
    """From five minutes to an hour; or asks for none."""
    acme.apply("kind: SecuritySettings\nname: security\noperation_protection: {minutes: 5}")
    visit = later(acme, owner.sign_in(), 6)
    with pytest.raises(StepUpRequired) as caught:
        delete_bob(acme, visit.session)
    assert caught.value.max_age_seconds == 300
    acme.apply("kind: SecuritySettings\nname: security\noperation_protection: {enabled: false}")
    delete_bob(acme, visit.session)
