"""The data directory: which files lie where, and whether it is safe to use them.

    bailiwick.db   the logs, objects, secrets, answers (and its -wal, -shm)
    activity.db    what happened without changing state (and its -wal, -shm)
    master.key     the keys that secrets are encrypted under
    generation     the shared word (only for the processes of this host; may be lost)
    lock           held while the directory is created or its keys are rotated

The directory is for its owner alone (0700), each file too (0600). Opens no database.
Implements docs/spec.md, section "The data directory".
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bailiwick.errors import Conflict, NotFound, Unavailable

_SIDE_FILES = ("-wal", "-shm", "-journal", ".new")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Where the files of one store lie; `key_file`: where the master keys lie, if not in the directory."""

    path: Path
    key_file: Path | None = None

    @property
    def logs(self) -> Path:
        """Which file holds the logs?"""
        return self.path / "bailiwick.db"

    @property
    def activity(self) -> Path:
        """Which file holds the activity?"""
        return self.path / "activity.db"

    @property
    def master_key(self) -> Path:
        """Which file holds the master keys?"""
        return self.key_file or self.path / "master.key"

    @property
    def generation(self) -> Path:
        """Which file holds the generation word?"""
        return self.path / "generation"

    @property
    def lock(self) -> Path:
        """Which file is locked?"""
        return self.path / "lock"

    def files(self) -> tuple[Path, ...]:
        """Which files may lie here?"""
        mains = (self.logs, self.activity, self.master_key, self.generation, self.lock)
        return mains + tuple(main.with_name(main.name + side) for main in mains for side in _SIDE_FILES)

    def make(self) -> None:
        """Be there, for the owner alone, and hold nothing foreign."""
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"data directory `{self.path}` cannot be created: {error.strerror}") from error
        self.check_access()
        foreign = sorted(path.name for path in set(self.path.iterdir()) - set(self.files()))
        if foreign:
            raise Conflict(
                f"data directory `{self.path}` is not empty: it holds `{foreign[0]}`",
                "name a new or empty directory",
            )

    def check_whole(self) -> None:
        """Are all files of a store here, and safe?"""
        if not self.path.is_dir():
            raise NotFound(f"there is no data directory `{self.path}`", "create it with `bailiwick init`")
        self.check_access()
        for path in (self.logs, self.activity, self.master_key):
            if not path.exists() and path == self.key_file:
                raise NotFound(f"there is no key file `{path}`", "name the file of this store's master keys")
            if not path.exists():
                raise NotFound(f"data directory `{self.path}` holds no `{path.name}`", self._mending(path))

    def _mending(self, missing: Path) -> str:
        """What helps where this file is missing?"""
        if missing == self.master_key:
            return "copy it there from where it was kept; `store restore` and `verify` also take `--master-key FILE`"
        return "restore it from the backup, or create a new store with `bailiwick init`"

    def check_access(self) -> None:
        """Can nobody but the owner read or write here?"""
        _check_private(self.path, "700")
        for path in self.files():
            if path.exists():
                _check_private(path, "600")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Who else creates this directory or rotates its keys waits."""
        handle = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _check_private(path: Path, mode: str) -> None:
    """Does this belong to us, and to us alone?"""
    about = path.stat()
    if about.st_uid != os.geteuid():
        raise Unavailable(
            f"`{path}` belongs to user id `{about.st_uid}`, expected `{os.geteuid()}`",
            "run bailiwick as the owner of the data directory",
        )
    if about.st_mode & _OTHERS:
        have = stat.S_IMODE(about.st_mode)
        raise Unavailable(f"`{path}` has mode `{have:o}`, expected `{mode}`", f"run `chmod {mode} {path}`")


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read; keep one that is there."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
