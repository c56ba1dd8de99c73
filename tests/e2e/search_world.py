"""A small world to search over HTTP, and what each single question answers in it.

`records` (records in projects, folders with pages) is the account's own service. Its askers hold the right to ask
nowhere, in one project, everywhere, and everywhere with describing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from tests.e2e.server import Client

Document = Mapping[str, Any]
SERVICE: Document = {
    "kind": "Service",
    "name": "records",
    "title": "Records",
    "locality": "regional",
    "resource_types": {"record": {}, "folder": {}, "page": {"parents": ["folder"], "inherits": ["project"]}},
    "actions": [
        {"id": "read", "title": "Read", "resource_type": "record", "access": "read"},
        {"id": "write", "title": "Write", "resource_type": "record", "access": "write"},
        {
            "id": "delete",
            "title": "Delete",
            "resource_type": "record",
            "access": "delete",
            "requires": ["write"],
        },
        {"id": "page.read", "title": "Read a page", "resource_type": "page", "access": "read"},
        {"id": "settings.read", "title": "Read the settings", "access": "read"},
    ],
    "qualifiers": [
        {
            "name": "mine",
            "title": "Mine",
            "needs": ["owner"],
            "when": {"key": "resource.owner", "operator": "string-equals", "value": {"ref": "principal.id"}},
        }
    ],
    "roles": [
        {
            "name": "Reader",
            "kind": "service",
            "rights": [{"actions": ["read", "page.read", "settings.read"]}],
        },
        {"name": "Writer", "kind": "service", "rights": [{"actions": ["write"]}]},
        {"name": "Keeper", "kind": "service", "rights": [{"actions": ["*"], "qualifier": "mine"}]},
        {"name": "Deleter", "kind": "service", "rights": [{"actions": ["delete"]}]},
    ],
}
ARCHIVED = {"key": "resource.properties.status", "operator": "string-equals", "value": "archived"}
ADMIN = {"key": "principal.properties.role", "operator": "string-equals", "value": "admin"}
SOFT = {"key": "action.properties.soft", "operator": "bool-equals", "value": True}


def _policy(
    name: str, subjects: list[str], roles: list[str], scope: Mapping[str, Any], **more: Any
) -> Document:
    return {"kind": "Policy", "name": name, "subjects": subjects, "roles": roles, "scope": scope, **more}


def _resource(path: str, region: str = "eu", **more: Any) -> Document:
    return {"kind": "Resource", "name": f"brn:acme:records:{region}::{path}", **more}


RECORDS = {"service": "records"}
DOCUMENTS: tuple[Document, ...] = (
    SERVICE,
    {"kind": "User", "name": "alice"},
    {"kind": "User", "name": "bob", "properties": {"role": "admin"}},
    {"kind": "User", "name": "carol", "disabled": True},
    {"kind": "User", "name": "zoe"},
    {"kind": "ServiceId", "name": "gateway"},
    {"kind": "ServiceId", "name": "dev-gateway"},
    {"kind": "ServiceId", "name": "describer"},
    {"kind": "Project", "name": "dev"},
    {"kind": "Project", "name": "prod"},
    {"kind": "Group", "name": "night", "members": ["user:alice", "service-id:gateway"]},
    _resource("record/r-1", project="dev", owner="user:alice", tags={"env": "test"}),
    _resource("record/r-2", project="prod", owner="user:bob", properties={"status": "archived"}),
    _resource("record/r-3", region="us", project="prod", groups=["group:night"]),
    _resource("record/r-3"),
    _resource("record/secret", project="dev"),
    _resource("record/%C3%BC%2F:%25".replace(":", "%3A"), project="dev", budget="b"),
    _resource("folder/one", project="dev"),
    _resource("folder/one/page/cover", project="dev"),
    _resource("folder/two", project="prod"),
    _resource("folder/two/page/cover", project="prod"),
    _policy("alice-reads-dev", ["user:alice"], ["Reader"], {**RECORDS, "project": "dev"}),
    _policy("alice-keeps-her-own", ["user:alice", "user:carol"], ["Keeper"], RECORDS),
    _policy("admins-write-archived", ["group:members"], ["Writer"], RECORDS, when={"all": [ADMIN, ARCHIVED]}),
    _policy("bob-deletes-softly", ["user:bob"], ["Deleter"], RECORDS, when=SOFT),
    _policy("night-reads-us", ["group:night"], ["Reader"], {**RECORDS, "region": "us"}),
    _policy("pages-in-two", ["user:bob"], ["Reader"], {**RECORDS, "within": "folder/two"}),
    _policy("no-record-3", ["group:members"], ["Reader"], {**RECORDS, "type": "record", "id": "r-3", "region": "eu"},
            effect="deny"),
    _policy("gateway-asks", ["service-id:gateway"], ["iam/Evaluator"], {}),
    _policy("gateway-asks-about-iam", ["service-id:gateway"], ["iam/Evaluator"], {"service": "iam"}),
    _policy("dev-gateway-asks", ["service-id:dev-gateway"], ["iam/Evaluator"], {**RECORDS, "project": "dev"}),
    _policy("describer-asks", ["service-id:describer"], ["iam/Evaluator"], {}),
    _policy("self-service", ["group:members"], ["iam/Self-service"], {"service": "iam"}),
    _policy("alice-keeps-users", ["user:alice"], ["iam/Editor"], {"service": "iam", "type": "user", "id": "b*"}),
    {"kind": "Guardrail", "name": "no-secrets", "actions": ["read"],
     "scope": {**RECORDS, "type": "record", "id": "secret"}},
)  # fmt: skip
ASKERS = ("user:owner", "user:zoe", "user:alice", "service-id:gateway", "service-id:dev-gateway")
SUBJECTS = ("user:owner", "user:alice", "user:bob", "user:carol", "service-id:gateway", "user:nobody")
ACTIONS = ("read", "write", "delete", "settings.read", "iam.policy.create", "nonsense")
MOST = 1000


def entity(reference: str, **properties: Any) -> dict[str, Any]:
    """A subject as JSON."""
    kind, _, name = reference.partition(":")
    return {"type": kind, "id": name} | ({"properties": properties} if properties else {})


def answers(client: Client, questions: Iterable[Mapping[str, Any]]) -> Iterator[bool]:
    """Is each of these questions answered, and allowed?"""
    asked = list(questions)
    for start in range(0, len(asked), MOST):
        batch = asked[start : start + MOST]
        reply = client.send("POST", "/access/v1/evaluations", {"evaluations": batch})
        assert reply.status == 200, reply.text
        yield from (answer["decision"] for answer in reply.json["evaluations"])


def allowed_resources(
    client: Client, subject: str, action: str, kind: str, names: Iterable[str], **more: Any
) -> list[str]:
    """Of these resources, on which may the subject do this, by the single question? In order."""
    listed = sorted(names)
    questions = [
        {"subject": entity(subject), "action": {"name": action}, "resource": {"type": kind, "id": name}}
        | more
        for name in listed
    ]
    return [name for name, is_allowed in zip(listed, answers(client, questions), strict=True) if is_allowed]


def pages(client: Client, kind: str, body: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Every page of a search, each asked for with this limit; each but the last has a token."""
    found = []
    token = ""
    while True:
        page = {"limit": limit} | ({"token": token} if token else {}) | body.get("page", {})
        reply = client.send("POST", f"/access/v1/search/{kind}", {**body, "page": page})
        assert reply.status == 200, reply.text
        found.append(reply.json)
        assert reply.json["page"]["count"] == len(reply.json["results"]) <= limit
        token = reply.json["page"]["next_token"]
        if not token:
            return found


def results(client: Client, kind: str, body: Mapping[str, Any], limit: int = 1000) -> list[dict[str, str]]:
    """Everything that a search finds, page by page."""
    return [one for page in pages(client, kind, body, limit) for one in page["results"]]


def every(*lists: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Every combination."""
    return product(*lists)
