"""Where a store is: a data directory, or a PostgreSQL database with the file of its master keys.

Opens nothing.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from bailiwick.errors import Invalid, NotFound
from bailiwick.store.secret_files import check_secret_file
from bailiwick.store.sql.postgresql import parse_url

_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database, and the file of the keys under which its secrets are encrypted. Shown without its password."""

    url: URL = field(repr=False)
    master_key: Path

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def check_key(self) -> None:
        """Is the key file there, and can nobody read it who should not? Raises NotFound, Unavailable."""
        if not self.master_key.exists():
            raise NotFound(
                f"there is no key file `{self.master_key}`",
                "put the file of this store's master keys there, or name it by --master-key",
            )
        check_secret_file(self.master_key, "the master keys")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Who else on this machine creates the store or rotates its keys waits."""
        handle = self._open_lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        """Which open file is locked?

        WHY the key file where none can be made beside it, as with a container's secrets: nobody replaces it there.
        """
        beside = self.master_key.with_name(self.master_key.name + ".lock")
        try:
            return os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in _NOT_WRITABLE:
                raise
            return os.open(self.master_key, os.O_RDONLY | os.O_CLOEXEC)


Address = Path | DatabaseAddress


def is_url(text: str) -> bool:
    """Is this the address of a database, and not the path of a directory?"""
    return "://" in text


def parse_address(text: str, *, master_key: Path | None = None) -> Address:
    """Which store does this text name: a URL, or the path of a data directory? Raises Invalid."""
    if not is_url(text):
        return Path(text)
    if master_key is None:
        raise Invalid.at(
            "master_key",
            "a store in a database needs the file of its master keys",
            "name it by --master-key, or in BAILIWICK_MASTER_KEY",
        )
    return DatabaseAddress(parse_url(text), master_key)
