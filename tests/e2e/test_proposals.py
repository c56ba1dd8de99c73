"""What is missing and whom to ask, over HTTP and on the command line, of a real server with the sample company."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.e2e.processes import asking, company
from tests.e2e.server import RunningServer

WEB_1 = "brn:acme:ims:eu-de::image/web-1"
DELETE = "ims:images:delete"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The sample company, for all tests: what one adds is no other's."""
    with company(tmp_path_factory.mktemp("proposals")) as running:
        yield running


def test_a_proposal_is_applied_and_the_question_is_allowed(server: RunningServer) -> None:
    """The documents of an answer are documents like any others."""
    owner = server.owner()
    body = {"principal": "user:alice", "action": DELETE, "resource": WEB_1}
    found = owner.post("proposals", body=body).json
    assert (found["decision"], found["missing"], found["obstacles"]) == (False, [DELETE], [])
    first = found["proposals"][0]
    assert (first["kind"], first["others"], first["may"]) == ("role", [], True)
    assert owner.apply(*first["documents"]).status == 200
    again = owner.post("proposals", body=body).json
    assert (again["decision"], again["proposals"]) == (True, [])
    assert [node["kind"] for node in again["paths"][0]["nodes"]] == [
        "principal",
        "policy",
        "role",
        "resource",
    ]
    assert again["paths"][0]["reaches"]


def test_one_asks_about_oneself_without_a_name(server: RunningServer) -> None:
    """Who asks is meant where nobody is named; whom to ask is not told to who sees nobody."""
    found = server.client("user:dave").post("proposals", body={"action": DELETE, "resource": WEB_1}).json
    assert found["principal"] == "user:dave"
    assert {one["ask"]["text"] for one in found["proposals"]} == {"ask an administrator of the account"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"action": DELETE}, "resource"),
        ({"resource": WEB_1}, "action"),
        ({"action": DELETE, "resource": "web-1"}, "resource"),
        ({"action": DELETE, "resource": {"id": WEB_1, "properties": []}, "what": 1}, "what"),
        ({"action": DELETE, "resource": WEB_1, "principal": "alice"}, "principal"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    server: RunningServer, body: dict[str, object], place: str
) -> None:
    """Each finding names the field."""
    reply = server.owner().post("proposals", body=body)
    assert reply.status == 400
    assert any(place in (one.get("place"), one["message"].split("`")[1]) for one in reply.error["errors"])


def test_explain_proposes(server: RunningServer) -> None:
    """The command shows each proposal with what it brings and whether one may do it."""
    ask = asking(server)
    done = ask("explain", "user:frank", "ims:images:update", WEB_1, "--propose")
    assert done.code == 1
    assert done.out.splitlines()[2:5] == [
        "grant a new role with exactly `ims:images:update` to `user:frank` over service `ims`, region `eu-de`,"
        " `image` `web-1`",
        "  brings nothing else",
        "  you may do this",
    ]
    as_json = ask("explain", "user:frank", "ims:images:update", WEB_1, "--propose", "-o", "json")
    kinds = [one["kind"] for one in json.loads(as_json.out)["proposals"]]
    assert kinds == ["role", "policy"]


def test_explain_names_the_obstacle(server: RunningServer) -> None:
    """Nothing is proposed where nothing would help."""
    done = asking(server)("explain", "user:nobody", DELETE, WEB_1, "--propose")
    assert done.out == "denied: unknown principal\n\nthere is no `user:nobody` in this account\n"
