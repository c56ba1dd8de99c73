"""The master keys of a data directory, and what is encrypted under them (AES-256-GCM).

The key file lies beside the database with mode 0600; a backup does not hold it unless asked to.
Which key is current is written in the database, so a process that runs through a rotation notices.
Implements docs/spec.md, section "Secrets at rest".
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bailiwick.errors import Unavailable
from bailiwick.store.canonical import encode_fields
from bailiwick.store.ports import RandomBytes

KEY_BYTES = 32
NONCE_BYTES = 12
_ID_BYTES = 8


class Vault:
    """Encrypts under the key that the caller calls current; decrypts under any key of the file."""

    def __init__(self, path: Path, random_bytes: RandomBytes) -> None:
        self._path = path
        self._random_bytes = random_bytes
        self._keys = read_keys(path)

    def reload(self) -> None:
        """Read the key file again: another process may have rotated.

        SECURITY: who asks over HTTP is told what fails here; the folder is not theirs to know.
        """
        try:
            self._keys = read_keys(self._path)
        except Unavailable as error:
            told = error.message.replace(str(self._path), self._path.name)
            raise Unavailable(told, error.help) from error

    def list_keys(self) -> tuple[str, ...]:
        """Which keys does the file hold now, the oldest first?"""
        return tuple(self._raw_keys())

    def require(self, key_id: str) -> None:
        """Is this key here, if need be after reading the file again? Raises Unavailable."""
        self._key(key_id)

    def seal(self, key_id: str, purpose: tuple[str, ...], value: bytes) -> bytes:
        """What is this value encrypted for this purpose? The nonce stands before the ciphertext."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._key(key_id).encrypt(nonce, value, encode_fields(*purpose))

    def open(self, key_id: str, purpose: tuple[str, ...], sealed: bytes) -> bytes:
        """Which value was encrypted for exactly this purpose?

        SECURITY: the purpose names the row, so a ciphertext moved to another row does not decrypt.
        """
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._key(key_id).decrypt(nonce, ciphertext, encode_fields(*purpose))
        except (InvalidTag, ValueError) as error:
            raise Unavailable("a stored secret does not decrypt", "run `bailiwick log verify`") from error

    def add_key(self) -> str:
        """Which new key was added to the file?"""
        key_id, key = new_key(self._random_bytes)
        write_keys(self._path, {**self._raw_keys(), key_id: key})
        self.reload()
        return key_id

    def drop_keys_but(self, key_id: str) -> None:
        """Leave only this key in the file."""
        write_keys(self._path, {key_id: self._raw_keys()[key_id]})
        self.reload()

    def hand_over(self, path: Path) -> None:
        """Write the keys of the file into this one, too."""
        write_keys(path, self._raw_keys())

    def _raw_keys(self) -> dict[str, bytes]:
        """Which keys does the file hold now?"""
        return _parse_keys(self._path)

    def _key(self, key_id: str) -> AESGCM:
        """Which key has this id?"""
        if key_id not in self._keys:
            self.reload()
        if key_id not in self._keys:
            # SECURITY: who asks over HTTP is told this; the folder is not theirs to know.
            raise Unavailable(
                f"master key `{key_id}` is not in `{self._path.name}`",
                "put the key file of this store in its place",
            )
        return self._keys[key_id]


def new_key(random_bytes: RandomBytes) -> tuple[str, bytes]:
    """What are the id and the bytes of a new master key?"""
    return "master-" + random_bytes(_ID_BYTES).hex(), random_bytes(KEY_BYTES)


def read_keys(path: Path) -> dict[str, AESGCM]:
    """Which keys does this file hold?"""
    return {key_id: AESGCM(key) for key_id, key in _parse_keys(path).items()}


def _parse_keys(path: Path) -> dict[str, bytes]:
    """Which key bytes does this file hold? One `<id> <base64>` a line."""
    try:
        lines = path.read_text("ascii").splitlines()
        keys = {
            key_id: b64decode(text, validate=True) for key_id, text in (line.split(" ") for line in lines)
        }
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the key file `{path}` cannot be read", "put the key file of this store in its place"
        ) from error
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise Unavailable(f"the key file `{path}` is damaged", f"expected keys of {KEY_BYTES} bytes")
    return keys


def write_keys(path: Path, keys: Mapping[str, bytes]) -> None:
    """Replace the key file in one step that a crash cannot halve."""
    text = "".join(f"{key_id} {b64encode(key).decode()}\n" for key_id, key in keys.items())
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the directory's entries survive a crash of the machine."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
