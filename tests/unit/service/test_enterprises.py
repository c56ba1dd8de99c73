"""An enterprise and its accounts: consent, isolation, guardrails from above, and who must hold what."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.engine import decide
from bailiwick.errors import BailiwickError, Denied, Invalid
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.applying import Source, apply_wanted, parse_wanted
from bailiwick.service.changes import Outcome
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.initial import create_account
from bailiwick.service.sessions import Session

TREE = """
kind: Enterprise
name: corp
---
kind: AccountGroup
name: live
parent: enterprise:corp
---
kind: AccountGroup
name: lab
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
---
kind: User
name: eve
---
kind: Policy
name: eve-edits
subjects: [user:eve]
roles: [Editor]
scope: {service: enterprise}
---
kind: Guardrail
name: no-deletes
node: account-group:live
actions: ["ims:images:delete"]
scope: {service: ims}
"""
IMAGE = ResourceQuery("ims", (("image", "web-1"),), region="eu-de")
PROD = "account:prod"


class Company:
    """The management account `acme` with an account `prod` below it, and others beside."""

    def __init__(self, installation: Installation) -> None:
        self.acme = installation
        self.host = installation.host
        self.keys = {"acme": installation.owner_key}
        self.begin("prod", enterprise="acme")

    def begin(self, account: str, enterprise: str | None = None) -> None:
        """Make an account with an owner."""
        email = "owner@acme.example"
        self.keys[account] = create_account(
            self.acme.store, account, "owner", email, START, enterprise=enterprise
        )

    def owner(self, account: str) -> Session:
        """The session of the account's owner."""
        return self.host.authenticator.session_of_key(self.keys[account])[0]

    def apply(
        self, account: str, text: str, session: Session | None = None, host: Host | None = None
    ) -> Outcome:
        """Let the account hold these documents."""
        wanted = parse_wanted(account, [Source("world.yaml", dedent(text))])
        return apply_wanted(host or self.host, session or self.owner(account), wanted)

    def reason(self, account: str, action: str = "ims:images:delete", host: Host | None = None) -> str:
        """Why may the account's owner do this, or not?"""
        asked = Request("user:owner", action, IMAGE, self.host.now())
        return decide((host or self.host).snapshot(account).compiled, asked).reason.value


@pytest.fixture
def company(acme: Installation) -> Company:
    """A company whose tree is made."""
    found = Company(acme)
    found.apply("acme", TREE)
    return found


def refusal(error: BailiwickError) -> list[str]:
    """What is said, whole?"""
    return [one.format() for one in error.findings] if isinstance(error, Invalid) else [error.message]


def test_a_guardrail_from_above_binds_the_owner_below_and_not_the_management_account(
    company: Company,
) -> None:
    """In the account below it is a guardrail like its own; above, and beside, it is none."""
    company.begin("other", enterprise="acme")
    assert company.reason("prod") == "guardrail"
    assert company.reason("prod", "ims:images:get") == "allowed"
    assert company.reason("acme") == "allowed"
    assert company.reason("other") == "allowed"


def test_the_owner_below_cannot_lift_it(company: Company) -> None:
    """It is not among the account's guardrails, by no name; the owner's own guardrails are the owner's to lift."""
    with pytest.raises(Invalid) as caught:
        company.apply("prod", "kind: Guardrail\nname: corp/live/no-deletes\nactions: [x]\n")
    assert "is no name" in refusal(caught.value)[0]
    company.apply("prod", "{kind: Guardrail, name: own, actions: [ims:images:get], scope: {service: ims}}")
    assert company.reason("prod", "ims:images:get") == "guardrail"
    company.apply(
        "prod",
        "{kind: Guardrail, name: own, actions: [ims:images:get], scope: {service: ims}, state: disabled}",
    )
    assert company.reason("prod", "ims:images:get") == "allowed"
    assert company.reason("prod") == "guardrail"


