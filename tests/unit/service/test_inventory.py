"""The inventory: many resources in one change, who may change what of them, and that nothing is walked for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.errors import Denied, Invalid
from bailiwick.service.changes import Outcome
from bailiwick.service.handing_over.differ import Differ
from bailiwick.service.handing_over.resources import resource_handovers
from bailiwick.service.inventory import InventoryLine, change_resources, count_changes, edits_of_lines
from bailiwick.service.sessions import Session

VOLUME = "brn:acme:cloud:us-east::volume/v-1"
OTHER = "brn:acme:cloud:us-east::volume/v-2"
KIND = {"kind": "Policy"}
WORLD = """
kind: User
name: ann
---
kind: User
name: ben
---
kind: User
name: olly
---
kind: Group
name: staff
---
kind: Project
name: dev
---
kind: Role
name: Volume Owner
service: cloud
rights: [{actions: [volume.Access, volume.ManageOwnership]}]
---
kind: Role
name: Inventory Clerk
service: iam
rights: [{actions: ["iam.resource.*", "iam.project.add-resource", "iam.project.remove-resource"]}]
---
kind: Policy
name: olly-owns
subjects: [user:olly]
roles: [Volume Owner]
scope: {service: cloud}
---
kind: Policy
name: clerk
subjects: [user:ben]
roles: [Inventory Clerk]
scope: {service: iam}
---
kind: Resource
name: brn:acme:cloud:us-east::volume/v-1
owner: user:ann
tags: {env: test}
"""
MINE = """
kind: Role
name: Own Volumes
service: cloud
rights: [{actions: [volume.Delete], qualifier: mine}]
---
kind: Policy
name: mine
subjects: [group:members]
roles: [Own Volumes]
scope: {service: cloud}
"""


@pytest.fixture
def world(acme: Installation) -> Installation:
    """An account with a volume, somebody who may change owners of volumes, and a clerk who may change the inventory."""
    acme.apply(WORLD)
    return acme


def lines(*documents: dict[str, Any]) -> Iterable[InventoryLine]:
    """These documents, one a line."""
    return (InventoryLine(number, document) for number, document in enumerate(documents, 1))


def change(
    world: Installation, session: Session, *documents: dict[str, Any], dry_run: bool = False
) -> Outcome:
    """Make the inventory so."""
    edits = edits_of_lines("acme", lines(*documents), "inventory.jsonl")
    return change_resources(world.host, session, edits, via="test", dry_run=dry_run)


def volume(name: str = VOLUME, **more: Any) -> dict[str, Any]:
    """A volume as a line."""
    return {"name": name, "owner": "user:ann", "tags": {"env": "test"}, **more}


def refusal(world: Installation, user: str, *documents: dict[str, Any]) -> str:
    """What is this user told who may not change the inventory so?"""
    before = world.revision
    with pytest.raises(Denied) as caught:
        change(world, world.session(f"user:{user}"), *documents)
    assert world.revision <= before + 1, "but for the key that the session needed, nothing is written"
    return caught.value.message


def test_lines_register_replace_and_remove_in_one_revision(world: Installation) -> None:
    """One transaction; what is so already is left alone, and sent again nothing is written."""
    owner, before = world.owner, world.revision
    documents = [volume(OTHER), volume(owner="user:ben"), {"remove": "brn:acme:cloud:us-east::volume/v-9"}]
    outcome = change(world, owner, *documents)
    assert count_changes(outcome) == {"created": 1, "changed": 1, "deleted": 0, "unchanged": 1}
    assert world.revision == before + 1
    again = change(world, owner, *documents)
    assert count_changes(again) == {"created": 0, "changed": 0, "deleted": 0, "unchanged": 3}
    assert world.revision == before + 1
    assert count_changes(change(world, owner, {"remove": OTHER}))["deleted"] == 1
    assert set(world.host.snapshot("acme").account.resources) == {VOLUME}


def test_a_dry_run_changes_nothing(world: Installation) -> None:
    """It only says what it would come to."""
    owner, before = world.owner, world.revision
    outcome = change(world, owner, volume(OTHER), {"remove": VOLUME}, dry_run=True)
    assert count_changes(outcome) == {"created": 1, "changed": 0, "deleted": 1, "unchanged": 0}
    assert world.revision == before


@pytest.mark.parametrize(
    ("document", "finding"),
    [
        ({"remove": "v-1"}, "`v-1` is no resource name at remove\n  help: expected `brn:<account>:<service>:<region>:"
         "<instance>:<type>/<id>`, percent-encoded"),
        ({"remove": None}, "expected the name of a resource at remove"),
        ({"remove": VOLUME, "name": VOLUME}, "unknown field `name` at name\n  help: available: `remove`"),
        ({"remove": VOLUME.replace("acme", "globex")}, "resource is of account `globex`, expected `acme` at remove"),
        ({"name": VOLUME.replace("acme", "globex")}, "resource is of account `globex`, expected `acme` at name"),
        ({"name": VOLUME, "account": "globex"}, "document is of account `globex`, expected `acme` at account"),
        ({**KIND, "name": VOLUME}, "expected `Resource`, got `Policy` at kind\n  help: use `bailiwick apply`"),
        ({"owner": "user:ann"}, "missing field `name`"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named_by_file_and_number(document: dict[str, Any], finding: str) -> None:
    """Names of another account are refused before anything is asked of this one."""
    with pytest.raises(Invalid) as caught:
        edits_of_lines("acme", lines(volume(), document, {"name": ""}), "inventory.jsonl")
    first, second = caught.value.findings
    assert first.format() == f"inventory.jsonl:2: {finding}"
    assert second.format().startswith("inventory.jsonl:3: ")


def test_wrong_lines_without_end_are_not_all_told() -> None:
    """A hundred findings are enough to see that the file is another one."""
    with pytest.raises(Invalid) as caught:
        edits_of_lines("acme", lines(*({"name": ""} for _ in range(5000))))
    assert len(caught.value.findings) == 100


def test_a_part_that_does_not_fit_changes_nothing(world: Installation) -> None:
    """An unknown project in the last line refuses the first too, and is named by its line."""
    owner, before = world.owner, world.revision
    with pytest.raises(Invalid) as caught:
        change(world, owner, volume(OTHER), volume(project="deev"))
    assert [finding.format() for finding in caught.value.findings] == [
        f"inventory.jsonl:2: unknown project `deev` at Resource {VOLUME}: project\n  help: did you mean `dev`?"
    ]
    assert world.revision == before


def test_one_resource_is_named_once(world: Installation) -> None:
    """Two lines of one name contradict each other."""
    with pytest.raises(Invalid) as caught:
        change(world, world.owner, volume(), {"remove": VOLUME})
    assert [finding.format() for finding in caught.value.findings] == [
        f"inventory.jsonl:2: Resource `{VOLUME}` is given twice (first at inventory.jsonl:1)"
    ]


def test_owner_and_groups_are_changed_by_the_action_that_governs_them(world: Installation) -> None:
    """Who holds it but not `iam.resource.update` changes exactly these (18.4)."""
    olly = world.session("user:olly")
    outcome = change(world, olly, volume(owner="user:ben", groups=["group:staff"]))
    assert count_changes(outcome)["changed"] == 1
    assert world.host.snapshot("acme").account.resources[VOLUME].owner == "user:ben"
    assert refusal(world, "olly", volume(owner="user:ann", groups=["group:staff"], tags={})) == (
        f"`user:olly` lacks `iam.resource.update` on resource `{VOLUME}`"
    )
    assert refusal(world, "olly", volume(owner="user:ben", groups=["group:staff"], budget="b")) == (
        "`user:olly` lacks `volume.ManageBilling` on volume `v-1`"
    )


def test_who_may_only_update_resources_does_not_change_what_an_action_governs(world: Installation) -> None:
    """The clerk changes tags, which nothing governs, and no owner, group or budget (18.4)."""
    ben = world.session("user:ben")
    assert count_changes(change(world, ben, volume(tags={})))["changed"] == 1
    for more, action in (
        ({"owner": "user:ben"}, "volume.ManageOwnership"),
        ({"groups": ["group:staff"]}, "volume.ManageOwnership"),
        ({"budget": "b"}, "volume.ManageBilling"),
    ):
        assert (
            refusal(world, "ben", volume(tags={}, **more)) == f"`user:ben` lacks `{action}` on volume `v-1`"
        )


def test_the_governing_action_is_asked_of_the_resource_as_it_was(world: Installation) -> None:
    """A right on one's own volumes does not help to make another's volume one's own."""
    world.apply("""
        kind: Role
        name: Volume Owner
        service: cloud
        rights: [{actions: [volume.Access]}, {actions: [volume.ManageOwnership], qualifier: mine}]
        """)
    assert refusal(world, "olly", volume(owner="user:olly")) == (
        "`user:olly` lacks `volume.ManageOwnership` on volume `v-1`"
    )


