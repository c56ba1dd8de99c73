"""The rows of one database into another: table by table, as a stream, in batches.

What a row holds is not looked at, but for what is encrypted: that is decrypted in any case, so that nothing is carried
that nobody can read, and encrypted anew where the target has another key.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, MetaData, Select, Table, func, insert, select

from bailiwick.errors import Unavailable
from bailiwick.store.sql.database import Database, stream
from bailiwick.store.sql.schema import answer, secret, setting
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, answer_purpose, secret_purpose
from bailiwick.store.vault import Vault

Row = dict[str, Any]


class Rows(NamedTuple):
    """How many rows has a table, and what is the hash of all of them?"""

    number: int
    digest: str


Carried = Mapping[str, Rows]
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

    def carry(self, tables: MetaData, source: Connection, target: Database) -> Carried:
        """Which rows of these tables came into the target? Each batch is committed by itself."""
        return {table.name: self._carry_table(table, source, target) for table in tables.sorted_tables}

    def _carry_table(self, table: Table, source: Connection, target: Database) -> Rows:
        total, seen = _count(source, table), _Seen()
        rows = stream(source, _in_order(table)).mappings()
        for some in rows.partitions():
            batch = list(self._changed(table, (dict(row) for row in some)))
            with target.writing() as connection:
                connection.execute(insert(table), batch)
            seen.add(batch)
            self._counted(table.name, seen.count, total)
        return seen.rows()

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


def _in_order(table: Table) -> Select[Any]:
    """In which order are rows carried and compared? By their keys, which every engine sorts by code point."""
    return select(table).order_by(*table.primary_key.columns)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


class _Seen:
    """How many rows were seen, and what they say."""

    def __init__(self) -> None:
        self.count = 0
        self._digest = sha256()

    def add(self, batch: Sequence[Row]) -> None:
        """These came next. WHY `repr`: it tells text from bytes and numbers, and is of one form for each value."""
        self.count += len(batch)
        for row in batch:
            self._digest.update(repr(sorted(row.items())).encode("utf-8", "surrogatepass"))

    def rows(self) -> Rows:
        """What was seen?"""
        return Rows(self.count, self._digest.hexdigest())


def check_rows(tables: MetaData, target: Connection, carried: Carried, counted: Counted) -> None:
    """Has every table of the target exactly the rows that were carried? Raises Unavailable."""
    for table in tables.sorted_tables:
        seen, wanted = _Seen(), carried[table.name]
        for some in stream(target, _in_order(table)).mappings().partitions():
            seen.add([dict(row) for row in some])
            counted(f"comparing {table.name}", seen.count, wanted.number)
        found = seen.rows()
        if found != wanted:
            how = (
                f"{found.number} rows, expected {wanted.number}"
                if found.number != wanted.number
                else "other rows"
            )
            raise Unavailable(
                f"table `{table.name}` of the copy has {how}", "begin the copy anew with `--again`"
            )
