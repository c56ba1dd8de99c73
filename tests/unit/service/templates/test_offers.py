"""Templates between an enterprise and its accounts: offered, accepted by authority, followed, given up, isolated."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation
from tests.unit.service.test_enterprises import Company, refusal

from bailiwick.engine import decide
from bailiwick.errors import Conflict, Denied, Invalid, NotFound
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.keys.making import create_key
from bailiwick.service.sessions import Session
from bailiwick.service.templates.offers import Pushed, accept, give_up, offers_of, push, status_of, tree_of

TREE = """
kind: Enterprise
name: corp
---
kind: AccountGroup
name: live
parent: enterprise:corp
---
kind: EnterpriseAccount
name: prod
parent: account-group:live
---
kind: User
name: mia
---
kind: Policy
name: mia-manages
subjects: [user:mia]
roles: [Administrator]
scope: {service: enterprise}
"""
FIRST = """
kind: Template
name: auditors@1
state: committed
groups: [{name: auditors}]
roles: [{name: Lister, service: ims, rights: [{actions: ["ims:images:list"]}]}]
policies: [{name: auditors-list, subjects: ["group:auditors"], roles: [Lister], scope: {service: ims}}]
---
kind: TemplateAssignment
name: everywhere
template: auditors@1
node: enterprise:corp
"""
SECOND = """
kind: Template
name: auditors@2
state: committed
groups: [{name: auditors}]
policies: [{name: auditors-read, subjects: ["group:auditors"], roles: [Viewer], scope: {service: ims}}]
---
kind: TemplateAssignment
name: everywhere
template: auditors@2
node: enterprise:corp
"""
PEOPLE = """
kind: User
name: bob
---
kind: User
name: dora
---
kind: Policy
name: dora-administers-iam
subjects: [user:dora]
roles: [Administrator]
scope: {service: iam}
"""


@pytest.fixture
def company(acme: Installation) -> Company:
    """A company with one account in its tree, to which one template is offered."""
    found = Company(acme)
    found.apply("acme", TREE)
    found.apply("acme", FIRST)
    found.apply("prod", PEOPLE)
    return found


def states(company: Company) -> list[tuple[str, str]]:
    """What became of each template in the account below?"""
    account = company.host.snapshot("prod").account
    return [(one.template, one.state) for one in offers_of(tree_of(company.host, account), account)]


def may_list(company: Company, who: str = "user:bob") -> bool:
    """May this person list images in the account below?"""
    images = ResourceQuery("ims", (("image", "web"),), region="eu-de")
    asked = Request(who, "ims:images:list", images, company.host.now())
    return decide(company.host.snapshot("prod").compiled, asked).allowed


def session_of_dora(company: Company) -> Session:
    """The session of somebody who administers `iam` in the account below, by a key that its owner makes."""
    text = create_key(company.host, company.owner("prod"), "user:dora").text
    return company.host.authenticator.session_of_key(text)[0]


def remove(company: Company, account: str, kind: str, name: str) -> None:
    """Take an object away, as the account's owner."""
    edit = Edit(kind, name, None)
    change_account(company.host, company.owner(account), lambda _: [edit], via="test")


def test_an_offer_changes_nothing_until_it_is_accepted(company: Company) -> None:
    """Accepted, the group, role and policy are there, and whoever the account puts into the group may."""
    assert states(company) == [("auditors", "offered")]
    assert "auditors" not in company.host.snapshot("prod").account.groups
    accept(company.host, company.owner("prod"), "auditors", version=1)
    assert states(company) == [("auditors", "current")]
    assert not may_list(company)
    company.apply(
        "prod", "{kind: Group, name: auditors, members: ['user:bob'], managed_by: 'template:auditors'}"
    )
    assert may_list(company)
    assert states(company) == [("auditors", "current")]


def test_what_a_template_grants_is_handed_over_by_who_accepts_it(company: Company) -> None:
    """Who may accept templates, but not grant what they grant, is refused."""
    session = session_of_dora(company)
    with pytest.raises(Denied) as caught:
        accept(company.host, session, "auditors")
    assert refusal(caught.value) == [
        "policy `auditors-list` grants it, and you lack `iam.policy.create` over service `ims`"
    ]
    assert states(company) == [("auditors", "offered")]


def test_only_the_owner_lets_a_template_follow(company: Company) -> None:
    """It would hand over what nobody has seen yet."""
    company.apply(
        "prod",
        "{kind: Policy, name: dora-grants-ims, subjects: ['user:dora'], roles: [Administrator], scope: {service: ims}}",
    )
    session = session_of_dora(company)
    with pytest.raises(Denied) as caught:
        accept(company.host, session, "auditors", follows=True)
    assert refusal(caught.value) == [
        "only the account's owner may do this: template `auditors` would hand over what nobody has seen yet"
    ]
    accept(company.host, session, "auditors")
    assert states(company) == [("auditors", "current")]