def test_a_guardrail_from_above_may_freeze_the_owners_own_guardrails(company: Company) -> None:
    """What an owner may always do without an enterprise, an enterprise may forbid."""
    own = "{kind: Guardrail, name: own, actions: [ims:images:get], scope: {service: ims}}"
    company.apply("prod", own)
    freeze = "actions: ['iam.guardrail.*'], scope: {service: iam}"
    frozen = f"{{kind: Guardrail, name: frozen, node: 'account:prod', {freeze}}}"
    company.apply("acme", frozen)
    with pytest.raises(Denied) as caught:
        company.apply("prod", own.replace("get", "list"))
    assert refusal(caught.value) == ["`user:owner` lacks `iam.guardrail.update` on guardrail `own`"]
    assert caught.value.reason == "guardrail"
    company.acme.edit(_edit("Guardrail", "frozen"))
    company.apply("prod", own.replace("get", "list"))


def test_an_account_below_answers_with_the_revision_of_its_enterprise(company: Company) -> None:
    """Account, enterprise and system, each from its own log; others have no enterprise in their vector."""
    above = company.host.snapshot("acme").vector
    below = company.host.snapshot("prod").vector
    assert list(below) == ["account", "enterprise", "system"]
    assert below["enterprise"] == above["account"]
    assert list(above) == ["account", "system"]


def test_a_change_above_is_followed_below_at_once_and_in_other_processes(company: Company) -> None:
    """The guardrail falls: the next answer below is given without it, with the new revision."""
    other = company.acme.another_host()
    assert company.reason("prod", host=other) == "guardrail"
    company.apply(
        "acme",
        """
        kind: Guardrail
        name: no-deletes
        node: account-group:live
        actions: ["ims:images:delete"]
        scope: {service: ims}
        state: disabled
        """,
    )
    for host in (company.host, other):
        assert company.reason("prod", host=host) == "allowed"
        assert host.snapshot("prod").vector["enterprise"] == host.snapshot("acme").vector["account"]


