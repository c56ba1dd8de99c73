"""Attaching to a project: which policies come and go, who may, and what stands in the way."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import BailiwickError, Denied, Invalid, NotFound
from bailiwick.model.policies import Policy
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.projects.attachments import Attachment, list_attached
from bailiwick.service.reading import Reader

WORLD = """
{kind: Project, name: dev}
---
{kind: Project, name: prod}
---
{kind: Group, name: g}
---
{kind: User, name: adam}
---
{kind: User, name: ines}
---
{kind: User, name: rita}
---
{kind: Policy, name: adam, subjects: [user:adam], roles: [EPS FullAccess], scope: {service: eps}}
---
{kind: Policy, name: ines, subjects: [user:ines], roles: [ims/Administrator], scope: {service: ims}}
---
{kind: Policy, name: rita, subjects: [user:rita], roles: [EPS ReadOnlyAccess], scope: {service: eps}}
"""
READ, FULL = "EPS ReadOnlyAccess", "EPS FullAccess"


@pytest.fixture
def acme(acme: Installation) -> Installation:
    """Two projects, a group, and three users who administer projects, images, or look on."""
    acme.apply(WORLD)
    return acme


def do(
    acme: Installation, verb: str, subject: str, *roles: str, project: str = "dev", who: str = "user:owner"
) -> None:
    """Attach or detach as the API does."""
    session, wanted = (
        acme.session(who) if who != "user:owner" else acme.owner,
        Attachment(project, subject, roles),
    )

    def prepare(before: object) -> object:
        reader = Reader(acme.host, session, acme.host.snapshot("acme"))
        return wanted.attaching(reader) if verb == "attach" else wanted.detaching(reader)

    change_account(acme.host, session, prepare, via="test")  # type: ignore[arg-type]  # edits


def refusal(
    acme: Installation, verb: str, subject: str, *roles: str, who: str = "user:owner"
) -> BailiwickError:
    """Why is it refused? Nothing has changed."""
    acme.session(who)
    before = acme.revision
    with pytest.raises(BailiwickError) as caught:
        do(acme, verb, subject, *roles, who=who)
    assert acme.revision == before
    return caught.value


def policies(acme: Installation, subject: str = "group:g") -> dict[str, tuple[str, ...]]:
    """Which policies name the subject, with which roles?"""
    held = acme.host.snapshot("acme").account.policies.values()
    return {policy.name: policy.roles for policy in held if subject in policy.subjects}


def the_policy(acme: Installation, name: str) -> Policy:
    """The policy of this name."""
    return acme.host.snapshot("acme").account.policies[name]


def test_attaching_makes_one_policy_for_each_service(acme: Installation) -> None:
    """Scoped to the project and the service of the roles; more roles join the policy that is there."""
    do(acme, "attach", "group:g", READ, "IMS ReadOnlyAccess")
    do(acme, "attach", "group:g", "ims/IMS FullAccess", READ)
    assert policies(acme) == {
        "dev-group-g-eps": (READ,),
        "dev-group-g-ims": ("IMS ReadOnlyAccess", "ims/IMS FullAccess"),
    }
    scope = the_policy(acme, "dev-group-g-ims").scope
    assert (scope.service, scope.project, scope.type) == (("ims",), ("dev",), None)


def test_attaching_again_changes_nothing(acme: Installation) -> None:
    """Neither by the bare name nor by the full one."""
    do(acme, "attach", "group:g", READ)
    before = acme.revision
    do(acme, "attach", "group:g", READ)
    do(acme, "attach", "group:g", f"eps/{READ}")
    assert acme.revision == before


def test_a_taken_name_of_a_policy_is_not_taken_over(acme: Installation) -> None:
    """A policy that happens to be called so keeps its own meaning."""
    acme.apply(
        "{kind: Policy, name: dev-group-g-eps, subjects: [user:rita], roles: [Viewer], scope: {service: vpc}}"
    )
    do(acme, "attach", "group:g", READ)
    assert policies(acme) == {"dev-group-g-eps-2": (READ,)}
    assert the_policy(acme, "dev-group-g-eps").subjects == ("user:rita",)


def test_a_policy_with_a_condition_or_an_end_is_left_as_it_is(acme: Installation) -> None:
    """What is attached holds always; a narrower policy beside it is another one."""
    acme.apply("""
        {kind: Policy, name: night, subjects: [group:g], roles: [EPS ReadOnlyAccess],
         scope: {service: eps, project: dev}, expires_at: 2030-01-01T00:00:00Z}
    """)
    do(acme, "attach", "group:g", FULL)
    assert policies(acme) == {"night": (READ,), "dev-group-g-eps": (FULL,)}
    do(acme, "detach", "group:g")
    assert policies(acme) == {}


def test_roles_are_told_apart(acme: Installation) -> None:
    """A name of several services asks for the service; one of none gets the nearest right word."""
    error = refusal(acme, "attach", "group:g", "Viewer", "EPS ReadOnlyAcess")
    assert isinstance(error, Invalid)
    several, unknown = (finding.format() for finding in error.findings)
    assert several.startswith("`Viewer` is a role of ")
    assert "say whose: `billing/Viewer`" in several
    assert (
        unknown == "unknown role `EPS ReadOnlyAcess` at roles[1]\n  help: did you mean `EPS ReadOnlyAccess`?"
    )


def test_detaching_takes_some_roles_or_all(acme: Installation) -> None:
    """A policy without roles goes; other projects' policies stay."""
    do(acme, "attach", "group:g", READ, FULL)
    do(acme, "attach", "group:g", READ, project="prod")
    do(acme, "detach", "group:g", f"eps/{FULL}")
    assert policies(acme) == {"dev-group-g-eps": (READ,), "prod-group-g-eps": (READ,)}
    do(acme, "detach", "group:g")
    assert policies(acme) == {"prod-group-g-eps": (READ,)}