def test_what_a_template_manages_is_not_changed_by_hand(company: Company) -> None:
    """Neither by documents nor by their owner; nor does anybody claim to be a template."""
    accept(company.host, company.owner("prod"), "auditors")
    policy = (
        "{kind: Policy, name: auditors-list, subjects: ['user:bob'], roles: [Viewer], scope: {service: ims}}"
    )
    with pytest.raises(Invalid) as caught:
        company.apply("prod", policy)
    assert refusal(caught.value) == [
        "`auditors-list` is managed by template `auditors` and is not changed here at Policy auditors-list\n"
        "  help: accept another version of the template, or release it"
    ]
    with pytest.raises(Invalid):
        company.apply("prod", "{kind: Group, name: mine, managed_by: 'template:auditors'}")
    with pytest.raises(Invalid) as caught:
        company.apply("prod", "{kind: TemplateAcceptance, name: auditors, version: 1, enterprise: other}")
    assert refusal(caught.value) == [
        "`auditors` is accepted or given up as a template at TemplateAcceptance auditors\n"
        "  help: use `bailiwick template`"
    ]


def test_a_committed_version_never_changes(company: Company) -> None:
    """What accounts have accepted is what it says for ever; nor is it deleted while it is assigned."""
    with pytest.raises(Invalid) as caught:
        company.apply("acme", "{kind: Template, name: auditors@1, state: committed, groups: [{name: other}]}")
    assert refusal(caught.value) == [
        "`auditors@1` is committed and does not change at Template auditors@1\n  help: make another version"
    ]


def test_a_version_that_is_assigned_is_not_deleted(company: Company) -> None:
    """Nor is a node to which one is assigned; once it is withdrawn, the version may go."""
    with pytest.raises(Invalid) as caught:
        remove(company, "acme", "Template", "auditors@1")
    assert refusal(caught.value) == [
        "`auditors@1` is still referred to by TemplateAssignment everywhere at Template auditors@1\n"
        "  help: change or remove these first"
    ]
    remove(company, "acme", "TemplateAssignment", "everywhere")
    remove(company, "acme", "Template", "auditors@1")


def test_another_version_is_behind_until_it_is_accepted(company: Company) -> None:
    """Without following, the account keeps what it accepted, and the enterprise sees that."""
    accept(company.host, company.owner("prod"), "auditors")
    company.apply("acme", SECOND)
    tree = company.host.snapshot("acme").account
    assignment = tree.template_assignments["everywhere"]
    assert [(name, one.state) for name, one in status_of(company.host, tree, assignment)] == [
        ("prod", "behind")
    ]
    assert list(push(company.host, tree, assignment)) == [Pushed("prod", "behind")]
    with pytest.raises(Conflict) as caught:
        accept(company.host, company.owner("prod"), "auditors", version=1)
    assert str(caught.value) == "version 1 of template `auditors` is not offered\n  help: offered: 2"
    accept(company.host, company.owner("prod"), "auditors", version=2)
    account = company.host.snapshot("prod").account
    assert (set(account.policies) & {"auditors-list", "auditors-read"}, account.roles) == (
        {"auditors-read"},
        {},
    )


def test_an_account_that_follows_takes_what_is_assigned(company: Company) -> None:
    """The change is in its own log, by its owner's word; why an account cannot take it is told only there."""
    accept(company.host, company.owner("prod"), "auditors", follows=True)
    company.apply("acme", SECOND)
    tree = company.host.snapshot("acme").account
    assignment = tree.template_assignments["everywhere"]
    company.apply(
        "prod",
        "{kind: Policy, name: auditors-read, subjects: ['user:bob'], roles: [Viewer], scope: {service: vpc}}",
    )
    assert list(push(company.host, tree, assignment)) == [
        Pushed("prod", "behind", "the account cannot take the version: its owner may try to accept it")
    ]
    assert states(company) == [("auditors", "behind")]
    remove(company, "prod", "Policy", "auditors-read")
    assert list(push(company.host, tree, assignment)) == [Pushed("prod", "current")]
    assert {row.via for row in company.host.store.history("account:prod", limit=1)} == {"template-push"}
    assert states(company) == [("auditors", "current")]


def test_giving_up_removes_or_releases(company: Company) -> None:
    """Released objects are the account's own; a withdrawn assignment takes nothing by itself."""
    accept(company.host, company.owner("prod"), "auditors")
    remove(company, "acme", "TemplateAssignment", "everywhere")
    assert states(company) == [("auditors", "withdrawn")]
    give_up(company.host, company.owner("prod"), "auditors", release=True)
    assert states(company) == []
    assert company.host.snapshot("prod").account.policies["auditors-list"].managed_by == ""
    with pytest.raises(NotFound):
        give_up(company.host, company.owner("prod"), "auditors", release=False)


def test_an_account_outside_the_tree_is_offered_nothing(company: Company) -> None:
    """Naming an enterprise that does not hold the account shows nothing of it."""
    company.begin("other", enterprise="acme")
    account = company.host.snapshot("other").account
    assert offers_of(tree_of(company.host, account), account) == []
    with pytest.raises(NotFound) as caught:
        accept(company.host, company.owner("other"), "auditors")
    assert str(caught.value) == "no template `auditors` is offered to this account"


def test_the_nearest_assignment_counts(company: Company) -> None:
    """A node below offers its own version, and the assignment above does not reach past it."""
    company.apply(
        "acme",
        SECOND.replace("name: everywhere", "name: live").replace("enterprise:corp", "account-group:live"),
    )
    account = company.host.snapshot("prod").account
    [offer] = offers_of(tree_of(company.host, account), account)
    assert offer.assigned is not None
    assert offer.assigned.name == "auditors@2"
    tree = company.host.snapshot("acme").account
    assert list(status_of(company.host, tree, tree.template_assignments["everywhere"])) == []
