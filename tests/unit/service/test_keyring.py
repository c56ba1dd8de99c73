"""Signing keys are read anew when they may be others, and only then."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.authn.signing import KeyPurpose
from bailiwick.service import keyring
from bailiwick.service.initial import create_account
from bailiwick.service.keyring import have_keys_moved, rotate
from bailiwick.store.ports import SYSTEM_LOG, Head


def test_a_new_account_moves_no_key(acme: Installation) -> None:
    """Though it is what the system's log says; another process believes the same tokens as before."""
    other, since = acme.another_host(), acme.store.head(SYSTEM_LOG)
    keys = other.key_set(KeyPurpose.ACCESS)
    create_account(acme.store, "more", "owner", "owner@more.example", START)
    assert not have_keys_moved(acme.store, since)
    assert other.key_set(KeyPurpose.ACCESS) is keys
    assert other.system_head() == acme.store.head(SYSTEM_LOG)


def test_a_rotation_moves_them(acme: Installation) -> None:
    """Even among new accounts; one that leaked is believed by nobody any more."""
    other, since = acme.another_host(), acme.store.head(SYSTEM_LOG)
    leaked = other.key_set(KeyPurpose.ACCESS).current().kid
    create_account(acme.store, "more", "owner", "owner@more.example", START)
    rotate(acme.store, KeyPurpose.ACCESS, START, "u-root", leaked=True)
    create_account(acme.store, "yet-more", "owner", "owner@more.example", START)
    assert have_keys_moved(acme.store, since)
    assert leaked not in {key.kid for key in other.key_set(KeyPurpose.ACCESS).keys if key.private_pem}
    assert other.key_set(KeyPurpose.ACCESS).current().kid != leaked


def test_where_it_cannot_be_told_they_may_have_moved(
    acme: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost history, one that is longer than the store's, and more changes than are looked at."""
    now = acme.store.head(SYSTEM_LOG)
    assert have_keys_moved(acme.store, Head(SYSTEM_LOG, now.revision, "0" * 64))
    assert have_keys_moved(acme.store, Head(SYSTEM_LOG, now.revision + 9, "0" * 64))
    monkeypatch.setattr(keyring, "MOST_ROWS", 2)
    create_account(acme.store, "more", "owner", "owner@more.example", START)
    assert not have_keys_moved(acme.store, now)
    create_account(acme.store, "yet-more", "owner", "owner@more.example", START)
    assert have_keys_moved(acme.store, now)