def test_detaching_who_is_not_attached_is_refused(acme: Installation) -> None:
    """With what was looked for."""
    assert str(refusal(acme, "detach", "group:g")) == (
        "`group:g` is not attached to project `dev` at subject (EPS.0002)"
    )
    do(acme, "attach", "group:g", READ)
    assert str(refusal(acme, "detach", "group:g", FULL)) == (
        "`group:g` does not have `EPS FullAccess` on project `dev` at roles (EPS.0002)"
    )


def test_a_shared_policy_is_left_by_its_subject_and_not_taken_apart(acme: Installation) -> None:
    """The others keep it; some of its roles, or one of its projects, are for that policy's own change."""
    acme.apply("""
        {kind: Policy, name: both, subjects: [group:g, user:rita], roles: [EPS ReadOnlyAccess, EPS FullAccess],
         scope: {service: eps, project: dev}}
        ---
        {kind: Policy, name: wide, subjects: [user:ines], roles: [EPS ReadOnlyAccess],
         scope: {service: eps, project: [dev, prod]}}
    """)
    assert str(refusal(acme, "detach", "group:g", FULL)) == (
        "policy `both` gives these roles to others too at subject (EPS.0002)\n  help: change that policy itself"
    )
    assert str(refusal(acme, "detach", "user:ines")) == (
        "policy `wide` is on other projects too at subject (EPS.0002)\n  help: change that policy itself"
    )
    do(acme, "detach", "group:g")
    assert the_policy(acme, "both").subjects == ("user:rita",)


def test_a_policy_on_the_project_as_a_resource_of_eps_counts(acme: Installation) -> None:
    """The document's one project may be written either way."""
    acme.apply("""
        {kind: Policy, name: one, subjects: [group:g], roles: [EPS FullAccess],
         scope: {service: eps, type: enterprise-project, id: dev}}
    """)
    found = list_attached(Reader(acme.host, acme.owner), "dev", None)
    assert [(one.subject, one.policy.name) for one in found] == [("group:g", "one")]
    do(acme, "detach", "group:g", who="user:adam")
    assert policies(acme) == {}


def test_full_access_gives_the_two_roles_of_eps_and_no_other(acme: Installation) -> None:
    """Another service's role needs authority over that service there."""
    do(acme, "attach", "group:g", READ, FULL, who="user:adam")
    error = refusal(acme, "attach", "group:g", "IMS ReadOnlyAccess", who="user:adam")
    assert isinstance(error, Denied)
    assert error.message == "`user:adam` lacks `iam.policy.create` over service `ims`, project `dev`"
    assert refusal(acme, "attach", "group:g", "eps/Tenant Guest", who="user:adam").message == (
        "policy `dev-group-g-eps` grants it, and you lack `iam.role.assign` for role `eps/Tenant Guest` "
        "over service `eps`, project `dev`"
    )


def test_who_administers_a_service_attaches_its_roles(acme: Installation) -> None:
    """By `iam.policy.create` over the policy's scope, without a role of `eps`."""
    do(acme, "attach", "group:g", "IMS ReadOnlyAccess", who="user:ines")
    error = refusal(acme, "attach", "group:g", READ, who="user:ines")
    assert str(error) == (
        "`user:ines` lacks `eps:userGroups:add` on enterprise-project `dev` (EPS.0039)\n"
        "  help: ask somebody who may grant this, or the account's owner"
    )


def test_who_may_attach_nothing_learns_of_no_role(acme: Installation) -> None:
    """A role that is not there is refused like one that is; who may not list roles is not told the account's own."""
    acme.apply("{kind: Role, name: Merger of Initech, service: ims, rights: [{actions: ['ims:images:get']}]}")
    said = {
        refusal(acme, "attach", "group:g", role, who="user:rita").message
        for role in ("Merger of Initech", "Merger of Initec", "IMS ReadOnlyAccess")
    }
    assert said == {"`user:rita` lacks `eps:userGroups:add` on enterprise-project `dev`"}
    told = refusal(acme, "attach", "group:g", "Merger of Initec", who="user:ines")
    assert "Initech" not in str(told).replace("`Merger of Initec`", "")
    assert "did you mean `Merger of Initech`?" in str(refusal(acme, "attach", "group:g", "Merger of Initec"))


