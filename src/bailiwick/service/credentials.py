"""API keys, under the name that others know them by; they live in service/keys."""

from __future__ import annotations

from bailiwick.model.security import MOST_KEYS
from bailiwick.service.keys.changing import delete_key, update_key
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.keys.making import create_key
from bailiwick.service.keys.reading import describe_key, list_keys, list_keys_of, read_key
from bailiwick.service.keys.records import owner_of
from bailiwick.service.keys.storing import MadeKey, NewKey

__all__ = [
    "MOST_KEYS",
    "MadeKey",
    "NewKey",
    "create_key",
    "delete_key",
    "describe_key",
    "exchange_key",
    "list_keys",
    "list_keys_of",
    "owner_of",
    "read_key",
    "update_key",
]
