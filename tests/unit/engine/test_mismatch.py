"""What explanations say of conditions that do not hold."""

from __future__ import annotations

import pytest

from bailiwick.engine.facts import Facts
from bailiwick.engine.mismatch import condition_mismatch
from bailiwick.engine.resources import NOWHERE
from bailiwick.model.conditions import parse_condition

MFA = {"key": "context.mfa", "operator": "bool-equals", "value": True}
IP = {"key": "context.ip", "operator": "ip-in", "value": ["10.0.0.0/8", "192.168.0.0/16"]}
OWN = {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}}
GRANT = {"key": "grant.subject", "operator": "string-equals", "value": "group:dev"}


@pytest.mark.parametrize(
    ("condition", "context", "text"),
    [
        (
            MFA,
            {},
            "its condition wants context.mfa bool-equals true and the request does not say context.mfa",
        ),
        (MFA, {"mfa": False}, "its condition wants context.mfa bool-equals true and it is false"),
        (
            {"all": [MFA, IP]},
            {"mfa": True, "ip": "8.8.8.8"},
            "its condition wants context.ip ip-in 10.0.0.0/8, 192.168.0.0/16 and it is 8.8.8.8",
        ),
        (
            {"any": [OWN]},
            {},
            "its condition wants resource.owner string-equals as principal.id"
            " and the request does not say resource.owner",
        ),
        (
            GRANT,
            {},
            "its condition wants grant.subject string-equals group:dev and there is no grant.subject",
        ),
        ({"not": MFA}, {"mfa": True}, "its condition is not met"),
        ({"any": [MFA, IP]}, {}, "its condition is not met"),
    ],
)
def test_a_condition_that_does_not_hold_is_named(
    condition: dict[str, object], context: dict[str, str | bool], text: str
) -> None:
    """The comparison that stands in the way is named, with what it wants and what was said."""
    facts = Facts("user:alice", (), (), {}, {}, NOWHERE, {}, context, "acme", None)
    assert condition_mismatch(parse_condition(condition), facts) == text
