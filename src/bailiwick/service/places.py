"""From where may a session be used: the networks of every account and of every API key that it rests on.

Implements docs/spec.md 31.1 to 31.4. Pure: an address and networks in, an answer out. Where it is used and what is
said of a refusal is authentication.py's and people/visits.py's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.model.networks import AllowedNetwork, is_within
from bailiwick.model.security import SecuritySettings

# Each of them must let the address in.
Limits: TypeAlias = tuple[tuple[str, ...], ...]
NO_LIMITS: Limits = ()


def api_limits(settings: SecuritySettings, record: ApiKeyRecord | None = None) -> Limits:
    """From where may the account's API be called, by this key?"""
    own = () if record is None else record.networks
    return tuple(one for one in (_names(settings.networks.api), own) if one)


def may_visit_from(settings: SecuritySettings, address: str) -> bool:
    """May the account's pages be visited from this address?"""
    allowed = settings.networks.console
    return not allowed or is_within(_names(allowed), address)


def is_let_in(limits: Limits, address: str | None) -> bool:
    """Do all of the limits let this address in?

    SECURITY: one that is not known ("") is let in where there are no limits only. None: it is not asked, because who
    presents the credential is not who uses it.
    """
    return address is None or all(is_within(networks, address) for networks in limits)


def _names(networks: Iterable[AllowedNetwork]) -> tuple[str, ...]:
    return tuple(one.network for one in networks)
