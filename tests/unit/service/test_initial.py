"""The beginning: what `init` makes, and what it refuses to overwrite."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bailiwick.errors import Conflict, Invalid
from bailiwick.service.host import open_host
from bailiwick.service.initial import initialise, owner_name
from bailiwick.service.settings import Settings


def test_an_account_begins_with_its_owner_a_project_and_one_key(tmp_path: Path) -> None:
    """The key is written where only its user reads it, and signs the owner in."""
    key_file = tmp_path / "owner.key"
    initialise(tmp_path / "data", "acme", "anna.owner@acme.example", key_file)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    host = open_host(tmp_path / "data", Settings("https://iam.acme.example"))
    try:
        session, _ = host.authenticator.session_of_key(key_file.read_text(encoding="utf-8").strip())
        account = host.snapshot("acme").account
        assert session.principal == account.owner == "user:anna.owner"
        assert [project.default for project in account.projects.values()] == [True]
        assert set(account.principals) == {"user:anna.owner"}
    finally:
        host.close()


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """What is there may be the only copy of somebody's key; nothing is made then."""
    key_file = tmp_path / "owner.key"
    key_file.write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict) as caught:
        initialise(tmp_path / "data", "acme", "owner@acme.example", key_file)
    assert caught.value.message == f"key file `{key_file}` exists"
    assert key_file.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "data").exists()


def test_a_data_directory_is_made_once(tmp_path: Path) -> None:
    """A second beginning in the same place is refused, and writes no key."""
    initialise(tmp_path / "data", "acme", "owner@acme.example", tmp_path / "one")
    with pytest.raises(Conflict):
        initialise(tmp_path / "data", "acme", "owner@acme.example", tmp_path / "two")
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    "address", ["", "owner", "@acme.example", "owner@", "a:b@acme.example", "a/b@acme.example"]
)
def test_an_owner_has_an_address(address: str) -> None:
    """The part before the at sign is the user's name, so it must be one."""
    with pytest.raises(Invalid):
        owner_name(address)
