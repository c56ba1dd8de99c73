"""What no change makes of projects: names, descriptions, types, quota, the default one; also when two write at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Denied, Invalid
from bailiwick.model.accounts import Account, Project, Resource
from bailiwick.model.policies import Policy, Scope
from bailiwick.service.changes import change_account
from bailiwick.service.edits import Edit
from bailiwick.service.loading import load_snapshot
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change

VPC = "brn:acme:vpc:eu-de::vpc/v"
SUBNET = f"{VPC}/subnet/s"
NAMESPACE = "brn:acme:container-registry:eu-de::namespace/web"
KEY_INSTANCE = "brn:acme:hs-crypto:us-south:i:instance/i"


def project(name: str, **fields: object) -> Edit:
    """A project as it shall be."""
    return Edit("Project", name, Project(name, **fields))  # type: ignore[arg-type]  # fields of Project


def resource(name: str, project: str | None) -> Edit:
    """A registered resource as it shall be."""
    return Edit("Resource", name, Resource(name, project=project))


def refusal(acme: Installation, *edits: Edit) -> list[str]:
    """Why are these edits of the owner refused? Nothing has changed then."""
    before = acme.revision
    with pytest.raises(Invalid) as caught:
        acme.edit(*edits)
    assert acme.revision == before
    return [finding.format() for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("two words", "`two words` is no name of a project at Project two words: name (EPS.0007)\n"
                      "  help: a new project's name has letters, digits, `_` and `-`"),
        ("dév", "`dév` is no name of a project at Project dév: name (EPS.0007)\n"
                "  help: a new project's name has letters, digits, `_` and `-`"),
        ("a.b", "`a.b` is no name of a project at Project a.b: name (EPS.0007)\n"
                "  help: a new project's name has letters, digits, `_` and `-`"),
        ("my-Default-1", "`my-Default-1` contains `default` at Project my-Default-1: name (EPS.0007)\n"
                         "  help: that is the default project's word, in whatever case"),
        ("x" * 256, f"the name is 256 characters long, expected at most 255 at Project {'x' * 256}: name (EPS.0007)"),
    ],
)  # fmt: skip
def test_a_new_project_has_a_name_of_the_document(acme: Installation, name: str, message: str) -> None:
    """Letters, digits, `_` and `-`, at most 255, and the word of the default project in no case."""
    assert refusal(acme, project(name)) == [message]


def test_a_name_of_255_characters_and_a_description_of_512_are_taken(acme: Installation) -> None:
    """The last that fits fits."""
    acme.edit(project("x" * 255, description="d" * 512))
    assert acme.host.snapshot("acme").account.projects["x" * 255].description == "d" * 512


def test_the_default_project_may_be_called_so(acme: Installation) -> None:
    """An account that takes another default project may call it so; the one before may go then."""
    acme.edit(project("default"), project("Default-2", default=True))
    acme.edit(Edit("Project", "default", None))
    assert list(acme.host.snapshot("acme").account.projects) == ["Default-2"]


def test_what_an_account_held_before_stays_valid(acme: Installation) -> None:
    """A project of an older account keeps its name, its long description and whatever else it has."""
    old = Project("old default, äh", description="d" * 600, type="prod")
    change = Change(
        "Project",
        "project-old",
        old.name,
        "create",
        {"kind": "Project", "name": old.name, "description": "d" * 600},
    )
    acme.store.append("account:acme", acme.revision, [change], actor_uid="x", via="t", at=acme.host.at())
    acme.host.refresh("acme")
    acme.edit(Edit("Project", old.name, Project(old.name, description=old.description, disabled=True)))
    assert refusal(acme, project("new", description="d" * 513)) == [
        "the description is 513 characters long, expected at most 512 at Project new: description (EPS.0008)"
    ]


def test_a_written_description_has_at_most_512_characters(acme: Installation) -> None:
    """A changed one too."""
    acme.edit(project("dev"))
    assert refusal(acme, project("dev", description="d" * 513)) == [
        "the description is 513 characters long, expected at most 512 at Project dev: description (EPS.0008)"
    ]


def test_a_test_project_becomes_a_production_project_and_never_back(acme: Installation) -> None:
    """`poc` to `prod` only."""
    acme.edit(project("dev", type="poc"))
    acme.edit(project("dev", type="prod"))
    assert refusal(acme, project("dev", type="poc")) == [
        "a production project cannot become a test project again at Project dev: type (EPS.0002)"
    ]


def test_the_default_project_is_neither_changed_nor_disabled_nor_deleted(acme: Installation) -> None:
    """Not while it is the default; each refusal has the document's code."""
    help = "\n  help: make another project the default first"
    assert refusal(acme, project("default", default=True, description="x")) == [
        f"the default project cannot be changed at Project default (EPS.0012){help}"
    ]
    assert refusal(acme, project("default", default=True, disabled=True)) == [
        f"the default project cannot be disabled at Project default: disabled (EPS.0015){help}"
    ]
    assert refusal(acme, Edit("Project", "default", None)) == [
        f"the default project cannot be deleted at Project default (EPS.0012){help}"
    ]


