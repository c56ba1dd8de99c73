"""A small service as a document, changes to it, and what is wrong with the result."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from bailiwick.catalog.entries import parse_service
from bailiwick.errors import Invalid

SMALL: dict[str, Any] = {
    "kind": "Service",
    "name": "records",
    "title": "Records",
    "resource_types": {"shelf": None, "record": {"parents": ["shelf"], "inherits": ["project"]}},
    "qualifiers": [
        {
            "name": "mine",
            "when": {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}},
        }
    ],
    "actions": [
        {"id": "records.list", "access": "list"},
        {"id": "records.read", "title": "Read", "resource_type": "record", "access": "read"},
        {"id": "records.write", "resource_type": "record", "access": "write", "requires": ["records.read"]},
        {"id": "records.keep", "resource_type": "shelf", "access": "delete"},
    ],
    "operations": [
        {
            "id": "copy",
            "kind": "command",
            "actions": [{"action": "records.read", "on": "source"}, {"action": "records.write"}],
        }
    ],
    "roles": [
        {"name": "Reader", "kind": "service", "rights": [{"actions": ["records.read"], "qualifier": "mine"}]}
    ],
}

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    """The small service after this change."""
    data = deepcopy(SMALL)
    change(data)
    return data


def findings_of(data: dict[str, Any], account: str | None = None) -> list[str]:
    """What is wrong with this document, as a person reads it?"""
    with pytest.raises(Invalid) as caught:
        parse_service(data, account=account)
    return [finding.format() for finding in caught.value.findings]
