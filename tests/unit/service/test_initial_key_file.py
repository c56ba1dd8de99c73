"""The owner's first key: in its file before the account is there, and nothing is left where either fails."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bailiwick.errors import BailiwickError, Invalid, NotFound, Unavailable
from bailiwick.service import initial
from bailiwick.service.initial import initialise

OWNER = "anna.owner@acme.example"


def test_a_key_file_in_no_directory_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """The place of the key is settled first."""
    key_file = tmp_path / "missing" / "owner.key"
    with pytest.raises(NotFound) as caught:
        initialise(tmp_path / "data", "acme", OWNER, key_file)
    assert caught.value.message == f"there is no directory `{key_file.parent}`"
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """What the system says is said in one sentence."""
    with pytest.raises(Invalid) as caught:
        initialise(tmp_path / "data", "acme", OWNER, tmp_path / ("k" * 300))
    assert caught.value.findings[0].place == "key-file"
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_in_its_file_before_the_account_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the process dies, no account is there whose key nobody has."""
    key_file, seen = tmp_path / "owner.key", []
    create = initial.create_account

    def looking(*args: object) -> str:
        seen.append((stat.S_IMODE(key_file.stat().st_mode), key_file.read_text(encoding="utf-8").strip()))
        return create(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(initial, "create_account", looking)
    initialise(tmp_path / "data", "acme", OWNER, key_file)
    assert seen == [(0o600, key_file.read_text(encoding="utf-8").strip())]


def test_a_failure_takes_back_what_was_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a key without an account nor an account without a key stays, and a second try succeeds."""
    key_file, data = tmp_path / "owner.key", tmp_path / "data"

    def failing(*_: object) -> str:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(initial, "create_account", failing)
        with pytest.raises(Unavailable):
            initialise(data, "acme", OWNER, key_file)
    assert list(tmp_path.iterdir()) == []
    initialise(data, "acme", OWNER, key_file)
    assert key_file.exists()


def test_a_store_that_is_there_is_never_taken_away(tmp_path: Path) -> None:
    """A second beginning fails and leaves the first one and its key alone, and no second key file."""
    initialise(tmp_path / "data", "acme", OWNER, tmp_path / "first.key")
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    with pytest.raises(BailiwickError):
        initialise(tmp_path / "data", "acme", OWNER, tmp_path / "second.key")
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "first.key"]