def test_another_project_may_become_the_default(acme: Installation) -> None:
    """In one change the one gives it up and the other takes it; then the first is like any other."""
    acme.edit(project("main"))
    acme.edit(project("default"), project("main", default=True))
    acme.edit(project("default", disabled=True, description="no longer"))
    projects = acme.host.snapshot("acme").account.projects
    assert [(one.name, one.default, one.disabled) for one in projects.values()] == [
        ("default", False, True),
        ("main", True, False),
    ]


def test_who_administers_a_project_does_not_make_it_the_default(acme: Installation) -> None:
    """What has no project would come to lie in it: that is for who may change the account."""
    acme.apply("""
        {kind: Project, name: own}
        ---
        {kind: User, name: pat}
        ---
        {kind: Policy, name: pat, subjects: [user:pat], roles: [EPS FullAccess], scope: {service: eps}}
    """)
    acme.edit(project("default"))
    for taking in (project("own", default=True), project("own-default", default=True)):
        with pytest.raises(Denied) as caught:
            acme.edit(taking, session=acme.session("user:pat"))
        assert str(caught.value) == (
            "`user:pat` lacks `iam.account.update` on account `acme`\n"
            "  help: ask somebody who may grant this, or the account's owner"
        )
    acme.apply(
        "{kind: Policy, name: more, subjects: [user:pat], roles: [Administrator], scope: {service: iam}}"
    )
    acme.edit(project("own", default=True), session=acme.session("user:pat"))


def test_a_disabled_project_is_changed_by_nothing_but_enabling(acme: Installation) -> None:
    """Not by the owner either, and not in one change with enabling it."""
    acme.edit(project("dev", disabled=True))
    for changed in (project("dev", disabled=True, description="x"), project("dev", description="x"),
                    Edit("Project", "dev", None)):  # fmt: skip
        with pytest.raises(Denied) as caught:
            acme.edit(changed)
        assert str(caught.value) == (
            "project `dev` is disabled: it cannot be changed, but be enabled (EPS.0014)\n  help: enable it first"
        )
    acme.edit(project("dev"))
    acme.edit(project("dev", description="x"))


def test_a_disabled_project_takes_no_resource(acme: Installation) -> None:
    """Registered there or moved there; what is in it is let go."""
    acme.edit(project("dev"), project("old"), resource(VPC, "old"))
    acme.edit(project("old", disabled=True))
    with pytest.raises(Denied) as caught:
        acme.edit(resource(f"{VPC}2", "old"))
    assert str(caught.value) == (
        "project `old` is disabled: it takes no resources (EPS.0034)\n  help: enable it first"
    )
    acme.edit(resource(VPC, "dev"))
    with pytest.raises(Denied, match="takes no resources"):
        acme.edit(resource(VPC, "old"))


def test_a_disabled_project_takes_no_policy_that_allows(acme: Installation) -> None:
    """A new one, one that allows more, one that is switched on; narrower ones, and denies, are taken."""

    def policy(**fields: object) -> Edit:
        said = {"subjects": ("user:owner",), "roles": ("IMS ReadOnlyAccess",), **fields}
        scope = Scope(service=("ims",), project=("dev",))
        return Edit("Policy", "p", Policy("p", scope=scope, **said))  # type: ignore[arg-type]  # fields of Policy

    two = ("IMS ReadOnlyAccess", "IMS FullAccess")
    acme.edit(project("dev"))
    acme.edit(policy(roles=two))
    acme.edit(project("dev", disabled=True))
    refused = (
        "project `dev` is disabled: it takes no policies at Policy p: scope (EPS.0014)\n"
        "  help: enable it first"
    )
    acme.edit(policy())
    assert refusal(acme, policy(roles=two)) == [refused]
    acme.edit(policy(enabled=False))
    assert refusal(acme, policy()) == [refused]
    acme.edit(Edit("Policy", "p", None))
    assert refusal(acme, policy()) == [refused]
    acme.edit(policy(effect="deny"))
    acme.edit(project("dev"), Edit("Policy", "p", None))
    acme.edit(policy())


