"""Files that only their user can read: modes, links, what others could read, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.cli.login.private_files import (
    MAX_BYTES,
    config_folder,
    locked,
    make_folder,
    read_private,
    write_private,
)
from bailiwick.errors import Invalid


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is not there yet, in a folder that is not either."""
    return tmp_path / "config" / "bailiwick" / "tokens"


def mode(path: Path) -> int:
    """Which permissions has it?"""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_its_users_alone(file: Path) -> None:
    """File and folder, whatever the umask lets through; nothing is left beside them."""
    before = os.umask(0)
    try:
        write_private(file, "secret")
        write_private(file, "another")
    finally:
        os.umask(before)
    assert read_private(file) == "another"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert [one.name for one in file.parent.iterdir()] == ["tokens"]


def test_what_is_not_there_is_none(file: Path) -> None:
    """Neither the file nor its folder need be there."""
    assert read_private(file) is None
    make_folder(file.parent)
    assert read_private(file) is None


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_reach_is_not_read(file: Path, loose: int) -> None:
    """And it is said how to mend that."""
    write_private(file, "secret")
    file.chmod(loose)
    with pytest.raises(Invalid) as refused:
        read_private(file)
    (finding,) = refused.value.findings
    assert finding.message == f"`{file}` can be read by others"
    assert finding.help == f"chmod 600 {file}, and run `bailiwick login` again if others may have read it"


@pytest.mark.parametrize("loose", [0o755, 0o711, 0o770])
def test_a_folder_that_others_can_reach_is_not_used(file: Path, loose: int) -> None:
    """Neither for reading nor for writing."""
    write_private(file, "secret")
    file.parent.chmod(loose)
    uses: tuple[Callable[[], object], ...] = (
        lambda: read_private(file),
        lambda: write_private(file, "new"),
        lambda: make_folder(file.parent),
    )
    for use in uses:
        with pytest.raises(Invalid) as refused:
            use()
        assert refused.value.findings[0].message == f"`{file.parent}` can be read by others"
    file.parent.chmod(0o700)
    assert read_private(file) == "secret"


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    """Writing takes its place, and leaves alone what it leads to."""
    other = tmp_path / "other"
    other.write_text("theirs", encoding="utf-8")
    other.chmod(0o600)
    make_folder(file.parent)
    file.symlink_to(other)
    with pytest.raises(Invalid) as refused:
        read_private(file)
    assert refused.value.findings[0].message == f"`{file}` is a link, not a file"
    write_private(file, "mine")
    assert (other.read_text(encoding="utf-8"), read_private(file)) == ("theirs", "mine")
    lock = file.with_name("lock")
    lock.symlink_to(tmp_path / "made")
    with pytest.raises(Invalid), locked(lock):
        pass
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (MAX_BYTES + 1)])
def test_what_is_no_text_of_ours_is_said(file: Path, content: bytes) -> None:
    """Bytes that are no text, and more than anything that is written here."""
    write_private(file, "")
    file.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read_private(file)
    assert refused.value.findings[0].message == f"`{file}` holds something else than a login"


def test_a_pipe_is_no_file(file: Path) -> None:
    """And does not let the command wait for ever."""
    make_folder(file.parent)
    os.mkfifo(file, 0o600)
    with pytest.raises(Invalid) as refused:
        read_private(file)
    assert refused.value.findings[0].message == f"`{file}` is no file"


def test_the_folder_is_where_the_desktop_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative path says nothing (XDG Base Directory Specification)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for said, expected in (
        (str(tmp_path / "x"), tmp_path / "x"),
        ("", tmp_path / ".config"),
        ("y", tmp_path / ".config"),
    ):
        monkeypatch.setenv("XDG_CONFIG_HOME", said)
        assert config_folder() == expected / "bailiwick"
