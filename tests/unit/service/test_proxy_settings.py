"""Which proxies are believed comes from the settings: addresses and networks, never everybody."""

from __future__ import annotations

import pytest

from bailiwick.errors import Invalid
from bailiwick.service.settings import parse_proxy


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.0.0.7", "10.0.0.7/32"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("2001:DB8::7", "2001:db8::7/128"),
        ("2001:db8::/64", "2001:db8::/64"),
    ],
)
def test_a_proxy_is_an_address_or_a_network(text: str, network: str) -> None:
    """Each has one spelling."""
    assert parse_proxy(text) == network


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("proxy.acme.example", "expected an address or a network, got `proxy.acme.example`"),
        ("*", "expected an address or a network, got `*`"),
        ("10.0.0.7/24", "expected an address or a network, got `10.0.0.7/24`"),
        ("", "expected an address or a network, got ``"),
        ("0.0.0.0/0", "`0.0.0.0/0` is everybody"),
        ("::/0", "`::/0` is everybody"),
    ],
)
def test_what_names_no_proxy_is_refused(text: str, message: str) -> None:
    """A name could mean another address tomorrow, and everybody is nobody to believe."""
    with pytest.raises(Invalid) as caught:
        parse_proxy(text)
    assert [finding.message for finding in caught.value.findings] == [message]
