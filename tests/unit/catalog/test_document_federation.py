"""Documents of kinds IdentityProvider and FederationRule: read and written, with every finding at its place."""

from __future__ import annotations

from typing import Any

import pytest

from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Invalid
from bailiwick.model.federation import ClaimCondition, FederationRule, IdentityProvider

SMALL = {
    "kind": "IdentityProvider",
    "name": "sso",
    "issuer": "https://sso.example/realms/a",
    "client_id": "c",
}
RULE = {"kind": "FederationRule", "name": "staff", "provider": "sso", "groups": ["group:readers"]}


@pytest.mark.parametrize(
    "value",
    [
        IdentityProvider("sso", "https://sso.example", "c"),
        IdentityProvider(
            name="sso",
            issuer="http://127.0.0.1:8080",
            client_id="c",
            title="Company",
            scopes=("openid", "groups"),
            name_claim="upn",
            email_claim="mail.primary",
            new_users="create",
            email_domains=("acme.example",),
            trusts_mfa=True,
            disabled=True,
            description="ours",
        ),
        FederationRule("staff", "sso", ("group:readers",)),
        FederationRule(
            name="staff",
            provider="sso",
            groups=("group:readers", "group:writers"),
            conditions=(
                ClaimCondition("realm_access.roles", "CONTAINS", ("dev",)),
                ClaimCondition("department", "IN", ("a", "b")),
            ),
            hours=8,
            disabled=True,
            description="why",
        ),
    ],
)
def test_what_is_written_parses_to_the_same(value: IdentityProvider | FederationRule) -> None:
    """Both kinds, with all that they can say and with as little."""
    kind = type(value).__name__
    assert parse_document(format_document(kind, value, "acme"), "acme") == (kind, value)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://sso.example",
        "http://localhost:8080",
        "https://sso.example?tenant=a",
        "https://sso.example#top",
        "https://user@sso.example",
        "https://",
        "https://sso.example:99999",
        "ftp://sso.example",
        "sso.example",
        "https://sso.example/a b",
        "https://sso.example\\@evil.example",
        "https://ssö.example",
    ],
)
def test_an_issuer_is_an_address_of_https_and_nothing_besides(issuer: str) -> None:
    """No query, no fragment, no user, no name that resolves to loopback; http only at a literal loopback address."""
    with pytest.raises(Invalid) as caught:
        parse_document({**SMALL, "issuer": issuer}, "acme")
    assert [one.place for one in caught.value.findings] == ["issuer"]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"operator": "LIKE"}, "conditions[0].operator"),
        ({"operator": "IN", "value": "dev"}, "conditions[0].value"),
        ({"operator": "IN", "value": []}, "conditions[0].value"),
        ({"operator": "CONTAINS", "value": ["dev"]}, "conditions[0].value"),
        ({"value": True}, "conditions[0].value"),
        ({"claim": "a..b"}, "conditions[0].claim"),
        ({"claims": "a"}, "conditions[0].claims"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(said: dict[str, Any], place: str) -> None:
    """An operator there is not, a list where one text is compared, a text where a list is, a path with a hole."""
    condition = {"claim": "groups", "operator": "EQUALS", "value": "dev", **said}
    with pytest.raises(Invalid) as caught:
        parse_document({**RULE, "conditions": [condition]}, "acme")
    assert place in {one.place for one in caught.value.findings}


@pytest.mark.parametrize(
    "said", [{"groups": []}, {"groups": ["readers"]}, {"hours": 0}, {"hours": 721}, {"provider": "a/b"}]
)
def test_a_rule_says_whom_it_brings_where_and_for_how_long(said: dict[str, Any]) -> None:
    """A rule without a group, of a user, without end or of no provider is none."""
    with pytest.raises(Invalid):
        parse_document({**RULE, **said}, "acme")
