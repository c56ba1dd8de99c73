"""How the master key is turned: a new key is added to the file, brought to every node, used, and the old one dropped.

Each step may be broken off and done again. Between any two of them every node reads and writes every secret that it
has the keys for, so whoever brings the file to all nodes before `use` loses nothing.
Implements docs/spec.md, section "Secrets at rest".
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bailiwick.errors import Conflict, NotFound
from bailiwick.store.sql.database import Database
from bailiwick.store.sql.secret_rows import MASTER_KEY_ID, SecretRows, read_setting

_TURNING = "rotating the master key"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One key, by its id: is it the one that seals, is it in this machine's file, and how much is under it?"""

    key_id: str
    is_current: bool
    is_here: bool
    rows: int


class MasterKeys:
    """The master keys of one store, seen from one machine. `locked`: who else here changes them waits."""

    def __init__(
        self, database: Database, secrets: SecretRows, locked: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._locked = locked

    def list(self) -> tuple[MasterKey, ...]:
        """Which keys are in the file or in use, in the order of the file?"""
        with self._database.reading() as connection:
            current = read_setting(connection, MASTER_KEY_ID)
            counts = self._secrets.count_by_key(connection)
        here = self._secrets.vault.list_keys()
        elsewhere = sorted({current, *counts} - set(here))
        return tuple(
            MasterKey(key_id, key_id == current, key_id in here, counts[key_id])
            for key_id in (*here, *elsewhere)
        )

    def add(self) -> str:
        """Which new key is in the file now? Nothing is under it yet."""
        with self._locked():
            with self._database.reading() as connection:
                self._database.require_own(connection, _TURNING)
            return self._secrets.vault.add_key()

    def use(self, key_id: str) -> None:
        """Let all secrets be under this key, those that come too. Raises NotFound where the file does not have it.

        In short transactions: who seals a secret waits for one of them at most.
        """
        with self._locked():
            if key_id not in self._secrets.vault.list_keys():
                raise NotFound(
                    f"master key `{key_id}` is not in the file", "add one, or see `bailiwick master-key list`"
                )
            with self._database.writing() as connection:
                self._database.require_own(connection, _TURNING)
                self._secrets.make_current(connection, key_id)
            while self._reencrypt(key_id):
                pass
        self._database.forget_overwritten()

    def _reencrypt(self, key_id: str) -> bool:
        with self._database.writing() as connection:
            self._database.require_own(connection, _TURNING)
            return self._secrets.reencrypt(connection, key_id)

    def drop(self) -> tuple[str, ...]:
        """Which keys have gone from the file: all but the one in use? Raises Conflict where another is still needed."""
        with self._locked():
            keys = self.list()
            for key in keys:
                if key.rows and not key.is_current:
                    raise Conflict(
                        f"{key.rows} secrets are still under master key `{key.key_id}`",
                        "bring them under the current one by `bailiwick master-key use`",
                    )
            [current] = [key.key_id for key in keys if key.is_current]
            self._secrets.vault.drop_keys_but(current)
        return tuple(key.key_id for key in keys if key.is_here and not key.is_current)
