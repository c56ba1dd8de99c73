"""Two accounts on one server: `dev`, whose people assume profiles, and `acme`, whose profiles they are.

`acme` has images and a profile `ops` that may delete them; who may assume it, a test says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.server import Client, Reply, RunningServer

IMAGE = "brn:acme:ims:eu-de::image/web-1"
DELETE = "ims:images:delete"
READ = "ims:images:get"
ASSUMES = {
    "kind": "Policy",
    "name": "assumes-ops",
    "subjects": ["user:alice"],
    "roles": ["Profile User"],
    "scope": {"service": "iam", "type": "profile", "id": "//acme/ops"},
}


def ops(*trust: str, **more: object) -> dict[str, object]:
    """The document of the profile, trusting these."""
    return {"kind": "Profile", "name": "ops", "trust": list(trust), **more}


def make_acme(owner: Client, *trust: str, **more: object) -> None:
    """Let `acme` have the profile and what it is granted."""
    reply = owner.apply(
        {"kind": "User", "name": "carol"},
        ops(*trust, **more),
        {
            "kind": "Policy",
            "name": "ops-images",
            "subjects": ["profile:ops"],
            "roles": ["ims/IMS FullAccess"],
            "scope": {"service": "ims"},
        },
    )
    assert reply.status == 200, reply.text


def make_dev(owner: Client, *more: Mapping[str, object]) -> None:
    """Let `dev` have alice, who may assume `//acme/ops`, and mallory, who may not."""
    documents = [{"kind": "User", "name": name} for name in ("alice", "mallory")]
    reply = owner.apply(*documents, ASSUMES, *more)
    assert reply.status == 200, reply.text


def assume(caller: Client, profile: str = "ops", account: str = "acme", **wanted: object) -> Reply:
    """Ask for a session as the profile."""
    return caller.send("POST", f"/v1/accounts/{account}/profiles/{profile}/assume", wanted)


def session_of(server: RunningServer, reply: Reply) -> Client:
    """A caller by the session that this answer began."""
    assert reply.status == 201, reply.text
    return server.caller(reply.json["access_token"], reply.json["account"])


def is_over(caller: Client) -> bool:
    """Does the server take the caller for nobody?"""
    asked = {
        "subject": {"type": "profile", "id": "ops"},
        "action": {"name": READ},
        "resource": {"type": "ims/image", "id": IMAGE},
    }
    status = caller.send("POST", "/access/v1/evaluation", asked).status
    assert status in (200, 401), status
    assert caller.get("sessions").status == (401 if status == 401 else 403)
    return status == 401


def events(owner: Client, kind: str) -> list[dict[str, Any]]:
    """Which events of this kind has the account recorded, newest first?"""
    reply = owner.get("activity", kind=kind)
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json["items"]
    return found
