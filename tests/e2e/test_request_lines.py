"""The log of a real server over a walk: every request has its line, and no line holds a secret of the walk."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.e2e.processes import ServerProcess, run
from tests.e2e.server import Client

PASSWORD = "correct horse battery staple 7"
QUERY = "needle-in-the-query"
BODY = "needle-in-the-body"
PATH = "needle-in-the-path"
COOKIE = "needle-in-the-cookie"
WRONG = "needle-in-the-credential"
OPERATOR = "needle-in-the-token-of-the-operator"


def walk(server: ServerProcess, owner: Client) -> list[str]:
    """Use the server in many ways; which secrets and contents were used?"""
    made = owner.post("users", body={"name": "alice", "description": BODY})
    assert made.status == 201, made.text
    key = owner.post("api-keys", body={"name": "robot", "owner": "user:alice"})
    owner.get("users", PATH)
    owner.get(f"users?limit={QUERY}")
    owner.get("users?limit=1", headers={"Cookie": f"bailiwick-visit={COOKIE}"})
    owner.post("users", body={"name": BODY * 400})
    stranger = Client(server.address, WRONG)
    assert stranger.get("users").status == 401
    assert stranger.send("GET", "/metrics").status == 401
    stranger.close()
    operator = Client(server.address, OPERATOR)
    assert operator.send("GET", "/metrics").status == 200
    operator.close()
    question = {"subject": {"type": "user", "id": BODY}, "action": {"name": "x"}, "resource": {}}
    owner.send("POST", "/access/v1/evaluation", question)
    for path in ("/console/sign-in", f"/link/{PATH}", f"/nowhere/{PATH}?x={QUERY}"):
        sent = Request(server.address + path, headers={"Cookie": f"bailiwick-visit={COOKIE}"})
        try:
            urlopen(sent).close()
        except HTTPError as refused:
            refused.close()
    secrets = [server.key, server.key_file.read_text(encoding="utf-8").strip(), owner.token or ""]
    shown = key.json.get("key") if key.status == 201 else None
    return [
        *secrets,
        *([shown] if shown else []),
        QUERY,
        BODY,
        PATH,
        COOKIE,
        WRONG,
        OPERATOR,
        "Bearer",
        "Cookie",
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The whole log of a walk, and what must not be in it."""
    folder = tmp_path_factory.mktemp("lines")
    token_file = folder / "metrics.token"
    token_file.touch(0o600)
    token_file.write_text(f"{OPERATOR}\n", encoding="utf-8")
    with ServerProcess(folder, options=("--metrics-token-file", str(token_file))) as server:
        secrets = walk(server, server.owner())
    return (folder / "server.log").read_text(encoding="utf-8"), secrets


def events(log: str) -> list[dict[str, Any]]:
    """The lines of the log, but for what the command itself prints."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_no_secret_and_no_content_stands_in_the_log(written: tuple[str, list[str]]) -> None:
    """Keys, tokens, cookies, queries, bodies and paths as they were sent: none of them."""
    log, secrets = written
    assert all(len(one) > 5 for one in secrets)
    assert [one for one in secrets if one in log] == []
    assert len(secrets) >= 9


def test_every_request_has_its_line(written: tuple[str, list[str]]) -> None:
    """Method, template, status, duration, id, and whose it was, where that is known."""
    lines = [one for one in events(written[0]) if one["event"] == "request"]
    [made] = [one for one in lines if one["status"] == 201 and one["route"].endswith("/users")]
    assert made["method"] == "POST"
    assert made["route"] == "/v1/accounts/{account}/users"
    assert made["milliseconds"] > 0
    assert made["account"] == "acme"
    assert made["principal"]
    assert len(made["request_id"]) == 32
    unknown = [one for one in lines if one["status"] == 401]
    assert unknown
    assert all("principal" not in one for one in unknown)
    assert any(one["route"] == "none" and one["status"] == 404 for one in lines)
    assert any(one["route"] == "/console/sign-in" for one in lines)
    assert not any("/access/v1/evaluation" in one["route"] for one in lines)
    assert len({one["request_id"] for one in lines}) == len(lines)


def test_the_format_is_one_of_two() -> None:
    """Anything else is refused before anything is opened."""
    refused = run("serve", "--data", "/nowhere", "--log-format", "xml")
    assert refused.code == 2
    assert "'xml'" in refused.err
