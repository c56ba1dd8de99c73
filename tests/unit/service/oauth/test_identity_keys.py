"""Keys for ID tokens: the first is made when it is needed; they turn, and every process knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.authn.oauth.identity_keys import IdentityKey, generate_identity_key
from bailiwick.service.oauth.identity_keys import rotate_identity_key
from bailiwick.store.ports import SYSTEM_LOG


def test_the_first_key_is_made_when_it_is_needed(acme: Installation) -> None:
    """Until then none is published; then every process signs with the same one."""
    other = acme.another_host()
    assert acme.host.identity_keys.trusted() == ()
    key = acme.host.identity_keys.signing()
    assert other.identity_keys.signing() == key
    assert [one.kid for one in other.identity_keys.trusted()] == [key.kid]


def test_several_at_once_make_one(on_disk: Installation) -> None:
    """Whoever comes second takes the first one's."""
    hosts = [on_disk.another_host() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        kids = {key.kid for key in pool.map(lambda host: host.identity_keys.signing(), hosts)}
    assert len(kids) == 1


def test_an_old_key_is_believed_for_a_day(acme: Installation) -> None:
    """It signs no more, and its private half is gone."""
    old = acme.host.identity_keys.signing()
    new = rotate_identity_key(acme.store, acme.host.at(), "system")
    other = acme.another_host()
    assert other.identity_keys.signing().kid == new.kid != old.kid
    assert [one.kid for one in other.identity_keys.trusted()] == [new.kid, old.kid]
    assert acme.store.find_secret(SYSTEM_LOG, old.kid) is None
    acme.clock.seconds += 86_400
    assert [one.kid for one in acme.host.identity_keys.trusted()] == [new.kid]
    third = rotate_identity_key(acme.store, acme.host.at(), "system")
    assert [one.kid for one in acme.host.identity_keys.trusted()] == [third.kid, new.kid]


def test_a_leaked_key_is_believed_no_longer(acme: Installation) -> None:
    """In no process."""
    other = acme.another_host()
    leaked = other.identity_keys.signing()
    new = rotate_identity_key(acme.store, acme.host.at(), "system", leaked=True)
    assert [one.kid for one in other.identity_keys.trusted()] == [new.kid] != [leaked.kid]


def test_the_log_holds_no_private_half(acme: Installation) -> None:
    """Only the secrets do."""
    acme.host.identity_keys.signing()
    assert all("PRIVATE" not in str(one.document) for one in acme.store.load(SYSTEM_LOG)[1])
    assert acme.store.verify(SYSTEM_LOG).ok


def test_the_store_in_between_is_looked_at_again(acme: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that another process made while this one was being made is taken."""
    make, other = generate_identity_key, acme.another_host()

    def late(now: datetime) -> IdentityKey:
        monkeypatch.setattr("bailiwick.service.oauth.identity_keys.generate_identity_key", make)
        other.identity_keys.signing()
        return make(now)

    monkeypatch.setattr("bailiwick.service.oauth.identity_keys.generate_identity_key", late)
    assert acme.host.identity_keys.signing() == other.identity_keys.signing()
