"""Applications: which addresses, audiences and scopes there can be, and where users may be sent back to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bailiwick.errors import Invalid
from bailiwick.model.applications import (
    COMMAND_LINE_APPLICATION,
    Application,
    is_trusted_more,
    needs_trust,
    parse_audience,
    parse_redirect_uri,
    parse_scope_text,
)

WEB = Application("portal", redirect_uris=("https://app.example/callback", "http://127.0.0.1:8080/callback"))
DESKTOP = Application(
    "desktop", "public", redirect_uris=("http://127.0.0.1/callback", "http://[::1]/callback")
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback",
        "https://app.example:8443/cb?x=1",
        "http://127.0.0.1/cb",
        "http://[::1]:9/cb",
    ],
)
def test_exact_https_and_loopback_addresses_are_redirect_uris(uri: str) -> None:
    """They are kept as they are written."""
    assert parse_redirect_uri(uri, "redirect_uris") == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/callback",
        "http://localhost/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.2/callback",
        "https://*.example/callback",
        "https://app.example/*",
        "https://app.example/callback#fragment",
        "https://app.example@evil.example/callback",
        "https://user:word@app.example/callback",
        "https://app.example\\@evil.example/",
        "https://app.example/../evil",
        "https://app.example/%2e%2e/evil",
        "https://App.example/callback",
        "https://app.example",
        "https:///callback",
        "https://app.example:/callback",
        "https://app.example:port/callback",
        "https://app.example:99999/callback",
        "//app.example/callback",
        "javascript:alert(1)",
        "https://äpp.example/callback",
        "https://app.example/call back",
        "https://app.example/callback\n",
        "https://app.example/" + "a" * 600,
        "",
    ],
)
def test_what_is_not_one_exact_address_is_refused(uri: str) -> None:
    """Wildcards, fragments, users, other schemes, spellings that a browser reads otherwise."""
    with pytest.raises(Invalid):
        parse_redirect_uri(uri, "redirect_uris")


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/Callback",
        "https://app.example:443/callback",
        "https://evil.app.example/callback",
        "https://app.example/callback/../evil",
        "http://127.0.0.1:8081/callback",
        "http://127.0.0.1/callback",
    ],
)
def test_only_the_very_address_is_returned_to(uri: str) -> None:
    """No prefix, no normalising; and a confidential application has no free port."""
    assert WEB.may_return_to("https://app.example/callback")
    assert not WEB.may_return_to(uri)


def test_a_public_application_may_listen_on_any_port_of_loopback() -> None:
    """The port is chosen when it starts (RFC 8252); host, path and scheme are not."""
    for uri in (
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://[::1]:4711/callback",
    ):
        assert DESKTOP.may_return_to(uri)
    for uri in (
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:80/other",
        "http://127.0.0.1:80/callback#x",
        "https://127.0.0.1:80/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1:80.evil.example/callback",
        "http://localhost:80/callback",
    ):
        assert not DESKTOP.may_return_to(uri), uri


def test_audiences_are_absolute_and_without_fragment() -> None:
    """As RFC 8707 says of a resource."""
    assert parse_audience("https://api.example/v1", "a")
    assert parse_audience("urn:example:api", "a")
    for text in ("bailiwick", "https://api.example#x", "", "https:", "a b:c", "x" * 600):
        with pytest.raises(Invalid):
            parse_audience(text, "audiences")


def test_scopes_are_words_actions_or_roles() -> None:
    """What has a space could never be asked for."""
    for text in ("openid", "all", "ims:images:get", "iam.user.*", "container-registry/Reader"):
        assert parse_scope_text(text, "scopes") == text
    for text in ("everything", "IMS FullAccess", "ims/IMS FullAccess", "ims/", "", "a" * 200 + ".b", 'x"y.z'):
        with pytest.raises(Invalid):
            parse_scope_text(text, "scopes")


def test_who_runs_an_application_acts_as_its_service_id_by_some_grants_only() -> None:
    """Disabled, or without such a grant, it acts as nobody."""
    acting = Application("ci", grants=("client_credentials",), acts_as="service-id:ci")
    assert acting.acting_as == "service-id:ci"
    assert replace(acting, disabled=True).acting_as is None
    assert replace(acting, grants=("authorization_code",)).acting_as is None


def test_what_users_are_not_asked_about_is_weighty() -> None:
    """The first party, and whatever it gains; another audience needs trust too; losing something does not."""
    first = replace(WEB, first_party=True)
    assert is_trusted_more(WEB, first)
    assert is_trusted_more(None, first)
    assert not is_trusted_more(first, WEB)
    assert not is_trusted_more(first, replace(first, title="Portal"))
    assert is_trusted_more(first, replace(first, redirect_uris=("https://evil.example/cb",)))
    assert is_trusted_more(first, replace(first, scopes=("all",)))
    assert is_trusted_more(first, replace(first, type="public"))
    assert is_trusted_more(replace(first, disabled=True), first)
    assert not is_trusted_more(None, replace(first, disabled=True))
    heard = replace(WEB, audiences=("https://api.example",))
    assert needs_trust(WEB, heard)
    assert not needs_trust(heard, WEB)
    assert not needs_trust(None, WEB)
    assert COMMAND_LINE_APPLICATION.first_party
