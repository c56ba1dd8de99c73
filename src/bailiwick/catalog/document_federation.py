"""Documents of kinds IdentityProvider and FederationRule: to values and back.

Serves docs/spec.md section 32. A client secret is in no document: it is given apart and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from bailiwick.catalog.places import Path
from bailiwick.catalog.reading import Fields, is_text
from bailiwick.errors import Invalid
from bailiwick.model.federation import (
    CLAIM_OPERATORS,
    DEFAULT_HOURS,
    DEFAULT_SCOPES,
    EMAIL_CLAIM,
    MAXIMUM_AGE_MINUTES,
    MEMBERSHIP_HOURS,
    NAME_CLAIM,
    NEW_USERS,
    ClaimCondition,
    FederationRule,
    IdentityProvider,
)
from bailiwick.model.names import parse_group_reference, parse_name

PROVIDER_FIELDS = (
    "name", "title", "issuer", "client_id", "scopes", "name_claim", "email_claim", "new_users", "email_domains",
    "trusts_mfa", "maximum_age_minutes", "disabled", "description",
)  # fmt: skip
RULE_FIELDS = ("name", "provider", "conditions", "groups", "hours", "disabled", "description")
MOST_CONDITIONS, MOST_VALUES, MOST_GROUPS = 20, 100, 50
MOST_TITLE, MOST_ADDRESS, MOST_LOCATION, MOST_CLAIM = 100, 500, 2000, 200
_CONDITION_FIELDS = ("claim", "operator", "value")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}", re.ASCII)
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.ASCII
)


def parse_provider(fields: Fields, account: str) -> IdentityProvider:
    """Which identity provider is it?"""
    fields.require("name", "issuer", "client_id")
    return IdentityProvider(
        name=fields.parsed("name", parse_name) or "",
        issuer=fields.parsed("issuer", parse_issuer) or "",
        client_id=fields.text("client_id", most=MOST_ADDRESS),
        title=fields.text("title", most=MOST_TITLE),
        scopes=fields.parsed_items("scopes", _parse_scope) if fields.has("scopes") else DEFAULT_SCOPES,
        name_claim=fields.parsed("name_claim", _parse_claim) or NAME_CLAIM,
        email_claim=fields.parsed("email_claim", _parse_claim) or EMAIL_CLAIM,
        new_users=fields.choice("new_users", NEW_USERS, NEW_USERS[0]),
        email_domains=fields.parsed_items("email_domains", _parse_domain),
        trusts_mfa=fields.flag("trusts_mfa"),
        maximum_age_minutes=fields.integer("maximum_age_minutes", 0, *MAXIMUM_AGE_MINUTES),
        disabled=fields.flag("disabled"),
        description=fields.text("description"),
    )


def format_provider(provider: IdentityProvider) -> dict[str, object]:
    """Which fields parse to this identity provider?"""
    out: dict[str, object] = {"name": provider.name}
    if provider.title:
        out["title"] = provider.title
    out |= {"issuer": provider.issuer, "client_id": provider.client_id}
    if provider.scopes != DEFAULT_SCOPES:
        out["scopes"] = list(provider.scopes)
    if provider.name_claim != NAME_CLAIM:
        out["name_claim"] = provider.name_claim
    if provider.email_claim != EMAIL_CLAIM:
        out["email_claim"] = provider.email_claim
    if provider.new_users != NEW_USERS[0]:
        out["new_users"] = provider.new_users
    if provider.email_domains:
        out["email_domains"] = list(provider.email_domains)
    if provider.trusts_mfa:
        out["trusts_mfa"] = True
    if provider.maximum_age_minutes:
        out["maximum_age_minutes"] = provider.maximum_age_minutes
    if provider.disabled:
        out["disabled"] = True
    if provider.description:
        out["description"] = provider.description
    return out


def parse_rule(fields: Fields, account: str) -> FederationRule:
    """Which federation rule is it?"""
    fields.require("name", "provider", "groups")
    conditions: dict[ClaimCondition, None] = {}
    for item, path in fields.items("conditions", most=MOST_CONDITIONS):
        condition = _parse_condition(item, path, fields)
        if condition in conditions:
            fields.notes.add(path, "duplicate condition")
        elif condition is not None:
            conditions[condition] = None
    groups = fields.parsed_items("groups", parse_group_reference, most=MOST_GROUPS)
    if fields.data.get("groups") == []:
        fields.notes.add(fields.at("groups"), "the rule brings nobody anywhere", "name a group")
    return FederationRule(
        name=fields.parsed("name", parse_name) or "",
        provider=fields.parsed("provider", _parse_provider_name) or "",
        groups=groups,
        conditions=tuple(conditions),
        hours=fields.integer("hours", DEFAULT_HOURS, *MEMBERSHIP_HOURS),
        disabled=fields.flag("disabled"),
        description=fields.text("description"),
    )


def format_rule(rule: FederationRule) -> dict[str, object]:
    """Which fields parse to this federation rule?"""
    out: dict[str, object] = {"name": rule.name, "provider": rule.provider}
    if rule.conditions:
        out["conditions"] = [_format_condition(one) for one in rule.conditions]
    out |= {"groups": list(rule.groups), "hours": rule.hours}
    if rule.disabled:
        out["disabled"] = True
    if rule.description:
        out["description"] = rule.description
    return out


def parse_issuer(text: str, place: str) -> str:
    """Which issuer is it, exactly as it names itself? https, or http at a literal loopback address.

    Source: OpenID Connect Discovery 1.0, 3 (no query, no fragment) and 4.3 (compared exactly).
    """
    if len(text) > MOST_ADDRESS or any(odd in text for odd in "?#"):
        raise Invalid.at(
            place, f"`{text[:MOST_ADDRESS]}` is no issuer", "write https://host or https://host/path"
        )
    return parse_address(text, place)


def parse_address(text: str, place: str) -> str:
    """Which address of a provider is it? https, or http at a literal loopback address; no user and no fragment."""
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise Invalid.at(place, f"`{text[:MOST_ADDRESS]}` is no address") from None
    is_plain = text.isascii() and text.isprintable() and not any(odd in text for odd in " \\#@")
    if not (is_plain and has_port and parts.hostname and len(text) <= MOST_LOCATION):
        raise Invalid.at(
            place, f"`{text[:MOST_ADDRESS]}` is no address", "write https://host or https://host/path"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        help = "only a literal loopback address may be http"
        raise Invalid.at(place, f"`{text[:MOST_ADDRESS]}` is not reached by https", help)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse_provider_name(text: str, place: str) -> str:
    return parse_name(text, place, "identity provider")


def _parse_scope(text: str, place: str) -> str:
    if not _SCOPE.fullmatch(text):
        raise Invalid.at(place, f"`{text}` is no scope of OAuth", "scopes have no spaces and no quotes")
    return text


def _parse_claim(text: str, place: str) -> str:
    if not text or len(text) > MOST_CLAIM or not all(text.split(".")):
        raise Invalid.at(
            place, f"`{text}` names no claim", "write a name, or a path such as realm_access.roles"
        )
    return text


def _parse_domain(text: str, place: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise Invalid.at(place, f"`{text}` is no domain", "write it in small letters, as example.org")
    return text


def _parse_condition(item: object, path: Path, fields: Fields) -> ClaimCondition | None:
    before = len(fields.notes.findings)
    inner = Fields(item, path, fields.notes, _CONDITION_FIELDS)
    inner.require("claim", "operator", "value")
    claim = inner.parsed("claim", _parse_claim)
    operator = inner.choice("operator", CLAIM_OPERATORS, CLAIM_OPERATORS[0])
    written = inner.data.get("value")
    values: tuple[str, ...] = ()
    if operator == "IN":
        values = inner.parsed_items("value", lambda text, place: text, most=MOST_VALUES)
        if not values and inner.has("value"):
            inner.notes.add(inner.at("value"), "`IN` needs a list of values", "write value: [first, second]")
    elif isinstance(written, Mapping | list | tuple):
        inner.notes.add(inner.at("value"), f"`{operator}` compares with one text", "use IN for several")
    elif written is not None and is_text(written, inner.at("value"), inner.notes):
        values = (written,)
    if claim is None or len(fields.notes.findings) > before:
        return None
    return ClaimCondition(claim, operator, values)


def _format_condition(condition: ClaimCondition) -> dict[str, object]:
    value: object = list(condition.values) if condition.operator == "IN" else condition.values[0]
    return {"claim": condition.claim, "operator": condition.operator, "value": value}
