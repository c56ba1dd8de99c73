"""An enterprise over HTTP and on the command line: a tree, new accounts, places, reports; who sees nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer

OWNER = "owner@shop.example"
IMAGE = "brn:{}:ims:eu-de::image/web-1"
TREE: list[dict[str, Any]] = [
    {"kind": "Enterprise", "name": "corp"},
    {"kind": "AccountGroup", "name": "live", "parent": "enterprise:corp"},
    {"kind": "AccountGroup", "name": "lab", "parent": "enterprise:corp"},
    {"kind": "User", "name": "mia"},
    {"kind": "User", "name": "zoe"},
    {"kind": "Policy", "name": "mia-manages", "subjects": ["user:mia"], "roles": ["Administrator"],
     "scope": {"service": "enterprise"}},
]  # fmt: skip
RULE = {
    "name": "no-deletes", "node": "account-group:live", "actions": ["ims:images:delete"],
    "scope": {"service": "ims"}, "state": "disabled",
}  # fmt: skip
INSIDE: list[dict[str, Any]] = [
    {"kind": "User", "name": "ann"},
    {"kind": "User", "name": "bob"},
    {"kind": "Resource", "name": IMAGE.format("shop"), "project": "default"},
    {"kind": "Policy", "name": "ann", "subjects": ["user:ann"], "roles": ["IMS FullAccess"],
     "scope": {"service": "ims"}},
]  # fmt: skip


def numbers(partly: int, principals: int, losses: int) -> dict[str, Any]:
    """How much a guardrail stops, where no policy is void whole and all was asked."""
    found = {"policies_partly_void": partly, "principals": principals, "losses": losses}
    return {"policies_void": 0, **found, "complete": True}


def shared(account: str) -> dict[str, Any]:
    """The account's own document, by which its enterprise is told of it in numbers."""
    return {
        "kind": "Account", "name": account, "owner": "user:owner", "enterprise": "acme", "shares_reports": True,
    }  # fmt: skip


class Company:
    """The management account `acme`, and accounts that began below it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.acme = server.owner()
        assert self.acme.apply(*TREE).status == 200
        self.mia = server.client("user:mia")

    def begin(self, name: str, parent: str = "account-group:live") -> Client:
        """Make an account below this node; whose owner's client?"""
        body = {"name": name, "parent": parent, "owner_email": OWNER}
        made = self.mia.post("enterprise", "accounts", body=body)
        assert made.status == 201, made.text
        return self.owner(name, made.json["apikey"])

    def owner(self, account: str, key: str) -> Client:
        """The client of the owner of this account."""
        client = self.server.caller(self.server.token(key))
        client.account = account
        return client


@pytest.fixture
def company(server: RunningServer) -> Company:
    """A company with a tree without accounts."""
    return Company(server)


def test_a_new_account_is_its_owners_and_nobody_elses(company: Company) -> None:
    """Who made it can do nothing inside; its owner has the key, which no later answer shows."""
    shop = company.begin("shop")
    assert shop.get("users").json["items"][0]["email"] == OWNER
    refused = company.mia.send("GET", "/v1/accounts/shop/users")
    assert refused.error["detail"] == "this session is not one of account `shop`"
    again = company.mia.post(
        "enterprise", "accounts", body={"name": "shop", "parent": "account-group:live", "owner_email": OWNER}
    )
    assert again.error["detail"] == "there is an account `shop` already"


def test_a_new_account_is_only_planned_in_a_dry_run(company: Company) -> None:
    """Nothing is made, and there is no key."""
    body = {"name": "shop", "parent": "account-group:live", "owner_email": OWNER}
    planned = company.mia.post("enterprise", "accounts", body=body, dry_run=True)
    assert (planned.status, "apikey" in planned.json) == (200, False)
    assert company.server.host.find_snapshot("shop") is None
    assert company.acme.get("enterprise-accounts", "shop").status == 404


def test_an_account_that_was_begun_half_way_is_finished_by_the_next_try(company: Company) -> None:
    """The tree holds it before it is made, so no moment is without its guardrails."""
    document = {"name": "shop", "parent": "account-group:live"}
    host = company.server.host
    host.store.create_log("account:shop", at=host.at())
    assert company.acme.post("enterprise-accounts", body=document).status == 400
    shop = company.begin("shop")
    assert shop.get("enterprise").json["state"] == "in_tree"


