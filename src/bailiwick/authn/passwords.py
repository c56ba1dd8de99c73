"""Passwords: how one is hashed, whether a presented one fits, and what the account's policy says of a new one.

Pure. Hashing takes memory and time on purpose; who calls it bounds how many run at once (service/people/hashing.py).
Source: RFC 9106, 4 (Argon2id, 64 MiB, three passes); NIST SP 800-63B, 5.1.1.2 (normalise, no silent cutting).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bailiwick.errors import Finding
from bailiwick.model.security import PasswordPolicy

# WHY more than the document's 32: long phrases are what people remember and others do not guess.
MAX_PASSWORD_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class HashCost:
    """What does one hash cost? `memory_kib` is held while it runs."""

    memory_kib: int = 65_536
    passes: int = 3

    def hasher(self) -> PasswordHasher:
        """Which hasher works at this cost? One lane: several people sign in at once, each on one core."""
        return PasswordHasher(time_cost=self.passes, memory_cost=self.memory_kib, parallelism=1)


def hash_password(cost: HashCost, text: str) -> str:
    """What is stored of this password? The cost and a fresh salt are in it."""
    return cost.hasher().hash(_canonical(text))


def is_password(cost: HashCost, stored: str, text: str) -> bool:
    """Is this text the stored password? A text that can be none costs the same and is not."""
    fits = len(text) <= MAX_PASSWORD_CHARACTERS
    try:
        found = cost.hasher().verify(stored, _canonical(text) if fits else "")
    except (VerificationError, InvalidHashError):
        return False
    return found and fits


def needs_rehash(cost: HashCost, stored: str) -> bool:
    """Was it hashed at another cost than is asked for now?"""
    return cost.hasher().check_needs_rehash(stored)


def _canonical(text: str) -> bytes:
    """WHY NFC: the same letters come decomposed from one keyboard and composed from another."""
    return normalize("NFC", text).encode("utf-8", "surrogatepass")


def check_new_password(
    policy: PasswordPolicy, text: str, name: str, place: str = "password"
) -> list[Finding]:
    """What is wrong with this text as a new password of the user of this name? Everything at once.

    Whether it was used lately, and whether the old one is old enough, is not asked here.
    """
    # SECURITY: of what is stored; a letter that is sent decomposed would count as two.
    kept = normalize("NFC", text) if len(text) <= MAX_PASSWORD_CHARACTERS else text
    return [Finding(message, place, help) for message, help in _faults(policy, kept, normalize("NFC", name))]


def _faults(policy: PasswordPolicy, text: str, name: str) -> Iterator[tuple[str, str | None]]:
    if len(text) < policy.minimum_length:
        yield f"the password has {len(text)} characters, expected at least {policy.minimum_length}", None
    if len(text) > MAX_PASSWORD_CHARACTERS:
        yield f"the password has {len(text)} characters, expected at most {MAX_PASSWORD_CHARACTERS}", None
    if not text.isprintable():
        yield "the password has characters that cannot be typed", "leave out line ends and the like"
    if len(_kinds(text)) < policy.kinds_of_characters:
        yield (
            f"the password has {len(_kinds(text))} of four kinds of characters, "
            f"expected at least {policy.kinds_of_characters}",
            "the kinds are capital letters, small letters, digits, and all others",
        )
    most = policy.most_identical_in_a_row
    longest = max((sum(1 for _ in run) for _, run in groupby(text)), default=0)
    if most and longest > most:
        yield f"the password has the same character {longest} times in a row, expected at most {most}", None
    if policy.name_refused and text.casefold() in (name.casefold(), name.casefold()[::-1]):
        yield "the password is the user's name, or that backwards", None


def _kinds(text: str) -> set[str]:
    return {_kind(character) for character in text}


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isupper():
        return "capital"
    return "small" if character.islower() else "other"


def describe_policy(policy: PasswordPolicy, *, is_first: bool = False) -> list[str]:
    """What does the policy ask of a password, as sentences for whoever chooses one?

    `is_first`: they never had one, so nothing is said of earlier ones.
    """
    said = [
        f"At least {policy.minimum_length} characters, at most {MAX_PASSWORD_CHARACTERS}.",
        f"At least {policy.kinds_of_characters} of these kinds: capital letters, small letters, digits, others.",
    ]
    if policy.most_identical_in_a_row:
        said.append(f"The same character at most {policy.most_identical_in_a_row} times in a row.")
    if policy.name_refused:
        said.append("Not your user name, nor that backwards.")
    refused = 0 if is_first else policy.recent_passwords_refused
    if refused == 1:
        said.append("Not the password that it replaces.")
    elif refused:
        said.append(f"None of your last {refused} passwords.")
    if policy.validity_days:
        said.append(f"It has to be changed after {policy.validity_days} days.")
    if policy.minimum_age_minutes:
        said.append(f"Once chosen, it stays for at least {policy.minimum_age_minutes} minutes.")
    return said
