"""What somebody may do in a service: on anything, on something, on nothing; every witness is the engine's."""

from __future__ import annotations

from importlib.resources import files

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.service.asking import Asking
from bailiwick.service.surveying import Access, Place, Survey, regions_of

PULL = "container-registry.image.pull"


@pytest.fixture(scope="module")
def acme() -> Installation:
    """The sample company, and a few policies that are held somewhere only."""
    installed = install()
    installed.apply((files("bailiwick.sample") / "company.yaml").read_text(encoding="utf-8"))
    installed.apply(
        """
        kind: Policy
        name: tagged
        subjects: [user:jeff]
        roles: [IMS ReadOnlyAccess]
        scope: {service: ims, region: eu-de}
        when: {key: resource.tags.team, operator: string-equals, value: green}
        ---
        kind: Policy
        name: patterns
        subjects: [user:erik]
        roles: [Reader]
        scope: {service: container-registry, region: "eu-*", type: namespace, id: "team-?"}
        ---
        kind: Guardrail
        name: no-export
        actions: [ims:images:export]
        scope: {service: ims}
        """
    )
    return installed


def access(acme: Installation, who: str, action: str, region: str = "eu-de", project: str = "") -> Access:
    """On what is it allowed there?"""
    snapshot = acme.host.snapshot("acme")
    survey = Survey(Asking(acme.host, acme.owner, snapshot, acme.host.now()), who, Place(region, project))
    service = next(one for one in snapshot.compiled.services.values() if action in one.actions)
    return survey.action(service, service.actions[action])


@pytest.mark.parametrize(
    ("who", "action", "region", "project", "expected"),
    [
        ("user:alice", "ims:images:get", "eu-de", "", Access.ALL),
        ("user:alice", "ims:images:get", "eu-nl", "", Access.NONE),
        ("user:alice", "ims:images:delete", "eu-de", "", Access.NONE),
        ("user:owner", "ims:images:delete", "eu-nl", "", Access.ALL),
        ("user:owner", "ims:images:export", "eu-de", "", Access.NONE),
        # One namespace; a resource group; a pattern.
        ("user:alice", PULL, "eu-de", "", Access.SOME),
        ("user:alice", PULL, "us-south", "", Access.NONE),
        ("user:grace", PULL, "eu-nl", "prod", Access.ALL),
        # Where one is registered, what is said of the project is not believed of any.
        ("user:grace", PULL, "eu-de", "prod", Access.SOME),
        ("user:grace", PULL, "eu-nl", "dev", Access.NONE),
        ("user:erik", PULL, "eu-nl", "", Access.SOME),
        # What is one's own.
        ("user:frank", "volume.Detach", "us-east", "", Access.SOME),
        # One instance of a service with instances.
        ("user:dave", "hs-crypto.instances.read", "us-south", "", Access.SOME),
        ("user:nobody", "ims:images:get", "eu-de", "", Access.NONE),
    ],
)
def test_access_is_on_anything_on_something_or_on_nothing(
    acme: Installation, who: str, action: str, region: str, project: str, expected: Access
) -> None:
    """As the policies of the sample company say."""
    assert access(acme, who, action, region, project) is expected


def test_what_only_a_stored_resource_shows_is_found_there(acme: Installation) -> None:
    """No scope describes a tag: it is found where such an image is registered, and only in its region."""
    assert access(acme, "user:jeff", "ims:images:get") is Access.NONE
    acme.apply("{kind: Resource, name: 'brn:acme:ims:eu-de::image/green', tags: {team: green}}")
    assert access(acme, "user:jeff", "ims:images:get") is Access.SOME
    assert access(acme, "user:jeff", "ims:images:get", "eu-nl") is Access.NONE


def test_regions_are_those_of_policies_and_resources(acme: Installation) -> None:
    """Patterns name none."""
    snapshot = acme.host.snapshot("acme")
    assert {"eu-de", "us-south", "us-east"} <= set(snapshot.regions())
    assert not any("*" in one for one in snapshot.regions())
    asking = Asking(acme.host, acme.owner, snapshot, acme.host.now())
    assert regions_of(asking, "user:alice") == ("eu-de", "us-south")
    assert regions_of(asking, "user:nobody") == ()


def test_an_operation_is_allowed_as_the_least_of_its_actions(acme: Installation) -> None:
    """What is discontinued, to nobody; what is missing is named."""
    snapshot = acme.host.snapshot("acme")
    asking = Asking(acme.host, acme.owner, snapshot, acme.host.now())
    registry = snapshot.compiled.services["container-registry"]
    survey = Survey(asking, "user:ivan", Place("eu-de"))
    retention = survey.operation(registry, registry.operations["ibmcloud cr retention-run"])
    assert (retention.access, retention.missing) == (Access.SOME, "")
    build = survey.operation(registry, registry.operations["ibmcloud cr build"])
    assert build.access is Access.NONE
    ims = snapshot.compiled.services["ims"]
    created = Survey(asking, "user:alice", Place("eu-de")).operation(
        ims, ims.operations["Create Private Image (server or file)"]
    )
    assert (created.access, created.missing) == (Access.NONE, "ims:serverImages:create")
    assert survey.has_any(registry)
    assert not survey.has_any(ims)
