"""The account's identity providers as whoever signs in meets them, and the client secrets that are kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from bailiwick.authn.federation.faults import Fault, SignInRefused
from bailiwick.errors import Invalid, NotFound
from bailiwick.model.federation import IdentityProvider
from bailiwick.service.appending import Prepared
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.kinds import IDENTITY_PROVIDER
from bailiwick.service.loading import account_log
from bailiwick.service.needed import iam_object
from bailiwick.service.people.records import PROVIDER_SECRET
from bailiwick.service.people.rights import judge_of
from bailiwick.service.people.storing import store_people
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import Change, SecretChange, SecretDelete, SecretWrite

UPDATE_PROVIDER = "iam.identity-provider.update"
MOST_SECRET = 1000
_NONE = "there is no such way to sign in here"


@dataclass(frozen=True, slots=True)
class Believed:
    """An identity provider that is in use, with its uid."""

    uid: str
    provider: IdentityProvider


def list_believed(host: Host, account: str) -> list[IdentityProvider]:
    """Through which providers may people of this account sign in? None where there is no such account."""
    try:
        snapshot = host.snapshot(account)
    except (NotFound, Invalid):
        return []
    if snapshot.account.suspended:
        return []
    return sorted(
        (one for one in snapshot.account.identity_providers.values() if not one.disabled),
        key=lambda one: one.shown.casefold(),
    )


def get_believed(snapshot: Snapshot, name: str) -> Believed:
    """Which provider in use is this? Raises NotFound, the same where there is none and where it is out of use."""
    provider = snapshot.account.identity_providers.get(name)
    identity = snapshot.identities.get((IDENTITY_PROVIDER, name))
    if provider is None or identity is None or provider.disabled:
        raise NotFound(_NONE, "ask an administrator of your account")
    return Believed(identity.uid, provider)


def believed_again(snapshot: Snapshot, uid: str, issuer: str) -> Believed:
    """Which provider is it, if it is still the one that was asked? Raises SignInRefused."""
    kind, name = snapshot.names_by_uid().get(uid, ("", ""))
    provider = snapshot.account.identity_providers.get(name) if kind == IDENTITY_PROVIDER else None
    if provider is None or provider.disabled or provider.issuer != issuer:
        raise SignInRefused(Fault.STATE, "the identity provider was changed meanwhile", "sign in again")
    return Believed(uid, provider)


def redirect_uri(host: Host, account: str, provider: str) -> str:
    """Where does the provider send its answers? One for each, so that none answers for another. (RFC 9700)"""
    return f"{host.public_url}/console/sign-in/{quote(account, safe='')}/{quote(provider, safe='')}/callback"


def find_client_secret(host: Host, now: Snapshot, provider_uid: str) -> str:
    """Which secret has the account's client there? "": none; then the proof key alone binds the code to it."""
    kept = now.identities.get((PROVIDER_SECRET, provider_uid))
    secret = None if kept is None else host.store.find_secret(account_log(now.account.name), kept.uid)
    return "" if secret is None or secret.purpose != PROVIDER_SECRET else secret.value.decode()


def has_client_secret(now: Snapshot, name: str) -> bool:
    """Was this provider's client secret given?"""
    identity = now.identities.get((IDENTITY_PROVIDER, name))
    return identity is not None and (PROVIDER_SECRET, identity.uid) in now.identities


def require_update(host: Host, session: Session, now: Snapshot, name: str) -> None:
    """May the session change this provider? Raises Denied."""
    judge_of(host, session, now).require(UPDATE_PROVIDER, iam_object("identity-provider", name))


def set_client_secret(host: Host, session: Session, name: str, secret: str) -> None:
    """Keep the secret that the provider gave the account's client; "" takes it away. Raises Denied, NotFound, Invalid.

    It is in no document: the log says only that there is one, and since when.
    """
    if len(secret) > MOST_SECRET or not secret.isprintable():
        raise Invalid.at("secret", f"expected at most {MOST_SECRET} characters that can be shown")

    def prepare(now: Snapshot) -> tuple[Prepared | None, None]:
        require_update(host, session, now, name)
        provider_uid = Reader(host, session, now).get_to_change(IDENTITY_PROVIDER, name).identity.uid
        changes, secrets = _replacing(host, now, provider_uid, secret)
        if not changes:
            return None, None
        return Prepared(changes, secrets, session.uid, session.via("client-secret")), None

    store_people(host, session.account, prepare)


def _replacing(
    host: Host, now: Snapshot, provider_uid: str, secret: str
) -> tuple[list[Change], list[SecretChange]]:
    kept = now.identities.get((PROVIDER_SECRET, provider_uid))
    changes: list[Change] = []
    secrets: list[SecretChange] = []
    if kept is not None:
        changes.append(Change(PROVIDER_SECRET, kept.uid, provider_uid, "delete"))
        secrets.append(SecretDelete(kept.uid))
    if secret:
        uid = new_uid(PROVIDER_SECRET)
        document = {"provider": {"uid": provider_uid}, "set_at": host.at().isoformat()}
        changes.append(Change(PROVIDER_SECRET, uid, provider_uid, "create", document))
        secrets.append(SecretWrite(uid, PROVIDER_SECRET, secret.encode()))
    return changes, secrets
