"""The device authorization endpoint over HTTP, from RFC 8628, and who may ask there."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
from tests.e2e.oauth_world import APPLICATIONS, running, uid_of_application
from tests.e2e.server import FORM, PUBLIC_URL, Reply, RunningServer

PATH = "/oauth/device_authorization"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with people and applications."""
    for one in running(tmp_path_factory.mktemp("device-endpoint")):
        assert one.owner().apply(*APPLICATIONS).status == 200
        yield one


def ask(
    server: RunningServer,
    fields: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
    query: str = "",
) -> Reply:
    """Send the form."""
    body = urlencode(fields, doseq=True).encode()
    said = {"Content-Type": FORM, "User-Agent": "bailiwick/0.4", **(headers or {})}
    return server.caller(None).send("POST", PATH + query, body, headers=said)


def error(reply: Reply) -> str:
    """Which word refuses it, in RFC 6749's form?"""
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"
    return str(reply.json["error"])


def test_the_command_line_is_given_codes(server: RunningServer) -> None:
    """As RFC 8628, 3.2 has it; addresses are the configured ones, whatever the request's headers say."""
    fields = {"client_id": "bailiwick-cli", "scope": "openid all offline_access"}
    reply = ask(server, fields, {"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    said = reply.json
    code = said["user_code"]
    assert len(said.pop("device_code")) >= 43
    assert said == {
        "user_code": code,
        "verification_uri": f"{PUBLIC_URL}/device",
        "verification_uri_complete": f"{PUBLIC_URL}/device?user_code={code}",
        "expires_in": 600,
        "interval": 5,
    }
    assert len(code) == 9
    assert code[4] == "-"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"client_id": "x" * 3000, "scope": "openid"}, "invalid_request"),
        ({"client_id": ["bailiwick-cli"] * 2, "scope": "openid"}, "invalid_request"),
        ({"client_id": "bailiwick-cli"}, "invalid_scope"),
        ({"client_id": "bailiwick-cli", "scope": "openid  all"}, "invalid_scope"),
        ({"client_id": "bailiwick-cli", "scope": "address"}, "invalid_scope"),
        (
            {"client_id": "bailiwick-cli", "scope": "openid", "resource": "https://api.example"},
            "invalid_target",
        ),
        ({"client_id": "bailiwick-cli", "scope": "openid", "resource": "api"}, "invalid_target"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    server: RunningServer, fields: Mapping[str, object], word: str
) -> None:
    """With RFC 6749's word, and status 400."""
    reply = ask(server, fields)
    assert (reply.status, error(reply)) == (400, word)


@pytest.mark.parametrize("client_id", ["nobody", "application-00000000000000000000"])
def test_an_unknown_application_is_refused(server: RunningServer, client_id: str) -> None:
    """As one that has not shown that it is itself."""
    assert (ask(server, {"client_id": client_id, "scope": "openid"}).status) == 401


def test_a_confidential_application_shows_its_secret(server: RunningServer) -> None:
    """And one without the grant is refused."""
    box, portal = (uid_of_application(server, name) for name in ("set-top-box", "portal"))
    assert ask(server, {"client_id": box, "scope": "openid"}).status == 200
    unproved = ask(server, {"client_id": portal, "scope": "openid"})
    assert (unproved.status, error(unproved)) == (401, "invalid_client")
    wrong = b64encode(f"{portal}:wrong".encode()).decode()
    reply = ask(server, {"scope": "openid"}, {"Authorization": f"Basic {wrong}"})
    assert (reply.status, error(reply)) == (401, "invalid_client")
    assert reply.headers["www-authenticate"].startswith("Basic")
    phone = uid_of_application(server, "phone")
    assert error(ask(server, {"client_id": phone, "scope": "openid"})) == "unauthorized_client"


def test_nothing_is_read_from_the_address_or_another_type(server: RunningServer) -> None:
    """Addresses are written into logs."""
    assert error(ask(server, {}, query="?client_id=bailiwick-cli&scope=openid")) == "invalid_client"
    json = server.caller(None).send("POST", PATH, {"client_id": "bailiwick-cli"})
    assert error(json) == "invalid_request"
