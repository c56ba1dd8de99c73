"""Effects over HTTP and on the command line, against a real server with the sample company."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e.processes import Done, asking
from tests.e2e.server import Client, RunningServer

Ask = Callable[..., Done]
WIDER = """\
kind: Policy
name: image-readers-eu-de
subjects: [group:image-readers]
roles: [IMS FullAccess]
scope: {service: ims, region: eu-de}
"""
COMPANY = """\
kind: User
name: alice
---
kind: Group
name: image-readers
members: [user:alice]
---
kind: Policy
name: image-readers-eu-de
subjects: [group:image-readers]
roles: [IMS ReadOnlyAccess]
scope: {service: ims, region: eu-de}
---
kind: Resource
name: brn:acme:ims:eu-de::image/web-1
"""


@pytest.fixture
def owner(server: RunningServer) -> Client:
    """The owner of an account with one reader of images."""
    client = server.owner()
    assert client.post("apply", body={"sources": [{"file": "company.yaml", "text": COMPANY}]}).status == 200
    return client


def test_effects_are_told_over_http_and_change_nothing(server: RunningServer, owner: Client) -> None:
    """Differences, reach, what is gained and lost with why, and warnings: of the state that the answer names."""
    before = server.export()
    reply = owner.post("effects", body={"sources": [{"text": WIDER}]})
    assert reply.status == 200, reply.text
    told = reply.json
    assert told["dry_run"]
    assert [(one["op"], one["name"]) for one in told["differences"]] == [("changed", "image-readers-eu-de")]
    assert told["reach"] == [
        {
            "policy": "image-readers-eu-de",
            "principals": {"number": 1, "exact": True},
            "resources": {"number": 1, "exact": True},
            "public": False,
            "depends_on": [],
        }
    ]
    on_image = next(one for one in told["gained"]["effects"] if one["resource_type"] == "image")
    assert on_image["principals"] == ["user:alice"]
    assert on_image["resources"] == ["brn:acme:ims:eu-de::image/web-1"]
    assert "ims:images:delete" in on_image["actions"]
    assert (on_image["policies"], on_image["reason"]) == (["image-readers-eu-de"], "no_matching_policy")
    assert told["lost"] == {"principals": 0, "answers": 0, "effects": [], "left_out": 0}
    assert (told["complete"], told["others"]) == (True, True)
    assert server.export() == before


def test_the_context_is_an_object(owner: Client) -> None:
    """Anything else is refused where it stands; a field of apply that means nothing here, too."""
    for body, place in (({"context": 1, "documents": []}, "context"), ({"dry_run": True}, "dry_run")):
        reply = owner.post("effects", body=body)
        assert reply.status == 400, reply.text
        assert place in reply.text


def test_diff_shows_effects(server: RunningServer, owner: Client, tmp_path: Path) -> None:
    """`--effects` adds to what differs how far it reaches, what becomes possible, and what to mind."""
    ask: Ask = asking(server)
    file = tmp_path / "wider.yaml"
    file.write_text(WIDER.replace(", region: eu-de", ""), encoding="utf-8")
    done = ask("diff", "-f", str(file), "--effects")
    assert done.code == 1
    lines = done.out.splitlines()
    assert "policy image-readers-eu-de reaches 1 principal and 1 registered resource" in lines
    assert any(line.startswith("newly possible: ") and line.endswith(", 1 principal") for line in lines)
    assert "no longer possible: nothing" in lines
    assert any(line.startswith("mind (deletes-everywhere): Policy image-readers-eu-de: ") for line in lines)
    as_json = ask("diff", "-f", str(file), "--effects", "--output", "json")
    assert [one["code"] for one in json.loads(as_json.out)["warnings"]] == ["deletes-everywhere"]
    assert ask("diff", "-f", str(file)).out.count("\n") < len(lines)


def test_who_may_not_ask_about_others_is_told_so(
    server: RunningServer, owner: Client, tmp_path: Path
) -> None:
    """The administrator of one service makes the change, and sees of it what becomes of itself."""
    text = (
        "kind: User\nname: zoe\n---\nkind: Policy\nname: zoe\nsubjects: [user:zoe]\nroles: [Administrator]\n"
        "scope: {service: ims}\n"
    )
    assert owner.post("apply", body={"sources": [{"text": text}]}).status == 200
    told = server.client("user:zoe").post("effects", body={"sources": [{"text": WIDER}]}).json
    assert told["gained"]["effects"] == []
    assert not told["others"]
    file = tmp_path / "wider.yaml"
    file.write_text(WIDER, encoding="utf-8")
    done = asking(server, "user:zoe")("diff", "-f", str(file), "--effects")
    assert "told is what becomes of yourself; others need `iam.decision.evaluate`" in done.out
