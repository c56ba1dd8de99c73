"""The rows of one database into another: table by table, as a stream, in batches.

What a row holds is not looked at, but for what is encrypted: that is decrypted in any case, so that nothing is carried
that nobody can read, and encrypted anew where the target has another key.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, select

from bailiwick.errors import Unavailable
from bailiwick.store.sql.database import Database, stream
from bailiwick.store.sql.schema import answer, secret, setting
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, answer_purpose, secret_purpose
from bailiwick.store.vault import Vault

Row = dict[str, Any]
Counted = Callable[[str, int, int], None]

_PURPOSES: Mapping[str, Callable[[Row], tuple[str, ...]]] = {
    secret.name: lambda row: secret_purpose(row["log"], row["name"], row["purpose"]),
    answer.name: lambda row: answer_purpose(row["log"], row["principal_uid"], row["idempotency_key"]),
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """Under which key of which vault is everything encrypted that comes into the target?"""

    vault: Vault
    key_id: str


class Carrier:
    """Carries rows; `new_key` is None where ciphertexts stay as they are."""

    def __init__(self, vault: Vault, new_key: NewKey | None, counted: Counted) -> None:
        self._vault = vault
        self._new_key = new_key
        self._counted = counted

    def carry(self, tables: MetaData, source: Connection, target: Database) -> int:
        """How many rows of these tables came into the target? Each batch is committed by itself."""
        return sum(self._carry_table(table, source, target) for table in tables.sorted_tables)

    def _carry_table(self, table: Table, source: Connection, target: Database) -> int:
        total, done = count_rows(source, table), 0
        rows = stream(source, select(table).order_by(*table.primary_key.columns)).mappings()
        for some in rows.partitions():
            batch = list(self._changed(table, (dict(row) for row in some)))
            with target.writing() as connection:
                connection.execute(insert(table), batch)
            done += len(batch)
            self._counted(table.name, done, total)
        return done

    def _changed(self, table: Table, rows: Iterator[Row]) -> Iterator[Row]:
        """Which rows does the target get for these?"""
        if table is setting and self._new_key is not None:
            key_id = self._new_key.key_id
            yield from (row | {"value": key_id} if row["name"] == MASTER_KEY_ID else row for row in rows)
        elif table.metadata is secret.metadata and table.name in _PURPOSES:
            yield from (self._resealed(row, _PURPOSES[table.name](row)) for row in rows)
        else:
            yield from rows

    def _resealed(self, row: Row, purpose: tuple[str, ...]) -> Row:
        """Which row has this one's secret, under the key of the target?"""
        value = self._vault.open(row["key_id"], purpose, row["ciphertext"])
        if self._new_key is None:
            return row
        sealed = self._new_key.vault.seal(self._new_key.key_id, purpose, value)
        return row | {"key_id": self._new_key.key_id, "ciphertext": sealed}


def count_rows(connection: Connection, table: Table) -> int:
    """How many rows has this table?"""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def check_counts(tables: MetaData, source: Connection, target: Connection) -> None:
    """Has every table of the target as many rows as the source's? Raises Unavailable."""
    for table in tables.sorted_tables:
        wanted, found = count_rows(source, table), count_rows(target, table)
        if wanted != found:
            raise Unavailable(
                f"table `{table.name}` of the copy has {found} rows, expected {wanted}",
                "begin the copy anew with `--again`",
            )
