"""Where a store is: a data directory, or a PostgreSQL database with the file of its master keys.

Opens nothing.
Implements docs/spec.md, section "Stores".
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from bailiwick.errors import Invalid, NotFound, Unavailable
from bailiwick.store.sql.postgresql import parse_url

_EVERYBODY = stat.S_IRWXO
_GROUP = stat.S_IRWXG


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A database, and the file of the keys under which its secrets are encrypted. Shown without its password."""

    url: URL = field(repr=False)
    master_key: Path

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def check_key(self) -> None:
        """Is the key file there, and can nobody read it who should not? Raises NotFound, Unavailable.

        SECURITY: a file of another owner's is taken only where that is root and the group may at most read it: so are
        secrets given to containers.
        """
        if not self.master_key.exists():
            raise NotFound(
                f"there is no key file `{self.master_key}`",
                "put the file of this store's master keys there, or name it by --master-key",
            )
        about = self.master_key.stat()
        mode = stat.S_IMODE(about.st_mode)
        own = about.st_uid == os.geteuid() and not mode & _GROUP
        given = about.st_uid == 0 and not mode & (stat.S_IWGRP | stat.S_IXGRP)
        if mode & _EVERYBODY or not (own or given):
            raise Unavailable(
                f"`{self.master_key}` has mode `{mode:o}` and owner `{about.st_uid}`",
                f"it holds the master keys: run `chmod 600 {self.master_key}` as its user",
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Who else on this machine creates the store or rotates its keys waits."""
        beside = self.master_key.with_name(self.master_key.name + ".lock")
        handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


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
            "master-key",
            "a store in a database needs the file of its master keys",
            "name it by --master-key, or in BAILIWICK_MASTER_KEY",
        )
    return DatabaseAddress(parse_url(text), master_key)
