"""A delegated administrator who is a profile: it grants within its scope, and no longer than one may assume it.

Rules 8.3, 9.2 and 22 of docs/spec.md, over HTTP: the authority is the profile's and rests on what lets one act as it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.e2e.delegation import CREATE, Document, policy, refusal, user
from tests.e2e.profile_world import assume, session_of
from tests.e2e.server import Client, RunningServer

IN_TIME = "set an `expires_at` no later than the end of your authority"


def written(instant: datetime) -> str:
    """How is this instant written in a document?"""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def world(trust: str, **more: object) -> list[Document]:
    """The profile `admin` administers project `dev`; pat may assume it."""
    return [
        {"kind": "Project", "name": "dev"},
        user("pat"),
        user("bob"),
        {"kind": "Profile", "name": "admin", "trust": [trust]},
        policy("admins", "profile:admin", "Administrator", {"project": "dev"}),
        policy(
            "assumes",
            "user:pat",
            "Profile User",
            {"service": "iam", "type": "profile", "id": "admin"},
            **more,
        ),
    ]


def as_admin(server: RunningServer) -> Client:
    """pat, as the profile."""
    return session_of(server, assume(server.client("user:pat"), "admin"))


GRANT = {
    "subjects": ["user:pat"],
    "roles": ["ims/IMS FullAccess"],
    "scope": {"service": "ims", "project": "dev"},
}


def test_who_assumes_a_profile_grants_what_it_may(server: RunningServer) -> None:
    """The profile's scope is what counts, not what its assumer holds elsewhere."""
    owner = server.owner()
    more = policy("pat-vpc", "user:pat", "Administrator", {"service": "vpc"})
    assert owner.apply(*world("user:pat"), more).status == 200
    admin = as_admin(server)
    assert admin.put("policies", "granted", body=GRANT).status == 201
    for scope, words in (
        ({"service": "ims"}, "service `ims`"),
        ({"service": "vpc"}, "service `vpc`"),
        ({"project": "*"}, "project `*`"),
    ):
        reply = admin.put("policies", "more", body={**GRANT, "roles": ["Administrator"], "scope": scope})
        assert reply.error == refusal(CREATE, f"`profile:admin` lacks `{CREATE}` over {words}")
    pat = server.client("user:pat")
    own = pat.put("policies", "more", body=GRANT)
    assert own.error == refusal(CREATE, f"`user:pat` lacks `{CREATE}` over service `ims`, project `dev`")


@pytest.mark.parametrize("ends", ["the permission to assume", "the place in the trusted group"])
def test_a_grant_ends_with_the_right_to_act_as_its_author(server: RunningServer, ends: str) -> None:
    """Who may assume the profile for half an hour hands on nothing that lasts longer, to themselves or others."""
    owner = server.owner()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
    if ends == "the permission to assume":
        documents = world("user:pat", expires_at=written(end))
    else:
        member = {"member": "user:pat", "expires_at": written(end)}
        documents = [*world("group:crew"), {"kind": "Group", "name": "crew", "members": [member]}]
    assert owner.apply(*documents).status == 200
    admin = as_admin(server)
    before = server.export()
    detail = "policy `granted` grants it for longer than your own authority lasts"
    for more in ({}, {"expires_at": written(end + timedelta(seconds=1))}):
        reply = admin.put("policies", "granted", body={**GRANT, **more})
        assert reply.status == 403, reply.text
        assert reply.error == refusal(CREATE, detail, "authority_ends_earlier", IN_TIME)
    assert server.export() == before
    assert admin.put("policies", "granted", body={**GRANT, "expires_at": written(end)}).status == 201
