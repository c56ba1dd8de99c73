"""Networks from which an account, or one API key, may be used. Values only; nothing here knows a connection.

Source: Open Telekom Cloud, IAM User Guide, Access Control Policy (address ranges with descriptions, for console and
API apart; anything that matches is let in); IBM Cloud, IP address restrictions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bailiwick.errors import Invalid
from bailiwick.model.conditions import Network, parse_network

MOST_NETWORKS = 100
MAX_NETWORK_DESCRIPTION = 255
_FORM = "write an address or a network such as 192.0.2.0/24 or 2001:db8::/32, without host bits"


@dataclass(frozen=True, slots=True)
class AllowedNetwork:
    """Which network is let in, in one spelling, and what is it?"""

    network: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """From where are the account's pages visited, and its API called? None named: from everywhere."""

    console: tuple[AllowedNetwork, ...] = ()
    api: tuple[AllowedNetwork, ...] = ()


def parse_allowed_network(text: str, place: str = "") -> str:
    """Which network does the text name, in one spelling? IPv4-mapped IPv6 becomes IPv4. Raises Invalid."""
    network = None if "%" in text else parse_network(text)
    if network is None:
        raise Invalid.at(place, f"`{text[:80]}` is no network", _FORM)
    return str(network)


def is_within(networks: Iterable[str], address: str) -> bool:
    """Is the address in one of these networks? One that cannot be read is in none."""
    read = _read(address)
    return read is not None and any(read.version == one.version and read in one for one in _parsed(networks))


def find_wider(before: Iterable[str], after: Iterable[str]) -> bool:
    """Do the networks of `after` let in what those of `before` do not? Says yes too often, never no wrongly."""
    was, is_ = tuple(before), tuple(after)
    if not was:
        return False
    return not is_ or not all(any(_covers(old, new) for old in _parsed(was)) for new in _parsed(is_))


def _covers(old: Network, new: Network) -> bool:
    if isinstance(old, ipaddress.IPv4Network) and isinstance(new, ipaddress.IPv4Network):
        return new.subnet_of(old)
    if isinstance(old, ipaddress.IPv6Network) and isinstance(new, ipaddress.IPv6Network):
        return new.subnet_of(old)
    return False


@lru_cache(maxsize=4096)
def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """SECURITY: `::ffff:192.0.2.1` is 192.0.2.1, and an address of a zone is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        return None if parsed.scope_id is not None else parsed.ipv4_mapped or parsed
    return parsed


def _parsed(networks: Iterable[str]) -> list[Network]:
    return [one for text in networks if (one := _network(text)) is not None]


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    return parse_network(text)
