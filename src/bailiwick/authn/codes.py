"""Codes of a second factor: those that a phone shows, by a shared seed and the time, and those for when it is lost.

Pure: the seed, the time and the last accepted step are arguments; a code is of a step, and a step counts once.
Source: RFC 6238 (TOTP, six digits, 30 seconds, one step of tolerance), 5.2 (a code is accepted once); RFC 4226, 5.3.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Sequence

import pyotp

STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = 1
SEED_BYTES = 20
RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 12
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_seed() -> str:
    """What is a new shared seed, as phones take it (base32)?"""
    return b32encode(secrets.token_bytes(SEED_BYTES)).decode("ascii")


def seed_address(seed: str, user: str, issuer: str) -> str:
    """Which `otpauth:` address puts the seed into a phone?"""
    return pyotp.TOTP(seed).provisioning_uri(name=user, issuer_name=issuer)


def step_at(now: float) -> int:
    """Which step of 30 seconds is it?"""
    return int(now) // STEP_SECONDS


def find_step(seed: str, code: str, now: float) -> int | None:
    """Of which step near now is this code? None: of none. It always takes the same time."""
    text = code.replace(" ", "")
    totp, found = pyotp.HOTP(seed, digits=DIGITS), None
    shown = text if _CODE.fullmatch(text) else "------"
    for step in range(step_at(now) - TOLERANCE, step_at(now) + TOLERANCE + 1):
        if hmac.compare_digest(totp.at(step).encode(), shown.encode()):
            found = step
    return found


def are_consecutive(seed: str, first: str, second: str, now: float) -> bool:
    """Are these two codes, one right after the other, of this seed? (How a phone is shown to hold it.)"""
    one, other = find_step(seed, first, now), find_step(seed, second, now)
    # WHY also a step back: who types two codes has waited for the second.
    earlier = find_step(seed, first, now - STEP_SECONDS) if one is None else one
    return earlier is not None and other is not None and other == earlier + 1


def new_recovery_codes() -> list[str]:
    """What are ten new codes for when the phone is lost? 59 random bits each; shown once."""
    return [_new_recovery_code() for _ in range(RECOVERY_CODES)]


def _new_recovery_code() -> str:
    text = "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4))


def hash_recovery_code(code: str) -> str:
    """What is stored of a recovery code? However it is typed: capitals, spaces and dashes do not matter."""
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def find_recovery_code(stored: Sequence[str], code: str) -> str | None:
    """Which stored hash is that of this code? None: none. It always takes the same time."""
    wanted, found = hash_recovery_code(code), None
    for one in stored:
        if hmac.compare_digest(one, wanted):
            found = one
    return found


def looks_like_recovery_code(text: str) -> bool:
    """Is this more than the six digits that a phone shows?"""
    return len(re.sub(r"[\s-]", "", text)) > DIGITS
