"""docs/profiles.md does what it says: its documents apply, its commands run, its bodies are accepted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.e2e.guide import Block, list_blocks
from tests.e2e.processes import call, signed_in
from tests.e2e.profile_world import READ, assume, ops, session_of
from tests.e2e.server import Client, RunningServer

PAGE = Path(__file__).resolve().parents[2] / "docs/profiles.md"
IMAGE = "brn:acme:ims:eu-de::image/web-1"


def blocks(words: str) -> list[Block]:
    """Which blocks of this kind has the page, in their order?"""
    return [block for block in list_blocks(PAGE.read_text(encoding="utf-8")) if block.words == words]


@pytest.fixture
def dev(server: RunningServer, owner: Client) -> Client:
    """The page's two accounts, by its documents."""
    found = server.client_of("dev")
    assert found.apply({"kind": "User", "name": "alice"}).status == 200
    assert owner.apply(
        {"kind": "Group", "name": "on-call", "members": []}, {"kind": "ServiceId", "name": "imaging"}
    ).status == 200  # fmt: skip
    trusting, assuming, acting = (block.text for block in blocks("yaml"))
    for account, text in ((owner, trusting), (found, assuming), (owner, acting)):
        reply = account.apply_text(text)
        assert reply.status == 200, reply.text
    return found


def test_the_page_s_condition_keeps_other_networks_out(server: RunningServer, dev: Client) -> None:
    """Alice is trusted from 10.0.0.0/8 only, and the tests are not there."""
    assert assume(server.client_of("dev", "user:alice")).error["reason"] == "trust_condition"


def test_the_page_s_commands_run(server: RunningServer, owner: Client, dev: Client) -> None:
    """Assume, check with the token, go back to the key; from a network that is let in."""
    owner.apply(ops("account:dev/user:alice"))
    server.client_of("dev", "user:alice")
    variables = signed_in(server.address, server.key("dev/user:alice"))
    [block] = blocks("")
    export, check, unset = block.text.splitlines()
    found = re.fullmatch(r"export BAILIWICK_TOKEN=\$\(bailiwick (.*)\)", export)
    assert found is not None
    assumed = call(*found[1].split(), variables=variables)
    assert assumed.code == 0, assumed.err
    words = check.removeprefix("bailiwick ").split()
    done = call(*words, variables={**variables, "BAILIWICK_TOKEN": assumed.out.strip()})
    assert (done.code, done.out.splitlines()[0]) == (0, "allowed")
    assert unset == "unset BAILIWICK_TOKEN"


def test_the_page_s_bodies_are_accepted(server: RunningServer, owner: Client, dev: Client) -> None:
    """The restriction leaves nothing but reading; the question carries the token of the session."""
    owner.apply(ops("account:dev/user:alice"))
    restriction, question = (json.loads(block.text) for block in blocks("json"))
    reply = assume(server.client_of("dev", "user:alice"), **restriction)
    session = session_of(server, reply)
    assert session.is_allowed(READ, IMAGE)
    assert not session.is_allowed("ims:images:delete", IMAGE)
    assert session.get("sessions").error["reason"] == "guardrail"
    question["subject"] = {"type": "profile", "id": "ops"}
    question["context"]["token"] = reply.json["access_token"]
    answered = owner.send("POST", "/access/v1/evaluation", question)
    assert (answered.json["decision"], answered.json["context"]["reason"]) == (False, "guardrail")


def test_the_page_s_service_is_acted_as(server: RunningServer, dev: Client) -> None:
    """By the service ID that the page names, at the address that it names."""
    [path] = re.findall(r"POST (/v1/accounts/acme/services/\S+/act-as)", PAGE.read_text(encoding="utf-8"))
    imaging = server.client("service-id:imaging")
    assert imaging.send("POST", path, {}).json["principal"] == "service:ims"
