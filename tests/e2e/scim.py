"""A directory elsewhere, as tests play it: its service ID, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.server import Client, Reply, RunningServer

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
DIRECTORY = "service-id:directory"
PROVISIONER: list[dict[str, Any]] = [
    {"kind": "ServiceId", "name": "directory"},
    {
        "kind": "Policy",
        "name": "directory",
        "subjects": [DIRECTORY],
        "roles": ["User Provisioner"],
        "scope": {"service": "iam"},
    },
]
JSON = {"Content-Type": "application/scim+json"}


class Directory:
    """One who provisions by SCIM."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """What is answered below `/scim/v2`?"""
        said = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.send(method, f"/scim/v2{path}", body, headers=said)

    def user(self, name: str, /, **more: Any) -> dict[str, Any]:
        """Make a user; how is it shown?"""
        reply = self.send("POST", "/Users", {"schemas": [USER], "userName": name, **more})
        assert reply.status == 201, reply.text
        return dict(reply.json)

    def group(self, name: str, /, *members: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """Make a group of these; how is it shown?"""
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one["id"]} for one in members]}
        reply = self.send("POST", "/Groups", {**body, **more})
        assert reply.status == 201, reply.text
        return dict(reply.json)

    def patch(self, shown: Mapping[str, Any], *operations: Mapping[str, Any], **headers: str) -> Reply:
        """Carry out these operations on it."""
        path = f"/{shown['meta']['resourceType']}s/{shown['id']}"
        return self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def refused(self, reply: Reply, status: int, scim_type: str = "") -> str:
        """It is refused so, as SCIM says errors; with which words?"""
        assert reply.status == status, reply.text
        assert reply.headers["content-type"] == "application/scim+json"
        body = reply.json
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["status"] == str(status)
        assert body.get("scimType", "") == scim_type, body
        return str(body["detail"])


def provision(server: RunningServer) -> Directory:
    """A directory with the role for it, by its API key."""
    reply = server.owner().apply(*PROVISIONER)
    assert reply.status == 200, reply.text
    server.client(DIRECTORY)
    return Directory(server.caller(server.key(DIRECTORY)))
