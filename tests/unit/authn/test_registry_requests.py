"""Registry token requests: one credential at most, exactly read, and never repeated in an error."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authn.registry import (
    CredentialKind,
    PresentedCredential,
    RegistryTokenRequest,
    parse_basic_credentials,
    parse_scopes,
    parse_token_request,
)
from bailiwick.errors import BailiwickError, Invalid, Unauthenticated

SERVICE = ("service", "reg-svc")


def basic(user_name: str, password: str, scheme: str = "Basic") -> str:
    """The header that shows these two."""
    return f"{scheme} " + b64encode(f"{user_name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("user_name", "kind"),
    [
        ("iamapikey", CredentialKind.API_KEY),
        ("iambearer", CredentialKind.ACCESS_TOKEN),
        ("iamrefresh", CredentialKind.REFRESH_TOKEN),
    ],
)
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_user_name_says_what_the_password_is(scheme: str, user_name: str, kind: CredentialKind) -> None:
    """Three user names are known; the word `Basic` may be written in any case."""
    assert parse_basic_credentials(basic(user_name, "s3cret", scheme)) == PresentedCredential(kind, "s3cret")


def test_a_password_may_hold_colons() -> None:
    """Only the first colon separates."""
    assert parse_basic_credentials(basic("iambearer", "a:b::")).secret == "a:b::"


@pytest.mark.parametrize(
    "user_name", ["", "alice", "IAMAPIKEY", "iamapikey ", "iamapikey\x00", "token", "API_KEY", "iamapikeyx"]
)
def test_another_user_name_is_refused(user_name: str) -> None:
    """Names are compared exactly, and the answer names the three and not the one shown."""
    with pytest.raises(Unauthenticated) as caught:
        parse_basic_credentials(basic(user_name, "s3cret"))
    assert caught.value.message == "unknown kind of user name"
    assert caught.value.help == "expected one of iamapikey, iambearer, iamrefresh"


@pytest.mark.parametrize("password", ["", "s3cr\u00e9t", "a\nb", "a\x00", "a\x7f"])
def test_a_password_that_is_no_key_or_token_is_refused(password: str) -> None:
    """Empty and unprintable passwords are refused before anything is looked up."""
    with pytest.raises(Unauthenticated) as caught:
        parse_basic_credentials(basic("iamapikey", password))
    assert caught.value.message == "the password is empty or has characters that no key or token has"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Bearer abc",
        "Basic  aWFtYXBpa2V5OmE=",
        "Basic aWFtYXBpa2V5OmE=\n",
        "Basic aWFtYXBpa2V5OmE= x",
        "Basic a",
        "Basic aWFt-_",
        "Basic /////w==",
        "Basic =",
        "Basic " + "a" * 16_384,
        "basic\taWFtYXBpa2V5OmE=",
    ],
)
def test_a_header_that_shows_no_credential_is_refused(header: str) -> None:
    """Another scheme, another alphabet, added spaces and no text are all refused as unauthenticated."""
    with pytest.raises(Unauthenticated):
        parse_basic_credentials(header)


@given(header=st.text() | st.binary().map(lambda data: "Basic " + b64encode(data).decode()))
def test_no_header_crashes_the_parser(header: str) -> None:
    """Any header is a credential or is refused, and no refusal repeats it."""
    shown = ""
    try:
        shown = parse_basic_credentials(header).secret
    except Unauthenticated as refused:
        shown = str(refused)
    assert shown
    assert len(header) < 12 or header not in shown


def test_a_credential_shows_in_no_log() -> None:
    """The printed form says what kind it is and nothing else."""
    shown = repr(PresentedCredential(CredentialKind.API_KEY, "s3cret"))
    assert "s3cret" not in shown
    assert "iamapikey" in shown


def test_a_query_asks_for_service_and_scopes() -> None:
    """A client's GET with `Basic`, its `account` passed over."""
    parameters = [
        ("account", "iamapikey"),
        ("scope", "repository:ns/dst:pull,push"),
        ("scope", "repository:ns/src:pull"),
        SERVICE,
    ]
    assert parse_token_request(parameters, basic("iamapikey", "s3cret")) == RegistryTokenRequest(
        service="reg-svc",
        scopes=parse_scopes(["repository:ns/dst:pull,push", "repository:ns/src:pull"]),
        credential=PresentedCredential(CredentialKind.API_KEY, "s3cret"),
        client_id=None,
    )


def test_a_query_without_credential_asks_as_nobody() -> None:
    """No header and no form is anonymous, which is different from a credential that fails."""
    asked = parse_token_request([SERVICE, ("scope", "repository:ns/img:pull")], None)
    assert asked.credential is None
    with pytest.raises(Unauthenticated):
        parse_token_request([SERVICE], "")


def test_a_form_shows_a_refresh_token() -> None:
    """The POST of a client that holds an identity token."""
    parameters = [
        ("client_id", "containers/image"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "r3fresh"),
        ("scope", "repository:ns/img:pull"),
        SERVICE,
    ]
    asked = parse_token_request(parameters, None)
    assert asked.credential == PresentedCredential(CredentialKind.REFRESH_TOKEN, "r3fresh")
    assert asked.client_id == "containers/image"


def test_a_form_shows_a_password() -> None:
    """The password grant knows the same three user names."""
    parameters = [("grant_type", "password"), ("username", "iamapikey"), ("password", "s3cret"), SERVICE]
    asked = parse_token_request(parameters, None)
    assert asked.credential == PresentedCredential(CredentialKind.API_KEY, "s3cret")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "expected the `service` of the registry's challenge, got none at service"),
        ([("service", "")], "expected the `service` of the registry's challenge, got none at service"),
        ([SERVICE, ("service", "other")], "expected `service` once, got it 2 times at service"),
        (
            [SERVICE, ("grant_type", "authorization_code")],
            "expected `refresh_token` or `password`, got `authorization_code` at grant_type",
        ),
        (
            [SERVICE, ("grant_type", "password"), ("username", "iamapikey"), ("username", "iambearer")],
            "expected `username` once, got it 2 times at username",
        ),
        ([SERVICE, ("scope", "x")], "expected `type:name:action,action`, got `x` at scope"),
    ],
)
def test_a_malformed_request_is_refused(parameters: list[tuple[str, str]], message: str) -> None:
    """What is missing, given twice or unknown is named with its place."""
    with pytest.raises(Invalid) as caught:
        parse_token_request(parameters, None)
    assert caught.value.message == message


def test_two_credentials_are_refused() -> None:
    """Nobody is taken for the one when the other was meant."""
    form = [SERVICE, ("grant_type", "refresh_token"), ("refresh_token", "r3fresh")]
    with pytest.raises(Invalid) as caught:
        parse_token_request(form, basic("iamapikey", "s3cret"))
    expected = "expected one credential, got one in the header and one in the form at Authorization"
    assert caught.value.message == expected


@pytest.mark.parametrize("grant_type", ["refresh_token", "password"])
def test_a_form_without_its_secret_is_refused(grant_type: str) -> None:
    """A grant that shows nothing is a failed credential and not anonymous."""
    with pytest.raises(BailiwickError) as caught:
        parse_token_request([SERVICE, ("grant_type", grant_type)], None)
    assert isinstance(caught.value, Unauthenticated)
