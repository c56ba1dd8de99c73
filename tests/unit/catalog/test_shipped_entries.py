"""The shipped entries: they load, they fit each other, they come back, and editors can check them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bailiwick.catalog.entries import format_service, parse_service
from bailiwick.catalog.entry_roles import implied_rights
from bailiwick.catalog.rights import matching_actions
from bailiwick.catalog.sources import parse_documents
from bailiwick.model.services import PLATFORM_ROLES, Service
from bailiwick.service.catalog_files import load_system_catalog

ROOM = files("bailiwick.catalog")
NAMES = sorted(load_system_catalog())


@cache
def read_entry(name: str) -> dict[str, Any]:
    """The plain document of a shipped service."""
    [source] = parse_documents((ROOM / "services" / f"{name}.yaml").read_text(encoding="utf-8"))
    return source.data


@cache
def validator() -> Draft202012Validator:
    """What an editor checks entries with."""
    return Draft202012Validator(json.loads((ROOM / "service.schema.json").read_text(encoding="utf-8")))


def service(name: str) -> Service:
    """The shipped service of this name."""
    return load_system_catalog()[name]


def test_the_systems_of_the_documents_are_there() -> None:
    """Each of the five documents' services ships, and Bailiwick's own."""
    expected = {
        "billing",
        "cloud",
        "container-registry",
        "enterprise",
        "eps",
        "hs-crypto",
        "iam",
        "ims",
        "otc-iam",
    }
    assert expected <= set(NAMES)


def test_the_catalog_is_loaded_once() -> None:
    """Loading again gives the same value."""
    assert load_system_catalog() is load_system_catalog()


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_comes_back(name: str) -> None:
    """Formatting and parsing an entry gives the same service."""
    assert parse_service(format_service(service(name))) == service(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_satisfies_the_schema(name: str) -> None:
    """The schema accepts the entry as it is written and as it is exported."""
    for document in (read_entry(name), format_service(service(name))):
        assert [error.message for error in validator().iter_errors(document)] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_stands_in_the_file_of_its_name(name: str) -> None:
    """The file is called as the service."""
    assert read_entry(name)["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_platform_role_exists_or_is_unsupported(name: str) -> None:
    """No platform role is forgotten."""
    found = service(name)
    assert set(PLATFORM_ROLES) <= set(found.roles) | found.unsupported_roles


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_held_by_some_role(name: str) -> None:
    """An action that no role of the service holds could be granted by custom roles only."""
    found = service(name)
    rights = [right for role in found.roles.values() for right in role.rights if right.service == name]
    held = {action.id for right in rights for action in matching_actions(right, found)}
    assert set(found.actions) - held == set()


def test_the_schema_refuses_what_the_parser_refuses() -> None:
    """An unknown field, a wrong word and a missing field are errors in an editor too."""
    document = {**read_entry("ims"), "locality": "local", "colour": "red"}
    del document["title"]
    messages = sorted(error.message for error in validator().iter_errors(document))
    assert messages == [
        "'local' is not one of ['regional', 'global']",
        "'title' is a required property",
        "Additional properties are not allowed ('colour' was unexpected)",
    ]


def test_what_every_administrator_holds_exists_in_iam() -> None:
    """The implied rights name actions and a qualifier that iam has."""
    iam = service("iam")
    for right in implied_rights("ims"):
        assert matching_actions(right, iam)
        assert right.qualifier is None or right.qualifier in iam.qualifiers


def test_iam_spans_services_where_grants_are_about_other_services() -> None:
    """Policies, role assignments, decisions and acting as a service are asked over resources of any service."""
    spanning = sorted(action.id for action in service("iam").actions.values() if action.spans_services)
    assert spanning == [
        "iam.decision.describe", "iam.decision.evaluate", "iam.decision.explain", "iam.policy.create",
        "iam.policy.delete", "iam.policy.list", "iam.policy.publish", "iam.policy.read", "iam.policy.update",
        "iam.role.assign", "iam.service.act-as",
    ]  # fmt: skip


def test_iam_roles_keep_apart_what_they_say_they_do() -> None:
    """Viewers read no log; Editors touch no policy, role or guardrail; Auditors change nothing."""
    iam = service("iam")

    def held(role: str) -> set[str]:
        return {action.id for right in iam.roles[role].rights for action in matching_actions(right, iam)}

    assert not {"iam.log.read", "iam.activity.read", "iam.decision.explain"} & held("Viewer")
    assert {iam.actions[id].access for id in held("Viewer")} == {"list", "read"}
    assert not {
        id for id in held("Editor") if id.startswith(("iam.policy.", "iam.role.", "iam.guardrail."))
    } - held("Viewer")
    assert {iam.actions[id].access for id in held("Auditor")} <= {"list", "read", "use"}
    assert held("Administrator") == set(iam.actions)
    evaluator = {"iam.decision.evaluate", "iam.decision.describe", "iam.token.introspect"}
    assert held("Evaluator") == evaluator
