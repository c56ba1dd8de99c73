"""The registry document's own commands against a real server: its two examples, service IDs and groups likewise.

Source: IBM Cloud Container Registry, Managing user access (2022-04-22).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.processes import Done, asking
from tests.e2e.server import RunningServer

Ask = Callable[..., Done]
SERVICE = ("--service-name", "container-registry")
REGISTRY = "brn:acme:container-registry:{region}::"
PEOPLE: tuple[dict[str, Any], ...] = (
    {"kind": "User", "name": "rita", "email": "rita@acme.example"},
    {"kind": "User", "name": "mona", "email": "Mona@acme.example"},
    {"kind": "ServiceId", "name": "ci"},
    {"kind": "Group", "name": "builders", "members": ["service-id:ci"]},
    {"kind": "Project", "name": "shop"},
    {"kind": "Resource", "name": "brn:acme:container-registry:eu-de::namespace/web", "project": "shop"},
)


@pytest.fixture
def ask(server: RunningServer) -> Ask:
    """A command as the owner of an account with a few people."""
    assert server.owner().apply(*PEOPLE).status == 200
    return asking(server)


def may(ask: Ask, principal: str, action: str, path: str, region: str = "eu-de") -> bool:
    """Does the server allow it, by the command itself?"""
    return ask("check", principal, action, REGISTRY.format(region=region) + path).code == 0


def test_the_documents_example_for_configuring_the_registry(ask: Ask) -> None:
    """Without resource type and resource the roles hold for configuring, in the one region."""
    done = ask("user-policy-create", "mona@acme.example", *SERVICE, "--region", "eu-de", "--roles", "Manager")
    assert done == Done(
        0,
        "policy                                 subjects   roles    scope\n"
        "mona-Manager-container-registry-eu-de  user:mona  Manager  service container-registry, region eu-de\n",
        "",
    )
    create = ("user:mona", "container-registry.namespace.create", "service/container-registry")
    assert may(ask, *create)
    assert not may(ask, *create, region="us-south")


def test_the_documents_example_for_using_the_registry(ask: Ask) -> None:
    """With a namespace the roles hold there alone, and configure nothing."""
    done = ask("user-policy-create", "rita@acme.example", *SERVICE, "--region", "eu-de", "--roles", "Reader,Writer",
               "--resource-type", "namespace", "--resource", "dev")  # fmt: skip
    assert done.code == 0, done.err
    assert may(ask, "user:rita", "container-registry.image.push", "namespace/dev/image/app")
    assert may(ask, "user:rita", "container-registry.image.pull", "namespace/dev/image/app")
    assert not may(ask, "user:rita", "container-registry.image.pull", "namespace/web/image/app")
    assert not may(ask, "user:rita", "container-registry.quota.get", "service/container-registry")


def test_without_a_region_it_is_every_region(ask: Ask) -> None:
    """The document's third criterion: the region is one, or left out to mean all."""
    assert ask("user-policy-create", "rita@acme.example", *SERVICE, "--roles", "Reader").code == 0
    for region in ("eu-de", "us-south"):
        assert may(
            ask, "user:rita", "container-registry.image.pull", "namespace/dev/image/app", region=region
        )


@pytest.mark.parametrize("option", ["--resource-group-name", "--resource-group"])
def test_a_resource_group_is_a_project(ask: Ask, option: str) -> None:
    """A policy on a resource group reaches the images of the namespaces in it."""
    assert ask("user-policy-create", "rita", *SERVICE, "--roles", "Reader", option, "shop").code == 0
    assert may(ask, "user:rita", "container-registry.image.pull", "namespace/web/image/app")
    assert not may(ask, "user:rita", "container-registry.image.pull", "namespace/dev/image/app")


def test_service_ids_and_groups_are_granted_roles_alike(ask: Ask) -> None:
    """service-policy-create names a service ID, access-group-policy-create a group."""
    assert not may(ask, "service-id:ci", "container-registry.image.push", "namespace/web/image/app")
    granted = ask("access-group-policy-create", "builders", *SERVICE, "--roles", "Writer", "--output", "json")
    assert json.loads(granted.out)["subjects"] == ["group:builders"]
    assert may(ask, "service-id:ci", "container-registry.image.push", "namespace/web/image/app")
    assert not may(ask, "service-id:ci", "container-registry.namespace.create", "service/container-registry")
    assert ask("service-policy-create", "ci", *SERVICE, "--roles", "Manager").code == 0
    assert may(ask, "service-id:ci", "container-registry.namespace.create", "service/container-registry")


