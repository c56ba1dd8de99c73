"""Passkeys (WebAuthn): what a browser is asked for, and whether what it answers is so, given what is stored. Pure.

The relying party is the host of the configured address, never of a request; one challenge, one origin, three
algorithms; no attestation is asked for or believed. Counters are the caller's, who claims them atomically.
Source: W3C, Web Authentication Level 3, 7.1 and 7.2.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
CHALLENGE_BYTES = 32
SECONDS = 300
MAX_ANSWER_CHARACTERS = 65_536
MAX_CREDENTIAL_ID_BYTES = 1023
_NAME = "Bailiwick"
_NO_COUNT = -1


class PasskeyRefused(Exception):
    """What the browser answered is not what was asked for. The text is for the record, not for who asks."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom are passkeys made: the host's name, and the origin whose pages may ask for them?"""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey as its authenticator made it. `credential_id` is in base64url."""

    credential_id: str
    public_key: bytes = field(repr=False)
    sign_count: int
    backed_up: bool
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Which passkey answers, and of whom does it say it is (its user handle; "": it does not say)?"""

    credential_id: str
    user_handle: str
    document: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proved:
    """What a passkey proved: how often it was used by its own count, whether it knows who used it, is it backed up?"""

    sign_count: int
    user_verified: bool
    backed_up: bool


def relying_party(public_url: str) -> RelyingParty | None:
    """For whom are passkeys made at this address? None: browsers make none there (no name, or no TLS)."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        is_safe = parts.scheme == "https" or host == "localhost"
        return RelyingParty(host, f"{parts.scheme}://{parts.netloc}") if host and is_safe else None
    return None


def write_registration_options(
    party: RelyingParty, *, user_handle: str, user_name: str, challenge: bytes, known: Sequence[str]
) -> str:
    """What is the browser asked for, as JSON, to make a passkey? `known`: those that there are already."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=user_handle.encode(),
        user_name=user_name,
        user_display_name=user_name,
        challenge=challenge,
        timeout=SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json(options)


def write_assertion_options(
    party: RelyingParty, *, challenge: bytes, allowed: Sequence[str], must_verify: bool
) -> str:
    """What is the browser asked for, as JSON, to show a passkey? None `allowed`: any that names its user."""
    wanted = UserVerificationRequirement.REQUIRED if must_verify else UserVerificationRequirement.PREFERRED
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=SECONDS * 1000,
        allow_credentials=_descriptors(allowed),
        user_verification=wanted,
    )
    return options_to_json(options)


def _descriptors(ids: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in ids]


def verify_registration(party: RelyingParty, text: str, challenge: bytes) -> NewPasskey:
    """Which passkey was made, for this challenge? Raises PasskeyRefused."""
    document = _parse(text)
    try:
        made = verify_registration_response(
            credential=document,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            supported_pub_key_algs=ALGORITHMS,
        )
    except Exception as error:
        # SECURITY: parsers of foreign bytes fail in many ways, and each of them is a refusal.
        raise PasskeyRefused(f"{type(error).__name__}: {error}") from None
    if len(made.credential_id) > MAX_CREDENTIAL_ID_BYTES:
        raise PasskeyRefused("the credential's id is too long")
    said = document["response"].get("transports")
    return NewPasskey(
        bytes_to_base64url(made.credential_id),
        made.credential_public_key,
        made.sign_count,
        made.credential_backed_up,
        tuple(one for one in TRANSPORTS if isinstance(said, list) and one in said),
    )


def read_answer(text: str) -> Answer:
    """Which passkey does the browser say it shows, and whose? Believed only once verified. Raises PasskeyRefused."""
    document = _parse(text)
    handle = document["response"].get("userHandle") or ""
    id = document.get("id")
    if not isinstance(id, str) or not isinstance(handle, str):
        raise PasskeyRefused("the answer names no passkey")
    try:
        return Answer(id, base64url_to_bytes(handle).decode(), document)
    except ValueError:
        raise PasskeyRefused("the user handle cannot be read") from None


def verify_answer(
    party: RelyingParty, answer: Answer, challenge: bytes, public_key: bytes, *, must_verify: bool
) -> Proved:
    """Was this challenge answered by the passkey of this public key, on a page of ours? Raises PasskeyRefused."""
    try:
        found = verify_authentication_response(
            credential=answer.document,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=_NO_COUNT,
            require_user_verification=must_verify,
        )
    except Exception as error:
        # SECURITY: parsers of foreign bytes fail in many ways, and each of them is a refusal.
        raise PasskeyRefused(f"{type(error).__name__}: {error}") from None
    return Proved(found.new_sign_count, found.user_verified, found.credential_backed_up)


def is_later_count(count: int, known: int) -> bool:
    """Is this a use after the last known one? Who keeps no count always says 0. Source: WebAuthn 7.2, step 22."""
    return count > known or (count == 0 and known == 0)


def _parse(text: str) -> dict[str, Any]:
    """Which JSON object is it, with an object `response`, not made in a frame of another site?"""
    if not text or len(text) > MAX_ANSWER_CHARACTERS:
        raise PasskeyRefused("the answer is empty, or too long")
    try:
        document = json.loads(text)
        said = json.loads(base64url_to_bytes(document["response"]["clientDataJSON"]))
        is_framed = said.get("crossOrigin", False) is not False or "topOrigin" in said
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PasskeyRefused("the answer cannot be read") from None
    if is_framed:
        raise PasskeyRefused("the answer was made in a frame of another site")
    found: dict[str, Any] = document
    return found
