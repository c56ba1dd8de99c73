"""Proof keys and user codes."""

from __future__ import annotations

import pytest

from bailiwick.authn.oauth.pkce import challenge_of, is_challenge, is_proved
from bailiwick.authn.oauth.user_codes import LETTERS, find_user_code, format_user_code, make_user_code

# Source: RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_the_rfc_is_proved() -> None:
    """Its verifier has its challenge."""
    assert challenge_of(VERIFIER) == CHALLENGE
    assert is_challenge(CHALLENGE)
    assert is_proved(CHALLENGE, VERIFIER)


@pytest.mark.parametrize(
    "verifier", ["", VERIFIER[:-1], VERIFIER + "A", CHALLENGE, VERIFIER.lower(), "é" * 43, "a" * 129]
)
def test_no_other_verifier_proves_it(verifier: str) -> None:
    """Nor the challenge itself, which `plain` would take."""
    assert not is_proved(CHALLENGE, verifier)


@pytest.mark.parametrize("short", ["a", "a" * 42, "a" * 129, "a" * 42 + "/", "a" * 42 + "\n"])
def test_a_verifier_of_another_form_proves_nothing(short: str) -> None:
    """SECURITY: a short one could be guessed from its challenge."""
    assert not is_proved(challenge_of(short), short)


@pytest.mark.parametrize("text", ["", CHALLENGE + "=", CHALLENGE[:-1], "+" * 43, CHALLENGE + "\n"])
def test_what_is_no_digest_is_no_challenge(text: str) -> None:
    """43 letters of base64url, no padding."""
    assert not is_challenge(text)


def test_a_user_code_is_read_as_it_is_typed() -> None:
    """In any case, with or without its hyphen, with spaces."""
    code = make_user_code(lambda letters: letters[3])
    assert code == "FFFFFFFF"
    assert format_user_code("WDJBMJHT") == "WDJB-MJHT"
    for typed in ("WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB.MJHT"):
        assert find_user_code(typed) == "WDJBMJHT"


@pytest.mark.parametrize(
    "typed",
    ["", "WDJB-MJH", "WDJB-MJHTX", "WDJB-MJHA", "12345678", "W" * 41, "ＷＤＪＢＭＪＨＴ", "wdjb/mjht"],
)
def test_what_can_be_no_user_code_is_none(typed: str) -> None:
    """It is not looked for."""
    assert find_user_code(typed) is None


def test_user_codes_have_no_vowels_and_are_many() -> None:
    """They spell nothing; two are not alike."""
    assert not set(LETTERS) & set("AEIOUY01")
    assert len({make_user_code() for _ in range(200)}) == 200
