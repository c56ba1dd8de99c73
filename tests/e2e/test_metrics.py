"""Metrics over HTTP: whose they are, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.processes import run
from tests.e2e.server import RunningServer

TOKEN = "operator-0123456789abcdef0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose operator reads its metrics."""
    with RunningServer(tmp_path_factory.mktemp("metrics"), metrics_token=TOKEN) as running:
        yield running


def test_no_right_in_an_account_opens_the_metrics(server: RunningServer) -> None:
    """They tell of every account: the owner of one reads its activity, and not these; the token does (0041)."""
    owner, stranger = server.owner(), server.client_of("other")
    for caller in (owner, stranger, server.nobody()):
        refused = caller.send("GET", "/metrics")
        assert refused.status == 401
        assert refused.error["detail"] == "the metrics are the operator's"
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert "bailiwick_" not in refused.text
    assert owner.get("activity").status == 200
    assert server.caller(TOKEN).send("GET", "/metrics").status == 200
    for near in (TOKEN[:-1], f"{TOKEN}x", TOKEN.upper()):
        assert server.caller(near).send("GET", "/metrics").status == 401


def test_the_operators_token_opens_nothing_of_an_account(server: RunningServer) -> None:
    """It is of the process alone."""
    assert server.caller(TOKEN).get("users").status == 401
    assert server.caller(TOKEN).send("GET", "/v1/whoami").status == 401


def test_decisions_are_counted_by_outcome(server: RunningServer) -> None:
    """Whoever decides for any account, one number each."""
    owner = server.owner()
    before = numbers(server)
    assert owner.is_allowed("iam.user.read", "brn:acme:iam:::user/owner") is True
    assert owner.is_allowed("iam.user.read", "brn:acme:iam:::user/owner", "user:nobody") is False
    after = numbers(server)
    assert grown(before, after, "bailiwick_decisions_total") == {
        '{outcome="allowed",reason="allowed"}': 1,
        '{outcome="denied",reason="unknown_principal"}': 1,
    }
    took = grown(before, after, "bailiwick_evaluation_seconds_count")
    assert took == {'{questions="one"}': 2}


def test_questions_without_an_answer_are_counted_by_their_code(server: RunningServer) -> None:
    """What went wrong is a word of ours, whatever was sent."""
    nobody, owner = server.nobody(), server.owner()
    before = numbers(server)
    assert nobody.send("POST", "/access/v1/evaluation", {"subject": 1}).status == 401
    assert owner.send("POST", "/access/v1/evaluation", {"subject": 1}).status == 400
    several = {"evaluations": [{"subject": 1}]}
    assert owner.send("POST", "/access/v1/evaluations", several).status == 200
    assert grown(before, numbers(server), "bailiwick_decisions_total") == {
        '{outcome="error",reason="code:unauthenticated"}': 1,
        '{outcome="error",reason="code:invalid"}': 2,
    }


def test_requests_are_counted_by_template_and_never_by_what_was_sent(server: RunningServer) -> None:
    """Names, unknown addresses and methods make no labels of their own."""
    owner, nobody = server.owner(), server.nobody()
    before = numbers(server)
    for name in ("needle-one", "needle-two"):
        assert owner.get("users", name).status == 404
        assert nobody.send("GET", f"/{name}").status == 404
        assert nobody.send("LOCK", f"/{name}").status in (404, 405)
    after = numbers(server)
    route = "/v1/accounts/{account}/users/{name}"
    assert grown(before, after, "bailiwick_http_request_seconds_count") == {
        f'{{method="GET",route="{route}",status="4xx"}}': 2,
        '{method="GET",route="none",status="4xx"}': 2,
        '{method="GET",route="/metrics",status="2xx"}': 1,
        '{method="other",route="none",status="4xx"}': 2,
    }
    assert not any("needle" in name for name in after)
    naming = {name.partition("{")[0] for name in after if '"acme"' in name}
    assert naming == {"bailiwick_account_bytes"}, (
        "accounts are named where they take memory, and nowhere else"
    )


def test_writes_are_counted(server: RunningServer) -> None:
    """A change that was committed is one."""
    owner = server.owner()
    before = numbers(server)
    assert owner.put("groups", "counted", body={}).status == 201
    after = numbers(server)
    assert grown(before, after, "bailiwick_store_writes_total") == {'{outcome="committed"}': 1}
    assert after["bailiwick_http_requests_running"] == 1, "the one that asks"
    assert after["bailiwick_http_connections"] >= 2
    assert after["process_resident_memory_bytes"] > 10_000_000
    assert after["process_open_fds"] > 5


def test_without_a_token_there_are_no_metrics(tmp_path: Path) -> None:
    """Not for the owner, and not for whoever sends an empty token."""
    with RunningServer(tmp_path) as plain:
        for caller in (plain.owner(), plain.nobody(), plain.caller("")):
            refused = caller.send("GET", "/metrics")
            assert refused.status == 404
            assert refused.error["detail"] == "this server shows no metrics"


def test_a_server_does_not_start_with_a_token_that_others_read(tmp_path: Path) -> None:
    """Half a lock is none: it refuses before it opens the store or listens."""
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN, encoding="utf-8")
    token_file.chmod(0o644)
    refused = run("serve", "--data", str(tmp_path / "none"), "--metrics-token-file", str(token_file))
    assert refused.code == 2
    assert f"`{token_file}` has mode `644`" in refused.err
    assert TOKEN not in refused.err + refused.out


def numbers(server: RunningServer) -> dict[str, float]:
    """Which number has each line of the metrics now?"""
    text = server.caller(TOKEN).send("GET", "/metrics").text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in lines}


def grown(before: dict[str, float], after: dict[str, float], name: str) -> dict[str, float]:
    """By how much has each line of this metric grown, those that have? By its labels."""
    return {
        line.removeprefix(name): number - before.get(line, 0.0)
        for line, number in after.items()
        if line.partition("{")[0] == name and number != before.get(line, 0.0)
    }