def test_an_account_sees_its_own_place_and_nothing_of_others(company: Company) -> None:
    """The nodes above it by name, and the guardrails that bind it, announced ones too."""
    shop = company.begin("shop")
    company.begin("bank", "account-group:lab")
    assert company.mia.post("guardrails", body=RULE).status == 201
    other = {**RULE, "name": "elsewhere", "node": "account-group:lab"}
    assert company.mia.post("guardrails", body=other).status == 201
    place = shop.get("enterprise")
    assert place.json == {
        "state": "in_tree",
        "management_account": "acme",
        "path": ["enterprise:corp", "account-group:live", "account:shop"],
        "guardrails": [{"kind": "Guardrail", **RULE, "name": "corp/live/no-deletes"}],
        "revision": place.json["revision"],
    }
    assert list(place.json["revision"]) == ["account", "enterprise", "system"]
    assert place.headers["bailiwick-revision"].split("=")[1].endswith(", enterprise")
    tree = shop.get("enterprise", "tree")
    assert (tree.status, tree.json["detail"], tree.json["help"]) == (
        404,
        "account `shop` holds no enterprise",
        "the tree is seen in its management account",
    )
    assert shop.get("account-groups").json["items"] == []
    assert shop.get("guardrails").json["items"] == []
    assert "lab" not in place.text
    assert "bank" not in place.text


def test_who_has_nothing_sees_no_place_and_no_tree(company: Company) -> None:
    """In the account below as above."""
    zoe = company.server.client("user:zoe")
    assert zoe.get("enterprise").error["action"] == "iam.account.read"
    assert zoe.get("enterprise", "tree").error["action"] == "enterprise.enterprise.retrieve"
    for path in ("enterprises", "account-groups", "enterprise-accounts"):
        assert zoe.get(path).status == 403


def test_the_tree_shows_what_one_may_see(company: Company) -> None:
    """Each node before those below it; who may see a part sees that part."""
    company.begin("shop")
    company.acme.apply(
        {"kind": "Policy", "name": "zoe", "subjects": ["user:zoe"], "roles": ["Viewer"],
         "scope": {"service": "enterprise", "type": "account-group", "id": "live"}},
    )  # fmt: skip
    company.mia.post("guardrails", body=RULE)
    nodes = company.mia.get("enterprise", "tree").json["nodes"]
    assert [(one["node"], one["depth"], one["guardrails"]) for one in nodes] == [
        ("enterprise:corp", 0, []),
        ("account-group:lab", 1, []),
        ("account-group:live", 1, ["no-deletes"]),
        ("account:shop", 2, []),
    ]
    zoe = company.server.client("user:zoe")
    assert [one["node"] for one in zoe.get("enterprise", "tree").json["nodes"]] == [
        "account-group:live", "account:shop",
    ]  # fmt: skip
    assert [one["name"] for one in zoe.get("account-groups").json["items"]] == ["live"]
    assert [one["name"] for one in zoe.get("guardrails").json["items"]] == ["no-deletes"]


def test_a_guardrail_is_reported_above_in_numbers_and_below_by_name(company: Company) -> None:
    """Before it is switched on: how much in each account that lets it; who, and which policies, in the account."""
    shop = company.begin("shop")
    company.begin("bank")
    company.begin("club").apply(shared("club"))
    assert shop.apply(*INSIDE, shared("shop")).status == 200
    drafted = company.mia.post("guardrails", "no-deletes", "report", body={"guardrail": RULE})
    assert drafted.status == 200, drafted.text
    assert company.mia.post("guardrails", body=RULE).status == 201
    above = company.mia.send("POST", company.mia.path("guardrails", "no-deletes", "report"))
    assert above.json["items"] == drafted.json["items"] == [
        {"account": "bank", "shared": False, **dict.fromkeys(numbers(0, 0, 0))},
        {"account": "club", "shared": True, **numbers(0, 0, 0)},
        {"account": "shop", "shared": True, **numbers(1, 2, 2)},
    ]  # fmt: skip
    assert (above.json["of"], above.json["conditional"]) == ("accounts", False)
    report = "/v1/accounts/shop/guardrails/corp/live/no-deletes/report"
    policies = shop.send("POST", report)
    assert policies.json["items"] == [
        {"policy": "ann", "effect": "partly_void", "actions": policies.json["items"][0]["actions"],
         "actions_void": 1, "actions_partly_void": 0},
    ]  # fmt: skip
    assert policies.json["numbers"] == numbers(1, 2, 2)
    first = shop.send("POST", report, show="losses", limit=1)
    second = shop.send("POST", report, show="losses", limit=1, cursor=first.json["next_cursor"])
    assert [*first.json["items"], *second.json["items"]] == [
        {"principal": f"user:{name}", "action": "ims:images:delete", "resource": IMAGE.format("shop")}
        for name in ("ann", "owner")
    ]
    assert "numbers" not in second.json
    assert shop.is_allowed("ims:images:delete", IMAGE.format("shop"))
    company.mia.patch("guardrails", "no-deletes", body={"state": "enabled"})
    assert not shop.is_allowed("ims:images:delete", IMAGE.format("shop"))


