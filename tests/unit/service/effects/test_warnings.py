"""Warnings: each code with a change that earns it and one, hardly different, that does not."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation, install

from bailiwick.service.applying import Source, parse_wanted
from bailiwick.service.effects import Caution, effects_of
from bailiwick.service.effects import warnings as rules

WORLD = """
kind: User
name: alice
---
kind: User
name: zoe
---
kind: Group
name: readers
members: [user:alice]
---
kind: Group
name: empty
---
kind: Policy
name: zoe-administers
subjects: [user:zoe]
roles: [Administrator]
scope: {service: ims}
---
kind: Guardrail
name: keep
actions: ["ims:images:delete"]
scope: {service: ims}
"""


@pytest.fixture(scope="module")
def acme() -> Installation:
    """A small account."""
    installation = install()
    installation.apply(WORLD)
    return installation


def cautions(acme: Installation, text: str) -> list[Caution]:
    """What is warned about?"""
    wanted = parse_wanted("acme", [Source("change.yaml", text)])
    return list(effects_of(acme.host, acme.owner, wanted.edits_of).cautions)


def codes(acme: Installation, **fields: str) -> set[str]:
    """Which codes has a policy with these fields instead of the usual ones?"""
    usual = {
        "subjects": "[group:readers]",
        "roles": "[IMS ReadOnlyAccess]",
        "scope": "{service: ims, region: eu-de}",
    }
    said = {**usual, **fields}
    text = "kind: Policy\nname: new\n" + "\n".join(
        f"{name}: {value}" for name, value in said.items() if value
    )
    return {one.code for one in cautions(acme, text)}


def test_a_plain_policy_earns_no_warning(acme: Installation) -> None:
    """A group, a reading role, a service and a region: nothing to mind."""
    assert codes(acme) == set()


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("public", {"subjects": "[group:everyone]"}),
        ("all-members", {"subjects": "[group:members]"}),
        ("no-scope", {"roles": "[Viewer]", "scope": ""}),
        ("every-service", {"roles": "[Viewer]", "scope": "{region: eu-de}"}),
        ("star", {"scope": '{service: ims, region: "*"}'}),
        ("hands-on", {"roles": "[Administrator]"}),
        ("administers", {"roles": "[Editor]", "scope": "{service: iam}"}),
        ("becomes-another", {"roles": "[Administrator]", "scope": "{service: iam}"}),
        ("deletes-everywhere", {"roles": "[IMS FullAccess]", "scope": "{service: ims}"}),
        ("no-end", {"subjects": "[user:zoe]"}),
        ("nobody", {"subjects": "[group:empty]"}),
        ("ended", {"expires_at": "2026-01-01T00:00:00Z"}),
        ("not-yet", {"starts_at": "2027-01-01T00:00:00Z"}),
    ],
)
def test_a_wide_grant_is_warned_about(acme: Installation, code: str, fields: dict[str, str]) -> None:
    """What is handed out widely is said; disabled, it is not."""
    assert code in codes(acme, **fields)
    assert code not in codes(acme, **fields, state="disabled")


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("no-end", {"subjects": "[user:alice]"}),
        ("no-end", {"subjects": "[user:zoe]", "expires_at": "2027-01-01T00:00:00Z"}),
        ("deletes-everywhere", {"roles": "[IMS FullAccess]"}),
        ("star", {"scope": "{service: ims, region: eu-*}"}),
        ("hands-on", {"roles": "[Editor]"}),
    ],
)
def test_what_is_narrow_is_not_warned_about(acme: Installation, code: str, fields: dict[str, str]) -> None:
    """The nearest thing that is meant so is left in peace."""
    assert code not in codes(acme, **fields)


def test_many_principals_are_counted(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """More principals than a person overlooks are said in number."""
    monkeypatch.setattr(rules, "MANY_PRINCIPALS", 1)
    text = "kind: Policy\nname: new\nsubjects: [group:members]\nroles: [IMS ReadOnlyAccess]\nscope: {service: ims}"
    assert "it reaches 3 principals" in [one.message for one in cautions(acme, text)]


def test_what_a_change_only_narrows_is_not_warned_about(acme: Installation) -> None:
    """A policy that loses a subject was as wide before."""
    acme.apply("kind: Policy\nname: wide\nsubjects: [group:members, group:readers]\nroles: [Viewer]")
    assert cautions(acme, "kind: Policy\nname: wide\nsubjects: [group:members]\nroles: [Viewer]") == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("unguarded", 'kind: Guardrail\nname: keep\nactions: ["ims:images:delete"]\nscope: {service: ims}\n'
         "state: disabled"),
        ("trusts-members", "kind: Profile\nname: deployer\ntrust: [group:members]"),
        ("owner-changes", "kind: Account\nname: acme\nowner: user:alice"),
        ("suspends", "kind: Account\nname: acme\nowner: user:owner\nsuspended: true"),
        ("administrator-loses", "kind: Policy\nname: zoe-administers\nsubjects: [user:zoe]\nroles: [Administrator]\n"
         "scope: {service: ims}\nstate: disabled"),
    ],
)  # fmt: skip
def test_other_changes_that_one_should_mind(acme: Installation, code: str, text: str) -> None:
    """Guardrails that fall, trust that is wide, the owner, and administrators who lose what they administer."""
    found = cautions(acme, text)
    assert [one.code for one in found] == [code]
    assert all(one.message and one.help for one in found)


def test_another_account_as_a_whole_is_warned_about(acme: Installation) -> None:
    """Everybody of an account is more than one of its groups."""
    text = "kind: Profile\nname: deployer\ntrust: ['account:shop']"
    assert [(one.code, one.name) for one in cautions(acme, text)] == [("trusts-account", "deployer")]
