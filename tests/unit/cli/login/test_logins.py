"""Which logins there are, which is used, where their tokens are; and what somebody else put there."""

from __future__ import annotations

import json
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail, null
from keyring.errors import KeyringError

from bailiwick.cli.login.keeping import find_keyring
from bailiwick.cli.login.logins import LIST, Login, Logins, Tokens
from bailiwick.errors import Invalid

ONE, TWO = "https://one.example", "https://two.example"
TOKENS = Tokens("access", "refresh", 100.0)
FAIL, NULL = (type("Keyring", (), {"__module__": module.__name__})() for module in (fail, null))


class Plain:
    """A keyring that keeps plain text, as some packages bring one."""


class Kept:
    """The desktop's keyring, whose secrets are in a dictionary.

    WHY none of the library's own classes: it offers every class that is made of those to whoever asks it for one.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept?"""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        self.kept.pop((service, username), None)


class Chained:
    """Several keyrings, as the library has them where there are several."""

    def __init__(self, *backends: object) -> None:
        self.backends = backends


Kept.__module__ = "keyring.backends.SecretService"
Chained.__module__ = "keyring.backends.chainer"
Plain.__module__ = "keyrings.alt.file"


class Broken(Kept):
    """One that is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        """It does not answer."""
        raise KeyringError("locked")


Broken.__module__ = Kept.__module__


@pytest.fixture
def logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logins:
    """No logins yet, and no keyring."""
    use(monkeypatch, FAIL)
    return Logins(tmp_path / "bailiwick")


def use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Let this be the system's keyring."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def test_a_login_is_kept_and_used(logins: Logins) -> None:
    """The newest is used; the others are chosen by server and account."""
    assert logins.all() == ([], "")
    assert logins.find() is None
    first = logins.add(ONE, "acme", "user:alice", TOKENS)
    second = logins.add(ONE, "shop", "user:al", Tokens("a2", "r2", 5.0))
    assert logins.find() == second
    assert logins.find(ONE, "acme") == first
    assert logins.find(TWO) is None
    assert logins.tokens(first) == TOKENS
    logins.use(first)
    assert logins.find() == logins.find(ONE) == first
    logins.remove(first)
    assert logins.find() == second
    assert logins.tokens(first) is None


def test_signing_in_again_takes_the_older_ones_place(logins: Logins) -> None:
    """One login a server and account."""
    logins.add(ONE, "acme", "user:alice", TOKENS)
    again = logins.add(ONE, "acme", "user:bob", Tokens("new", "newer", 5.0))
    assert logins.all() == ([again], again.name)
    assert logins.tokens(again) == Tokens("new", "newer", 5.0)


def test_of_several_it_is_said_which(logins: Logins) -> None:
    """Where none is in use, nothing is guessed."""
    for server in (ONE, TWO):
        logins.add(server, "acme", "user:alice", TOKENS)
    third = logins.add(ONE, "shop", "user:alice", TOKENS)
    logins.remove(third)
    with pytest.raises(Invalid) as refused:
        logins.find()
    (finding,) = refused.value.findings
    assert finding.message == f"there are several logins: `acme` at {ONE}, `acme` at {TWO}"


def test_tokens_are_not_shown_with_what_holds_them() -> None:
    """Neither in a traceback nor in a log."""
    assert repr(TOKENS) == "Tokens(expires_at=100.0)"


def test_tokens_of_one_server_are_never_those_of_another(logins: Logins) -> None:
    """A file that is copied under the name of another login is refused, and so is a list that was changed."""
    mine = logins.add(ONE, "acme", "user:alice", TOKENS)
    evil = logins.add("https://evil.example", "acme", "user:alice", Tokens("x", "y", 5.0))
    file = logins.folder / f"{mine.name}.tokens.json"
    copy = logins.folder / f"{evil.name}.tokens.json"
    copy.write_bytes(file.read_bytes())
    with pytest.raises(Invalid) as refused:
        logins.tokens(evil)
    assert refused.value.findings[0].message == f"`{copy}` is not what `bailiwick login` wrote"
    listed = logins.folder / LIST
    listed.write_text(listed.read_text(encoding="utf-8").replace(ONE, TWO), encoding="utf-8")
    changed = logins.find(TWO)
    assert changed is not None
    assert logins.tokens(changed) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"logins": 1, "used": ""}', '{"logins": [{}], "used": ""}', "null"]
)
def test_a_list_that_somebody_else_wrote_is_refused(logins: Logins, text: str) -> None:
    """With the file's name, and no traceback."""
    logins.add(ONE, "acme", "user:alice", TOKENS)
    (logins.folder / LIST).write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        logins.all()
    assert (
        refused.value.findings[0].message == f"`{logins.folder / LIST}` is not what `bailiwick login` wrote"
    )


@pytest.mark.parametrize("change", [{"access_token": 1}, {"expires_at": "soon"}, {"refresh_token": None}])
def test_tokens_that_somebody_else_wrote_are_refused(logins: Logins, change: dict[str, object]) -> None:
    """What is no text, or no time."""
    made = logins.add(ONE, "acme", "user:alice", TOKENS)
    file = logins.folder / f"{made.name}.tokens.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**said, **change}), encoding="utf-8")
    with pytest.raises(Invalid, match="is not what"):
        logins.tokens(made)


@pytest.mark.parametrize("backend", [FAIL, NULL, Plain(), Chained(FAIL, Plain())])
def test_a_keyring_that_keeps_no_secrets_is_none(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """One that fails, forgets, or writes plain text; also among several."""
    use(monkeypatch, backend)
    assert find_keyring() is None


@pytest.mark.parametrize("is_chained", [False, True])
def test_a_real_keyring_has_the_tokens(
    logins: Logins, monkeypatch: pytest.MonkeyPatch, is_chained: bool
) -> None:
    """And no file has them, nor has one from before."""
    old = logins.add(ONE, "acme", "user:alice", Tokens("old", "old", 5.0))
    desktop = Kept()
    use(monkeypatch, Chained(Plain(), desktop) if is_chained else desktop)
    made = logins.add(ONE, "acme", "user:alice", TOKENS)
    assert (made.keeper, logins.tokens(made)) == ("keyring", TOKENS)
    assert not (logins.folder / f"{old.name}.tokens.json").exists()
    assert "refresh" in desktop.kept["bailiwick", made.name]
    assert not any(b"refresh" in one.read_bytes() for one in logins.folder.iterdir())
    logins.remove(made)
    assert desktop.kept == {}


def test_a_keyring_that_is_gone_is_said(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> None:
    """The login is not taken from elsewhere."""
    use(monkeypatch, Kept())
    made = logins.add(ONE, "acme", "user:alice", TOKENS)
    use(monkeypatch, FAIL)
    with pytest.raises(Invalid) as refused:
        logins.tokens(made)
    assert (
        refused.value.findings[0].message == "this login is in the system's keyring, which is not there now"
    )
    assert Login(ONE, "acme", "user:bob", "file").name == made.name
