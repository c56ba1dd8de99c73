"""Documents of kind SecuritySettings: to values and back.

Serves docs/spec.md section 24. An account has one such document, of a fixed name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bailiwick.catalog.reading import Fields
from bailiwick.errors import Invalid
from bailiwick.model.security import (
    MAX_NOTICE_LENGTH,
    PASSWORD_NUMBERS,
    PROTECTION_NUMBERS,
    SECURITY_NAME,
    SIGN_IN_NUMBERS,
    OperationProtection,
    PasswordPolicy,
    SecuritySettings,
    SignInPolicy,
    Whole,
)

SECURITY_FIELDS = ("name", "passwords", "sign_in", "require_second_factor", "operation_protection")
_PASSWORD_FIELDS = (*PASSWORD_NUMBERS, "name_refused")
_PROTECTION_FIELDS = ("enabled", *PROTECTION_NUMBERS)
_SIGN_IN_FIELDS = (*SIGN_IN_NUMBERS, "show_last_sign_in", "notice")


def parse_security(fields: Fields, account: str) -> SecuritySettings:
    """Which security settings are they?"""
    fields.parsed("name", _parse_security_name)
    passwords = Fields(
        fields.data.get("passwords") or {}, fields.at("passwords"), fields.notes, _PASSWORD_FIELDS
    )
    sign_in = Fields(fields.data.get("sign_in") or {}, fields.at("sign_in"), fields.notes, _SIGN_IN_FIELDS)
    protection = Fields(
        fields.data.get("operation_protection") or {},
        fields.at("operation_protection"),
        fields.notes,
        _PROTECTION_FIELDS,
    )
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
    )


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
    }


def _numbers(fields: Fields, numbers: Mapping[str, Whole]) -> dict[str, Any]:
    return {name: fields.integer(name, one.default, one.least, one.most) for name, one in numbers.items()}


def _parse_security_name(text: str, place: str) -> str:
    if text != SECURITY_NAME:
        raise Invalid.at(
            place, f"`{text}` names no security settings", f"an account has one: `{SECURITY_NAME}`"
        )
    return text
