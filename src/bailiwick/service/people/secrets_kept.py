"""The secrets behind people's credentials, as they are kept in the store, encrypted: hashes, seeds, recovery codes."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.records import PASSKEY, PASSWORD, SECOND_FACTOR
from bailiwick.store.ports import SecretWrite


@dataclass(frozen=True, slots=True)
class KeptPassword:
    """A password's hash, and those of the passwords before it, newest first."""

    hash: str = field(repr=False)
    earlier: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class KeptFactor:
    """A second factor's seed, and the hashes of the recovery codes that are left.

    `shown_in`: the visit that was shown the seed, as long as no code has proved it; "" afterwards.
    """

    seed: str = field(repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)
    shown_in: str = ""


@dataclass(frozen=True, slots=True)
class KeptPasskey:
    """A passkey's public key (COSE), and its own count when it was made. No secret, but kept where the others are."""

    public_key: bytes
    sign_count: int


def find_passkey(host: Host, account: str, uid: str) -> KeptPasskey | None:
    """What is kept of this passkey?"""
    secret = host.store.find_secret(account_log(account), uid)
    if secret is None or secret.purpose != PASSKEY:
        return None
    kept = json.loads(secret.value)
    return KeptPasskey(b64decode(kept["public_key"]), kept["sign_count"])


def keep_passkey(uid: str, kept: KeptPasskey) -> SecretWrite:
    """How is this kept?"""
    value = json.dumps({"public_key": b64encode(kept.public_key).decode(), "sign_count": kept.sign_count})
    return SecretWrite(uid, PASSKEY, value.encode())


def find_password(host: Host, account: str, uid: str) -> KeptPassword | None:
    """What is kept of this password?"""
    secret = host.store.find_secret(account_log(account), uid)
    if secret is None or secret.purpose != PASSWORD:
        return None
    kept = json.loads(secret.value)
    return KeptPassword(kept["hash"], tuple(kept["earlier"]))


def keep_password(uid: str, kept: KeptPassword) -> SecretWrite:
    """How is this kept?"""
    value = json.dumps({"hash": kept.hash, "earlier": list(kept.earlier)})
    return SecretWrite(uid, PASSWORD, value.encode())


def find_factor(host: Host, account: str, uid: str) -> KeptFactor | None:
    """What is kept of this second factor?"""
    secret = host.store.find_secret(account_log(account), uid)
    if secret is None or secret.purpose != SECOND_FACTOR:
        return None
    kept = json.loads(secret.value)
    return KeptFactor(kept["seed"], tuple(kept["codes"]), kept.get("shown_in", ""))


def keep_factor(uid: str, kept: KeptFactor) -> SecretWrite:
    """How is this kept?"""
    said = {"shown_in": kept.shown_in} if kept.shown_in else {}
    value = json.dumps({"seed": kept.seed, "codes": list(kept.codes), **said})
    return SecretWrite(uid, SECOND_FACTOR, value.encode())
