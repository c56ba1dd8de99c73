"""Secrets and kept answers as rows: encrypted on the way in, decrypted on the way out.

Works on a connection that the caller opened; the transaction is the caller's.
Implements docs/spec.md, section "Secrets at rest".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from bailiwick.errors import Conflict, NotFound, Unavailable
from bailiwick.store.canonical import format_instant, parse_instant
from bailiwick.store.chain import check_texts
from bailiwick.store.ports import SYSTEM_LOG, Answer, Secret, SecretChange, SecretDelete, SecretWrite
from bailiwick.store.sql.schema import answer, secret, setting
from bailiwick.store.vault import Vault

MASTER_KEY_ID = "master_key_id"
BATCH_ROWS = 500
_OF_MASTER_KEY = (setting.c.log == SYSTEM_LOG) & (setting.c.name == MASTER_KEY_ID)


def read_setting(connection: Connection, name: str) -> str:
    """What does this setting of the file say? Raises Unavailable."""
    value: str | None = connection.execute(
        select(setting.c.value).where((setting.c.log == SYSTEM_LOG) & (setting.c.name == name))
    ).scalar_one_or_none()
    if value is None:
        raise Unavailable(f"the store has no setting `{name}`", "restore it from the backup")
    return value


def _key_to_seal_under(connection: Connection) -> str:
    """Under which key is a value to be encrypted? It stays the current one until the transaction ends.

    INVARIANT: who seals holds the row, and a rotation waits for it; so nothing is ever committed under a key that a
    finished rotation removed, on whatever machine.
    """
    connection.execute(select(setting.c.name).where(_OF_MASTER_KEY).with_for_update(read=True))
    return read_setting(connection, MASTER_KEY_ID)


def write_setting(connection: Connection, name: str, value: str) -> None:
    """Let this setting say that."""
    connection.execute(delete(setting).where((setting.c.log == SYSTEM_LOG) & (setting.c.name == name)))
    connection.execute(insert(setting).values(log=SYSTEM_LOG, name=name, value=value))


class SecretRows:
    """The secret and idempotency tables, under the keys of a vault."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def write(self, connection: Connection, log: str, revision: int, changes: Sequence[SecretChange]) -> None:
        """Write and delete these secrets."""
        if not changes:
            return
        key_id = _key_to_seal_under(connection)
        for change in changes:
            if isinstance(change, SecretDelete):
                self._delete(connection, log, change)
            else:
                self._replace(connection, log, revision, change, key_id)

    def _delete(self, connection: Connection, log: str, change: SecretDelete) -> None:
        """Remove this secret; it must exist, for a typing error here would leave a credential alive."""
        where = (secret.c.log == log) & (secret.c.name == change.name)
        if connection.execute(delete(secret).where(where)).rowcount != 1:
            raise secret_missing(change.name)

    def _replace(
        self, connection: Connection, log: str, revision: int, change: SecretWrite, key_id: str
    ) -> None:
        """Write this secret, in place of one with its name."""
        check_texts((("name", change.name), ("purpose", change.purpose)))
        sealed = self.vault.seal(key_id, secret_purpose(log, change.name, change.purpose), change.value)
        connection.execute(delete(secret).where((secret.c.log == log) & (secret.c.name == change.name)))
        connection.execute(
            insert(secret).values(
                log=log,
                name=change.name,
                purpose=change.purpose,
                key_id=key_id,
                ciphertext=sealed,
                revision=revision,
            )
        )

    def find(self, connection: Connection, log: str, name: str) -> Secret | None:
        """What is kept under this name?"""
        where = (secret.c.log == log) & (secret.c.name == name)
        return next(self._read(connection, where), None)

    def list_for(self, connection: Connection, log: str, purpose: str) -> tuple[Secret, ...]:
        """Which secrets are kept for this purpose, sorted by name?"""
        return tuple(self._read(connection, (secret.c.log == log) & (secret.c.purpose == purpose)))

    def _read(self, connection: Connection, where: ColumnElement[bool]) -> Iterator[Secret]:
        """Which secrets match, decrypted?"""
        for row in connection.execute(select(secret).where(where).order_by(secret.c.name)):
            context = secret_purpose(row.log, row.name, row.purpose)
            value = self.vault.open(row.key_id, context, row.ciphertext)
            yield Secret(row.name, row.purpose, value, row.revision)

    def find_damaged(self, connection: Connection, log: str) -> Iterator[str]:
        """Which secrets of this log do not decrypt?"""
        for row in connection.execute(select(secret).where(secret.c.log == log).order_by(secret.c.name)):
            try:
                self.vault.open(row.key_id, secret_purpose(log, row.name, row.purpose), row.ciphertext)
            except Unavailable:
                yield row.name

    def keep_answer(self, connection: Connection, log: str, kept: Answer) -> None:
        """Keep this answer with the log whose change it tells of."""
        key_id = _key_to_seal_under(connection)
        context = answer_purpose(log, kept.principal_uid, kept.key)
        connection.execute(
            insert(answer).values(
                log=log,
                principal_uid=kept.principal_uid,
                idempotency_key=kept.key,
                request_digest=kept.request_digest,
                status=kept.status,
                key_id=key_id,
                ciphertext=self.vault.seal(key_id, context, kept.body),
                at=format_instant(kept.at),
            )
        )

    def find_answer(self, connection: Connection, log: str, principal_uid: str, key: str) -> Answer | None:
        """What was answered to this principal's request on this log with this key?"""
        where = (answer.c.log == log) & (answer.c.principal_uid == principal_uid)
        where &= answer.c.idempotency_key == key
        row = connection.execute(select(answer).where(where)).one_or_none()
        if row is None:
            return None
        value = self.vault.open(row.key_id, answer_purpose(log, principal_uid, key), row.ciphertext)
        return Answer(principal_uid, key, row.request_digest, row.status, value, parse_instant(row.at))

    def make_current(self, connection: Connection, key_id: str) -> None:
        """Let everything be sealed under this key from now on. Who seals under another one is waited for."""
        # WHY an update: who waits for this row finds it changed, where one deleted and written anew would be gone.
        connection.execute(update(setting).where(_OF_MASTER_KEY).values(value=key_id))

    def reencrypt(self, connection: Connection, key_id: str) -> bool:
        """Bring some rows under this key, the current one: were there any? Who seals meanwhile waits. Raises Conflict.

        INVARIANT: who writes or deletes a secret holds the setting's row, so no row read here is written over.
        """
        connection.execute(select(setting.c.name).where(_OF_MASTER_KEY).with_for_update())
        if read_setting(connection, MASTER_KEY_ID) != key_id:
            raise Conflict("another master key is in use by now", "see `bailiwick master-key list`")
        return self._reencrypt_secrets(connection, key_id) or self._reencrypt_answers(connection, key_id)

    def _reencrypt_secrets(self, connection: Connection, key_id: str) -> bool:
        rows = connection.execute(select(secret).where(secret.c.key_id != key_id).limit(BATCH_ROWS)).all()
        for row in rows:
            context = secret_purpose(row.log, row.name, row.purpose)
            where = (secret.c.log == row.log) & (secret.c.name == row.name)
            sealed = self._reseal(row.key_id, key_id, context, row.ciphertext)
            connection.execute(update(secret).where(where).values(key_id=key_id, ciphertext=sealed))
        return bool(rows)

    def _reencrypt_answers(self, connection: Connection, key_id: str) -> bool:
        rows = connection.execute(select(answer).where(answer.c.key_id != key_id).limit(BATCH_ROWS)).all()
        for row in rows:
            context = answer_purpose(row.log, row.principal_uid, row.idempotency_key)
            where = (
                (answer.c.log == row.log)
                & (answer.c.principal_uid == row.principal_uid)
                & (answer.c.idempotency_key == row.idempotency_key)
            )
            sealed = self._reseal(row.key_id, key_id, context, row.ciphertext)
            connection.execute(update(answer).where(where).values(key_id=key_id, ciphertext=sealed))
        return bool(rows)

    def count_by_key(self, connection: Connection) -> Counter[str]:
        """How many secrets and kept answers are under each key?"""
        counts: Counter[str] = Counter()
        for table in (secret, answer):
            of_key = select(table.c.key_id, func.count()).group_by(table.c.key_id)
            for key_id, count in connection.execute(of_key):
                counts[key_id] += count
        return counts

    def _reseal(self, old_id: str, new_id: str, context: tuple[str, ...], sealed: bytes) -> bytes:
        """What is this ciphertext under the new key?"""
        return self.vault.seal(new_id, context, self.vault.open(old_id, context, sealed))


def secret_purpose(log: str, name: str, purpose: str) -> tuple[str, ...]:
    """Which words bind a ciphertext to its secret's row?"""
    return ("secret", log, name, purpose)


def answer_purpose(log: str, principal_uid: str, key: str) -> tuple[str, ...]:
    """Which words bind a ciphertext to its answer's row?"""
    return ("answer", log, principal_uid, key)


def secret_missing(name: str) -> NotFound:
    """Which error says that there is no such secret?"""
    return NotFound(f"there is no secret `{name}`")