def test_an_instance_and_a_name_may_be_given(ask: Ask) -> None:
    """--service-instance and --name stand in the policy as they are given."""
    done = ask("user-policy-create", "rita", "--service-name", "hs-crypto", "--region", "us-south", "--roles", "Reader",
               "--service-instance", "development", "--name", "rita reads keys", "-o", "json")  # fmt: skip
    policy = json.loads(done.out)
    assert policy["name"] == "rita reads keys"
    assert policy["scope"] == {"service": "hs-crypto", "region": "us-south", "instance": "development"}


def test_an_address_is_found_whatever_its_case(ask: Ask) -> None:
    """Addresses are compared as mail does it in practice."""
    assert ask("user-policy-create", "MONA@acme.example", *SERVICE, "--roles", "Reader").code == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("user-policy-create", "ritta@acme.example", *SERVICE, "--roles", "Reader"),
            "error: no user has the address `ritta@acme.example`\n  help: did you mean `rita@acme.example`?\n",
        ),
        (
            ("user-policy-create", "ritta", *SERVICE, "--roles", "Reader"),
            "error: unknown principal `user:ritta` at Policy ritta-Reader-container-registry: subjects[0]\n"
            "  help: did you mean `rita`?\n",
        ),
        (
            ("user-policy-create", "rita", *SERVICE, "--roles", "Readr"),
            "error: unknown role `Readr` at Policy rita-Readr-container-registry: roles[0]\n"
            "  help: did you mean `Reader`?\n",
        ),
        (
            ("user-policy-create", "rita", *SERVICE, "--roles", "Viewer"),
            "error: `container-registry` does not support the platform role `Viewer`"
            " at Policy rita-Viewer-container-registry: roles[0]\n"
            "  help: use one of its roles: `Administrator`, `Manager`, `Reader`, `Writer`\n",
        ),
        (
            ("user-policy-create", "rita", *SERVICE, "--service-instance", "one", "--roles", "Reader"),
            "error: a scope on `container-registry` cannot constrain `instance`"
            " at Policy rita-Reader-container-registry-one: scope.instance\n"
            "  help: it may constrain `region`, `project`, `type`, `id`, `within`\n",
        ),
        (
            ("user-policy-create", "rita", *SERVICE, "--roles", " , "),
            "error: expected role names, got nothing at --roles\n  help: such as --roles Reader,Writer\n",
        ),
        (
            ("user-policy-create", "rita", *SERVICE, "--region", "", "--roles", "Reader"),
            "error: expected a value, got nothing at --region\n  help: leave the option out to mean all\n",
        ),
        (
            ("user-policy-create", "rita", "--service-name", "", "--roles", "Reader"),
            "error: expected a value, got nothing at --service-name\n  help: leave the option out to mean all\n",
        ),
    ],
)
def test_what_cannot_be_granted_is_said(ask: Ask, arguments: tuple[str, ...], error: str) -> None:
    """Wrong words get the nearest right one, and an empty option is no wish for everything."""
    before = ask("export").out
    assert ask(*arguments) == Done(2, "", error)
    assert ask("export").out == before


def test_two_users_of_one_address_are_not_chosen_between(server: RunningServer, ask: Ask) -> None:
    """Where several users have the address the command asks for the name."""
    assert server.owner().apply({"kind": "User", "name": "rita2", "email": "rita@acme.example"}).status == 200
    assert ask("user-policy-create", "rita@acme.example", *SERVICE, "--roles", "Reader") == Done(
        2, "", "error: users rita, rita2 have the address `rita@acme.example`\n  help: name one of them\n"
    )


def test_the_same_policy_twice_is_a_conflict(ask: Ask) -> None:
    """The made-up name is taken the second time, and the error says what to do."""
    words = ("user-policy-create", "rita", *SERVICE, "--roles", "Reader")
    assert ask(*words).code == 0
    assert ask(*words) == Done(
        2,
        "",
        "error: there is a policy `rita-Reader-container-registry` already\n"
        "  help: choose another name, or replace it\n",
    )
    assert ask(*words, "--name", "another").code == 0


def test_patterns_make_a_name_that_is_allowed(ask: Ask, tmp_path: Path) -> None:
    """A `*` in a scope or a `/` in a role does not break the made-up name."""
    done = ask("user-policy-create", "rita", *SERVICE, "--roles", "container-registry/Reader",
               "--resource-type", "namespace", "--resource", "dev-*")  # fmt: skip
    assert done.code == 0, done.err
    assert done.out.splitlines()[1].startswith(
        "rita-container-registry-Reader-container-registry-namespace-dev-any "
    )


def test_who_may_not_grant_does_not(server: RunningServer, ask: Ask) -> None:
    """rita grants herself nothing."""
    rita = asking(server, "user:rita")
    done = rita("user-policy-create", "rita", *SERVICE, "--roles", "Manager")
    assert (done.code, done.out) == (2, "")
    assert "`user:rita` lacks `iam.policy.create`" in done.err
