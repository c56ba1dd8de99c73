"""Where a store is: what an address may say, who may read its keys, and what is never shown of it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from bailiwick.errors import BailiwickError, Invalid, NotFound, Unavailable
from bailiwick.store.address import DatabaseAddress, parse_address

URL = "postgresql://app:hunter2secret@db.example:5433/iam"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key file as it should be."""
    file = tmp_path / "master.key"
    file.write_text("key")
    file.chmod(0o600)
    return file


def address(key: Path, text: str = URL) -> DatabaseAddress:
    """The address of a database."""
    made = parse_address(text, master_key=key)
    assert isinstance(made, DatabaseAddress)
    return made


def test_a_path_is_a_data_directory() -> None:
    """What has no scheme is a directory, with or without a key file named."""
    assert parse_address("data") == Path("data")


def test_the_password_is_never_shown(key: Path) -> None:
    """Neither as text nor in a traceback's words."""
    assert str(address(key)) == "postgresql://app:***@db.example:5433/iam"
    assert "hunter2secret" not in repr(address(key))


@pytest.mark.parametrize(
    "text",
    [
        "mysql://app@db/iam",
        "postgresql://app@db",
        "postgresql://[",
        "postgresql://app@db/iam?password=hunter2secret",
        "postgresql://app@db/iam?sslpassword=hunter2secret",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(key: Path, text: str) -> None:
    """A password may be anywhere in it."""
    with pytest.raises(Invalid) as refused:
        address(key, text)
    assert "hunter2secret" not in f"{refused.value} {refused.value.findings}"


def test_a_database_needs_its_keys() -> None:
    """Nothing is guessed."""
    with pytest.raises(Invalid):
        parse_address(URL)


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o400, True), (0o604, False), (0o660, False)])
def test_who_may_read_the_keys(key: Path, mode: int, fine: bool) -> None:
    """Nobody but its owner; never everybody, and a group never writes."""
    key.chmod(mode)
    if fine:
        address(key).check_key()
    else:
        with pytest.raises(Unavailable):
            address(key).check_key()


def test_a_lost_key_file_is_named(tmp_path: Path) -> None:
    """The error says where it was looked for."""
    with pytest.raises(NotFound) as refused:
        address(tmp_path / "none.key").check_key()
    assert "none.key" in str(refused.value.message)
    assert issubclass(NotFound, BailiwickError)


def test_where_nothing_can_be_made_beside_the_key_it_is_locked_itself(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's secret lies in a folder that nobody writes to; who else migrates there waits all the same."""
    opened = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, "read-only file system")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    with address(key).locked():
        other = opened(key, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)
    with address(key).locked():
        pass
