"""Documents of kind SecuritySettings: to values and back.

Serves docs/spec.md section 24. An account has one such document, of a fixed name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.networks import (
    MAX_NETWORK_DESCRIPTION,
    MOST_NETWORKS,
    AllowedNetwork,
    NetworkPolicy,
    parse_allowed_network,
)
from bailiwick.model.security import (
    EVERYONE,
    GRANTED,
    KEY_NUMBERS,
    MAX_NOTICE_LENGTH,
    PASSWORD_NUMBERS,
    PROTECTION_NUMBERS,
    REFUSE,
    SECURITY_NAME,
    SELF_FLAGS,
    SESSION_NUMBERS,
    SIGN_IN_NUMBERS,
    STALENESS_NUMBERS,
    WHAT_THEN,
    WHO_MAKES,
    KeyPolicy,
    OperationProtection,
    PasswordPolicy,
    SecuritySettings,
    SelfPolicy,
    ServiceIdPolicy,
    SessionPolicy,
    SignInPolicy,
    StalenessPolicy,
    Whole,
)

SECURITY_FIELDS = (
    "name",
    "passwords",
    "sign_in",
    "require_second_factor",
    "operation_protection",
    "networks",
    "sessions",
    "keys",
    "service_ids",
    "may_change",
    "staleness",
)
_SURFACES = ("console", "api")
_PASSWORD_FIELDS = (*PASSWORD_NUMBERS, "name_refused")
_PROTECTION_FIELDS = ("enabled", *PROTECTION_NUMBERS)
_SIGN_IN_FIELDS = (*SIGN_IN_NUMBERS, "show_last_sign_in", "notice")


def parse_security(fields: Fields, account: str) -> SecuritySettings:
    """Which security settings are they?"""
    fields.parsed("name", _parse_security_name)
    passwords = _part(fields, "passwords", *_PASSWORD_FIELDS)
    sign_in = _part(fields, "sign_in", *_SIGN_IN_FIELDS)
    keys = _part(fields, "keys", "who_may_create", *KEY_NUMBERS)
    service_ids = _part(fields, "service_ids", "who_may_create")
    may_change = _part(fields, "may_change", *SELF_FLAGS)
    staleness = _part(fields, "staleness", *STALENESS_NUMBERS, "then")
    protection = _part(fields, "operation_protection", *_PROTECTION_FIELDS)
    return SecuritySettings(
        passwords=PasswordPolicy(
            **_numbers(passwords, PASSWORD_NUMBERS), name_refused=passwords.flag("name_refused", True)
        ),
        sign_in=SignInPolicy(
            **_numbers(sign_in, SIGN_IN_NUMBERS),
            show_last_sign_in=sign_in.flag("show_last_sign_in"),
            notice=sign_in.text("notice", most=MAX_NOTICE_LENGTH),
        ),
        require_second_factor=fields.flag("require_second_factor"),
        operation_protection=OperationProtection(
            enabled=protection.flag("enabled", True), **_numbers(protection, PROTECTION_NUMBERS)
        ),
        networks=parse_networks(_part(fields, "networks", *_SURFACES)),
        sessions=SessionPolicy(**_numbers(_part(fields, "sessions", *SESSION_NUMBERS), SESSION_NUMBERS)),
        keys=KeyPolicy(
            who_may_create=keys.choice("who_may_create", WHO_MAKES["keys"], EVERYONE),
            **_numbers(keys, KEY_NUMBERS),
        ),
        service_ids=ServiceIdPolicy(service_ids.choice("who_may_create", WHO_MAKES["service_ids"], GRANTED)),
        may_change=SelfPolicy(
            **{name: may_change.flag(name, getattr(SelfPolicy(), name)) for name in SELF_FLAGS}
        ),
        staleness=StalenessPolicy(
            **_numbers(staleness, STALENESS_NUMBERS), then=staleness.choice("then", WHAT_THEN, REFUSE)
        ),
    )


def parse_networks(fields: Fields) -> NetworkPolicy:
    """From where is the account reached?"""
    return NetworkPolicy(**{surface: _networks(fields, surface) for surface in _SURFACES})


def _networks(fields: Fields, surface: str) -> tuple[AllowedNetwork, ...]:
    found: dict[str, AllowedNetwork] = {}
    for item, path in fields.items(surface, most=MOST_NETWORKS):
        data = item if isinstance(item, Mapping) else {"network": item}
        one = Fields(data, path, fields.notes, ("network", "description"))
        one.require("network")
        network = one.parsed("network", parse_allowed_network)
        description = one.text("description", most=MAX_NETWORK_DESCRIPTION)
        if network is None:
            continue
        if network in found:
            fields.notes.add(path, f"duplicate `{network}`")
        found[network] = AllowedNetwork(network, description)
    return tuple(found.values())


def format_security(settings: SecuritySettings) -> dict[str, object]:
    """Which fields parse to these settings? All are written, so that what holds can be read off."""
    return {
        "name": settings.name,
        "passwords": {name: getattr(settings.passwords, name) for name in _PASSWORD_FIELDS},
        "sign_in": {name: getattr(settings.sign_in, name) for name in _SIGN_IN_FIELDS},
        "require_second_factor": settings.require_second_factor,
        "operation_protection": {
            name: getattr(settings.operation_protection, name) for name in _PROTECTION_FIELDS
        },
        "networks": {
            surface: [_format_network(one) for one in getattr(settings.networks, surface)]
            for surface in _SURFACES
        },
        "sessions": {name: getattr(settings.sessions, name) for name in SESSION_NUMBERS},
        "keys": {
            "who_may_create": settings.keys.who_may_create,
            **{name: getattr(settings.keys, name) for name in KEY_NUMBERS},
        },
        "service_ids": {"who_may_create": settings.service_ids.who_may_create},
        "may_change": {name: getattr(settings.may_change, name) for name in SELF_FLAGS},
        "staleness": {
            **{name: getattr(settings.staleness, name) for name in STALENESS_NUMBERS},
            "then": settings.staleness.then,
        },
    }


def _format_network(one: AllowedNetwork) -> dict[str, str]:
    described = {"description": one.description} if one.description else {}
    return {"network": one.network, **described}


def _part(fields: Fields, name: str, *known: str) -> Fields:
    return Fields(fields.data.get(name) or {}, fields.at(name), fields.notes, known)


def _numbers(fields: Fields, numbers: Mapping[str, Whole]) -> dict[str, Any]:
    return {name: fields.integer(name, one.default, one.least, one.most) for name, one in numbers.items()}


def _parse_security_name(text: str, place: str) -> str:
    if text != SECURITY_NAME:
        raise Invalid.at(
            place, f"`{text}` names no security settings", f"an account has one: `{SECURITY_NAME}`"
        )
    return text