def test_a_policy_on_a_project_as_a_resource_counts_too(acme: Installation) -> None:
    """`type: enterprise-project, id: dev` names the project: a disabled one takes none, and it is not deleted."""
    scope = Scope(service=("eps",), type=("enterprise-project",), id=("dev",))
    policy = Edit("Policy", "p", Policy("p", ("user:owner",), ("EPS FullAccess",), scope))
    acme.edit(project("dev", disabled=True))
    assert refusal(acme, policy) == [
        "project `dev` is disabled: it takes no policies at Policy p: scope (EPS.0014)\n  help: enable it first"
    ]
    acme.edit(project("dev"))
    acme.edit(policy)
    assert refusal(acme, Edit("Project", "dev", None)) == [
        "`dev` is still referred to by Policy p at Project dev\n  help: change or remove these first"
    ]


def test_a_project_that_takes_an_old_name_is_under_no_old_policy(acme: Installation) -> None:
    """Nothing that names a project by its id outlives it: neither in `eps` nor in `iam`, nor in a guardrail."""
    acme.apply("""
        {kind: Project, name: dev}
        ---
        {kind: Policy, name: p, subjects: [user:owner], roles: [Editor], scope: {service: iam, type: project, id: dev}}
        ---
        kind: Guardrail
        name: g
        actions: ["eps:resources:list"]
        scope: {service: eps, type: enterprise-project, id: [dev, x]}
    """)
    assert refusal(acme, Edit("Project", "dev", None), Edit("Policy", "p", None)) == [
        "`dev` is still referred to by Guardrail g at Project dev\n  help: change or remove these first"
    ]
    assert refusal(acme, Edit("Project", "dev", None), Edit("Guardrail", "g", None)) == [
        "`dev` is still referred to by Policy p at Project dev\n  help: change or remove these first"
    ]


def test_an_account_comes_back_from_its_documents_with_disabled_projects(acme: Installation) -> None:
    """What is made together with a disabled project is taken by it: an export can be applied."""
    acme.apply("""
        {kind: Project, name: old, disabled: true}
        ---
        {kind: Resource, name: "brn:acme:ims:eu-de::image/a", project: old}
        ---
        {kind: Policy, name: p, subjects: [user:owner], roles: [IMS FullAccess], scope: {service: ims, project: old}}
    """)
    account = acme.host.snapshot("acme").account
    assert account.projects["old"].disabled
    assert account.resources["brn:acme:ims:eu-de::image/a"].project == "old"
    assert account.policies["p"].scope.project == ("old",)


def test_disabled_projects_count_towards_the_quota_and_the_default_one_does_not(acme: Installation) -> None:
    """A hundred besides the default; the next one is refused until the quota is raised."""
    acme.edit(*(project(f"p-{n}", disabled=n % 2 == 0) for n in range(100)))
    assert refusal(acme, project("one-more"), project("and-another")) == [
        "the account would have 102 projects besides the default one, its quota is 100 at Project one-more (EPS.0009)\n"
        "  help: delete one that is empty, or raise the account's `project_quota`; disabled ones count"
    ]
    acme.edit(Edit("Account", "acme", Account("acme", "user:owner", project_quota=101)))
    acme.edit(project("one-more"))
    with pytest.raises(Invalid):
        acme.edit(project("and-another"))
    acme.edit(Edit("Project", "p-1", None), project("and-another"))


def test_a_new_default_project_is_no_way_round_the_quota(acme: Installation) -> None:
    """The one before stays and counts from then on, whether it gives the default up before or in the same change."""
    acme.edit(*(project(f"p-{n}") for n in range(100)))
    assert refusal(acme, project("default"), project("other", default=True)) == [
        "the account would have 101 projects besides the default one, its quota is 100 at Project other (EPS.0009)\n"
        "  help: delete one that is empty, or raise the account's `project_quota`; disabled ones count"
    ]
    acme.edit(project("default"))
    assert len(refusal(acme, project("other", default=True))) == 1
    acme.edit(project("p-0", default=True))


def test_a_lower_quota_takes_nothing_away(acme: Installation) -> None:
    """Projects beyond it stay, and are changed; only no new one is made."""
    acme.edit(*(project(f"p-{n}") for n in range(3)))
    acme.edit(Edit("Account", "acme", Account("acme", "user:owner", project_quota=1)))
    acme.edit(project("p-0", description="still there"))
    assert len(refusal(acme, project("p-3"))) == 1


def test_two_writers_at_once_do_not_exceed_the_quota(acme: Installation) -> None:
    """Who comes second plans again on the state of the first, where the quota is reached."""
    acme.edit(*(project(f"p-{n}") for n in range(99)))
    other = acme.another_host()
    tries: list[int] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        tries.append(len(before.account.projects))
        if len(tries) == 1:
            change_account(other, acme.owner, lambda _: [project("first")], via="test")
        return [project("second")]

    with pytest.raises(Invalid) as caught:
        change_account(acme.host, acme.owner, prepare, via="test")
    assert [finding.code for finding in caught.value.findings] == ["EPS.0009"]
    assert tries == [100, 101]
    assert (
        "second"
        not in load_snapshot(acme.store, acme.host.catalog, "acme", acme.host.system_head()).account.projects
    )


