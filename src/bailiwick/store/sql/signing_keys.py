"""Which key signs heads: the one passed in, else the store's own, an encrypted secret of the system log.

SECURITY: what is trusted to verify comes from the encrypted secrets and not from the public
documents in the system log, so writing to the database does not add a trusted key.
Implements docs/spec.md, section "The change log".
"""

from __future__ import annotations

from sqlalchemy import Connection

from bailiwick.errors import Unavailable
from bailiwick.store.ports import SYSTEM_LOG, Signer
from bailiwick.store.signing import PRIVATE_PURPOSE, RETIRED_PURPOSE, Ed25519Signer
from bailiwick.store.sql.secret_rows import SecretRows, read_setting

SIGNING_KEY_ID = "signing_key_id"


class SigningKeys:
    """The signer of a store, looked up again when another process rotated it."""

    def __init__(self, secrets: SecretRows, given: Signer | None) -> None:
        self._secrets = secrets
        self._given = given
        self._own: Signer | None = None

    @property
    def owns_signer(self) -> bool:
        """Are the keys the store's own?"""
        return self._given is None

    def signer(self, connection: Connection) -> Signer:
        """Which signer is the store's now? Raises Unavailable."""
        expected = read_setting(connection, SIGNING_KEY_ID)
        if self._given is not None:
            return _checked(self._given, expected)
        if self._own is None or self._own.key_id != expected:
            self._own = self._load(connection, expected)
        return self._own

    def _load(self, connection: Connection, key_id: str) -> Signer:
        """Which signer do the secrets hold?"""
        found = self._secrets.find(connection, SYSTEM_LOG, key_id)
        if found is None or found.purpose != PRIVATE_PURPOSE:
            raise Unavailable(
                f"the store does not hold signing key `{key_id}`",
                "open it with the signer that it was created with, or restore it from the backup",
            )
        retired = self._secrets.list_for(connection, SYSTEM_LOG, RETIRED_PURPOSE)
        return Ed25519Signer(found.value, [key.value for key in retired])


def _checked(given: Signer, expected: str) -> Signer:
    """Is this the signer that the store was created with?"""
    if given.key_id != expected:
        raise Unavailable(
            f"the signer has key `{given.key_id}`, the store is signed with `{expected}`",
            "pass the signer that the store was created with",
        )
    return given
