"""Finding who shows a credential: by one look-up, in every account that has the value, loading no other."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import START, install

from bailiwick.authn.keys import GeneratedKey, find_key_prefix, hash_api_key
from bailiwick.errors import Unauthenticated
from bailiwick.service.initial import create_account
from bailiwick.service.locating import locate
from bailiwick.store.ports import SYSTEM_LOG


def test_two_accounts_with_one_prefix_both_get_in() -> None:
    """The visible part is short: each key is tried, and opens its own account."""
    acme = install()
    prefix = str(find_key_prefix(acme.owner_key))
    text = f"{prefix}_{'A' * 43}"
    other = GeneratedKey(text=text, prefix=prefix, secret_hash=hash_api_key(text))
    create_account(acme.store, "globex", "owner", "owner@globex.example", START, other)
    sessions = [acme.host.authenticator.session_of_key(key)[0].account for key in (acme.owner_key, text)]
    assert sessions == ["acme", "globex"]
    with pytest.raises(Unauthenticated):
        acme.host.authenticator.session_of_key(f"{prefix}_{'B' * 43}")


def test_an_unknown_key_loads_no_account() -> None:
    """However many accounts there are, a stranger's guess costs one look-up."""
    acme = install()
    host = acme.another_host()
    with pytest.raises(Unauthenticated):
        host.authenticator.session_of_key(f"bwk_aaaaaaaa_{'B' * 43}")
    assert host.held.names() == []


def test_a_rotated_key_is_found_by_both_prefixes() -> None:
    """The old text works during the overlap."""
    document = {"prefix": "bwk_new", "earlier": {"prefix": "bwk_old", "until": "x"}}
    assert locate("ApiKey", "key-1", document) == ["bwk_new", "bwk_old"]
    assert locate("User", "user-1", {"prefix": "bwk_new"}) == ()
    assert install().store.verify(SYSTEM_LOG).ok
