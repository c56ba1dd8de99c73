"""What is missing and whom to ask, in the sample company: every kind of proposal, every obstacle, and accepting."""

from __future__ import annotations

from importlib.resources import files

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.engine import decide
from bailiwick.errors import Conflict, Denied
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.service.asking import Asking, Question
from bailiwick.service.proposals.proposing import Proposal, Proposals, accept_proposal, find_proposals

WEB_1 = "brn:acme:ims:eu-de::image/web-1"
WEB_1_NL = "brn:acme:ims:eu-nl::image/web-1"
APP = "brn:acme:container-registry:eu-de::namespace/dev/image/app"
IMS_DE = "brn:acme:ims:eu-de::service/ims"


@pytest.fixture
def company() -> Installation:
    """The sample company, for one test."""
    installed = install()
    installed.apply((files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8"))
    return installed


def question(principal: str, action: str, name: str, **said: object) -> Question:
    """May this principal do this to that?"""
    return Question(principal, action, ResourceQuery.of(parse_resource_name(name), **said))


def propose(company: Installation, asked: Question, who: str = "user:owner") -> Proposals:
    """What does this session find?"""
    session = company.owner if who == "user:owner" else company.session(who)
    snapshot = company.host.snapshot("acme")
    return find_proposals(company.host, Asking(company.host, session, snapshot, company.host.now()), asked)


def of_kind(found: Proposals, kind: str) -> Proposal:
    """The first proposal of this kind."""
    return next(one for one in found.proposals if one.kind == kind)


def is_allowed(company: Installation, principal: str, action: str, name: str) -> bool:
    """Is it allowed now?"""
    query = ResourceQuery.of(parse_resource_name(name))
    return decide(
        company.host.snapshot("acme").compiled, Request(principal, action, query, company.host.now())
    ).allowed


def test_an_allowed_question_needs_nothing(company: Installation) -> None:
    """There is the explanation, and nothing to propose."""
    found = propose(company, question("user:alice", "ims:images:get", WEB_1))
    assert found.explanation.decision.allowed
    assert (found.missing, found.proposals, found.obstacles) == ((), (), ())


def test_the_narrowest_role_is_proposed_on_just_this_resource(company: Installation) -> None:
    """The role with the fewest other actions comes first, and they are named."""
    found = propose(company, question("user:alice", "ims:images:get", WEB_1_NL))
    assert found.missing == ("ims:images:get",)
    first = found.proposals[0]
    assert first.text == (
        "grant `IMS ReadOnlyAccess` to `user:alice` over service `ims`, region `eu-nl`, `image` `web-1`"
    )
    assert (first.others, first.wider, first.may) == (("ims:images:list",), "", True)
    policy = first.edits[0].value
    assert policy.scope == Scope(("ims",), ("eu-nl",), None, None, ("image",), ("web-1",))  # type: ignore[union-attr]  # a policy


def test_where_no_role_is_narrow_a_new_one_comes_first(company: Installation) -> None:
    """The new role has exactly the action; the existing one is still there to choose, with what it brings."""
    found = propose(company, question("user:alice", "ims:images:delete", WEB_1))
    assert [(one.kind, len(one.others)) for one in found.proposals] == [("role", 0), ("policy", 4)]


def test_an_accepted_proposal_allows_just_this(company: Installation) -> None:
    """Another action, another image and another person are as they were; asked again there is nothing to do."""
    asked = question("user:alice", "ims:images:delete", WEB_1)
    wanted = of_kind(propose(company, asked), "role")
    outcome = accept_proposal(company.host, company.owner, asked, wanted.id, via="test")
    assert [one.kind for one in outcome.differences] == ["Role", "Policy"]
    assert is_allowed(company, "user:alice", "ims:images:delete", WEB_1)
    assert not is_allowed(company, "user:alice", "ims:images:update", WEB_1)
    assert not is_allowed(company, "user:alice", "ims:images:delete", WEB_1.replace("web-1", "web-2"))
    assert not is_allowed(company, "user:dave", "ims:images:delete", WEB_1)
    with pytest.raises(Conflict, match="this is allowed already"):
        accept_proposal(company.host, company.owner, asked, wanted.id, via="test")


def test_what_is_not_proposed_is_not_done(company: Installation) -> None:
    """An id of another question, or of a state that has passed, changes nothing."""
    other = propose(company, question("user:alice", "ims:images:update", WEB_1)).proposals[0]
    revision = company.revision
    with pytest.raises(Conflict, match="the account has changed since this was proposed"):
        accept_proposal(
            company.host,
            company.owner,
            question("user:alice", "ims:images:delete", WEB_1),
            other.id,
            via="test",
        )
    assert company.revision == revision


def test_a_group_is_proposed_where_it_gives_little_else(company: Installation) -> None:
    """The readers of images are few rights; the release managers of the registry are many."""
    readers = of_kind(propose(company, question("user:dave", "ims:images:get", WEB_1)), "membership")
    assert readers.text == "add `user:dave` to group `image-readers`"
    assert readers.others == ("ims:images:list", "ims:quotas:get")
    in_registry = propose(company, question("user:alice", "container-registry.image.pull", APP))
    groups = [one.edits[0].name for one in in_registry.proposals if one.kind == "membership"]
    assert groups == ["builders"]


def test_an_image_is_named_within_its_namespace(company: Installation) -> None:
    """The same image name in another namespace is not reached."""
    asked = question("user:alice", "container-registry.image.pull", APP)
    wanted = of_kind(propose(company, asked), "policy")
    accept_proposal(company.host, company.owner, asked, wanted.id, via="test")
    assert is_allowed(company, "user:alice", "container-registry.image.pull", APP)
    assert not is_allowed(
        company, "user:alice", "container-registry.image.pull", APP.replace("/dev/", "/prod/")
    )


def test_what_the_action_requires_is_granted_with_it(company: Installation) -> None:
    """A rule of a firewall cannot be added by who may not access the firewall."""
    asked = question("user:alice", "firewall.AddRule", "brn:acme:cloud:us-east::firewall/f-1")
    found = propose(company, asked)
    assert found.missing == ("firewall.AddRule", "firewall.Access")
    accept_proposal(company.host, company.owner, asked, of_kind(found, "role").id, via="test")
    assert is_allowed(company, "user:alice", "firewall.AddRule", "brn:acme:cloud:us-east::firewall/f-1")


def test_roles_that_are_assigned_by_name_are_proposed_by_name(company: Installation) -> None:
    """The owner does not hold the purging of keys; only that role gives it."""
    key = "brn:acme:hs-crypto:us-south:development:key-ring/a/key/b"
    found = propose(company, question("user:owner", "hs-crypto.secrets.purge", key))
    assert [one.text.partition(" to ")[0] for one in found.proposals] == ["grant `KMS Key Purge`"]


def test_who_may_not_grant_is_told_whom_to_ask_as_far_as_it_sees(company: Installation) -> None:
    """A plain user sees nobody; a reader of users is told who may: the owner, and whoever administers the service."""
    company.apply(
        """
        kind: Policy
        name: heads
        subjects: [user:sven]
        roles: [Administrator]
        scope: {service: ims}
        ---
        kind: Policy
        name: helen-sees
        subjects: [user:helen]
        roles: [Viewer]
        scope: {service: iam}
        """
    )
    asked = question("user:alice", "ims:images:delete", WEB_1)
    own = of_kind(propose(company, asked, "user:alice"), "policy")
    assert not own.may
    assert own.refusal.startswith("`user:alice` lacks `iam.policy.create` over service `ims`")
    assert (own.ask.principals, own.ask.text) == ((), "ask an administrator of the account")
    asked = question("user:helen", "ims:images:delete", WEB_1)
    seen = propose(company, asked, "user:helen")
    assert of_kind(seen, "policy").ask.text == "ask `user:sven` or `user:owner`"
    assert of_kind(seen, "role").ask.principals == ("user:owner",), "sven may make no roles"


def test_groups_that_are_not_seen_are_not_proposed(company: Installation) -> None:
    """Dave may not read groups: that the readers of images could be joined is not told."""
    found = propose(company, question("user:dave", "ims:images:get", WEB_1), "user:dave")
    assert {one.kind for one in found.proposals} == {"policy", "role"}


def test_reasons_of_others_are_not_proposed_about(company: Installation) -> None:
    """Who may not ask about another gets no proposals about them either."""
    with pytest.raises(Denied, match=r"lacks `iam\.decision\.evaluate`"):
        propose(company, question("user:dave", "ims:images:get", WEB_1), "user:alice")


@pytest.mark.parametrize(
    ("document", "asked", "kind", "text"),
    [
        (
            "{kind: Guardrail, name: no-deletes, actions: ['ims:images:delete'], scope: {service: ims}}",
            question("user:alice", "ims:images:delete", WEB_1),
            "guardrail",
            "guardrail `no-deletes` forbids `ims:images:delete`, whatever allows it",
        ),
        (
            "{kind: Policy, name: not-alice, subjects: ['user:alice'], roles: [IMS FullAccess], effect: deny,"
            " scope: {service: ims}}",
            question("user:alice", "ims:images:get", WEB_1),
            "deny",
            "policy `not-alice` denies `ims:images:get`",
        ),
        (
            "{kind: User, name: alice, email: alice@acme.example, disabled: true}",
            question("user:alice", "ims:images:get", WEB_1),
            "principal",
            "`user:alice` is disabled",
        ),
        (
            "{kind: Project, name: dev, disabled: true}",
            question("user:alice", "ims:serverImages:create", IMS_DE, project="dev"),
            "project",
            "project `dev` is disabled and takes nothing new",
        ),
    ],
)
def test_what_no_grant_would_help_is_said_instead(
    company: Installation, document: str, asked: Question, kind: str, text: str
) -> None:
    """The obstacle is named, with who could change it, and nothing is proposed."""
    company.apply(document)
    found = propose(company, asked)
    assert found.proposals == ()
    assert [(one.kind, one.text) for one in found.obstacles] == [(kind, text)]
    assert found.obstacles[0].ask.principals, "somebody could change it"


@pytest.mark.parametrize(
    ("asked", "kind", "text"),
    [
        (
            question("user:nobody", "ims:images:get", WEB_1),
            "unknown_principal",
            "there is no `user:nobody` in this account",
        ),
        (
            question("anonymous", "ims:images:get", WEB_1),
            "unknown_principal",
            "nobody in particular asks: sign in, and ask as yourself",
        ),
        (
            question("user:alice", "ims:serverImages:create", IMS_DE),
            "question",
            "the question does not say the project",
        ),
        (
            question("user:alice", "ims:images:delete", "brn:acme:ims:::image/web-1"),
            "question",
            "the question does not say the region",
        ),
        (
            question("user:alice", "ims:images:delete", "brn:acme:ims:eu-de::image/%2A"),
            "question",
            "no scope says the id `*`: it would be a pattern",
        ),
        (
            question("user:alice", "ims:images:nonsense", WEB_1),
            "question",
            "the question cannot be allowed: unknown action",
        ),
    ],
)
def test_what_cannot_be_granted_says_why(
    company: Installation, asked: Question, kind: str, text: str
) -> None:
    """No scope would be exact, or nobody is there to be granted anything."""
    found = propose(company, asked)
    assert found.proposals == ()
    assert [(one.kind, one.text) for one in found.obstacles] == [(kind, text)]


def test_a_suspended_account_is_the_owners_affair(company: Installation) -> None:
    """Nobody else could lift it."""
    company.apply("{kind: Account, name: acme, owner: 'user:owner', suspended: true}")
    host, session = company.host, company.owner
    asking = Asking(host, session, host.snapshot("acme"), host.now())
    found = find_proposals(host, asking, question("user:owner", "ims:images:get", WEB_1))
    assert [(one.kind, one.ask.principals) for one in found.obstacles] == [("account", ())]


def test_a_custom_role_is_named_to_who_may_read_it(company: Installation) -> None:
    """Whoever asks about itself is not told by a proposal which roles the account has made."""
    company.apply("""
        {kind: Role, name: Secret merger, service: ims, rights: [{actions: ['ims:images:delete']}]}
        ---
        {kind: User, name: plain}
        """)
    asked = question("user:plain", "ims:images:delete", WEB_1)
    assert any("Secret merger" in one.text for one in propose(company, asked).proposals)
    own = propose(company, asked, "user:plain").proposals
    assert own
    assert not any("Secret merger" in repr(one) for one in own)


def test_what_comes_with_it_is_part_of_what_is_accepted(company: Installation) -> None:
    """A role or group that gives more than was shown is not granted under the old name."""
    role = "{kind: Role, name: Deleting, service: ims, rights: [{actions: ['ims:images:delete'%s]}]}"
    company.apply(role % "")
    asked = question("user:alice", "ims:images:delete", WEB_1)
    shown = next(one for one in propose(company, asked).proposals if "`Deleting`" in one.text)
    assert shown.others == ()
    company.apply(role % ", 'ims:images:update'")
    with pytest.raises(Conflict, match="changed since"):
        accept_proposal(company.host, company.owner, asked, shown.id, via="test")
