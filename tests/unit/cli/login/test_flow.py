"""The device flow, step by step, against answers of every kind; and which addresses are servers'."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from bailiwick.cli.login.flow import Codes, Endpoints, LoginOver, server_of
from bailiwick.errors import BailiwickError, Denied, Invalid, Unauthenticated, Unavailable

SERVER = "https://iam.example"
CODES = Codes("device", "BCDF-GHJK", f"{SERVER}/device", f"{SERVER}/device?user_code=BCDF-GHJK", 600, 5)
GIVEN: dict[str, Any] = {"access_token": "a", "refresh_token": "r", "expires_in": 3600}
Answers = list[tuple[int, Mapping[str, Any]] | Exception]


class Scripted(Endpoints):
    """Endpoints that give these answers, in order."""

    def __init__(self, *answers: tuple[int, Mapping[str, Any]] | Exception) -> None:
        super().__init__(SERVER)
        self.answers = list(answers)
        self.sent: list[Mapping[str, str]] = []

    def _post(self, path: str, **fields: str) -> tuple[int, Mapping[str, Any]]:
        self.sent.append({"path": path, **fields})
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def error(word: str) -> tuple[int, Mapping[str, Any]]:
    """An error as RFC 6749 writes it."""
    return 400, {"error": word}


def test_it_waits_as_the_server_says() -> None:
    """The interval, and five seconds more at every `slow_down` (RFC 8628, 3.5); longer where nobody answers."""
    slept: list[float] = []
    pending = error("authorization_pending")
    with Scripted(pending, error("slow_down"), Unavailable("away"), pending, (200, GIVEN)) as endpoints:
        tokens = endpoints.wait(CODES, slept.append)
    assert slept == [5, 5, 10, 20, 20]
    assert (tokens.access, tokens.refresh) == ("a", "r")
    assert 3590 < tokens.expires_at - time.time() < 3610
    assert {one["device_code"] for one in endpoints.sent} == {"device"}


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (error("access_denied"), Denied, "you were not let in: somebody refused it in the browser"),
        (error("expired_token"), Unauthenticated, "nobody let you in in time"),
        (error("invalid_grant"), Unauthenticated, f"`{SERVER}` refused it: invalid_grant"),
        ((502, {}), Unavailable, f"what answers at `{SERVER}` (502) is no Bailiwick server"),
        (
            (200, {"access_token": "a"}),
            Unavailable,
            f"what answers at `{SERVER}` (200) is no Bailiwick server",
        ),
    ],
)
def test_it_ends_where_nobody_lets_it_in(
    answer: tuple[int, Mapping[str, Any]], kind: type[BailiwickError], message: str
) -> None:
    """With what happened, and what to do."""
    with Scripted(answer) as endpoints, pytest.raises(kind) as refused:
        endpoints.wait(CODES, lambda seconds: None)
    assert refused.value.message == message


def test_it_does_not_ask_for_ever() -> None:
    """When the code is over it stops, whatever the server says."""
    slept: list[float] = []
    with Scripted(*[error("authorization_pending")] * 200) as endpoints, pytest.raises(Unauthenticated):
        endpoints.wait(CODES, slept.append)
    assert sum(slept) == 600


@pytest.mark.parametrize(
    "change",
    [
        {"user_code": "\x1b]0;evil\x07"},
        {"verification_uri": "https://x\n"},
        {"verification_uri": "file:///etc/passwd"},
        {"verification_uri_complete": "vscode://x"},
        {"device_code": None},
        {"expires_in": "x"},
    ],
)
def test_what_is_shown_on_a_terminal_is_plain_text(change: Mapping[str, object]) -> None:
    """A server that sends signs for the terminal, or no codes, is not believed."""
    said = {"device_code": "d", "user_code": "u", "verification_uri": SERVER, "expires_in": 600, **change}
    said = {name: value for name, value in said.items() if value is not None}
    with Scripted((200, said)) as endpoints, pytest.raises(Unavailable):
        endpoints.begin()


@pytest.mark.parametrize(("said", "expected"), [(0, 1), (-5, 1), (7, 7), (10**9, 300)])
def test_a_server_is_asked_neither_without_a_pause_nor_never(said: int, expected: float) -> None:
    """Whatever interval it names."""
    codes = {"device_code": "d", "user_code": "u", "verification_uri": SERVER, "expires_in": 600}
    with Scripted((200, {**codes, "interval": said})) as endpoints:
        assert endpoints.begin().interval == expected


def test_a_login_is_over_only_where_the_server_says_so() -> None:
    """Not where it is away for a moment, or fails."""
    for answer, kind in (
        (error("invalid_grant"), LoginOver),
        ((503, {}), Unavailable),
        (Unavailable("x"), Unavailable),
    ):
        with Scripted(answer) as endpoints, pytest.raises(BailiwickError) as refused:
            endpoints.refresh("r")
        assert type(refused.value) is kind


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("https://IAM.Example/", "https://iam.example"),
        ("https://iam.example:443", "https://iam.example"),
        ("https://iam.example:8443/base/", "https://iam.example:8443/base"),
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_a_server_has_one_name(text: str, server: str) -> None:
    """However its address is written."""
    assert server_of(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "iam.example",
        "ftp://iam.example",
        "https://",
        "https://a:b@iam.example",
        "http://iam.example",
        "http://x:y",
    ],
)
def test_tokens_go_nowhere_else(text: str) -> None:
    """What is no address, carries a password, or would send tokens in the clear."""
    with pytest.raises(Invalid):
        server_of(text)
