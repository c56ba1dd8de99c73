"""Documents of kind SecuritySettings: read and written, with every finding at its place."""

from __future__ import annotations

import pytest

from bailiwick.catalog.documents import format_document, parse_document
from bailiwick.errors import Invalid
from bailiwick.model.security import DEFAULT_SECURITY, PasswordPolicy, SecuritySettings, SignInPolicy


def test_an_empty_document_is_the_defaults() -> None:
    """And what is written parses to the same."""
    assert parse_document({"kind": "SecuritySettings"}, "acme") == ("SecuritySettings", DEFAULT_SECURITY)
    settings = SecuritySettings(
        passwords=PasswordPolicy(3, 12, 2, 5, False, 90, 30),
        sign_in=SignInPolicy(30, 600, 4, 20, 20, 60, True, "Friday"),
        require_second_factor=True,
    )
    for value in (settings, DEFAULT_SECURITY):
        written = format_document("SecuritySettings", value, "acme")
        assert parse_document(written, "acme") == ("SecuritySettings", value)


def test_everything_that_is_wrong_is_said() -> None:
    """Ranges, unknown fields, another name, what is no mapping."""
    with pytest.raises(Invalid) as caught:
        parse_document(
            {
                "kind": "SecuritySettings",
                "name": "mine",
                "passwords": {"minimum_length": 5, "colour": "red"},
                "sign_in": {"idle_minutes": 1441, "notice": 3},
                "require_second_factor": "yes",
            },
            "acme",
        )
    assert {one.place for one in caught.value.findings} == {
        "name",
        "passwords.colour",
        "passwords.minimum_length",
        "sign_in.idle_minutes",
        "sign_in.notice",
        "require_second_factor",
    }
    with pytest.raises(Invalid):
        parse_document({"kind": "SecuritySettings", "passwords": [1]}, "acme")
