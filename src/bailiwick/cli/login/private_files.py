"""Files that only their user can read: made so, and refused where they are not.

SECURITY: a file is made under another name with its mode from the beginning, and takes its place whole; what others
can read or have made is not read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bailiwick.errors import Invalid

MAX_BYTES = 65_536
_AGAIN = "look who made it; then remove it and run `bailiwick login`"


def config_folder() -> Path:
    """In which folder does the command line keep what is its user's? Source: XDG Base Directory Specification."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / "bailiwick"


def make_folder(folder: Path) -> None:
    """Let the folder be there, for its user alone. Raises Invalid."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _failed(folder, "made", error) from None
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Is the folder, if it is there, its user's alone? Raises Invalid."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failed(folder, "read", error) from None
    _check_private(folder, found, f"chmod 700 {folder}")


def read_private(path: Path) -> str | None:
    """What does the file hold? None: there is none. Raises Invalid where others could read or have made it."""
    check_folder(path.parent)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Invalid.at("", f"`{path}` is a link, not a file", _AGAIN) from None
        raise _failed(path, "read", error) from None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Invalid.at("", f"`{path}` is no file", _AGAIN)
        _check_private(
            path, found, f"chmod 600 {path}, and run `bailiwick login` again if others may have read it"
        )
        content = file.read(MAX_BYTES + 1)
    try:
        if len(content) <= MAX_BYTES:
            return content.decode()
    except UnicodeDecodeError:
        pass
    raise Invalid.at("", f"`{path}` holds something else than a login", _AGAIN)


def write_private(path: Path, text: str) -> None:
    """Let the file hold this: whole, at once, and for its user alone. Raises Invalid."""
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _failed(path, "written", error) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else of this user is in a block on the same file. Raises Invalid."""
    make_folder(path.parent)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failed(path, "locked", error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _check_private(path: Path, found: os.stat_result, mend: str) -> None:
    if found.st_uid != os.geteuid():
        raise Invalid.at("", f"`{path}` belongs to another user of this machine", _AGAIN)
    if found.st_mode & 0o077:
        raise Invalid.at("", f"`{path}` can be read by others", mend)


def _failed(path: Path, done: str, error: OSError) -> Invalid:
    reason = (error.strerror or "it fails").lower()
    return Invalid.at(
        "", f"`{path}` cannot be {done}: {reason}", "see whose it is, and what may be done there"
    )
