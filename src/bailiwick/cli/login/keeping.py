"""Where the tokens of a login are kept: in the system's keyring where there is a real one, else in a private file.

SECURITY: of keyrings only those are taken that keep secrets apart from files that anybody of the user's programs reads
(the desktops' and the systems' own); one that keeps nothing, or plain text, is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bailiwick.cli.login.private_files import read_private, write_private
from bailiwick.errors import Invalid

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "bailiwick"
KEYRING, FILE = "keyring", "file"
_REAL = frozenset(
    f"keyring.backends.{name}" for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
)
_CHAINER = "keyring.backends.chainer"


class Keeper(Protocol):
    """What keeps one text for each login."""

    word: str

    def read(self, name: str) -> str | None:
        """What is kept under this name? Raises Invalid."""
        ...

    def write(self, name: str, text: str) -> None:
        """Keep this text. Raises Invalid."""
        ...

    def forget(self, name: str) -> None:
        """Keep nothing any more."""
        ...


class FileKeeper:
    """Private files in a folder."""

    word = FILE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """In which file is it?"""
        return self._folder / f"{name}.tokens.json"

    def read(self, name: str) -> str | None:
        """What is kept under this name? Raises Invalid."""
        return read_private(self.path(name))

    def write(self, name: str, text: str) -> None:
        """Keep this text. Raises Invalid."""
        write_private(self.path(name), text)

    def forget(self, name: str) -> None:
        """Keep nothing any more."""
        self.path(name).unlink(missing_ok=True)


class KeyringKeeper:
    """The system's keyring."""

    word = KEYRING

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def read(self, name: str) -> str | None:
        """What is kept under this name? Raises Invalid."""
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(SERVICE, name)
        except KeyringError as error:
            raise _failed(error) from None

    def write(self, name: str, text: str) -> None:
        """Keep this text. Raises Invalid."""
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(SERVICE, name, text)
        except KeyringError as error:
            raise _failed(error) from None

    def forget(self, name: str) -> None:
        """Keep nothing any more."""
        from keyring.errors import KeyringError

        try:
            self._backend.delete_password(SERVICE, name)
        except KeyringError:
            return


def find_keyring() -> KeyringKeeper | None:
    """Which real keyring does this system have? None: none that can be used now."""
    import keyring

    backend = keyring.get_keyring()
    several = getattr(backend, "backends", ()) if type(backend).__module__ == _CHAINER else (backend,)
    found = next((one for one in several if type(one).__module__ in _REAL), None)
    return None if found is None else KeyringKeeper(found)


def read_object(text: str, where: str) -> Mapping[str, Any]:
    """Which JSON object is this? Raises Invalid for what the command line did not write."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise tampered(where)
    return found


def tampered(where: str) -> Invalid:
    """What is said of something that the command line did not write?"""
    return Invalid.at(
        "", f"{where} is not what `bailiwick login` wrote", "remove it, and run `bailiwick login`"
    )


def _failed(error: Exception) -> Invalid:
    reason = str(error) or type(error).__name__
    return Invalid.at("", f"the keyring does not answer: {reason}", "unlock it, and try again")
