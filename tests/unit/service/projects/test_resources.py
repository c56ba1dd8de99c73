"""Moving resources between projects: what goes along, what stays hidden, and what a move may hand over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import BailiwickError, Conflict, Denied, Invalid, NotFound
from bailiwick.model.accounts import Account, Project
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.projects.resources import Move, ResourceFilter, belonging, list_resources, names_below
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

CLOUD = "brn:acme:cloud:eu-de::"
SERVER, VOLUME, SECOND, IP = (f"{CLOUD}{one}" for one in ("server/s", "volume/v", "volume/w", "ip/1"))
VPC = "brn:acme:vpc:eu-de::vpc/v"
SUBNET = f"{VPC}/subnet/s"
IMAGE = "brn:acme:ims:eu-de::image/i"
LOOSE = "brn:acme:ims:eu-de::image/loose"
WORLD = f"""
kind: Project
name: dev
---
kind: Project
name: prod
---
kind: Project
name: secret
---
{{kind: Resource, name: "{SERVER}", project: dev}}
---
{{kind: Resource, name: "{VOLUME}", project: dev, attached_to: "{SERVER}"}}
---
{{kind: Resource, name: "{SECOND}", project: prod, attached_to: "{SERVER}"}}
---
{{kind: Resource, name: "{IP}", project: dev, attached_to: "{SERVER}"}}
---
{{kind: Resource, name: "{VPC}", project: dev}}
---
{{kind: Resource, name: "{SUBNET}", project: dev}}
---
{{kind: Resource, name: "{IMAGE}", project: secret}}
---
{{kind: Resource, name: "{LOOSE}"}}
---
{{kind: User, name: adam}}
---
{{kind: Policy, name: adam, subjects: [user:adam], roles: [EPS FullAccess], scope: {{service: eps}}}}
---
{{kind: User, name: mara}}
---
kind: Role
name: Mover
service: eps
rights: [{{actions: ["eps:resources:add", "eps:resources:remove"]}}]
---
{{kind: Policy, name: mara, subjects: [user:mara], roles: [Mover], scope: {{service: eps, project: [dev, prod]}}}}
"""


@pytest.fixture
def acme(acme: Installation) -> Installation:
    """Three projects with a server, its disks and address, a network, and images."""
    acme.apply(WORLD)
    return acme


def carry_out(acme: Installation, move: Move, session: Session | None = None) -> Outcome:
    """Move as the API does."""
    who = session or acme.owner
    return change_account(
        acme.host, who, lambda before: move.edits_of(Reader(acme.host, who, before)), via="test"
    )


def moved(outcome: Outcome) -> dict[str, str]:
    """Which resources are now where?"""
    return {one.name: str((one.after or {}).get("project")) for one in outcome.differences}


def refused(acme: Installation, move: Move, who: str) -> BailiwickError:
    """Why is it refused? Nothing has changed."""
    session = acme.session(who)
    before = acme.revision
    with pytest.raises(BailiwickError) as caught:
        carry_out(acme, move, session)
    assert acme.revision == before
    return caught.value


def test_a_resource_moves_alone(acme: Installation) -> None:
    """What is attached to it stays where it is."""
    assert moved(carry_out(acme, Move((SERVER,), "dev", "prod"))) == {SERVER: "prod"}


def test_what_belongs_to_it_goes_along_as_far_as_it_lies_in_the_same_project(acme: Installation) -> None:
    """Disks and addresses attached to the server; not the disk that somebody put elsewhere."""
    outcome = carry_out(acme, Move((SERVER,), "dev", "prod", associated=True))
    assert moved(outcome) == dict.fromkeys((SERVER, VOLUME, IP), "prod")


def test_what_inherits_its_project_goes_along_unasked(acme: Installation) -> None:
    """A subnet is where its network is."""
    assert moved(carry_out(acme, Move((VPC,), "dev", "prod"))) == {VPC: "prod", SUBNET: "prod"}
    with pytest.raises(Invalid) as caught:
        carry_out(acme, Move((SUBNET,), "prod", "dev"))
    assert [finding.code for finding in caught.value.findings] == ["EPS.0033"]


def test_removing_puts_into_the_default_project(acme: Installation) -> None:
    """And is refused where there is none, and from the default project itself."""
    assert moved(carry_out(acme, Move((SERVER,), "dev", None))) == {SERVER: "default"}
    with pytest.raises(Invalid) as caught:
        carry_out(acme, Move((SERVER,), "default", None))
    assert str(caught.value) == (
        "project `default` is the default: what is in it is not removed (EPS.0012)\n  help: move it to another project"
    )
    acme.edit(Edit("Project", "default", Project("default")))
    with pytest.raises(Conflict) as conflict:
        carry_out(acme, Move((VPC,), "dev", None))
    assert conflict.value.message == "the account has no default project"


def test_what_has_no_project_lies_in_the_default_one(acme: Installation) -> None:
    """It is listed there, moved from there, and added from there."""
    reader = Reader(acme.host, acme.owner)
    page = list_resources(reader, "default", ResourceFilter(), after=None, limit=10)
    assert [one.name for one in page.items] == [LOOSE]
    assert moved(carry_out(acme, Move((LOOSE,), "default", "dev"))) == {LOOSE: "dev"}
    assert moved(carry_out(acme, Move((LOOSE,), "dev", None))) == {LOOSE: "default"}


def test_what_is_there_already_is_no_change(acme: Installation) -> None:
    """Adding again moves nothing and makes no revision."""
    before = acme.revision
    assert moved(carry_out(acme, Move((SERVER,), None, "dev"))) == {}
    assert acme.revision == before


def test_all_move_or_none(acme: Installation) -> None:
    """Every name that is not there is told, each with its place."""
    error = refused(acme, Move((SERVER, IMAGE, f"{IMAGE}2"), "dev", "prod"), "user:owner")
    assert isinstance(error, Invalid)
    assert [finding.format() for finding in error.findings] == [
        f"`{IMAGE}` is not in project `dev` at resources[1] (EPS.0032)",
        f"`{IMAGE}2` is not in project `dev` at resources[2] (EPS.0032)",
    ]


def test_both_sides_are_asked(acme: Installation) -> None:
    """Removing of the source and adding of the target; the default project takes from who may remove."""
    assert moved(carry_out(acme, Move((SERVER,), "dev", "prod"), acme.session("user:mara"))) == {
        SERVER: "prod"
    }
    error = refused(acme, Move((SERVER,), "prod", "secret"), "user:mara")
    assert error.message == "`user:mara` lacks `eps:resources:add` on enterprise-project `secret`"
    error = refused(acme, Move((IMAGE,), "secret", "prod"), "user:mara")
    assert error.message == "`user:mara` lacks `eps:resources:remove` on enterprise-project `secret`"
    assert moved(carry_out(acme, Move((SERVER,), "prod", None), acme.session("user:mara"))) == {
        SERVER: "default"
    }
    error = refused(acme, Move((SERVER,), "default", "dev"), "user:mara")
    assert error.message == "`user:mara` lacks `eps:resources:remove` on enterprise-project `default`"


def test_what_is_hidden_is_answered_like_what_is_not_there(acme: Installation) -> None:
    """Adding names no source, so whoever may add could otherwise look for resources anywhere."""
    hidden = refused(acme, Move((IMAGE,), None, "dev"), "user:mara")
    missing = refused(acme, Move((f"{IMAGE}2",), None, "dev"), "user:mara")
    assert str(hidden) == (
        f"`{IMAGE}` is not registered, or in a project that you do not see at resources[0] (EPS.0032)"
    )
    assert str(missing) == str(hidden).replace(IMAGE, f"{IMAGE}2")
    loose = refused(acme, Move((LOOSE,), None, "dev"), "user:mara")
    assert str(loose) == str(hidden).replace(IMAGE, LOOSE)


def test_projects_are_asked_about_before_they_are_looked_for(acme: Installation) -> None:
    """Whoever may not take from a project learns not whether it exists; whoever may is told."""
    for name in ("secret", "none"):
        error = refused(acme, Move((SERVER,), name, "dev"), "user:mara")
        assert error.message == f"`user:mara` lacks `eps:resources:remove` on enterprise-project `{name}`"
    with pytest.raises(NotFound) as caught:
        carry_out(acme, Move((SERVER,), "dev", "none"))
    assert str(caught.value) == (
        "there is no project `none` (EPS.0005)\n  help: available: `default`, `dev`, `prod`, `secret`"
    )


def test_a_move_hands_over_what_a_policy_of_the_target_grants(acme: Installation) -> None:
    """Strictly: whoever moves needs authority over what becomes allowed; the refusal names policy and place."""
    acme.apply("""
        {kind: Group, name: images, members: [user:mara]}
        ---
        {kind: Policy, name: images-in-dev, subjects: [group:images], roles: [IMS FullAccess],
         scope: {service: ims, project: dev}}
    """)
    error = refused(acme, Move((IMAGE,), "secret", "dev"), "user:adam")
    assert isinstance(error, Denied)
    assert error.reason == "no_authority"
    assert error.message == (
        f"policy `images-in-dev` may newly grant its roles on `{IMAGE}` in project `dev`, and you lack "
        "`iam.policy.create` over service `ims`, region `eu-de`, project `dev`, `image` `i`"
    )
    assert error.help == "ask somebody who may grant this, or the account's owner"
    assert moved(carry_out(acme, Move((IMAGE,), "secret", "prod"), acme.session("user:adam"))) == {
        IMAGE: "prod"
    }
    carry_out(acme, Move((IMAGE,), "prod", "dev"))
    out = carry_out(acme, Move((IMAGE,), "dev", "secret"), acme.session("user:adam"))
    assert moved(out) == {IMAGE: "secret"}, "what takes away hands nothing over"


def test_belonging_is_closed_and_ends(acme: Installation) -> None:
    """What is below, what is attached, and what belongs to these; each once."""
    snapshot = acme.host.snapshot("acme")
    assert list(belonging(snapshot, SERVER)) == [IP, VOLUME, SECOND]
    assert list(belonging(snapshot, VPC)) == [SUBNET]
    assert list(belonging(snapshot, SUBNET)) == []


def test_an_instance_holds_what_names_it(acme: Installation) -> None:
    """Below an instance is whatever lies in it, and not what is in one whose name begins alike."""
    base = "brn:acme:hs-crypto:us-south:"
    acme.apply(f"""
        {{kind: Resource, name: "{base}a:instance/a", project: dev}}
        ---
        {{kind: Resource, name: "{base}a:key-ring/r", project: dev}}
        ---
        {{kind: Resource, name: "{base}ab:instance/ab", project: dev}}
    """)
    snapshot = acme.host.snapshot("acme")
    assert list(names_below(snapshot, f"{base}a:instance/a")) == [f"{base}a:key-ring/r"]
    assert list(names_below(snapshot, SERVER)) == []


def test_a_path_is_no_prefix_of_a_longer_name(acme: Installation) -> None:
    """`vpc/v` is not above `vpc/v2`."""
    acme.apply(f'{{kind: Resource, name: "{VPC}2/subnet/s", project: dev}}')
    assert list(names_below(acme.host.snapshot("acme"), VPC)) == [SUBNET]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (ResourceFilter(), [IP, SERVER, VOLUME, VPC, SUBNET]),
        (ResourceFilter(service="vpc"), [VPC, SUBNET]),
        (ResourceFilter(type="volume"), [VOLUME]),
        (ResourceFilter(service="vpc", type="volume"), []),
        (ResourceFilter(prefix=VPC), [VPC, SUBNET]),
    ],
)
def test_what_is_in_a_project_is_listed_in_pages(
    acme: Installation, wanted: ResourceFilter, names: Sequence[str]
) -> None:
    """By name, narrowed; pages of any size hold together what one holds."""
    reader = Reader(acme.host, acme.session("user:adam"))
    for limit in (1, 2, 10):
        found: list[str] = []
        after: str | None = None
        while True:
            page = list_resources(reader, "dev", wanted, after=after, limit=limit)
            found += [one.name for one in page.items]
            if not page.more:
                break
            after = page.items[-1].name
        assert found == sorted(names)


def test_whoever_sees_single_resources_lists_these(acme: Installation) -> None:
    """Reading by `iam` one by one is enough for each; whoever sees none is refused by the action of `eps`."""
    acme.apply("""
        {kind: User, name: vera}
        ---
        {kind: Policy, name: vera, subjects: [user:vera], roles: [Viewer], scope: {service: iam, project: dev}}
    """)
    seen = list_resources(
        Reader(acme.host, acme.session("user:vera")), "dev", ResourceFilter(), after=None, limit=9
    )
    assert len(seen.items) == 5
    acme.apply("{kind: User, name: nils}")
    with pytest.raises(Denied) as caught:
        list_resources(
            Reader(acme.host, acme.session("user:nils")), "dev", ResourceFilter(), after=None, limit=9
        )
    assert str(caught.value) == (
        "`user:nils` lacks `eps:resources:list` on enterprise-project `dev` (EPS.0039)\n"
        "  help: `iam.resource.list` is enough too; ask somebody who may grant this, or the account's owner"
    )


def test_a_resource_that_moved_meanwhile_is_not_moved_from_where_it_was(acme: Installation) -> None:
    """The plan is made again on the newest state, where it is no longer in the named project."""
    other = acme.another_host()
    tries: list[int] = []
    move = Move((SERVER,), "dev", "prod")

    def prepare(before: Snapshot) -> Sequence[Edit]:
        tries.append(1)
        if len(tries) == 1:
            elsewhere = Move((SERVER,), "dev", "secret")
            change_account(
                other, acme.owner, lambda now: elsewhere.edits_of(Reader(other, acme.owner, now)), via="t"
            )
        return move.edits_of(Reader(acme.host, acme.owner, before))

    with pytest.raises(Invalid, match="is not in project `dev`"):
        change_account(acme.host, acme.owner, prepare, via="test")
    assert len(tries) == 2
    account: Account = acme.host.snapshot("acme").account
    assert account.resources[SERVER].project == "secret"


def test_what_has_no_project_by_its_type_lies_in_none(acme: Installation) -> None:
    """A cloud account is in no project, not even in the default one, and does not move."""
    account = f"{CLOUD}account/a"
    acme.apply(f'{{kind: Resource, name: "{account}"}}')
    page = list_resources(Reader(acme.host, acme.owner), "default", ResourceFilter(), after=None, limit=9)
    assert [one.name for one in page.items] == [LOOSE]
    error = refused(acme, Move((account,), "default", "dev"), "user:owner")
    assert str(error) == f"`{account}` is not in project `default` at resources[0] (EPS.0032)"


def test_listing_what_is_in_no_project_at_all_is_not_found(acme: Installation) -> None:
    """For who sees projects of any name; who does not is refused."""
    with pytest.raises(NotFound) as caught:
        list_resources(Reader(acme.host, acme.owner), "none", ResourceFilter(), after=None, limit=9)
    assert str(caught.value) == (
        "there is no project `none` (EPS.0005)\n  help: available: `default`, `dev`, `prod`, `secret`"
    )


def test_what_inherits_follows_where_its_instance_goes(acme: Installation) -> None:
    """In a service of one's own whose instances are free: what lies in one goes along, and not without it."""
    acme.apply("""
        kind: Service
        name: vault
        title: Vault
        locality: global
        instances: true
        resource_types:
          instance: {attributes: [project]}
          safe: {attributes: [project], inherits: [project], project: fixed}
        actions: [{id: open, access: use, resource_type: safe}]
        ---
        {kind: Resource, name: "brn:acme:vault::i:instance/i", project: dev}
        ---
        {kind: Resource, name: "brn:acme:vault::i:safe/s", project: dev}
    """)
    instance, safe = "brn:acme:vault::i:instance/i", "brn:acme:vault::i:safe/s"
    error = refused(acme, Move((safe,), "dev", "prod"), "user:owner")
    assert isinstance(error, Invalid)
    assert (
        error.findings[0].message
        == "a `safe` of `vault` has the project of what it lies in, and moves with it"
    )
    assert moved(carry_out(acme, Move((instance,), "dev", "prod"))) == {instance: "prod", safe: "prod"}