def test_a_report_tells_only_what_one_may_read(company: Company) -> None:
    """Neither policies nor people nor resources beside one's own; no numbers of them either."""
    shop = company.begin("shop")
    shop.apply(
        *INSIDE,
        {"kind": "Policy", "name": "bob-looks", "subjects": ["user:bob"], "roles": ["iam/Viewer"],
         "scope": {"service": "iam", "type": "account", "id": "shop"}},
    )  # fmt: skip
    company.mia.post("guardrails", body=RULE)
    made = shop.post("api-keys", body={"owner": "user:bob"})
    bob = company.owner("shop", made.json["apikey"])
    report = "/v1/accounts/shop/guardrails/corp/live/no-deletes/report"
    for show in ("policies", "losses"):
        answer = bob.send("POST", report, show=show)
        assert answer.json["items"] == []
        assert answer.json["numbers"]["losses"] == answer.json["numbers"]["policies_partly_void"] == 0
    by_last_word = shop.post("guardrails", "no-deletes", "report", body={})
    assert (by_last_word.status, by_last_word.json["detail"], by_last_word.json["help"]) == (
        404,
        "there is no guardrail `no-deletes`",
        "did you mean `corp/live/no-deletes`?",
    )
    zoe = company.server.client("user:zoe")
    refused = zoe.post("guardrails", "no-deletes", "report", body={})
    assert refused.error["action"] == "enterprise.account-group.attach-config-rules"
    assert zoe.post("guardrails", "new", "report", body={"guardrail": {"actions": ["*"]}}).status == 403


def test_only_the_owner_lets_numbers_be_told(company: Company) -> None:
    """Whoever else administers the account may take the word back, not give it."""
    shop = company.begin("shop")
    shop.apply(
        {"kind": "User", "name": "adam"},
        {"kind": "Policy", "name": "adam", "subjects": ["user:adam"], "roles": ["Administrator"],
         "scope": {"service": "iam"}},
    )  # fmt: skip
    adam = company.owner("shop", shop.post("api-keys", body={"owner": "user:adam"}).json["apikey"])
    refused = adam.apply(shared("shop"))
    assert refused.error["detail"] == (
        "only the account's owner may do this: the enterprise is told what a guardrail would stop in the account"
    )
    assert shop.apply(shared("shop")).status == 200
    assert adam.apply({**shared("shop"), "shares_reports": False}).status == 200


def test_a_draft_that_does_not_fit_is_refused(company: Company) -> None:
    """As it would be when it is stored."""
    draft = {**RULE, "node": "account-group:live", "scope": {"service": "imz"}}
    refused = company.mia.post("guardrails", "no-deletes", "report", body={"guardrail": draft})
    assert refused.status == 400
    assert refused.error["errors"][0]["message"] == "unknown service `imz`"


def test_decisions_about_an_account_of_the_tree_carry_three_revisions(company: Company) -> None:
    """Also where they are allowed; the enterprise's moves with the tree."""
    shop = company.begin("shop")
    asked = {
        "subject": {"type": "user", "id": "owner"},
        "action": {"name": "ims:images:get"},
        "resource": {"type": "ims/image", "id": IMAGE.format("shop")},
    }

    def revisions() -> dict[str, str]:
        reply = shop.send("POST", "/access/v1/evaluation", asked)
        assert reply.json["decision"] is True
        return dict(reply.json["context"]["revision"])

    before = revisions()
    assert list(before) == ["account", "enterprise", "system"]
    assert company.mia.post("guardrails", body=RULE).status == 201
    after = revisions()
    assert {name for name in after if after[name] != before[name]} == {"enterprise"}


