"""What an API key may be: how long it lasts, how many somebody has, from which networks it is used.

Implements docs/spec.md 31.10 to 31.12 but for who may make one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bailiwick.authn.keys import WHEN_LEAKED, ApiKeyRecord
from bailiwick.errors import Conflict, Invalid
from bailiwick.model.networks import parse_allowed_network
from bailiwick.model.security import KeyPolicy
from bailiwick.service.snapshots import Snapshot

MAX_DESCRIPTION = 250
MOST_KEY_NETWORKS = 20
KEPT_AFTER_END = timedelta(days=90)


def check_description(text: str) -> None:
    """Is the description short enough? Raises Invalid."""
    if len(text) > MAX_DESCRIPTION:
        raise Invalid.at(
            "description", f"description has {len(text)} characters, expected at most {MAX_DESCRIPTION}"
        )


def check_networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Which networks are these, each once and in one spelling? Raises Invalid."""
    named = list(texts)
    if len(named) > MOST_KEY_NETWORKS:
        raise Invalid.at("networks", f"expected at most {MOST_KEY_NETWORKS} networks, got {len(named)}")
    parsed = (parse_allowed_network(text, f"networks[{index}]") for index, text in enumerate(named))
    return tuple(dict.fromkeys(parsed))


def check_when_leaked(word: str) -> str:
    """What is done when the key is reported? Raises Invalid."""
    if word not in WHEN_LEAKED:
        listed = ", ".join(f"`{one}`" for one in WHEN_LEAKED)
        raise Invalid.at("when_leaked", f"expected one of {listed}, got `{word[:40]}`")
    return word


def check_end(
    policy: KeyPolicy, wanted: datetime | None, *, since: datetime, now: datetime
) -> datetime | None:
    """Until when is a key good whose secret is of `since`? Raises Invalid.

    None wanted: for as long as the account lets.
    """
    if wanted is not None and wanted <= now:
        raise Invalid.at("expires_at", f"`{wanted.isoformat()}` is not in the future")
    if not policy.longest_days:
        return wanted
    latest = since + timedelta(days=policy.longest_days)
    if wanted is None:
        return latest
    if wanted > latest:
        raise Invalid.at(
            "expires_at",
            f"keys of this account are good for at most {policy.longest_days} days",
            f"choose a time until {latest.isoformat(timespec='minutes')}",
        )
    return wanted


def check_number(snapshot: Snapshot, owner: str, owner_uid: str, gone: Iterable[str]) -> None:
    """May this owner have one more, once these have gone? Raises Conflict."""
    most = snapshot.account.security_settings.keys.most_for_one_identity
    going = set(gone)
    have = sum(1 for one in snapshot.keys.values() if one.owner_uid == owner_uid and one.uid not in going)
    if have >= most:
        raise Conflict(f"`{owner}` has {have} API keys already", "delete one that is not used")


def swept(snapshot: Snapshot, owner_uid: str, now: datetime) -> list[ApiKeyRecord]:
    """Which keys of this owner ended so long ago that they go when a new one comes?"""
    return [
        one
        for one in snapshot.keys.values()
        if one.owner_uid == owner_uid
        and not one.locked
        and one.expires_at is not None
        and one.expires_at + KEPT_AFTER_END <= now
    ]
