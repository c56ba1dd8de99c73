"""Authority that ends is handed on no longer than it lasts: in projects, services, instances and regions alike.

Rule 9.2 of docs/spec.md, over HTTP. In each realm (delegation.py) one administrator's policy ends and another's
membership of the administrators does; both hand over by every way, until then and a second longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.delegation import CREATE, REALMS, Document, over, policy, refusal, user, world
from tests.e2e.server import Client, Reply, RunningServer

HELP = "set an `expires_at` no later than the end of your authority"
WHOSE = ("temp", "guest")
EACH = [(name, who) for name in REALMS for who in WHOSE]


def written(instant: datetime) -> str:
    """How is this instant written in a document?"""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def documents(end: datetime) -> list[Document]:
    """The company, and two administrators of each realm until then."""
    found = world()
    for name, realm in REALMS.items():
        guest = {"member": f"user:{name}-guest", "expires_at": written(end)}
        found += [
            user(f"{name}-temp"),
            user(f"{name}-guest"),
            policy(
                f"{name}-temp", f"user:{name}-temp", "Administrator", realm.scope, expires_at=written(end)
            ),
            {"kind": "Group", "name": f"{name}-admins", "members": [guest]},
            policy(f"{name}-admins", f"group:{name}-admins", "Administrator", realm.scope),
            *(
                policy(f"{name}-{who}-keeps", f"user:{name}-{who}", "Keeper", {"service": "iam"})
                for who in WHOSE
            ),
        ]
    return found


class Company:
    """A server, and when the authority of the temporary administrators ends."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.end = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
        self.put_back()

    def put_back(self) -> None:
        """Let the account hold the documents and nothing else."""
        reply = self.server.owner().apply(*documents(self.end), prune=True)
        assert reply.status == 200, reply.text

    def temporary(self, name: str, who: str) -> Client:
        """The administrator of this realm whose policy (`temp`) or membership (`guest`) ends."""
        return self.server.client(f"user:{name}-{who}")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One server for all: what has worked is put back."""
    folder: Path = tmp_path_factory.mktemp("ends")
    with RunningServer(folder) as server:
        yield Company(server)


def assert_too_long(reply: Reply, because: str) -> None:
    """The reply refuses to hand over for longer than one's own authority lasts."""
    assert reply.status == 403, reply.text
    detail = f"{because} for longer than your own authority lasts"
    assert reply.error == refusal(CREATE, detail, "authority_ends_earlier", HELP)


@pytest.mark.parametrize(("name", "who"), EACH)
def test_a_grant_ends_with_the_authority_that_it_rests_on(company: Company, name: str, who: str) -> None:
    """Without an end, or a second later, it is refused; till then it is made, and not put off afterwards."""
    realm, caller = REALMS[name], company.temporary(name, who)
    before = company.server.export()
    grant = {"subjects": ["user:bob"], "roles": ["Administrator"], "scope": realm.scope}
    later = company.end + timedelta(seconds=1)
    for more in ({}, {"expires_at": written(later)}, {"starts_at": written(company.end)}):
        assert_too_long(
            caller.put("policies", "granted", body={**grant, **more}), "policy `granted` grants it"
        )
    assert company.server.export() == before
    made = caller.put("policies", "granted", body={**grant, "expires_at": written(company.end)})
    assert made.status == 201, made.text
    for change in ({"expires_at": None}, {"expires_at": written(later)}):
        assert_too_long(caller.patch("policies", "granted", body=change), "policy `granted` grants it")
    company.put_back()
    assert company.server.export() == before


@pytest.mark.parametrize(("name", "who"), EACH)
def test_no_other_way_lasts_longer(company: Company, name: str, who: str) -> None:
    """Members, trust, keys, roles, denies and guardrails: only what can end by then is handed over."""
    realm, caller = REALMS[name], company.temporary(name, who)
    before = company.server.export()
    team = f"{name}-team"
    for reply, because in (
        (caller.patch("groups", team, body={"members": ["user:bob"]}), f"`user:bob` joins `group:{team}`"),
        (caller.patch("profiles", f"{name}-profile", body={"trust": ["user:bob"]}),
         f"`profile:{name}-profile` is trusted to more and holds policy `{name}-profile`"),
        (caller.post("api-keys", body={"owner": f"user:{name}-holder"}),
         f"`user:{name}-holder` holds policy `{name}-holder`"),
        (caller.patch("users", f"{name}-sleeper", body={"disabled": False}),
         f"`user:{name}-sleeper` is enabled and holds policy `{name}-sleeper`"),
        (caller.patch("roles", f"{name}-looker", body={"rights": [{"actions": [realm.asked, realm.wider]}]}),
         f"role `{name}-looker` of policy `{name}-looks` changes"),
        (caller.delete("policies", f"{name}-bars"), f"policy `{name}-bars` no longer denies it"),
        (caller.delete("guardrails", f"{name}-rail"), f"guardrail `{name}-rail` is removed or changed"),
    ):  # fmt: skip
        assert_too_long(reply, because)
        assert company.server.export() == before
    member = {"member": "user:newcomer", "expires_at": written(company.end)}
    joined = caller.patch("groups", team, body={"members": [member]})
    assert joined.status == 200, joined.text
    assert company.server.owner().is_allowed(realm.asked, realm.inside, "user:newcomer")
    longer = {**member, "expires_at": written(company.end + timedelta(seconds=1))}
    reply = caller.patch("groups", team, body={"members": [longer]})
    assert_too_long(reply, f"`user:newcomer` joins `group:{team}`")
    company.put_back()
    assert company.server.export() == before


def test_when_it_ends_everything_that_rests_on_it_ends(company: Company) -> None:
    """After the end nobody is left with what was granted, and who granted it can neither grant nor take back."""
    owner = company.server.owner()
    for name, who in EACH:
        realm = REALMS[name]
        grant = {
            "subjects": ["user:newcomer"], "roles": [f"{realm.service}/{realm.role}"],
            "scope": {"service": realm.service, **realm.scope}, "expires_at": written(company.end),
        }  # fmt: skip
        made = company.temporary(name, who).put("policies", f"{name}-{who}-granted", body=grant)
        assert made.status == 201, made.text
        assert owner.is_allowed(realm.asked, realm.inside, "user:newcomer")
    company.server.clock.advance(3600)
    owner = company.server.owner()
    for name, who in EACH:
        realm, caller = REALMS[name], company.temporary(name, who)
        assert not owner.is_allowed(realm.asked, realm.inside, "user:newcomer")
        own = {"subjects": ["user:bob"], "roles": ["Administrator"], "scope": realm.scope}
        reply = caller.put("policies", "late", body=own)
        assert reply.error == refusal(CREATE, f"`user:{name}-{who}` lacks `{CREATE}` over {realm.words}")
        gone = caller.delete("policies", f"{name}-{who}-granted")
        detail = f"`user:{name}-{who}` lacks `iam.policy.delete` over {over(realm)}"
        assert gone.error == refusal("iam.policy.delete", detail)
        key = caller.post("api-keys", body={"owner": f"user:{name}-holder"})
        because = (
            f"`user:{name}-holder` holds policy `{name}-holder`, and you lack `{CREATE}` over {over(realm)}"
        )
        assert key.error == refusal(CREATE, because)