def test_what_is_exported_is_applied_without_a_difference(company: Company) -> None:
    """The tree with its guardrails above, the word of the owner below."""
    shop = company.begin("shop")
    assert company.mia.post("guardrails", body=RULE).status == 201
    for client in (company.acme, shop):
        text = client.get("export").text
        answer = client.apply_text(text, prune=True)
        assert (answer.status, answer.json["differences"]) == (200, [])
    assert "parent: account-group:live" in company.acme.get("export").text


def test_objects_of_the_tree_have_tags_and_conditions(company: Company) -> None:
    """As every object: created, changed under a condition, refused where it has changed meanwhile."""
    made = company.mia.post("account-groups", body={"name": "eu", "parent": "account-group:live"})
    tag = made.headers["etag"]
    moved = company.mia.patch(
        "account-groups", "eu", body={"parent": "enterprise:corp"}, headers={"If-Match": tag}
    )
    assert (moved.status, moved.json["parent"]) == (200, "enterprise:corp")
    again = company.mia.patch("account-groups", "eu", body={"description": "x"}, headers={"If-Match": tag})
    assert again.status == 412
    planned = company.mia.delete("account-groups", "eu", dry_run=True)
    assert [one["op"] for one in planned.json["differences"]] == ["deleted"]
    assert company.mia.get("account-groups", "eu").status == 200


def test_keys_made_in_an_account_of_the_tree_carry_its_vector(company: Company) -> None:
    """Each write and each answer names all three revisions."""
    shop = company.begin("shop")
    made = shop.post("api-keys", body={})
    assert [part.split("=")[0] for part in made.headers["bailiwick-revision"].split(", ")] == [
        "account", "enterprise", "system",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "nothing"])
def test_the_commands_do_it_all(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """From an empty account to a moved account with a guardrail, by commands alone."""
    from typer.testing import CliRunner

    from bailiwick.cli.main import app

    company.server.client("user:mia")
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("BAILIWICK_URL", company.server.address)
    monkeypatch.setenv("BAILIWICK_API_KEY", company.server.key("user:mia"))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == code, result.output
        return str(result.stdout)

    assert run("enterprise", "group-create", "eu", "--parent", "account-group:live") == (
        "AccountGroup eu below account-group:live\n"
    )
    key_file = tmp_path / "owner.key"
    more = ("--key-file", str(key_file)) if kind == "file" else ()
    shown = run(
        "enterprise", "account-create", "shop", "--parent", "account-group:eu", "--owner", OWNER, *more
    )
    key = key_file.read_text().strip() if kind == "file" else shown.strip()
    assert company.owner("shop", key).get("users").status == 200
    assert run("enterprise", "account-move", "shop", "--parent", "account-group:lab") == (
        "EnterpriseAccount shop below account-group:lab\n"
    )
    assert run("enterprise", "group-move", "eu", "--parent", "enterprise:corp") == (
        "AccountGroup eu below enterprise:corp\n"
    )
    assert run("enterprise", "tree").split() == [
        "node", "guardrails", "description", "enterprise:corp", "account-group:eu", "account-group:lab",
        "account:shop", "account-group:live",
    ]  # fmt: skip
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "kind: Guardrail\nname: none\nnode: account-group:lab\nactions: ['*']\nscope: {service: ims}\n"
    )
    table = run("guardrail", "report", "none", "-f", str(rule)).split("\n")
    assert table[0].split()[:3] == ["account", "shared", "policies"]
    assert table[1].split() == ["shop", "no"]
    assert run("apply", "-f", str(rule)).startswith("+ Guardrail none\n")
    assert run("guardrail", "list").split("\n")[1].split()[:2] == ["none", "account-group:lab"]
    monkeypatch.setenv("BAILIWICK_API_KEY", key)
    assert run("enterprise", "show") == (
        "account shop: below an enterprise\nmanagement account: acme\n"
        "place: enterprise:corp > account-group:lab > account:shop\n"
        "guardrail      node               state    actions  but  scope        when\n"
        "corp/lab/none  account-group:lab  enabled  *             service ims\n"
    )
    monkeypatch.setenv("BAILIWICK_API_KEY", company.server.key("user:mia"))
    assert run("enterprise", "account-remove", "shop") == "let account shop go\n"
    assert run("enterprise", "account-add", "shop", "--parent", "account-group:live") == (
        "EnterpriseAccount shop below account-group:live\n"
    )
    assert run("enterprise", "group-delete", "eu") == "deleted account group eu\n"
