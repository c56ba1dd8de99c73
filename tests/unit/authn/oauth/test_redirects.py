"""Redirects are compared exactly; the port of a loopback literal is the one exception, of public applications."""

from __future__ import annotations

import pytest

from bailiwick.authn.oauth.redirects import with_parameters
from bailiwick.model.applications import CONFIDENTIAL, PUBLIC, Application

CALLBACK = "https://app.example/callback"
LOOPBACK = ("http://127.0.0.1/callback", "http://[::1]:8080/done")
# Each a way in which another server once compared less than the whole address. (bug class 32)
ATTACKS = (
    "https://app.example/callback/",
    "https://app.example/callback?x=1",
    "https://app.example/callback#x",
    "https://app.example/Callback",
    "https://APP.example/callback",
    "http://app.example/callback",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://app.example/callback/../evil",
    "https://app.example/%63allback",
    "https://app.example/callback%2f..%2fevil",
    "https://app.example@evil.example/callback",
    "https://evil.example@app.example/callback",
    "https://app.example.evil.example/callback",
    "https://evil.app.example/callback",
    "https://app.example\\@evil.example/callback",
    "https://app.example/callback\\..\\evil",
    "//app.example/callback",
    "https:app.example/callback",
    "https://*.example/callback",
    " https://app.example/callback",
    "https://app.example/callback\r\nLocation: https://evil.example",
    "https://app.example/callback\u2025",
    "javascript:alert(1)//https://app.example/callback",
    "",
    "/callback",
)
LOOPBACK_ATTACKS = (
    "http://localhost:1234/callback",
    "http://127.0.0.1:1234@evil.example/callback",
    "http://127.0.0.1@evil.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:+80/callback",
    "http://127.0.0.1:80:90/callback",
    "http://127.0.0.1:\u0661\u0662/callback",
    "http://127.0.0.2:1234/callback",
    "http://127.1:1234/callback",
    "http://2130706433:1234/callback",
    "http://[::1]:1234/callback",
    "http://[::ffff:127.0.0.1]:1234/done",
    "https://127.0.0.1:1234/callback",
    "http://127.0.0.1:1234/callback/../x",
    "http://127.0.0.1:1234/callback?x",
    "http://127.0.0.1:1234/callback#x",
    "http://127.0.0.1:1234\\@evil.example/callback",
)


def is_registered(uri: str, registered: tuple[str, ...], *, any_port: bool) -> bool:
    """May an application with these addresses have its people led there?"""
    type = PUBLIC if any_port else CONFIDENTIAL
    return Application("app", type, redirect_uris=registered).may_return_to(uri)


def test_an_address_that_is_registered_is_one() -> None:
    """Character by character."""
    assert is_registered(CALLBACK, (CALLBACK,), any_port=False)
    assert is_registered(
        "https://app.example/cb?tenant=1", ("https://app.example/cb?tenant=1",), any_port=False
    )


@pytest.mark.parametrize("uri", ATTACKS)
@pytest.mark.parametrize("any_port", [False, True])
def test_no_other_spelling_of_it_is_one(uri: str, any_port: bool) -> None:
    """Neither for public applications nor for others."""
    assert not is_registered(uri, (CALLBACK, *LOOPBACK), any_port=any_port)


@pytest.mark.parametrize("port", ["", ":1", ":49152", ":65535"])
def test_a_public_application_may_listen_at_any_port_of_its_machine(port: str) -> None:
    """Whichever it finds free; path and address stay."""
    assert is_registered(f"http://127.0.0.1{port}/callback", LOOPBACK, any_port=True)
    assert is_registered(f"http://[::1]{port}/done", LOOPBACK, any_port=True)


def test_a_confidential_application_may_not() -> None:
    """It runs where its operator put it."""
    assert not is_registered("http://127.0.0.1:49152/callback", LOOPBACK, any_port=False)


@pytest.mark.parametrize("uri", LOOPBACK_ATTACKS)
def test_nothing_but_the_port_differs(uri: str) -> None:
    """No other name of the loopback address, no second host, no other path."""
    assert not is_registered(uri, LOOPBACK, any_port=True)


def test_an_address_keeps_the_parameters_that_it_has() -> None:
    """An answer adds its own, escaped."""
    assert (
        with_parameters("https://a.example/cb?t=1", [("code", "a&b")])
        == "https://a.example/cb?t=1&code=a%26b"
    )
    assert (
        with_parameters("https://a.example/cb", [("iss", "https://i/")])
        == "https://a.example/cb?iss=https%3A%2F%2Fi%2F"
    )
