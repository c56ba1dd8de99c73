"""Attacks that cross accounts: each was tried for real and did what it should not; now it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.templates.test_offers import FIRST, PEOPLE, SECOND, TREE, remove, states
from tests.unit.service.test_enterprises import Company, refusal

from bailiwick.errors import Denied, Forked, Invalid, Unauthenticated
from bailiwick.model.accounts import Account, Principal
from bailiwick.model.enterprises import EnterpriseAccount
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.service.assuming import Wanted, assume_profile, begin_session
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.enterprise.views import walk_tree
from bailiwick.service.host import Host
from bailiwick.service.keys.making import create_key
from bailiwick.service.reading import Reader
from bailiwick.service.refusals import MOST_A_SECOND
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.templates import offers
from bailiwick.service.templates.offers import (
    CANNOT,
    Pushed,
    accept,
    give_up,
    offers_of,
    push,
    status_of,
    tree_of,
)
from bailiwick.store.ports import EventFilter

FROZEN = """
kind: Guardrail
name: no-policies
node: account-group:live
actions: ["iam.policy.*"]
"""
LOOKER = """
kind: Role
name: Looker
service: iam
rights: [{actions: ["iam.template-acceptance.list"]}]
---
{kind: Policy, name: bob-looks, subjects: ['user:bob'], roles: [Looker], scope: {service: iam}}
---
{kind: Policy, name: auditors-list, subjects: ['user:bob'], roles: [Viewer], scope: {service: vpc}}
"""
ANOTHER_SECOND = SECOND.replace("auditors@2", "auditors@1")


@pytest.fixture
def company(acme: Installation) -> Company:
    """A company with one account in its tree, to which one template is offered."""
    found = Company(acme)
    found.apply("acme", TREE)
    found.apply("acme", FIRST)
    found.apply("prod", PEOPLE)
    return found


def session_of(company: Company, who: str) -> Session:
    """The session of somebody in the account below, for an hour, by a key that its owner makes."""
    text = create_key(company.host, company.owner("prod"), who).text
    session = company.host.authenticator.session_of_key(text)[0]
    return replace(session, expires_at=session.expires_at + 3600)


def pushed(company: Company, management: str) -> list[Pushed]:
    """What comes of pushing what this account's enterprise assigns everywhere?"""
    tree = company.host.snapshot(management).account
    return list(push(company.host, tree, tree.template_assignments["everywhere"]))


def move_to_rival(company: Company) -> None:
    """Let the account go from its enterprise, and join another, which has a template of the same name."""
    remove(company, "acme", "EnterpriseAccount", "prod")
    company.begin("rival")
    company.apply("prod", "{kind: Account, name: prod, owner: 'user:owner', enterprise: rival}")
    company.apply("rival", TREE)
    company.apply("rival", FIRST)


def test_a_namesake_of_another_enterprise_is_not_followed(company: Company) -> None:
    """The owner let the template of one enterprise follow; that of another is pushed in vain."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    move_to_rival(company)
    assert states(company) == [("auditors", "behind")]
    company.apply("rival", SECOND)
    assert pushed(company, "rival") == [Pushed("prod", "behind")]
    assert "auditors-read" not in company.host.snapshot("prod").account.policies


def test_accepting_a_namesake_of_another_enterprise_does_not_go_on_following(company: Company) -> None:
    """Whoever accepts it accepts this one version; that it follows is the owner's to say anew."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    move_to_rival(company)
    company.apply(
        "prod",
        "{kind: Policy, name: dora-grants-ims, subjects: ['user:dora'], roles: [Administrator], scope: {service: ims}}",
    )
    dora = session_of(company, "user:dora")
    with pytest.raises(Denied) as caught:
        accept(company.host, dora, "auditors", follows=True)
    assert refusal(caught.value) == [
        "only the account's owner may do this: template `auditors` would hand over what nobody has seen yet"
    ]
    accept(company.host, dora, "auditors")
    accepted = company.host.snapshot("prod").account.template_acceptances["auditors"]
    assert (accepted.enterprise, accepted.follows) == ("rival", False)


