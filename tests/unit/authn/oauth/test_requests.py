"""Authorization requests: what is read of them, and what refuses them."""

from __future__ import annotations

import pytest

from bailiwick.authn.oauth.faults import OAuthRefused
from bailiwick.authn.oauth.requests import AuthorizationRequest, find_state, read_recipient, read_request

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PLAIN = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": "https://app.example/cb",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def read(*more: tuple[str, str], **changed: str | None) -> AuthorizationRequest:
    """Read a request with these parameters instead."""
    values = {**PLAIN, **changed}
    return read_request([*((k, v) for k, v in values.items() if v is not None), *more])


def fault(*more: tuple[str, str], **changed: str | None) -> str:
    """Which word refuses it?"""
    with pytest.raises(OAuthRefused) as refused:
        read(*more, **changed)
    return refused.value.error


def test_a_plain_request_is_read() -> None:
    """What is not said is not there."""
    assert read() == AuthorizationRequest("app", "https://app.example/cb", CHALLENGE)


def test_a_full_request_is_read() -> None:
    """Every parameter that is known; what is not known is passed over."""
    request = read(
        ("resource", "https://a.example"),
        scope="openid email openid",
        state="s",
        nonce="n",
        prompt="login consent",
        max_age="60",
        login_hint="alice",
        acr_values="mfa other",
        response_mode="query",
        ui_locales="de",
    )
    assert request.scopes == ("openid", "email")
    assert (request.state, request.nonce, request.max_age, request.login_hint) == ("s", "n", 60, "alice")
    assert request.prompts == {"login", "consent"}
    assert request.wants_factor
    assert not request.is_silent
    assert request.resource == "https://a.example"


def test_a_token_is_for_one_api() -> None:
    """One that two APIs took would be good for each of them at the other."""
    assert fault(("resource", "https://a.example"), ("resource", "https://b.example")) == "invalid_target"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "١"}, "invalid_request"),
        ({"max_age": "99999999999"}, "invalid_request"),
        ({"scope": "openid  email"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"scope": " ".join(f"s{n}" for n in range(65))}, "invalid_scope"),
        ({"resource": "relative"}, "invalid_target"),
        ({"resource": "https://a.example#x"}, "invalid_target"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"state": "x" * 1025}, "invalid_request"),
    ],
)
def test_what_cannot_be_answered_is_refused(changed: dict[str, str | None], error: str) -> None:
    """With the protocol's word for it."""
    assert fault(**changed) == error


@pytest.mark.parametrize(
    "name", ["response_type", "client_id", "redirect_uri", "code_challenge", "scope", "state", "nonce"]
)
def test_no_parameter_is_given_twice(name: str) -> None:
    """Two readers could take two different ones, even if they are alike here."""
    assert (
        fault(("scope", "openid"), ("state", "a"), ("nonce", "b"), (name, PLAIN.get(name, "openid")))
        == "invalid_request"
    )


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_who_asks_and_where_the_answer_goes_is_said_once(name: str) -> None:
    """Not at all, empty or twice: nobody is answered."""
    for given in ([], [(name, "")], [(name, "x"), (name, "x")]):
        with pytest.raises(OAuthRefused, match=f"expected `{name}` once"):
            read_recipient([*((k, v) for k, v in PLAIN.items() if k != name), *given])


def test_one_state_goes_back_and_no_doubtful_one() -> None:
    """Of two none, of a very long one none."""
    assert find_state([("state", "a")]) == "a"
    assert find_state([]) is None
    assert find_state([("state", "a"), ("state", "b")]) is None
    assert find_state([("state", "x" * 1025)]) is None
