"""What an identity provider may get wrong: stable codes for the record, one sentence for who signs in."""

from __future__ import annotations

from enum import StrEnum

from bailiwick.errors import Unauthenticated


class Fault(StrEnum):
    """Why was a sign-in through a provider refused?"""

    STATE = "state"
    MIX_UP = "mix_up"
    DENIED_THERE = "denied_there"
    CODE = "code"
    ANSWER = "answer"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NONCE = "nonce"
    TOO_OLD = "too_old"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a fault
    SUBJECT = "subject"
    USERINFO = "userinfo"
    EMAIL = "email"
    UNKNOWN_USER = "unknown_user"
    NAME = "name"
    NAME_TAKEN = "name_taken"
    LINKED_TO_ANOTHER = "linked_to_another"
    OUT_OF_USE = "out_of_use"
    AWAY = "away"


class SignInRefused(Unauthenticated):
    """What came from a provider is not believed, or lets nobody in. SECURITY: the message repeats no token or code."""

    code = "federation_refused"

    def __init__(self, fault: Fault, message: str, help: str | None = None) -> None:
        super().__init__(message, help)
        self.fault = fault
