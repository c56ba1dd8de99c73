"""Authentication: what is remembered of a token holds no longer than the keys that made it believable."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.authn.signing import KeyPurpose
from bailiwick.errors import Unauthenticated
from bailiwick.service.keyring import rotate
from bailiwick.service.keys.exchanging import exchange_key


def test_the_first_use_after_a_leaked_key_is_refused(acme: Installation) -> None:
    """A token that this process has believed before is refused at once when the key that signed it leaked."""
    token = exchange_key(acme.host, acme.owner_key).text
    assert acme.host.authenticator.session_of_token(token).principal == "user:owner"
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system", leaked=True)
    with pytest.raises(Unauthenticated):
        acme.host.authenticator.session_of_token(token)


def test_an_ordinary_rotation_lets_tokens_live(acme: Installation) -> None:
    """A key that only retires still verifies what it signed."""
    token = exchange_key(acme.host, acme.owner_key).text
    assert acme.host.authenticator.session_of_token(token).principal == "user:owner"
    acme.clock.seconds += 25 * 3600
    token = exchange_key(acme.host, acme.owner_key).text
    assert acme.host.authenticator.session_of_token(token).principal == "user:owner"
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system")
    assert acme.host.authenticator.session_of_token(token).principal == "user:owner"


def test_a_rotation_is_not_lost_to_a_change_of_the_account(acme: Installation) -> None:
    """A process that reads its account anew takes in a rotation of signing keys too."""
    token = exchange_key(acme.host, acme.owner_key).text
    assert acme.host.authenticator.session_of_token(token).principal == "user:owner"
    rotate(acme.store, KeyPurpose.ACCESS, acme.host.at(), "system", leaked=True)
    acme.host.refresh("acme")
    with pytest.raises(Unauthenticated):
        acme.host.authenticator.session_of_token(token)
