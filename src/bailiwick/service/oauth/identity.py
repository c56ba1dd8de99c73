"""What an application is told of a person: by the scopes that it was let have, of the newest state, and nothing else.

Source: OpenID Connect Core 1.0, 5.1 and 5.4. An email is told as the account has it: nobody here has proved it, so
`email_verified` is not claimed.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.oauth.id_tokens import Identity, write_id_token
from bailiwick.authn.tokens import IssuedToken
from bailiwick.engine.views import find_view
from bailiwick.service.host import Host
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import principal_of_uid

OPENID, PROFILE, EMAIL, GROUPS = "openid", "profile", "email", "groups"
# WHY fewer than there may be: an ID token goes through addresses and headers. The userinfo endpoint tells all.
MOST_GROUPS_IN_TOKEN = 100
_USER, _GROUP = "user:", "group:"


def told_of(
    snapshot: Snapshot, uid: str, scopes: Collection[str], now: float, *, most_groups: int | None = None
) -> dict[str, Any]:
    """Which claims tell of this person, beyond who it is (`sub`)?"""
    reference = principal_of_uid(snapshot, uid) or ""
    stored = snapshot.account.principals.get(reference)
    if stored is None:
        return {}
    name, told = reference.removeprefix(_USER), dict[str, Any]()
    if PROFILE in scopes:
        told |= {"name": name, "preferred_username": name}
    if EMAIL in scopes and stored.email:
        told["email"] = stored.email
    if GROUPS in scopes:
        view = find_view(snapshot.compiled, reference, now)
        groups = () if view is None else view.groups
        told["groups"] = list(islice(sorted(one.removeprefix(_GROUP) for one in groups), most_groups))
    return told


def make_id_token(
    host: Host,
    *,
    account: str,
    uid: str,
    client_id: str,
    sid: str,
    authenticated: Authenticated,
    scopes: Collection[str],
    nonce: str,
    token: IssuedToken,
) -> str | None:
    """Which ID token goes with this access token? None where `openid` was not asked for."""
    if OPENID not in scopes:
        return None
    told = told_of(host.snapshot(account), uid, scopes, host.now(), most_groups=MOST_GROUPS_IN_TOKEN)
    return write_id_token(
        Identity(uid, client_id, sid, authenticated, nonce, told),
        issuer=host.settings.issuer,
        key=host.identity_keys.signing(),
        access_token=token.text,
        issued=token.issued_epoch,
        expires=token.expires_epoch,
    )
