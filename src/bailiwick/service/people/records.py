"""What an account's log says of its people's credentials: passwords and second factors, without any secret.

Each is an object of its own kind, named by its owner's uid, so that nobody has two; its secret is kept apart, under
its uid. A changed password is another object with another uid: whatever was begun by the old one rests on what is gone.
It must not do I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

PASSWORD = "Password"  # noqa: S105 - a kind of object
SECOND_FACTOR = "SecondFactor"
PASSKEY = "Passkey"
INVITATION = "Invitation"
CONSENT = "Consent"
FEDERATED_IDENTITY = "FederatedIdentity"
PROVIDER_SECRET = "ProviderSecret"  # noqa: S105 - a kind of object: that of the account's client at a provider
APPLICATION_SECRET = "ApplicationSecret"  # noqa: S105 - a kind of object
CREDENTIAL_KINDS = (
    PASSWORD,
    SECOND_FACTOR,
    PASSKEY,
    INVITATION,
    FEDERATED_IDENTITY,
    APPLICATION_SECRET,
    CONSENT,
    PROVIDER_SECRET,
)


@dataclass(frozen=True, slots=True)
class PasswordRecord:
    """Whose password is it, since when; must it be changed, because somebody else chose it?"""

    uid: str
    owner_uid: str
    set_at: datetime
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class FactorRecord:
    """Whose second factor is it? `enrolled_at` None: its seed was shown, and no code has proved yet that it arrived."""

    uid: str
    owner_uid: str
    enrolled_at: datetime | None
    codes_left: int = 0


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """Who let which application (by uid) do what in their name, since when? It is as personal as a credential.

    `at` holds, of each address to which they were led back, the scopes to which they agreed there.
    """

    uid: str
    owner_uid: str
    client_id: str
    scopes: tuple[str, ...]
    given_at: datetime
    at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Under which name is it kept, so that there is one of each person and application?"""
        return name_of_consent(self.owner_uid, self.client_id)


@dataclass(frozen=True, slots=True)
class ApplicationSecretRecord:
    """With which secret does an application show that it is itself? `prefix` is visible, and its name."""

    uid: str
    application_uid: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None = None

    def is_usable(self, now: float) -> bool:
        """May it still be used?"""
        return self.expires_at is None or now < self.expires_at.timestamp()


@dataclass(frozen=True, slots=True)
class FederatedIdentityRecord:
    """Who is it at which identity provider, so that signing in there is signing in here as its owner?

    `subject` is who the provider says it is, `shown` what people know it by (an email or name there).
    `brought`: by uid the groups into which rules brought its owner at the last sign-in by it.
    """

    uid: str
    owner_uid: str
    provider_uid: str
    issuer: str
    subject: str
    linked_at: datetime
    shown: str = ""
    brought: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PasskeyRecord:
    """Whose passkey is it, and how does its owner call it? `credential_id` is its authenticator's, in base64url.

    `transports`: by which ways it is reached, as its authenticator said. `backed_up`: it was kept elsewhere too.
    """

    uid: str
    owner_uid: str
    name: str
    credential_id: str
    created_at: datetime
    transports: tuple[str, ...] = ()
    backed_up: bool = False


Credential = PasswordRecord | FactorRecord | PasskeyRecord | FederatedIdentityRecord
Record = Credential | ApplicationSecretRecord | ConsentRecord
# With which of them does one sign in, so that a visit rests on it?
SignInRecord = PasswordRecord | PasskeyRecord | FederatedIdentityRecord


def read_record(kind: str, uid: str, document: Mapping[str, Any]) -> Record | None:
    """Which record does this stored document describe? None: of this kind none is held in memory."""
    if kind == PASSWORD:
        set_at = datetime.fromisoformat(document["set_at"])
        return PasswordRecord(uid, document["owner"]["uid"], set_at, document.get("must_change", False))
    if kind == CONSENT:
        given_at = datetime.fromisoformat(document["given_at"])
        owner, scopes = document["owner"]["uid"], tuple(document["scopes"])
        at = {address: tuple(agreed) for address, agreed in document.get("at", {}).items()}
        return ConsentRecord(uid, owner, document["application"]["uid"], scopes, given_at, at)
    if kind == APPLICATION_SECRET:
        return _read_application_secret(uid, document)
    if kind == SECOND_FACTOR:
        enrolled = document.get("enrolled_at")
        return FactorRecord(
            uid,
            document["owner"]["uid"],
            None if enrolled is None else datetime.fromisoformat(enrolled),
            document.get("recovery_codes_left", 0),
        )
    if kind == PASSKEY:
        return _read_passkey(uid, document)
    if kind == FEDERATED_IDENTITY:
        return FederatedIdentityRecord(
            uid,
            document["owner"]["uid"],
            document["provider"]["uid"],
            document["issuer"],
            document["subject"],
            datetime.fromisoformat(document["linked_at"]),
            document.get("shown", ""),
            tuple(document.get("brought", ())),
        )
    return None


