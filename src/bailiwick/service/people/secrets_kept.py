"""The secrets behind people's credentials, as they are kept in the store, encrypted: hashes, seeds, recovery codes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bailiwick.service.host import Host
from bailiwick.service.loading import account_log
from bailiwick.service.people.records import PASSWORD, SECOND_FACTOR
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
