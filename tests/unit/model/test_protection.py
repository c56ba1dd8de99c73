"""Operation protection: which actions it reaches, and that none of their kind was forgotten."""

from __future__ import annotations

from bailiwick.model.patterns import matches
from bailiwick.model.protection import PROTECTED, PROTECTED_IN_TREE, SPARED, protecting_guardrails
from bailiwick.model.security import (
    DEFAULT_SECURITY,
    OperationProtection,
    SecuritySettings,
    find_loosened,
)
from bailiwick.service.catalog_files import load_system_catalog

# Which actions that delete or change permissions ask for no newer proof, and why?
FREE = {
    "iam.api-key.delete": "a credential that has leaked is taken away at once",
    "iam.invitation.delete": "so is a link",
    "iam.service.act-as": "using what was granted changes nothing",
}


def test_every_action_that_deletes_or_changes_permissions_is_protected_or_free_for_a_reason() -> None:
    """A new one is added to PROTECTED in model/protection.py, or here with its reason."""
    iam = load_system_catalog()["iam"]
    critical = {one.id for one in iam.actions.values() if one.access in ("delete", "permissions")}
    reached = {
        one
        for one in critical
        if any(matches(pattern, one) for pattern in PROTECTED)
        and not any(matches(pattern, one) for pattern in SPARED)
    }
    assert critical - reached == set(FREE) & critical
    assert set(FREE) <= critical


def test_so_is_every_action_of_enterprises_that_deletes_or_changes_permissions() -> None:
    """And what moves whole accounts; looking is free."""
    tree = load_system_catalog()["enterprise"]
    reached = {
        one.id: one.access
        for one in tree.actions.values()
        if any(matches(pattern, one.id) for pattern in PROTECTED_IN_TREE)
    }
    critical = {one.id for one in tree.actions.values() if one.access in ("delete", "permissions")}
    assert set(reached) == critical | {"enterprise.account.move", "enterprise.enterprise.import"}


def test_only_what_changes_something_or_takes_it_all_away_is_protected() -> None:
    """Looking is free, but for the export of everything."""
    iam = load_system_catalog()["iam"]
    looking = {one.id for one in iam.actions.values() if one.access in ("list", "read", "use")}
    reached = {one for one in looking if any(matches(pattern, one) for pattern in PROTECTED)}
    assert reached == {"iam.export.read"}


def test_who_switched_it_off_has_no_guardrail() -> None:
    """And who left it on has one for `iam`, one for what of `iam` spans services, and one for enterprises."""
    assert protecting_guardrails(OperationProtection(enabled=False)) == ()
    on = protecting_guardrails(DEFAULT_SECURITY.operation_protection)
    assert [one.scope.service for one in on] == [("iam",), None, ("enterprise",)]


def test_switching_it_off_or_asking_for_less_is_loosening() -> None:
    """Longer is less strict; what is switched off has no length."""

    def settings(enabled: bool, minutes: int) -> SecuritySettings:
        return SecuritySettings(operation_protection=OperationProtection(enabled, minutes))

    off, short, long = settings(False, 15), settings(True, 5), settings(True, 60)
    assert list(find_loosened(short, off)) == ["operation_protection.enabled", "operation_protection.minutes"]
    assert list(find_loosened(short, long)) == ["operation_protection.minutes"]
    assert list(find_loosened(off, long)) == list(find_loosened(long, short)) == []