@pytest.mark.parametrize("how", ["given up", "no longer followed"])
def test_a_push_stops_where_the_owner_takes_the_word_back_meanwhile(
    company: Company, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whether the account follows is asked of the state that is changed, not of the one that was listed."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    company.apply("acme", SECOND)
    session_of_owner = offers._session_of_owner

    def meanwhile(host: Host, account: str) -> Session:
        if how == "given up":
            give_up(host, company.owner("prod"), "auditors", release=False)
        else:
            accept(host, company.owner("prod"), "auditors", follows=False)
        return session_of_owner(host, account)

    monkeypatch.setattr(offers, "_session_of_owner", meanwhile)
    before = company.host.store.head("account:prod").revision
    assert pushed(company, "acme") == [Pushed("prod", "behind", CANNOT)]
    assert company.host.store.head("account:prod").revision == before + 1


def test_a_push_takes_in_nothing_but_the_assignment_that_is_pushed(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another assignment that comes to reach the account meanwhile needs its own permission, and its own push."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    company.apply("acme", SECOND)
    session_of_owner = offers._session_of_owner

    def meanwhile(host: Host, account: str) -> Session:
        nearer = SECOND.replace("@2", "@3").replace("name: everywhere", "name: nearer")
        company.apply("acme", nearer.replace("enterprise:corp", "account-group:live"))
        return session_of_owner(host, account)

    monkeypatch.setattr(offers, "_session_of_owner", meanwhile)
    assert pushed(company, "acme") == [Pushed("prod", "behind", CANNOT)]
    assert company.host.snapshot("prod").account.template_acceptances["auditors"].version == 1


def test_a_number_is_not_given_again_to_another_version(company: Company) -> None:
    """Who accepts version 1 gets what was looked at, though it was deleted and made anew; the same again may be."""
    remove(company, "acme", "TemplateAssignment", "everywhere")
    remove(company, "acme", "Template", "auditors@1")
    with pytest.raises(Invalid) as caught:
        company.apply("acme", ANOTHER_SECOND)
    assert refusal(caught.value) == [
        "`auditors@1` was committed before with other contents at Template auditors@1\n"
        "  help: make another version, with a number that was never given"
    ]
    company.apply("acme", ANOTHER_SECOND.partition("---")[0].replace("state: committed", "state: draft"))
    with pytest.raises(Invalid):
        company.apply("acme", ANOTHER_SECOND)
    remove(company, "acme", "Template", "auditors@1")
    company.apply("acme", FIRST)
    assert states(company) == [("auditors", "offered")]


def test_who_may_not_accept_learns_no_names(company: Company) -> None:
    """That a name is taken is told only to who may accept the template."""
    company.apply("prod", LOOKER)
    with pytest.raises(Denied) as caught:
        accept(company.host, session_of(company, "user:bob"), "auditors", dry_run=True)
    assert refusal(caught.value) == ["`user:bob` lacks `iam.template-acceptance.create`"]


def test_an_account_that_has_only_begun_is_passed_over(company: Company) -> None:
    """What is in the tree and not there yet has no status, and does not hide that of the others."""
    ghost = EnterpriseAccount("ghost", "enterprise:corp")
    company.acme.edit(Edit("EnterpriseAccount", "ghost", ghost, begins=True))
    tree = company.host.snapshot("acme").account
    found = status_of(company.host, tree, tree.template_assignments["everywhere"])
    assert [(name, offer.state) for name, offer in found] == [("prod", "offered")]
    assert pushed(company, "acme") == [Pushed("prod", "offered")]


@pytest.mark.parametrize("management", ["acme", "nobody"])
def test_waiting_tells_nothing_of_an_enterprise_that_does_not_hold_the_account(
    company: Company, management: str
) -> None:
    """Neither at which revision it is nor whether it is there: an account may name any other by itself."""
    company.begin("spy", enterprise=management)
    for revision in (1, company.acme.revision, 999):
        wanted = {"enterprise": f"{revision}-000000000000"}
        assert company.host.find_missing("spy", wanted) is None
    with pytest.raises(Forked):
        company.host.find_missing("prod", {"enterprise": f"{company.acme.revision}-000000000000"})


def test_a_write_does_not_slip_past_the_guardrails_of_an_enterprise_that_adds_the_account(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has not heard of it yet judges anew when it commits."""
    company.begin("late", enterprise="acme")
    other = company.acme.another_host()
    owner = other.authenticator.session_of_key(company.keys["late"])[0]
    assert other.snapshot("late").placed_at == company.acme.host.snapshot("acme").vector["account"]
    monkeypatch.setattr(company.acme.store.generation, "bump", lambda: None)
    company.apply("acme", FROZEN + "---\n{kind: EnterpriseAccount, name: late, parent: 'account-group:live'}")
    policy = "{kind: Policy, name: p, subjects: ['group:members'], roles: [Viewer], scope: {service: ims}}"
    assert other.snapshot("late").account.guardrails_above == {}
    with pytest.raises(Denied) as caught:
        company.apply("late", policy, session=owner, host=other)
    assert refusal(caught.value) == [
        "policy `p` grants it, and you lack `iam.policy.create` over service `ims`"
    ]
    assert "p" not in company.host.snapshot("late").account.policies


def test_an_account_does_not_leave_while_it_is_being_added(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That no tree holds it is looked up once, and the change rests on that very revision."""
    company.begin("late", enterprise="acme")
    owner = company.owner("late")
    find_snapshot = company.host.find_snapshot
    found: list[Snapshot | None] = []

    def before_it_is_added(account: str) -> Snapshot | None:
        seen = find_snapshot(account)
        if account == "acme" and not found:
            found.append(seen)
            company.apply("acme", "{kind: EnterpriseAccount, name: late, parent: 'account-group:live'}")
        return seen

    monkeypatch.setattr(company.host, "find_snapshot", before_it_is_added)
    leaving = Edit("Account", "late", Account("late", "user:owner"))
    with pytest.raises(Invalid) as caught:
        change_account(company.host, owner, lambda _: [leaving], via="test")
    assert refusal(caught.value) == [
        "the enterprise of account `acme` holds this account, which cannot leave by itself"
        " at Account late: enterprise\n  help: leave `enterprise: acme` in the document, "
        "or ask the enterprise to let the account go"
    ]
    assert company.host.snapshot("late").account.enterprise == "acme"


def test_a_restriction_tells_nothing_of_projects_that_the_session_may_not_see(company: Company) -> None:
    """Neither by a suggestion nor by being accepted: one that is hidden is as unknown as one that is not there."""
    company.apply("prod", "{kind: Project, name: merger}")
    said = {}
    for project in ("merger", "merge", "nothing"):
        rule = Guardrail("restrict[0]", ("ims:images:get",), Scope(service=("ims",), project=(project,)))
        with pytest.raises(Invalid) as caught:
            begin_session(company.host, session_of(company, "user:bob"), Wanted(restrict=(rule,)))
        said[project] = refusal(caught.value)
        owner = replace(company.owner("prod"), expires_at=company.host.now() + 60)
        if project == "merger":
            assert begin_session(company.host, owner, Wanted(restrict=(rule,))).restrictions == (rule,)
    assert said == {name: [f"unknown project `{name}` at restrict[0].scope.project"] for name in said}


def test_whom_one_acts_for_may_be_forbidden_to_begin_a_session(company: Company) -> None:
    """That the one who acts has no policy does not hide what forbids it to the other."""
    company.apply(
        "prod",
        """
        kind: Role
        name: NoSessions
        service: iam
        rights: [{actions: ["iam.session.begin"], effect: deny}]
        ---
        {kind: Policy, name: bob-begins-none, subjects: ['user:bob'], roles: [NoSessions], scope: {service: iam}}
        ---
        {kind: User, name: al}
        """,
    )
    bob, al = session_of(company, "user:bob"), session_of(company, "user:al")
    begin_session(company.host, al, Wanted())
    for session in (bob, replace(al, chain=("user:bob",), acts_for=bob.links)):
        with pytest.raises(Denied) as caught:
            begin_session(company.host, session, Wanted())
        assert refusal(caught.value) == ["`user:bob` lacks `iam.session.begin`"]


def test_a_name_that_is_given_anew_is_not_whom_a_session_acts_for(company: Company) -> None:
    """The other was deleted and made anew since the session was authenticated: its word is not the new one's."""
    bob, owner = session_of(company, "user:bob"), company.owner("prod")
    session = replace(owner, chain=("user:bob",), acts_for=bob.links)
    company.apply("prod", "{kind: User, name: someone}")
    remove(company, "prod", "User", "bob")
    company.apply("prod", "{kind: User, name: bob}")
    edit = Edit("User", "more", Principal("user:more"))
    with pytest.raises(Unauthenticated):
        change_account(company.host, session, lambda _: [edit], via="test")


def test_what_is_offered_stays_apart_from_what_another_enterprise_offered(company: Company) -> None:
    """Of the acceptance of another enterprise's template nothing but the version shows to the new one."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    move_to_rival(company)
    account = company.host.snapshot("prod").account
    [offer] = offers_of(tree_of(company.host, account), account)
    assert offer.accepted is not None
    assert (offer.state, offer.accepted.follows, offer.drift) == ("behind", False, ())


def test_a_session_that_may_do_less_does_not_have_it_done_by_a_role_that_it_makes(company: Company) -> None:
    """A role counts as the change leaves it: new, or widened in the same breath."""
    company.apply(
        "prod",
        """
        kind: Policy
        name: dora-administers-ims
        subjects: [user:dora]
        roles: [Administrator]
        scope: {service: ims}
        ---
        {kind: Role, name: Soft, service: ims, rights: [{actions: ["ims:images:get"]}]}
        ---
        {kind: Policy, name: bob-soft, subjects: ["user:bob"], roles: [Soft], scope: {service: ims}}
        """,
    )
    rule = Guardrail("restrict[0]", ("ims:images:delete",), Scope(service=("ims",)))
    dora = session_of(company, "user:dora")
    wider = '{kind: Role, name: Soft, service: ims, rights: [{actions: ["ims:images:*"]}]}'
    gift = """
        {kind: Role, name: Gift, service: ims, rights: [{actions: ["ims:images:delete"]}]}
        ---
        {kind: Policy, name: gift, subjects: ["user:bob"], roles: [Gift], scope: {service: ims}}
        """
    for documents, refused in (
        (wider, "role `Soft` of policy `bob-soft` changes, and this session may not hand on `ims:images:*`"),
        (gift, "policy `gift` grants it, and this session may not hand on `ims:images:delete`"),
    ):
        with pytest.raises(Denied) as caught:
            company.apply("prod", documents, session=replace(dora, restrictions=(rule,)))
        assert refusal(caught.value) == [refused]
        company.apply("prod", documents, session=dora)


def test_who_may_not_see_a_node_is_refused_in_the_same_words_whether_it_is_there(company: Company) -> None:
    """Reading, naming as a parent, and guarding: nodes that are hidden and nodes that are not there are alike."""
    company.apply(
        "acme",
        """
        {kind: AccountGroup, name: lab, parent: "enterprise:corp"}
        ---
        {kind: User, name: lou}
        ---
        kind: Policy
        name: lou-manages-lab
        subjects: [user:lou]
        roles: [Administrator]
        scope: {service: enterprise, type: account-group, id: lab}
        """,
    )
    lou = company.acme.session("user:lou")

    def said(name: str) -> list[str]:
        reader = Reader(company.host, lou)
        found = []
        for attempt in (
            lambda: reader.get("AccountGroup", name),
            lambda: company.apply(
                "acme", f"{{kind: AccountGroup, name: new, parent: 'account-group:{name}'}}", lou
            ),
            lambda: company.apply(
                "acme",
                f"{{kind: Guardrail, name: new, node: 'account-group:{name}', actions: ['ims:images:get']}}",
                lou,
            ),
        ):
            with pytest.raises(Denied) as caught:
                attempt()
            found += [text.replace(name, "NODE") for text in refusal(caught.value)]
        return found

    assert said("live") == said("nowhere")
    assert said("live") == [
        "`user:lou` lacks `enterprise.account-group.retrieve` on account-group `NODE`",
        "`user:lou` lacks `enterprise.account-group.create` on account-group `new`",
        "`user:lou` lacks `enterprise.account-group.attach-config-rules` on account-group `NODE`",
    ]
    with pytest.raises(Invalid):
        company.apply("acme", "{kind: AccountGroup, name: new, parent: 'account-group:nowhere'}")


def test_a_session_that_may_do_less_makes_no_key_that_assumes_a_profile_elsewhere_without_its_restrictions(
    company: Company,
) -> None:
    """What the profile of another account holds is not known at home, so no role that reaches it is handed on."""
    company.apply(
        "acme",
        "{kind: Policy, name: mia-iam, subjects: ['user:mia'], roles: [Administrator], scope: {service: iam}}",
    )
    company.apply(
        "prod",
        """
        {kind: Profile, name: ops, trust: ["account:acme/user:mia"]}
        ---
        {kind: Policy, name: ops-ims, subjects: ["profile:ops"], roles: [Administrator], scope: {service: ims}}
        """,
    )
    mia = replace(company.acme.session("user:mia"), expires_at=company.host.now() + 60)
    rule = Guardrail("restrict[0]", ("ims:images:delete",), Scope(service=("ims",)))
    less = replace(mia, restrictions=(rule,))
    assert assume_profile(company.host, less, "prod", "ops", Wanted()).restrictions == (rule,)
    with pytest.raises(Denied) as caught:
        create_key(company.host, less, "user:mia")
    assert refusal(caught.value) == [
        "`user:mia` holds policy `mia-iam`, and this session may not hand on `iam.profile.assume`"
    ]
    create_key(company.host, mia, "user:mia")


def test_refusals_by_another_accounts_profile_crowd_none_out(company: Company) -> None:
    """Each account is told of its own, and is not told how many there are of others."""
    company.begin("noisy")
    company.apply("noisy", "{kind: Profile, name: ops}")
    company.apply("prod", "{kind: Profile, name: ops}")
    mia = company.acme.owner
    for account in (*["noisy"] * (MOST_A_SECOND + 2), "prod"):
        with pytest.raises(Denied):
            assume_profile(company.host, mia, account, "ops", Wanted())
    activity = company.host.store.activity
    activity.flush()
    told = {
        account: [
            one.event.detail["others_since_last"]
            for one in activity.events(EventFilter(log=f"account:{account}", kind="session"), None, 100)
        ]
        for account in ("noisy", "prod")
    }
    assert told == {"noisy": [0] * MOST_A_SECOND, "prod": [0]}


def test_who_sees_no_node_is_not_told_the_name_of_the_enterprise(company: Company) -> None:
    """The tree as a whole is refused without naming its root."""
    company.apply("acme", "{kind: User, name: nil}")
    with pytest.raises(Denied) as caught:
        list(walk_tree(Reader(company.host, company.acme.session("user:nil"))))
    assert refusal(caught.value) == ["`user:nil` lacks `enterprise.enterprise.retrieve`"]
