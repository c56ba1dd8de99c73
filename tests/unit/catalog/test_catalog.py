"""The catalog answers what names mean, alone and together with an account."""

from __future__ import annotations

import pytest

from bailiwick.catalog.catalog import Catalog, parse_catalog
from bailiwick.catalog.entries import parse_service
from bailiwick.catalog.sources import parse_documents
from bailiwick.errors import Invalid, NotFound
from bailiwick.model.accounts import Account
from bailiwick.model.services import Right, Role

IAM = """\
kind: Service
name: iam
title: IAM
actions:
  - {id: iam.policy.create, access: permissions, spans_services: true}
  - {id: iam.user.invite, access: create}
"""
VAULT = """\
kind: Service
name: vault
title: Vault
resource_types: {box: {}}
platform_roles: listed
unsupported_roles: [Viewer, Operator, Editor, Administrator]
actions:
  - {id: open, access: use, resource_type: box}
  - {id: purge, access: delete, resource_type: box}
  - {id: burn, access: delete, resource_type: box}
roles:
  - {name: Opener, kind: service, rights: [{actions: [open]}, {actions: [burn], effect: deny}]}
  - {name: Purger, kind: service, grant: explicit, rights: [{actions: ["*"]}]}
  - {name: Inviter, kind: service, rights: [{service: iam, actions: [iam.user.invite]}]}
"""
OWN = """\
kind: Service
name: records
title: Records
actions: [{id: read, access: read}]
roles: [{name: Opener, kind: service, rights: [{actions: [read]}]}]
"""


@pytest.fixture
def catalog() -> Catalog:
    """Two services of the system."""
    return parse_catalog({"iam.yaml": IAM, "vault.yaml": VAULT})


@pytest.fixture
def account() -> Account:
    """An account with a service and roles of its own."""
    records = parse_service(parse_documents(OWN)[0].data, account="acme")
    roles = [
        Role("vault", "Burner", "service", (Right("vault", ("bu*",)),), custom=True),
        Role("records", "Reader", "service", (Right("records", ("read",)),), custom=True),
        Role("vault", "No Burner", "service", (Right("vault", ("burn",), effect="deny"),), custom=True),
    ]
    return Account("acme", "user:o", roles={role.name: role for role in roles}, services={"records": records})


def test_a_catalog_is_a_mapping(catalog: Catalog) -> None:
    """Services are found by name, counted and listed."""
    assert list(catalog) == ["iam", "vault"]
    assert len(catalog) == 2
    assert catalog["vault"].title == "Vault"


def test_an_account_adds_its_own_services(catalog: Catalog, account: Account) -> None:
    """Own services are found with the account only, and never hide one of the system."""
    assert catalog.find_service("records") is None
    assert catalog.get_service("records", account).title == "Records"
    assert set(catalog.services_for(account)) == {"iam", "vault", "records"}
    assert set(catalog.services_for(None)) == {"iam", "vault"}
    shadow = Account("acme", "user:o", services={"vault": account.services["records"]})
    assert catalog.services_for(shadow)["vault"].title == "Vault"
    assert catalog.get_service("vault", shadow).title == "Vault"


def test_an_unknown_service_is_named_with_the_nearest(catalog: Catalog) -> None:
    """The error says what might have been meant."""
    with pytest.raises(NotFound) as caught:
        catalog.get_service("vaults")
    assert str(caught.value) == "unknown service `vaults`\n  help: did you mean `vault`?"


def test_a_role_name_means_the_service_s_own_role(catalog: Catalog, account: Account) -> None:
    """A bare name means each service's own role; a full name means one."""
    found = catalog.find_role("Opener", "vault", account)
    assert found is not None
    assert found.service == "vault"
    assert catalog.find_role("Burner", "vault", account) == account.roles["Burner"]
    assert catalog.find_role("Burner", "vault") is None
    assert catalog.find_role("Burner", "records", account) is None
    assert catalog.find_role("vault/Burner", "records", account) == account.roles["Burner"]
    assert catalog.find_role("Opener", "nowhere", account) is None
    assert {role.service for role in catalog.roles_named("Opener", account)} == {"vault", "records"}
    assert [role.service for role in catalog.roles_named("records/Opener", account)] == ["records"]
    assert catalog.roles_named("nowhere/Opener", account) == ()


def test_a_role_that_holds_a_guarded_action_is_assigned_by_name_only(
    catalog: Catalog, account: Account
) -> None:
    """Custom roles count as marked when only marked roles of the catalog hold one of their actions."""
    assert catalog.is_explicit(catalog["vault"].roles["Purger"])
    assert not catalog.is_explicit(catalog["vault"].roles["Opener"])
    assert catalog.is_explicit(account.roles["Burner"], account)
    assert not catalog.is_explicit(account.roles["Reader"], account)
    assert not catalog.is_explicit(account.roles["No Burner"], account)
    assert not catalog.is_explicit(Role("gone", "X", "service", (), custom=True))
    assert not catalog.is_explicit(Role("vault", "X", "service", (Right("vault", ("open",)),), custom=True))


def test_the_content_hash_tells_catalogs_apart(catalog: Catalog) -> None:
    """The order of the files does not matter; one changed word does."""
    assert len(catalog.content_hash) == 64
    assert parse_catalog({"b": VAULT, "a": IAM}).content_hash == catalog.content_hash
    changed = VAULT.replace("title: Vault", "title: Safe")
    assert parse_catalog({"iam.yaml": IAM, "vault.yaml": changed}).content_hash != catalog.content_hash


REFUSED = {
    "a right of an unknown service": (
        {"vault.yaml": VAULT},
        ["vault.yaml:14: unknown service `iam` at roles[2].rights[0].service\n  help: available: `vault`"],
    ),
    "a right that the other service does not have": (
        {"iam.yaml": IAM, "vault.yaml": VAULT.replace("iam.user.invite", "iam.user.invit")},
        [
            "vault.yaml:14: unknown action `iam.user.invit` at roles[2].rights[0].actions[0]\n"
            "  help: did you mean `iam.user.invite`?"
        ],
    ),
    "a service twice": (
        {"a.yaml": IAM, "b.yaml": IAM},
        ["b.yaml:2: duplicate service `iam` at name\n  help: it is in `a.yaml` too"],
    ),
    "another kind of document": (
        {"a.yaml": "kind: Policy\nname: x"},
        ["a.yaml:1: expected kind `Service`, got `Policy` at kind"],
    ),
    "errors in several files": (
        {"a.yaml": "kind: [", "b.yaml": "kind: Service\nname: x\ntitle: X"},
        [
            "a.yaml:2: broken YAML: did not find expected node content\n  help: while parsing a flow node",
            "b.yaml:1: missing field `actions`",
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_catalog_is_refused_with_all_its_findings(case: str) -> None:
    """Every finding of every file comes at once."""
    texts, expected = REFUSED[case]
    with pytest.raises(Invalid) as caught:
        parse_catalog(texts)
    assert [finding.format() for finding in caught.value.findings] == expected
