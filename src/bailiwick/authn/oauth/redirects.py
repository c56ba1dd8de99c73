"""Addresses to which people are led back, with an answer in them. Whether they may be is the application's to say.

Source: RFC 6749, 3.1.2 and 4.1.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode


def with_parameters(uri: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Which address leads there with these parameters, those that it has kept?"""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(list(parameters))}"