def test_a_change_above_that_was_never_announced_is_found_by_comparing_heads(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that died between its commit and the word leaves the accounts below behind until they look."""
    other = company.acme.another_host()
    assert company.reason("prod", host=other) == "guardrail"
    monkeypatch.setattr(company.acme.store.generation, "bump", lambda: None)
    company.acme.edit(_edit("Guardrail", "no-deletes"))
    assert company.reason("prod", host=other) == "guardrail"
    other.poll()
    assert company.reason("prod", host=other) == "allowed"


def test_an_account_that_waits_for_its_enterprise_finds_it_when_it_begins(company: Company) -> None:
    """The management account that its owner named did not exist when the account was first asked about."""
    company.begin("shop", enterprise="late")
    other = company.acme.another_host()
    for host in (company.host, other):
        assert company.reason("shop", host=host) == "allowed"
    company.begin("late")
    company.apply(
        "late",
        """
        {kind: Enterprise, name: late-corp}
        ---
        {kind: EnterpriseAccount, name: shop, parent: 'enterprise:late-corp'}
        ---
        {kind: Guardrail, name: all, node: 'account:shop', actions: ['*'], scope: {service: ims}}
        """,
    )
    for host in (company.host, other):
        assert company.reason("shop", host=host) == "guardrail"


def test_a_suspended_enterprise_still_binds(company: Company) -> None:
    """Nothing is done in the management account then, and nothing falls below it."""
    company.apply("acme", "{kind: Account, name: acme, owner: 'user:owner', suspended: true}")
    assert company.reason("acme") == "account_suspended"
    assert company.reason("prod") == "guardrail"


def test_a_freed_name_of_a_node_inherits_nothing(company: Company) -> None:
    """A new group of an old name is another node: what named the old one had to go first."""
    with pytest.raises(Invalid) as caught:
        company.acme.edit(_edit("AccountGroup", "live"))
    assert refusal(caught.value) == [
        "`live` is still referred to by Guardrail no-deletes, EnterpriseAccount prod at AccountGroup live\n"
        "  help: change or remove these first"
    ]
    company.apply("acme", MOVE)
    company.acme.edit(_edit("Guardrail", "no-deletes"), _edit("AccountGroup", "live"))
    company.apply("acme", "{kind: AccountGroup, name: live, parent: 'enterprise:corp'}")
    company.apply("acme", "{kind: EnterpriseAccount, name: prod, parent: 'account-group:live'}")
    assert company.reason("prod") == "allowed"


def test_a_change_below_keeps_what_binds(company: Company) -> None:
    """The account's own log moves, here and elsewhere; the guardrail stays, and so does the enterprise's revision."""
    other = company.acme.another_host()
    assert company.reason("prod", host=other) == "guardrail"
    before = company.host.snapshot("prod").vector
    outcome = company.apply("prod", "{kind: User, name: zoe}")
    for host in (company.host, other):
        after = host.snapshot("prod").vector
        assert after["enterprise"] == before["enterprise"]
        assert after["account"] != before["account"]
        assert company.reason("prod", host=host) == "guardrail"
    assert outcome.vector == company.host.snapshot("prod").vector


def test_an_account_that_is_moved_is_bound_by_other_nodes(company: Company) -> None:
    """Out of the group, its guardrail binds no longer; back again, it does."""
    company.apply("acme", "{kind: EnterpriseAccount, name: prod, parent: 'account-group:lab'}")
    assert company.reason("prod") == "allowed"
    company.apply("acme", "{kind: AccountGroup, name: lab, parent: 'account-group:live'}")
    assert company.reason("prod") == "guardrail"


def test_an_account_joins_by_the_word_of_both(company: Company) -> None:
    """Without its owner's word it is not added; and one that does not exist is refused in the same words."""
    company.begin("shop")
    for name in ("shop", "nowhere"):
        with pytest.raises(Invalid) as caught:
            company.apply("acme", f"{{kind: EnterpriseAccount, name: {name}, parent: 'enterprise:corp'}}")
        assert refusal(caught.value) == [
            f"world.yaml:1: account `{name}` does not name `acme` as its enterprise at EnterpriseAccount {name}: name\n"
            "  help: let its owner set `enterprise: acme` in the account's own document first"
        ]
    assert list(company.host.snapshot("shop").vector) == ["account", "system"]
    company.apply("shop", "{kind: Account, name: shop, owner: 'user:owner', enterprise: acme}")
    assert list(company.host.snapshot("shop").vector) == ["account", "system"]
    company.apply("acme", "{kind: EnterpriseAccount, name: shop, parent: 'account-group:live'}")
    assert company.reason("shop") == "guardrail"


def test_nobody_but_the_owner_gives_the_word(company: Company) -> None:
    """An Administrator of everything in the account does not decide whose guardrails bind the owner."""
    company.begin("shop")
    company.apply(
        "shop",
        """
        kind: User
        name: adam
        ---
        kind: Policy
        name: all
        subjects: [user:adam]
        roles: [Administrator]
        scope: {service: iam}
        """,
    )
    adam = replace(company.owner("shop"), principal="user:adam", uid=_uid(company, "shop", "User", "adam"))
    with pytest.raises(Denied) as caught:
        company.apply("shop", "{kind: Account, name: shop, owner: 'user:owner', enterprise: acme}", adam)
    assert refusal(caught.value) == [
        "only the account's owner may do this: the enterprise that the account may join changes"
    ]


def test_the_owner_cannot_leave_while_the_tree_holds_the_account(company: Company) -> None:
    """Neither for nothing nor for another enterprise; let go, it can."""
    for line in ("", ", enterprise: other"):
        with pytest.raises(Invalid) as caught:
            company.apply("prod", f"{{kind: Account, name: prod, owner: 'user:owner'{line}}}")
        assert refusal(caught.value) == [
            "world.yaml:1: the enterprise of account `acme` holds this account, which cannot leave by itself "
            "at Account prod: enterprise\n  help: leave `enterprise: acme` in the document, "
            "or ask the enterprise to let the account go"
        ]
    company.acme.edit(_edit("EnterpriseAccount", "prod"))
    assert company.reason("prod") == "allowed"
    company.apply("prod", "{kind: Account, name: prod, owner: 'user:owner'}")
    with pytest.raises(Invalid):
        company.apply("acme", "{kind: EnterpriseAccount, name: prod, parent: 'enterprise:corp'}")


def test_two_accounts_that_name_each_other_answer(company: Company) -> None:
    """Neither holds a tree, so nothing is above either."""
    company.begin("a", enterprise="b")
    company.begin("b", enterprise="a")
    assert list(company.host.snapshot("a").vector) == ["account", "system"]
    assert list(company.host.snapshot("b").vector) == ["account", "system"]


def test_who_manages_the_tree_is_nobody_inside_and_the_other_way_round(company: Company) -> None:
    """No principal of one account is one of the other, whatever it holds at home."""
    asked = Request("user:mia", "ims:images:get", IMAGE, company.host.now())
    assert decide(company.host.snapshot("prod").compiled, asked).reason.value == "unknown_principal"
    below = ResourceQuery(
        "enterprise", (("enterprise", "corp"), ("account-group", "live"), ("account", "prod"))
    )
    for action in ("enterprise.account.retrieve", "enterprise.account.move"):
        inside = Request("user:owner", action, below, company.host.now())
        assert company.host.snapshot("prod").account.enterprise_accounts == {}
        assert decide(company.host.snapshot("prod").compiled, inside).allowed
    assert company.apply("prod", "{kind: User, name: mia}").vector["enterprise"]


MOVE = "{kind: EnterpriseAccount, name: prod, parent: 'account-group:lab'}"
WEAKER = """
kind: Guardrail
name: no-deletes
node: account-group:live
actions: ["ims:images:delete"]
scope: {service: ims, region: eu-de}
"""


@pytest.mark.parametrize(
    "text", [MOVE, WEAKER, "{kind: AccountGroup, name: new, parent: 'account-group:live'}"]
)
def test_an_administrator_of_the_tree_manages_it(company: Company, text: str) -> None:
    """Without being the owner of the management account, or anything in the accounts."""
    outcome = company.apply("acme", text, company.acme.session("user:mia"))
    assert len(outcome.differences) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOVE, "`user:eve` lacks `enterprise.account.move` on account `prod`"),
        (WEAKER, "`user:eve` lacks `enterprise.account-group.update-config-rules` on account-group `live`"),
        (
            "{kind: Guardrail, name: more, node: 'account:prod', actions: ['ims:*'], scope: {service: ims}}",
            "`user:eve` lacks `enterprise.account.attach-config-rules` on account `prod`",
        ),
        (
            "{kind: Guardrail, name: own, actions: ['ims:*'], scope: {service: ims}}",
            "`user:eve` lacks `iam.guardrail.create`",
        ),
    ],
)
def test_an_editor_of_the_tree_moves_and_rules_nothing(company: Company, text: str, message: str) -> None:
    """Editor makes groups and accounts; what binds an account is Administrator's."""
    with pytest.raises(Denied) as caught:
        company.apply("acme", text, company.acme.session("user:eve"))
    assert refusal(caught.value) == [message]