def test_two_writers_at_once_do_not_make_two_defaults(acme: Installation) -> None:
    """Each moves the default to its own project; the second sees that it has gone already."""
    acme.edit(project("a"), project("b"))
    other = acme.another_host()
    tries: list[int] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        tries.append(1)
        if len(tries) == 1:
            moved = [project("default"), project("a", default=True)]
            change_account(other, acme.owner, lambda _: moved, via="test")
        return [project("default"), project("b", default=True)]

    with pytest.raises(Invalid) as caught:
        change_account(acme.host, acme.owner, prepare, via="test")
    assert [finding.message for finding in caught.value.findings] == ["project `a` is the default already"]
    assert len(tries) == 2


def test_a_project_disabled_meanwhile_takes_nothing(acme: Installation) -> None:
    """A resource that was on its way into it is refused when the plan is made again."""
    acme.edit(project("dev"), resource(VPC, None))
    other = acme.another_host()
    tries: list[int] = []

    def prepare(before: Snapshot) -> Sequence[Edit]:
        tries.append(1)
        if len(tries) == 1:
            change_account(other, acme.owner, lambda _: [project("dev", disabled=True)], via="test")
        return [resource(VPC, "dev")]

    with pytest.raises(Denied) as caught:
        change_account(acme.host, acme.owner, prepare, via="test")
    assert (caught.value.code, caught.value.reason, len(tries)) == ("EPS.0034", "project_disabled", 2)


def test_a_type_says_how_its_project_changes(acme: Installation) -> None:
    """Set once: from none only. Fixed: never. What inherits it: with what it lies in, and not without."""
    acme.edit(project("a"), project("b"))
    acme.edit(
        resource(NAMESPACE, None), resource(KEY_INSTANCE, "a"), resource(VPC, "a"), resource(SUBNET, "a")
    )
    acme.edit(resource(NAMESPACE, "a"))
    assert refusal(acme, resource(NAMESPACE, "b"), resource(KEY_INSTANCE, "b"), resource(SUBNET, "b")) == [
        f"a `namespace` of `container-registry` keeps the project that it was given: `a` at Resource {NAMESPACE}: "
        "project (EPS.0033)",
        "a `instance` of `hs-crypto` keeps the project that it was registered with "
        f"at Resource {KEY_INSTANCE}: project (EPS.0033)",
        "a `subnet` of `vpc` has the project of what it lies in, and moves with it "
        f"at Resource {SUBNET}: project (EPS.0033)",
    ]
    acme.edit(resource(VPC, "b"), resource(SUBNET, "b"))


def test_a_project_with_resources_is_not_deleted(acme: Installation) -> None:
    """Nor one that a policy names; the refusal says who refers to it."""
    acme.edit(project("dev"), resource(VPC, "dev"))
    assert refusal(acme, Edit("Project", "dev", None)) == [
        f"`dev` is still referred to by Resource {VPC} at Project dev\n  help: change or remove these first"
    ]


def test_what_is_attached_names_something_registered_of_the_right_type(acme: Installation) -> None:
    """A volume is attached to a server; neither to a network nor to what is not there, and a server to nothing."""
    base = "brn:acme:cloud:eu-de::"

    def attached(name: str, to: str) -> Edit:
        return Edit("Resource", base + name, Resource(base + name, attached_to=base + to))

    acme.edit(resource(f"{base}server/s", None), resource(f"{base}network/n", None))
    acme.edit(attached("volume/v", "server/s"), attached("ip/1", "server/s"))
    assert refusal(
        acme,
        attached("volume/v", "server/t"),
        attached("ip/1", "network/n"),
        attached("network/n", "server/s"),
    ) == [
        f"`{base}server/t` is not registered at Resource {base}volume/v: attached_to\n  help: register it first",
        f"a `ip` is attached to a `server` of `cloud`, got `{base}network/n` at Resource {base}ip/1: attached_to",
        f"a `network` of `cloud` is attached to nothing at Resource {base}network/n: attached_to",
    ]
    assert refusal(acme, Edit("Resource", f"{base}server/s", None)) == [
        f"`{base}server/s` is still referred to by Resource {base}volume/v, Resource {base}ip/1 "
        f"at Resource {base}server/s\n  help: change or remove these first"
    ]
    again = load_snapshot(acme.store, acme.host.catalog, "acme", acme.host.system_head()).account
    assert again.resources[f"{base}volume/v"].attached_to == f"{base}server/s"
    acme.edit(*(Edit("Resource", base + name, None) for name in ("server/s", "volume/v", "ip/1")))