def _read_application_secret(uid: str, document: Mapping[str, Any]) -> ApplicationSecretRecord:
    expires = document.get("expires_at")
    return ApplicationSecretRecord(
        uid,
        document["application"]["uid"],
        document["prefix"],
        datetime.fromisoformat(document["created_at"]),
        None if expires is None else datetime.fromisoformat(expires),
    )


def write_application_secret(record: ApplicationSecretRecord) -> dict[str, Any]:
    """Which document says this of an application's secret?"""
    ends = {} if record.expires_at is None else {"expires_at": record.expires_at.isoformat()}
    return {
        "application": {"uid": record.application_uid},
        "prefix": record.prefix,
        "created_at": record.created_at.isoformat(),
        **ends,
    }


def _read_passkey(uid: str, document: Mapping[str, Any]) -> PasskeyRecord:
    return PasskeyRecord(
        uid,
        document["owner"]["uid"],
        document["name"],
        document["credential_id"],
        datetime.fromisoformat(document["created_at"]),
        tuple(document.get("transports", ())),
        document.get("backed_up", False),
    )


def write_passkey(record: PasskeyRecord) -> dict[str, Any]:
    """Which document says this of a passkey?"""
    return {
        "owner": {"uid": record.owner_uid},
        "name": record.name,
        "credential_id": record.credential_id,
        "created_at": record.created_at.isoformat(),
        **({"transports": list(record.transports)} if record.transports else {}),
        **({"backed_up": True} if record.backed_up else {}),
    }


def write_password(record: PasswordRecord) -> dict[str, Any]:
    """Which document says this of a password?"""
    must = {"must_change": True} if record.must_change else {}
    return {"owner": {"uid": record.owner_uid}, "set_at": record.set_at.isoformat(), **must}


def write_identity(record: FederatedIdentityRecord) -> dict[str, Any]:
    """Which document says this of a federated identity?"""
    return {
        "owner": {"uid": record.owner_uid},
        "provider": {"uid": record.provider_uid},
        "issuer": record.issuer,
        "subject": record.subject,
        "linked_at": record.linked_at.isoformat(),
        **({"shown": record.shown} if record.shown else {}),
        **({"brought": list(record.brought)} if record.brought else {}),
    }


def name_of_identity(issuer: str, subject: str) -> str:
    """Under which name is this identity stored, so that nobody else in the account has it?"""
    return sha256(f"{len(issuer)}:{issuer}{subject}".encode()).hexdigest()[:40]


def is_held_by(record: Record, uid: str) -> bool:
    """Does the record go when the user, or the identity provider, of this uid goes?"""
    return uid in (getattr(record, "owner_uid", ""), getattr(record, "provider_uid", ""))


def write_factor(record: FactorRecord) -> dict[str, Any]:
    """Which document says this of a second factor?"""
    if record.enrolled_at is None:
        return {"owner": {"uid": record.owner_uid}}
    return {
        "owner": {"uid": record.owner_uid},
        "enrolled_at": record.enrolled_at.isoformat(),
        "recovery_codes_left": record.codes_left,
    }


def name_of_consent(owner_uid: str, client_id: str) -> str:
    """Under which name is this person's consent to this application kept?"""
    return f"{owner_uid}/{client_id}"


def write_consent(record: ConsentRecord) -> dict[str, Any]:
    """Which document says this consent?"""
    return {
        "owner": {"uid": record.owner_uid},
        "application": {"uid": record.client_id},
        "scopes": list(record.scopes),
        "at": {address: list(agreed) for address, agreed in record.at.items()},
        "given_at": record.given_at.isoformat(),
    }