def test_an_editor_lets_go_no_account_that_a_guardrail_binds(company: Company) -> None:
    """`enterprise.account.delete` is Editor's, but taking rules off an account is not; where none binds, it is."""
    eve = company.acme.session("user:eve")
    with pytest.raises(Denied) as caught:
        company.acme.edit(_edit("EnterpriseAccount", "prod"), session=eve)
    assert refusal(caught.value) == [
        "guardrails no longer bind account `prod`, and you lack `enterprise.account.detach-config-rules` "
        "over account `prod` and all below it"
    ]
    company.acme.edit(_edit("Guardrail", "no-deletes"))
    company.acme.edit(_edit("EnterpriseAccount", "prod"), session=eve)


def test_authority_that_ends_takes_no_guardrail_away(company: Company) -> None:
    """What is taken off is off for good."""
    company.apply(
        "acme",
        """
        kind: User
        name: tom
        ---
        kind: Policy
        name: tom-for-a-while
        subjects: [user:tom]
        roles: [Administrator]
        scope: {service: enterprise, type: account-group, id: live}
        expires_at: 2030-01-01T00:00:00Z
        """,
    )
    with pytest.raises(Denied) as caught:
        company.apply("acme", WEAKER, company.acme.session("user:tom"))
    assert refusal(caught.value) == [
        "guardrail `no-deletes` is changed, for good, which your authority is not over account-group `live` "
        "and all below it"
    ]


