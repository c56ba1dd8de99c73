"""The registry's token endpoint: what it takes, what it answers, and in which shape it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.unit.service.registry_world import (
    ACCOUNT,
    EU,
    World,
    basic,
    build_memory_world,
    claims_of,
)

from bailiwick.api.registry import PublicRoute, registry_routes
from bailiwick.errors import Invalid
from bailiwick.service.keys.exchanging import exchange_key
from bailiwick.service.settings import Registry

PATH = "/registry/token"
SERVICE = ("service", EU.service)
SCOPE = ("scope", "repository:dev/app:pull,push")
NOBODY = "the credential is missing, unknown, expired or withdrawn"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def world() -> World:
    """One installation for all tests of this file; none of them changes it."""
    return build_memory_world()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    """A client of an application that has these routes alone."""
    with TestClient(Starlette(routes=registry_routes(world.host)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def rita(world: World) -> str:
    """The header that shows rita's key."""
    return basic("iamapikey", world.key("user:rita"))


def get(
    client: TestClient, *parameters: tuple[str, str], authorization: str | None = None
) -> tuple[int, dict[str, object]]:
    """Status and body of a GET with these parameters."""
    headers = {"authorization": authorization} if authorization else {}
    answer = client.get(f"{PATH}?{urlencode(parameters)}", headers=headers)
    return answer.status_code, answer.json()


def post(client: TestClient, *form: tuple[str, str]) -> tuple[int, dict[str, object]]:
    """Status and body of a POST of this form, sent in chunks as skopeo does."""
    data = urlencode(form).encode()
    answer = client.post(PATH, content=iter([data[:10], data[10:]]), headers=FORM)
    return answer.status_code, answer.json()


def error(code: str, message: str, detail: object = None) -> dict[str, object]:
    """The body of a refusal."""
    return {"errors": [{"code": code, "message": message, "detail": detail}]}


def test_a_get_is_answered_with_a_token_and_nothing_to_keep(client: TestClient, rita: str) -> None:
    """The token twice under its two names, its lifetime, its beginning; not to be stored on the way."""
    answer = client.get(f"{PATH}?{urlencode([SERVICE, SCOPE])}", headers={"authorization": rita})
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {"token", "access_token", "expires_in", "issued_at"}
    assert (body["token"], body["expires_in"], body["issued_at"]) == (
        body["access_token"], 60, "2026-11-20T12:00:00Z",
    )  # fmt: skip
    assert claims_of(body["token"])["access"] == [
        {"type": "repository", "name": "dev/app", "actions": ["pull"]}
    ]


def test_a_form_is_answered_likewise(client: TestClient, world: World, rita: str) -> None:
    """With the password grant, offline, and then with the refresh token that this gave."""
    password = [("grant_type", "password"), ("username", "iamapikey"), ("password", world.key("user:rita"))]
    status, body = post(
        client, SERVICE, SCOPE, ("client_id", "docker"), ("access_type", "offline"), *password
    )
    assert status == 200
    assert isinstance(body["refresh_token"], str)
    again = [("grant_type", "refresh_token"), ("refresh_token", body["refresh_token"])]
    status, body = post(client, SERVICE, SCOPE, ("client_id", "containers/image"), *again)
    assert (status, set(body)) == (200, {"token", "access_token", "expires_in", "issued_at"})
    assert claims_of(str(body["token"]))["sub"] == "user:rita"


def test_each_user_name_says_what_its_password_is(client: TestClient, world: World, rita: str) -> None:
    """An API key, an access token and a refresh token of the same user give the same access."""
    key = world.key("user:rita")
    refresh = get(client, SERVICE, ("offline_token", "true"), authorization=rita)[1]["refresh_token"]
    shown = [
        ("iamapikey", key),
        ("iambearer", exchange_key(world.host, key).text),
        ("iamrefresh", str(refresh)),
    ]
    answers = [get(client, SERVICE, SCOPE, authorization=basic(*pair)) for pair in shown]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len({str(claims_of(str(body["token"]))["access"]) for _, body in answers}) == 1


def test_nobody_gets_a_token_without_access(client: TestClient) -> None:
    """No credentials are no bad credentials."""
    status, body = get(client, SERVICE, SCOPE)
    assert status == 200
    assert claims_of(str(body["token"]))["access"] == []


