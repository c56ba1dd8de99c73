"""Every way in, and no way round its end: four people at one installation of two processes, until they are disabled.

One is invited, sets up a second factor and signs in from the command line; one comes through an identity provider of
another make; one is made by a directory. What they have then (a page, a key's token, a login and its refresh token)
works in both processes, and ends in both at the next request.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyotp
import pytest
from tests.e2e.console import FORM, Browser
from tests.e2e.processes import ServerProcess, call
from tests.e2e.server import ACCOUNT, PUBLIC_URL, Client, Reply, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.cli.login.commands import keep_login
from bailiwick.cli.login.flow import Codes, Endpoints
from bailiwick.cli.login.logins import Logins, Tokens
from bailiwick.service.people import hashing

PASSWORD = "correct horse 1"
HOME = f"/console/accounts/{ACCOUNT}"
PROVIDED: dict[str, Any] = {"provider_networks": ("127.0.0.0/8",)}
_PROVIDER = """
import sys
from oidc_provider_mock import run_server_in_thread
with run_server_in_thread() as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""


@dataclass
class Installation:
    """Two processes that answer for the same data: this one, and one of its own."""

    first: RunningServer
    second: str

    def both(self, browser: Browser) -> tuple[Browser, Browser]:
        """The same visitor, at each."""
        return browser, Browser(self.second, dict(browser.cookies))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The installation, whose account trusts a directory."""
    folder = tmp_path_factory.mktemp("walk")
    with (
        pytest.MonkeyPatch.context() as patch,
        RunningServer(folder, **PROVIDED) as first,
        ServerProcess(folder, PUBLIC_URL) as second,
    ):
        patch.setattr(hashing, "COST", HashCost(memory_kib=8, passes=1))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        policy = {"kind": "Policy", "name": "directory", "subjects": ["service-id:directory"],
                  "roles": ["User Provisioner"], "scope": {"service": "iam"}}  # fmt: skip
        reply = first.owner().apply({"kind": "ServiceId", "name": "directory"}, policy)
        assert reply.status == 200, reply.text
        yield Installation(first, second.address)


@contextmanager
def provider() -> Iterator[str]:
    """The address of an identity provider of another make, which believes everybody who they say they are."""
    command, pipe = [sys.executable, "-W", "ignore", "-c", _PROVIDER], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()
        process.wait(20)


def send(address: str, method: str, body: str, kind: str) -> Reply:
    """What is answered at this whole address?"""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, {"content-type": kind})
        answer = connection.getresponse()
        return Reply(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        )
    finally:
        connection.close()


def come_by_link(here: Installation, link: str) -> Browser:
    """Choose a password by this link, in a browser."""
    browser, page = Browser(here.first.address), urlsplit(link).path
    fields = {"password": PASSWORD, "again": PASSWORD}
    assert browser.post(page, fields, seen_at=page).status == 303
    return browser


def invited(here: Installation) -> Browser:
    """Ann is invited, sets up a second factor, and signs in with both."""
    made = here.first.owner().post("invitations", body={"name": "ann"})
    assert made.status == 201, made.text
    browser = come_by_link(here, made.json["link"])
    browser.post("/me/second-factor/begin", {}, seen_at="/me/second-factor")
    seed = re.search(r'class="seed">([A-Z2-7]+)<', browser.get("/me/second-factor").text)
    assert seed is not None
    phone, now = pyotp.TOTP(seed[1]), int(here.first.clock())
    codes = {"first_code": phone.at(now - 30), "second_code": phone.at(now)}
    assert browser.post("/me/second-factor", codes, seen_at="/me/second-factor").status == 200
    browser = Browser(here.first.address)
    given = {"account": ACCOUNT, "name": "ann", "password": PASSWORD}
    due = browser.post("/console/sign-in", given, seen_at="/console/sign-in")
    assert due.headers["location"] == "/console/sign-in/code"
    assert browser.get("/me").status == 303, "the password alone is not enough"
    here.first.clock.advance(30)
    code = {"code": phone.at(int(here.first.clock()))}
    assert browser.post("/console/sign-in/code", code, seen_at="/console/sign-in/code").status == 303
    here.first.clock.advance(-30)
    return browser


def federated(here: Installation) -> Browser:
    """Eve signs in through the account's identity provider, and is made a user by that."""
    with provider() as issuer:
        claims = json.dumps({"preferred_username": "eve", "email": "eve@acme.example"})
        assert send(f"{issuer}/users/eve", "PUT", claims, "application/json").status == 204
        believed = {"kind": "IdentityProvider", "name": "sso", "title": "Company", "issuer": issuer,
                    "client_id": "bailiwick", "new_users": "create"}  # fmt: skip
        owner = here.first.owner()
        assert owner.apply(believed).status == 200
        assert owner.put("identity-providers", "sso", "client-secret", body={"secret": "x"}).status == 204
        browser = Browser(here.first.address)
        sent = browser.get(f"/console/sign-in/{ACCOUNT}/sso")
        there = send(sent.headers["location"], "POST", urlencode({"sub": "eve"}), FORM)
        back = urlsplit(there.headers["location"])
        assert browser.get(f"{back.path}?{back.query}").headers["location"] == HOME
        return browser


