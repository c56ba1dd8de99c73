"""The logins of this user on this machine: at which server, of which account, as whom, and with which tokens.

`logins.json` says which there are and which is used; the tokens are kept apart (keeping.py). SECURITY: tokens say of
which server and account they are, and are sent to no other, whatever the list says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from bailiwick.cli.login.keeping import (
    KEYRING,
    FileKeeper,
    Keeper,
    find_keyring,
    read_object,
    tampered,
)
from bailiwick.cli.login.private_files import config_folder, locked, read_private, write_private
from bailiwick.errors import Invalid

LIST = "logins.json"
_AGAIN = "run `bailiwick login`"


@dataclass(frozen=True, slots=True)
class Login:
    """One login. `keeper`: where its tokens are."""

    server: str
    account: str
    principal: str
    keeper: str

    @property
    def name(self) -> str:
        """Under which name are its tokens kept?"""
        return sha256(f"{self.server}\0{self.account}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login asks with, until when (epoch seconds), and what it goes on with."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: float


class Logins:
    """All logins, in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or config_folder()
        self._files = FileKeeper(self.folder)

    def all(self) -> tuple[list[Login], str]:
        """Which logins are there, and which one's name is used? Raises Invalid."""
        path = self.folder / LIST
        text = read_private(path)
        if text is None:
            return [], ""
        said = read_object(text, f"`{path}`")
        try:
            found = [Login(**{key: _text(one[key]) for key in Login.__slots__}) for one in said["logins"]]
            return found, _text(said["used"])
        except (KeyError, TypeError, ValueError):
            raise tampered(f"`{path}`") from None

    def find(self, server: str = "", account: str = "") -> Login | None:
        """Which login is meant: of this server, of this account; of several the one that is used? None: none.

        Raises Invalid where several are left.
        """
        logins, used = self.all()
        fit = [one for one in logins if server in ("", one.server) and account in ("", one.account)]
        chosen = [one for one in fit if one.name == used] or fit
        if len(chosen) > 1:
            listed = ", ".join(f"`{one.account}` at {one.server}" for one in chosen)
            raise Invalid.at(
                "", f"there are several logins: {listed}", "say which by BAILIWICK_ACCOUNT and BAILIWICK_URL"
            )
        return chosen[0] if chosen else None

    def find_exactly(self, server: str, account: str) -> Login | None:
        """Which login is of this server and account? None: none."""
        return next((one for one in self.all()[0] if (one.server, one.account) == (server, account)), None)

    def tokens(self, login: Login) -> Tokens | None:
        """Which tokens has this login? None: they are gone. Raises Invalid."""
        where = "the keyring's entry" if login.keeper == KEYRING else f"`{self._files.path(login.name)}`"
        text = self._keeper(login.keeper).read(login.name)
        if text is None:
            return None
        said = read_object(text, where)
        try:
            if (said["server"], said["account"]) != (login.server, login.account):
                raise tampered(where)
            return Tokens(
                _text(said["access_token"]), _text(said["refresh_token"]), float(said["expires_at"])
            )
        except (KeyError, TypeError, ValueError):
            raise tampered(where) from None

    def keep(self, login: Login, tokens: Tokens) -> None:
        """Keep the tokens of this login; in the place of older ones. Raises Invalid."""
        said = {
            "server": login.server,
            "account": login.account,
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_at": tokens.expires_at,
        }
        self._keeper(login.keeper).write(login.name, json.dumps(said))

    def add(self, server: str, account: str, principal: str, tokens: Tokens) -> Login:
        """Keep a new login, and use it from now on. Raises Invalid."""
        keyring = find_keyring()
        login = Login(server, account, principal, "file" if keyring is None else KEYRING)
        with self.locked(login), self._changing() as logins:
            for old in [one for one in logins if one.name == login.name]:
                logins.remove(old)
                if old.keeper != login.keeper:
                    self._keeper(old.keeper).forget(old.name)
            self.keep(login, tokens)
            logins.append(login)
            self._write(logins, login.name)
        return login

    def use(self, login: Login) -> None:
        """Use this login from now on."""
        with self._changing() as logins:
            self._write(logins, login.name)

    def remove(self, login: Login) -> None:
        """Forget this login and its tokens."""
        with self._changing() as logins:
            left = [one for one in logins if one.name != login.name]
            self._keeper(login.keeper).forget(login.name)
            self._write(left, left[0].name if len(left) == 1 else "")

    def forget_tokens(self, login: Login) -> None:
        """Forget what it asked with: the server goes on with it no more."""
        self._keeper(login.keeper).forget(login.name)

    @contextmanager
    def locked(self, login: Login) -> Iterator[None]:
        """Nobody else refreshes this login meanwhile: a refresh token that is used twice ends it."""
        with locked(self.folder / f"{login.name}.lock"):
            yield

    @contextmanager
    def _changing(self) -> Iterator[list[Login]]:
        with locked(self.folder / "logins.lock"):
            yield self.all()[0]

    def _write(self, logins: list[Login], used: str) -> None:
        listed: list[Mapping[str, Any]] = [
            {key: getattr(one, key) for key in Login.__slots__} for one in logins
        ]
        write_private(self.folder / LIST, json.dumps({"logins": listed, "used": used}, indent=2) + "\n")

    def _keeper(self, word: str) -> Keeper:
        if word != KEYRING:
            return self._files
        keyring = find_keyring()
        if keyring is None:
            raise Invalid.at("", "this login is in the system's keyring, which is not there now", _AGAIN)
        return keyring


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")
    return value