@pytest.mark.parametrize(
    ("header", "message", "detail"),
    [
        (basic("iamapikey", "x"), NOBODY, None),
        (basic("alice", "x"), "unknown kind of user name",
         {"help": "expected one of iamapikey, iambearer, iamrefresh"}),
        (basic("iamapikey", ""), "the password is empty or has characters that no key or token has", None),
        ("Bearer x", "expected `Authorization: Basic` with a user name and a password", None),
        ("Basic", "expected `Authorization: Basic` with a user name and a password", None),
    ],
)  # fmt: skip
def test_bad_credentials_are_a_401_in_the_registry_s_shape(
    client: TestClient, header: str, message: str, detail: object
) -> None:
    """The one status whose message clients show, with a challenge for those that read it."""
    answer = client.get(f"{PATH}?{urlencode([SERVICE])}", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="bailiwick"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == error("UNAUTHORIZED", message, detail)


def test_two_authorization_headers_are_two_callers(client: TestClient, world: World, rita: str) -> None:
    """Neither is believed."""
    headers = [("authorization", rita), ("authorization", basic("iamapikey", world.key("user:mona")))]
    answer = client.get(f"{PATH}?{urlencode([SERVICE])}", headers=headers)
    assert (answer.status_code, answer.json()) == (
        401, error("UNAUTHORIZED", "expected one `Authorization` header, got more"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "expected the `service` of the registry's challenge, got none at service"),
        ([("service", "x")], "`x` is no registry of this installation at service"),
        ([SERVICE, SERVICE], "expected `service` once, got it 2 times at service"),
        ([SERVICE, ("scope", "x")], "expected `type:name:action,action`, got `x` at scope"),
        ([SERVICE, ("grant_type", "password")], "expected no `grant_type` in the address at grant_type"),
        ([SERVICE, ("password", "x")], "expected no `password` in the address at password"),
        ([SERVICE, ("refresh_token", "x")], "expected no `refresh_token` in the address at refresh_token"),
        ([SERVICE] * 129, "expected at most 128 parameters as URL-encoded UTF-8 text at parameters"),
    ],
)
def test_a_request_that_cannot_be_read_is_a_400(
    client: TestClient, parameters: list[tuple[str, str]], message: str
) -> None:
    """With what is wrong and where, and without a token."""
    assert get(client, *parameters) == (400, error("UNSUPPORTED", message))


@pytest.mark.parametrize("query", ["service=%ff", "service=%C3", "service=%ED%A0%80"])
def test_text_that_is_not_utf8_is_a_400(client: TestClient, query: str) -> None:
    """It is not repaired, so no two texts become one."""
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()) == (
        400,
        error("UNSUPPORTED", "expected at most 128 parameters as URL-encoded UTF-8 text at parameters"),
    )


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ([SERVICE], "expected `refresh_token` or `password`, got none at grant_type"),
        ([SERVICE, ("grant_type", "magic")],
         "expected `refresh_token` or `password`, got `magic` at grant_type"),
    ],
)  # fmt: skip
def test_a_form_says_which_grant_it_is(client: TestClient, form: list[tuple[str, str]], message: str) -> None:
    """A form without a grant is not taken for one without credentials."""
    assert post(client, *form) == (400, error("UNSUPPORTED", message))


def test_a_credential_in_two_places_is_refused(client: TestClient, world: World, rita: str) -> None:
    """A header and a form could be two people."""
    form = urlencode([SERVICE, ("grant_type", "refresh_token"), ("refresh_token", "x")])
    answer = client.post(PATH, content=form, headers=FORM | {"authorization": rita})
    assert (answer.status_code, answer.json()) == (
        400,
        error(
            "UNSUPPORTED",
            "expected one credential, got one in the header and one in the form at Authorization",
        ),
    )


def test_a_form_s_address_is_passed_over(client: TestClient, world: World) -> None:
    """What stands in the query of a POST asks for nothing."""
    form = urlencode([("grant_type", "password"), ("username", "iamapikey"), ("password", "x")])
    answer = client.post(f"{PATH}?{urlencode([SERVICE, SCOPE])}", content=form, headers=FORM)
    assert answer.status_code == 400
    assert "expected the `service`" in answer.text


def test_a_form_is_a_form_and_not_too_long(client: TestClient) -> None:
    """Another media type is refused, and a long body is not read to its end."""
    json = client.post(PATH, json={"service": EU.service})
    assert (json.status_code, json.json()) == (
        400,
        error("UNSUPPORTED", "expected `application/x-www-form-urlencoded`, got `application/json`"
              " at Content-Type"),
    )  # fmt: skip
    long = client.post(PATH, content=iter([b"a" * 65_536] * 4), headers=FORM)
    assert (long.status_code, long.json()) == (
        413,
        error("UNSUPPORTED", "expected a body of at most 131072 bytes, got a longer one"),
    )


def test_what_breaks_gives_no_token_and_no_detail(
    client: TestClient, world: World, rita: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception inside is a 500 that says nothing of it."""

    def broken(*_: object) -> None:
        raise RuntimeError("the database's own words")

    monkeypatch.setattr("bailiwick.service.registry.decide", broken)
    assert get(client, SERVICE, SCOPE, authorization=rita) == (
        500,
        error("UNKNOWN", "the request could not be answered"),
    )


def test_other_methods_are_not_allowed(client: TestClient) -> None:
    """There are two ways to ask."""
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.request(method, PATH).status_code == 405


def test_each_route_says_why_it_needs_no_action(world: World) -> None:
    """Both are public, for a reason that is written down."""
    routes = registry_routes(world.host)
    assert all(isinstance(route, PublicRoute) and route.action is None for route in routes)
    assert {route.public for route in routes if isinstance(route, PublicRoute)} == {
        "authenticates by the credential in the request; shows what the caller may do, and nothing else"
    }


def test_a_registry_of_no_account_has_no_routes() -> None:
    """A wrong setting stops the server at its start."""
    world = build_memory_world(registries=[EU, Registry("x", ACCOUNT + "x", "eu-de")])
    with pytest.raises(Invalid, match="registry `x` is of account `acmex`, which does not exist"):
        registry_routes(world.host)