def provisioned(here: Installation) -> Browser:
    """Sam is made by the directory; an administrator sends a link."""
    made = scim(here, "POST", "/Users", {"schemas": [f"{CORE}:User"], "userName": "sam"})
    assert made.status == 201, made.text
    link = here.first.owner().post("users", "sam", "reset-password", body={})
    assert link.status == 201, link.text
    return come_by_link(here, link.json["link"])


CORE, PATCH = "urn:ietf:params:scim:schemas:core:2.0", "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def scim(here: Installation, method: str, path: str, body: object) -> Reply:
    """What is the directory answered?"""
    directory = here.first.client("service-id:directory")
    return directory.send(method, f"/scim/v2{path}", body, headers={"Content-Type": "application/scim+json"})


def by_an_administrator(here: Installation, name: str) -> None:
    """Put out of use on a page or by the API, in this process."""
    assert here.first.owner().patch("users", name, body={"disabled": True}).status == 200


def by_the_directory(here: Installation, name: str) -> None:
    """Put out of use by the directory that made the user."""
    found = scim(here, "GET", f"/Users?filter=userName%20eq%20%22{name}%22", None).json["Resources"]
    operation = {"op": "replace", "path": "active", "value": False}
    body = {"schemas": [PATCH], "Operations": [operation]}
    assert scim(here, "PATCH", f"/Users/{found[0]['id']}", body).status == 200


def log_in(here: Installation, browser: Browser, folder: Path) -> tuple[Logins, Tokens]:
    """Sign in from the command line, let in by this browser."""
    logins = Logins(folder / "bailiwick")
    with Endpoints(here.first.address) as endpoints:
        codes: Codes = endpoints.begin()
        code = {"user_code": codes.user_code}
        assert browser.post("/device", code, seen_at="/device").status == 200
        done = browser.post("/device/answer", {**code, "answer": "approve"}, seen_at="/device")
        assert done.status == 200, done.text
        tokens = endpoints.wait(codes, lambda seconds: None)
        keep_login(logins, endpoints, tokens, ACCOUNT)
    return logins, tokens


@pytest.mark.parametrize(
    ("name", "come", "end"),
    [
        ("ann", invited, by_an_administrator),
        ("eve", federated, by_an_administrator),
        ("sam", provisioned, by_the_directory),
    ],
)
def test_everybody_comes_in_their_way_and_is_out_at_once(
    here: Installation,
    tmp_path: Path,
    name: str,
    come: Callable[[Installation], Browser],
    end: Callable[[Installation, str], None],
) -> None:
    """Page, key, login, refresh token: all of it works in both processes, and none of it in either afterwards."""
    browser = come(here)
    made = browser.post("/me/keys/new", {"description": "a script", "days": "30"}, seen_at="/me/keys/new")
    key = re.search(r"bwk_[A-Za-z0-9_-]+", made.text)
    assert key is not None, made.text
    token = here.first.token(key[0])
    logins, tokens = log_in(here, browser, tmp_path)
    visits, clients = here.both(browser), [Client(one, ACCOUNT) for one in (here.first.address, here.second)]

    def answers() -> list[int]:
        """What do the pages and both tokens come to, in both processes?"""
        found = [one.get("/me").status for one in visits]
        for client in clients:
            for text in (token, tokens.access):
                client.token = text
                found.append(client.send("GET", "/v1/whoami").status)
        return found

    variables = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert answers() == [200] * 6
    assert call("whoami", variables=variables).out.startswith(f"user:{name} of {ACCOUNT}")
    end(here, name)
    assert answers() == [303, 303, 401, 401, 401, 401]
    over = call("whoami", variables=variables)
    assert (over.code, over.err.splitlines()[0]) == (
        2,
        f"error: your login at `{here.first.address}` is over",
    )
    for address in (here.first.address, here.second):
        grants = (
            {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "client_id": "bailiwick-cli"},
            {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": key[0]},
        )
        refused = [send(f"{address}/oauth/token", "POST", urlencode(one), FORM) for one in grants]
        assert [one.json["error"] for one in refused] == ["invalid_grant"] * 2
    for client in clients:
        client.close()
    login = logins.find()
    assert login is not None
    assert logins.tokens(login) is None, "what is good for nothing is not kept"