def test_an_owner_who_is_read_by_a_policy_is_changed_only_with_authority_besides(world: Installation) -> None:
    """An action that governs an attribute is no authority to grant (18.4, 9.4)."""
    world.apply(MINE)
    assert refusal(world, "olly", volume(owner="user:olly")) == (
        f"attributes of `{VOLUME}` change, and you lack `iam.policy.create` over service `cloud`, region `us-east`, "
        "`volume` `v-1`"
    )


def test_what_is_not_registered_is_not_told_to_who_may_not_see(world: Installation) -> None:
    """Removing a name that is not there is refused to a stranger as removing one that is."""
    for name in (VOLUME, OTHER):
        assert "lacks `iam.resource." in refusal(world, "ann", {"remove": name})
    assert count_changes(change(world, world.session("user:ben"), {"remove": OTHER}))["unchanged"] == 1


def test_who_holds_everything_is_asked_once(world: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the owner nothing is worked out for each resource (18.5); for others it is."""
    asked: list[str] = []

    def counted(holding: Differ, name: str, old: Any, new: Any) -> Any:
        asked.append(name)
        return resource_handovers(holding, name, old, new)

    monkeypatch.setattr("bailiwick.service.handing_over.differ.resource_handovers", counted)
    change(world, world.owner, volume(OTHER))
    assert asked == []
    change(world, world.session("user:ben"), {"remove": OTHER})
    assert asked == [OTHER]


def test_a_guardrail_on_granting_is_asked_about_each_resource(world: Installation) -> None:
    """The owner does not hold everything where a guardrail forbids to assign roles (18.5)."""
    world.apply(MINE)
    world.apply("""
        kind: Guardrail
        name: no-granting
        actions: [iam.role.assign]
        scope: {service: cloud}
        """)
    assert refusal(world, "owner", volume(OTHER)) == (
        f"attributes of `{OTHER}` change, and you lack `iam.role.assign` for role `cloud/Own Volumes` over service "
        "`cloud`, region `us-east`, `volume` `v-2`"
    )


def test_other_processes_follow_many_parts(world: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written in many revisions meanwhile is taken in part by part, and nothing is read anew."""
    monkeypatch.setattr("bailiwick.service.holding.catching_up.MOST_ROWS", 3)
    other = world.another_host()
    assert set(other.snapshot("acme").account.resources) == {VOLUME}
    other.snapshot("acme").names_by_uid()
    other.snapshot("acme").sorted_names("Resource")
    monkeypatch.setattr(
        "bailiwick.service.holding.catching_up.load_snapshot", lambda *_: pytest.fail("read anew")
    )
    names = [f"brn:acme:cloud:us-east::volume/w-{number}" for number in range(7)]
    for name in names:
        change(world, world.owner, volume(name))
    change(world, world.owner, *({"remove": name} for name in names[:4]), volume(owner="user:ben"))
    there, here = other.snapshot("acme"), world.host.snapshot("acme")
    assert there.vector == here.vector
    assert there.account == here.account
    assert dict(there.identities) == dict(here.identities)
    assert dict(there.names_by_uid()) == {i.uid: key for key, i in here.identities.items()}
    assert there.sorted_names("Resource") == sorted(here.account.resources)
    assert dict(there.compiled.registered) == dict(here.compiled.registered)


def test_names_stay_sorted_through_changes(world: Installation) -> None:
    """A list that was made before is kept up with what comes and goes."""
    snapshot = world.host.snapshot("acme")
    assert list(snapshot.sorted_names("Resource")) == [VOLUME]
    for number in (5, 3, 9, 3):
        change(world, world.owner, volume(f"brn:acme:cloud:us-east::volume/u-{number}"))
    change(world, world.owner, {"remove": VOLUME}, volume(OTHER))
    found = world.host.snapshot("acme")
    assert list(found.sorted_names("Resource")) == sorted(found.account.resources)
    assert len(found.sorted_names("Resource")) == 4


def test_lines_are_json_as_any_body(world: Installation) -> None:
    """The document of a line is what the administration gives for one resource, so it can be sent back."""
    document = json.loads(json.dumps(volume(project="dev", properties={"size": 20}, description="d")))
    change(world, world.owner, document)
    assert count_changes(change(world, world.owner, {**document, "kind": "Resource", "account": "acme"})) == {
        "created": 0, "changed": 0, "deleted": 0, "unchanged": 1,
    }  # fmt: skip
