"""Networks that are let in: spellings, addresses, and which lists let in more than others."""

from __future__ import annotations

import pytest

from bailiwick.errors import Invalid
from bailiwick.model.networks import find_wider, is_within, parse_allowed_network


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
    ],
)
def test_a_network_is_kept_in_one_spelling(text: str, kept: str) -> None:
    """IPv4 in the dress of IPv6 is IPv4."""
    assert parse_allowed_network(text) == kept


@pytest.mark.parametrize(
    "text", ["", "office", "192.0.2.1/24", "192.0.2.0/33", "fe80::1%eth0", "10.0.0.0-10.0.0.9"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    """Host bits too, for they are mostly a slip."""
    with pytest.raises(Invalid, match="is no network"):
        parse_allowed_network(text)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.9", True),
        ("::ffff:192.0.2.9", True),
        ("::ffff:c000:0209", True),
        ("192.0.3.9", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("fe80::1%eth0", False),
        ("192.0.2.9 ", False),
        ("192.0.2.009", False),
        ("3221225993", False),
        ("unix:", False),
        ("", False),
    ],
)
def test_an_address_is_inside_by_what_it_is_and_not_by_how_it_is_written(address: str, inside: bool) -> None:
    """What cannot be read is nowhere."""
    assert is_within(("192.0.2.0/24", "2001:db8::/32"), address) is inside


def test_everything_of_ipv4_holds_no_ipv6() -> None:
    """And the other way round."""
    assert is_within(("0.0.0.0/0",), "::ffff:192.0.2.1")
    assert not is_within(("0.0.0.0/0",), "2001:db8::1")
    assert not is_within(("::/0",), "192.0.2.1")


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        ((), (), False),
        ((), ("10.0.0.0/8",), False),
        (("10.0.0.0/8",), (), True),
        (("10.0.0.0/8",), ("10.1.0.0/16", "10.0.0.1/32"), False),
        (("10.1.0.0/16",), ("10.0.0.0/8",), True),
        (("10.0.0.0/8",), ("10.0.0.0/8", "2001:db8::/32"), True),
        (("0.0.0.0/0", "::/0"), ("10.0.0.0/8", "2001:db8::/32"), False),
    ],
)
def test_a_list_that_lets_in_more_is_wider(
    before: tuple[str, ...], after: tuple[str, ...], wider: bool
) -> None:
    """No list lets in everybody."""
    assert find_wider(before, after) is wider