def test_full_access_takes_off_any_policy_that_allows_and_no_other(acme: Installation) -> None:
    """Removing a group from a project takes its access away; a deny is no access, and is not taken off so."""
    acme.apply("""
        {kind: Policy, name: images, subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: dev}}
        ---
        {kind: Policy, name: no, subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: dev},
         effect: deny}
    """)
    do(acme, "detach", "group:g", who="user:adam")
    assert policies(acme) == {"no": ("IMS FullAccess",)}
    error = refusal(acme, "detach", "group:g", who="user:rita")
    assert error.message == "`user:rita` lacks `eps:userGroups:remove` on enterprise-project `dev`"


@pytest.mark.parametrize(
    "policy",
    [
        "{subjects: [group:g, user:rita], roles: [IMS FullAccess], scope: {service: ims, project: dev}}",
        "{subjects: [group:g], roles: [IMS FullAccess, Viewer], scope: {service: ims, project: dev}}",
        "{subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: [dev, prod]}}",
        "{subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: dev}, state: disabled}",
    ],
)
def test_taking_off_is_no_way_to_change_a_policy(acme: Installation, policy: str) -> None:
    """`eps:userGroups:remove` takes subjects and roles off, and does nothing else to a policy."""
    first = "{subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: dev}}"
    acme.apply(first.replace("{subjects", "{kind: Policy, name: images, subjects", 1))
    with pytest.raises(Denied) as caught:
        acme.apply(
            policy.replace("{subjects", "{kind: Policy, name: images, subjects", 1), acme.session("user:adam")
        )
    assert caught.value.action == "iam.policy.update"


def test_a_policy_on_a_pattern_of_projects_is_not_of_one_project(acme: Installation) -> None:
    """It reaches projects that are not there yet; taking it off is for who holds policies over all of that."""
    acme.apply(
        "{kind: Policy, name: all, subjects: [group:g], roles: [IMS FullAccess], scope: {service: ims, project: 'd*'}}"
    )
    assert list_attached(Reader(acme.host, acme.owner), "dev", None) == []
    with pytest.raises(Denied):
        do(acme, "detach", "group:g", who="user:rita")
    with pytest.raises(Denied) as caught:
        acme.edit(Edit("Policy", "all", None), session=acme.session("user:adam"))
    assert caught.value.action == "iam.policy.delete"


def test_who_is_attached_is_seen_by_user_information_or_policy_by_policy(acme: Installation) -> None:
    """Read-only access over the account shows all; who administers images sees the policies of images."""
    do(acme, "attach", "group:g", READ, "IMS ReadOnlyAccess")
    do(acme, "attach", "user:rita", FULL)

    def seen(who: str, subject: str | None = None) -> list[tuple[str, str]]:
        found = list_attached(Reader(acme.host, acme.session(who)), "dev", subject)
        return [(one.subject, one.policy.name) for one in found]

    everything = [
        ("group:g", "dev-group-g-eps"),
        ("group:g", "dev-group-g-ims"),
        ("user:rita", "dev-user-rita-eps"),
    ]
    assert seen("user:rita") == everything
    assert seen("user:rita", "user:rita") == everything[2:]
    assert seen("user:ines") == [("group:g", "dev-group-g-ims")]
    shown = list_attached(Reader(acme.host, acme.owner), "dev", "user:rita")[0].describe()
    assert shown == {
        "subject": "user:rita", "roles": [FULL], "services": ["eps"], "policy": "dev-user-rita-eps", "state": "enabled",
        "projects": ["dev"], "starts_at": None, "expires_at": None, "has_condition": False,
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["attach", "detach"])
def test_a_project_that_is_not_there_is_told_to_who_may(acme: Installation, verb: str) -> None:
    """Others are refused alike, whether it is there or not (tests/e2e/test_projects.py)."""
    with pytest.raises(NotFound) as caught:
        do(acme, verb, "group:g", READ, project="none")
    assert str(caught.value) == (
        "there is no project `none` (EPS.0005)\n  help: available: `default`, `dev`, `prod`"
    )
    with pytest.raises(NotFound):
        list_attached(Reader(acme.host, acme.owner), "none", None)


def test_an_account_s_own_role_is_attached_like_others(acme: Installation) -> None:
    """By its name; where a service has a role of that name too, it is asked whose."""
    acme.apply("{kind: Role, name: Looker, service: ims, rights: [{actions: ['ims:images:get']}]}")
    do(acme, "attach", "group:g", "Looker")
    do(acme, "attach", "group:g", "ims/Looker")
    assert policies(acme) == {"dev-group-g-ims": ("Looker",)}
    assert str(refusal(acme, "attach", "group:g", "vpc/Looker")) == (
        "unknown role `vpc/Looker` at roles[0]\n  help: did you mean `Looker`?"
    )
