"""Whose the metrics are: who guesses at the token of the operator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.requests import Request
from tests.unit.service.accounts import Installation, install

from bailiwick.api.calls import Call
from bailiwick.api.metrics.page import require_operator
from bailiwick.authn.operator_tokens import parse_operator_token
from bailiwick.errors import Unauthenticated
from bailiwick.service.rates import Rate, Rates, TooManyRequests


@pytest.fixture
def acme() -> Installation:
    """A new installation in memory."""
    return install()


def test_guessing_the_operators_token_has_its_rate(acme: Installation) -> None:
    """Who shows a wrong one is counted by address; who shows the right one is not held up."""
    host = acme.another_host()
    host.settings = replace(host.settings, metrics_token=parse_operator_token("x" * 32, "file"))
    host.rates = Rates(Rate(1, 2), lambda: 0.0)

    def show(token: str) -> None:
        headers = [(b"authorization", f"Bearer {token}".encode())]
        require_operator(
            Call(host, Request({"type": "http", "client": ("192.0.2.1", 1), "headers": headers}))
        )

    for _ in range(2):
        with pytest.raises(Unauthenticated):
            show("y" * 32)
    with pytest.raises(TooManyRequests):
        show("y" * 32)
    show("x" * 32)