def test_a_group_can_be_given_to_its_own_administrator(company: Company) -> None:
    """Held by a policy on the group, or on the enterprise by its name; not on another group."""
    company.apply(
        "acme",
        """
        kind: User
        name: liv
        ---
        kind: User
        name: lab
        ---
        {kind: Policy, name: liv, subjects: ['user:liv'], roles: [Administrator],
         scope: {service: enterprise, type: account-group, id: live}}
        ---
        {kind: Policy, name: lab, subjects: ['user:lab'], roles: [Administrator],
         scope: {service: enterprise, type: account-group, id: lab}}
        """,
    )
    company.apply("acme", WEAKER, company.acme.session("user:liv"))
    with pytest.raises(Denied):
        company.apply("acme", WEAKER.replace("eu-de", "eu-nl"), company.acme.session("user:lab"))
    with pytest.raises(Denied) as caught:
        company.apply("acme", MOVE, company.acme.session("user:liv"))
    assert refusal(caught.value) == ["`user:liv` lacks `enterprise.account.move` on account `prod`"]


def test_who_manages_the_account_does_not_manage_the_tree(company: Company) -> None:
    """All of `iam` is not the tree's guardrails; the account's own are."""
    company.apply(
        "acme",
        """
        kind: User
        name: ida
        ---
        {kind: Policy, name: ida, subjects: ['user:ida'], roles: [Administrator], scope: {service: iam}}
        """,
    )
    ida = company.acme.session("user:ida")
    with pytest.raises(Denied) as caught:
        company.apply("acme", WEAKER, ida)
    assert refusal(caught.value) == [
        "`user:ida` lacks `enterprise.account-group.update-config-rules` on account-group `live`"
    ]


def test_adding_is_refused_where_the_word_is_taken_back_meanwhile(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both logs are compared at the commit, so whoever comes second is judged again."""
    company.begin("shop", enterprise="acme")
    other = company.acme.another_host()
    append = company.acme.store.append

    def interrupted(*given: object, **named: object) -> object:
        monkeypatch.setattr(company.acme.store, "append", append)
        company.apply("shop", "{kind: Account, name: shop, owner: 'user:owner'}", host=other)
        return append(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(company.acme.store, "append", interrupted)
    with pytest.raises(Invalid) as caught:
        company.apply("acme", "{kind: EnterpriseAccount, name: shop, parent: 'enterprise:corp'}")
    assert "does not name `acme`" in refusal(caught.value)[0]
    assert "shop" not in company.host.snapshot("acme").account.enterprise_accounts


def test_a_change_below_is_judged_by_the_newest_tree(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guardrail that comes between judging and storing stops the change."""
    other = company.acme.another_host()
    append = company.acme.store.append

    def interrupted(*given: object, **named: object) -> object:
        monkeypatch.setattr(company.acme.store, "append", append)
        frozen = (
            "{kind: Guardrail, name: frozen, node: 'account:prod', actions: ['*'], scope: {service: iam}}"
        )
        company.apply("acme", frozen, host=other)
        return append(*given, **named)  # type: ignore[arg-type]

    session = company.owner("prod")
    monkeypatch.setattr(company.acme.store, "append", interrupted)
    with pytest.raises(Denied) as caught:
        company.apply("prod", "{kind: User, name: zoe}", session)
    assert refusal(caught.value) == ["`user:owner` lacks `iam.user.invite`"]
    assert caught.value.reason == "guardrail"


def _uid(company: Company, account: str, kind: str, name: str) -> str:
    return company.host.snapshot(account).identities[kind, name].uid


def _edit(kind: str, name: str) -> Edit:
    return Edit(kind, name, None)
