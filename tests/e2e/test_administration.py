"""Administration over HTTP: one object at a time, its tag, conditions, repeated requests, errors.

Every answer is asked of a real server. Lists, documents, keys and the log have files of their own.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.e2e.server import Client, RunningServer

BRN = "brn:acme:container-registry:eu-de::namespace/a%20b"
SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "users": ({"name": "alice", "email": "alice@acme.example"}, {"properties": {"department": "imaging"}}),
    "service-ids": ({"name": "ci"}, {"description": "builds"}),
    "profiles": ({"name": "deployer", "trust": ["user:owner"]}, {"maximum_session_seconds": 600}),
    "groups": ({"name": "readers", "members": ["user:owner"]}, {"members": []}),
    "projects": ({"name": "dev"}, {"disabled": True}),
    "roles": (
        {
            "name": "Puller",
            "service": "container-registry",
            "rights": [{"actions": ["container-registry.image.pull"]}],
        },
        {"title": "Pulls"},
    ),
    "policies": (
        {
            "name": "read",
            "subjects": ["user:owner"],
            "roles": ["Reader"],
            "scope": {"service": "container-registry"},
        },
        {"state": "disabled"},
    ),
    "guardrails": (
        {
            "name": "frozen",
            "actions": ["container-registry.image.push"],
            "scope": {"service": "container-registry"},
        },
        {"description": "until Monday"},
    ),
    "services": (
        {
            "name": "records",
            "title": "Records",
            "resource_types": {"record": {}},
            "actions": [{"id": "read", "title": "Read", "resource_type": "record", "access": "read"}],
            "roles": [{"name": "Reader", "kind": "service", "rights": [{"actions": ["read"]}]}],
        },
        {"title": "Files"},
    ),
    "resources": ({"name": BRN, "project": "default"}, {"description": "the first"}),
}


@pytest.mark.parametrize("path", SAMPLES)
def test_an_object_of_every_kind_is_created_shown_changed_replaced_and_deleted(
    owner: Client, path: str
) -> None:
    """Each kind goes through its whole life, with a tag that changes with it."""
    document, change = SAMPLES[path]
    name = document["name"]
    created = owner.post(path, body=document)
    assert created.status == 201, created.text
    where = created.headers["location"]
    assert created.json.items() >= {"account": "acme", **({} if path == "services" else document)}.items()
    shown = owner.send("GET", where)
    assert (shown.status, shown.json) == (200, created.json)
    assert shown.headers["etag"] == created.headers["etag"]

    changed = owner.patch(path, name, body=change)
    assert changed.status == 200, changed.text
    assert changed.json == {**created.json, **change}
    assert changed.headers["etag"] != created.headers["etag"]
    assert changed.headers["etag"].partition("-")[2] == created.headers["etag"].partition("-")[2]

    replaced = owner.put(path, name, body=created.json, headers={"If-Match": changed.headers["etag"]})
    assert (replaced.status, replaced.json) == (200, created.json)

    gone = owner.delete(path, name)
    assert (gone.status, gone.body) == (204, b"")
    assert "content-length" not in gone.headers
    missing = owner.get(path, name)
    assert missing.status == 404
    assert missing.error["detail"].endswith(f"`{name}`")


def test_the_account_is_shown_and_changed(owner: Client) -> None:
    """The account is an object too, with its own fields only."""
    shown = owner.get()
    assert shown.json == {"kind": "Account", "name": "acme", "owner": "user:owner"}
    changed = owner.patch(body={"description": "ACME"}, headers={"If-Match": shown.headers["etag"]})
    assert changed.json == {"kind": "Account", "name": "acme", "owner": "user:owner", "description": "ACME"}
    assert owner.patch(body={"name": "other"}).status == 400
    assert owner.delete().status == 405


def test_every_answer_names_the_revisions_it_rests_on(owner: Client) -> None:
    """The vector is in the header of reads and writes, and grows with each change."""
    before = owner.get().headers["bailiwick-revision"]
    after = owner.post("users", body={"name": "alice"}).headers["bailiwick-revision"]
    assert before.startswith("account=1-")
    assert after.startswith("account=2-")
    assert owner.get("users", "alice").headers["bailiwick-revision"] == after


def test_a_taken_name_is_a_conflict(owner: Client) -> None:
    """Creating what is there already changes nothing."""
    owner.post("users", body={"name": "alice", "email": "alice@acme.example"})
    again = owner.post("users", body={"name": "alice"})
    assert again.status == 409
    assert again.error == {
        "code": "conflict",
        "detail": "there is a user `alice` already",
        "help": "choose another name, or replace it",
    }
    assert owner.get("users", "alice").json["email"] == "alice@acme.example"


def test_put_creates_what_is_not_there(owner: Client) -> None:
    """A replacement of nothing is a creation, with a location."""
    made = owner.put("users", "alice", body={})
    assert made.status == 201
    assert made.headers["location"] == "/v1/accounts/acme/users/alice"
    assert made.json == {"kind": "User", "account": "acme", "name": "alice"}


def test_what_the_body_names_is_what_the_path_names(owner: Client) -> None:
    """Kind, account and name of a body must agree with its address (bug class 24)."""
    for field, said in (("name", "bob"), ("account", "other"), ("kind", "Group")):
        refused = owner.put("users", "alice", body={field: said})
        expected = {"name": "alice", "account": "acme", "kind": "User"}[field]
        assert refused.status == 400
        assert refused.error["errors"] == [
            {"message": f"expected `{expected}`, as in the path, got `{said}`", "place": field}
        ]
    assert owner.get("users", "alice").status == 404
    assert owner.get("users", "bob").status == 404


def test_a_merge_patch_removes_what_is_null(owner: Client) -> None:
    """RFC 7396: null removes, objects merge, everything else replaces."""
    owner.post(
        "users", body={"name": "alice", "email": "a@acme.example", "properties": {"a": 1, "b": {"c": 2}}}
    )
    headers = {"Content-Type": "application/merge-patch+json"}
    changed = owner.patch(
        "users", "alice", body={"email": None, "properties": {"a": None, "b": {"d": 3}}}, headers=headers
    )
    assert changed.json == {
        "kind": "User",
        "account": "acme",
        "name": "alice",
        "properties": {"b": {"c": 2, "d": 3}},
    }


def test_a_condition_that_fails_changes_nothing(owner: Client) -> None:
    """An old tag, a weak tag and a missing object are refused; the right tag and `*` are not."""
    tag = owner.post("users", body={"name": "alice"}).headers["etag"]
    owner.patch("users", "alice", body={"email": "a@acme.example"})
    now = owner.get("users", "alice").headers["etag"]
    for method in ("PUT", "PATCH", "DELETE"):
        for wrong in (tag, f"W/{now}", '"1-user-0"'):
            body: object = None if method == "DELETE" else {}
            refused = owner.send(method, owner.path("users", "alice"), body, headers={"If-Match": wrong})
            assert refused.status == 412
            assert refused.error == {
                "code": "precondition_failed",
                "detail": f"the object has changed: its tag is `{now}`",
                "help": "read it again and try again",
            }
    assert owner.get("users", "alice").headers["etag"] == now
    missing = owner.put("users", "bob", body={}, headers={"If-Match": "*"})
    assert missing.status == 412
    assert missing.error == {"code": "precondition_failed", "detail": "the object does not exist"}
    new = owner.put("users", "alice", body={}, headers={"If-None-Match": "*"})
    assert new.status == 412
    assert new.error["detail"] == "the object exists already"
    listed = owner.patch("users", "alice", body={"description": "x"}, headers={"If-Match": f"{tag}, {now}"})
    assert listed.status == 200
    assert owner.delete("users", "alice", headers={"If-Match": "*"}).status == 204


def test_another_object_of_the_same_name_has_another_tag(owner: Client) -> None:
    """A tag names the object, not only its name: what was deleted and made anew is another."""
    tag = owner.post("users", body={"name": "alice"}).headers["etag"]
    owner.delete("users", "alice")
    owner.post("users", body={"name": "alice"})
    assert owner.delete("users", "alice", headers={"If-Match": tag}).status == 412


def test_a_dry_run_says_what_would_change_and_changes_nothing(owner: Client) -> None:
    """Each way of changing has one; none moves the revision."""
    owner.post("users", body={"name": "alice"})
    revision = owner.get().headers["bailiwick-revision"]
    user = {"kind": "User", "name": "alice"}
    asked = {
        "created": owner.post("users", body={"name": "bob"}, dry_run=True),
        "changed": owner.patch("users", "alice", body={"email": "a@acme.example"}, dry_run=True),
        "deleted": owner.delete("users", "alice", dry_run=True),
    }
    said = {
        op: [(one["op"], one["before"], one["after"]) for one in reply.json["differences"]]
        for op, reply in asked.items()
    }
    assert said == {
        "created": [("created", None, {"kind": "User", "name": "bob"})],
        "changed": [("changed", user, {**user, "email": "a@acme.example"})],
        "deleted": [("deleted", user, None)],
    }
    assert all(reply.json["dry_run"] is True and reply.status == 200 for reply in asked.values())
    assert owner.get().headers["bailiwick-revision"] == revision


def test_a_repeated_request_gets_the_same_answer_and_changes_nothing(owner: Client) -> None:
    """With an idempotency key the answer is given again, headers too."""
    key = {"Idempotency-Key": "one"}
    first = owner.post("users", body={"name": "alice"}, headers=key)
    again = owner.post("users", body={"name": "alice"}, headers=key)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    for name in ("etag", "location", "bailiwick-revision"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    gone = owner.delete("users", "alice", headers={"Idempotency-Key": "two"})
    assert (gone.status, owner.delete("users", "alice", headers={"Idempotency-Key": "two"}).status) == (
        204,
        204,
    )


def test_an_idempotency_key_belongs_to_one_request_of_one_caller(
    server: RunningServer, owner: Client
) -> None:
    """Another body is refused; another caller's key is another key."""
    key = {"Idempotency-Key": "one"}
    owner.post("users", body={"name": "alice"}, headers=key)
    other = owner.post("users", body={"name": "bob"}, headers=key)
    assert other.status == 409
    assert other.error == {
        "code": "conflict",
        "detail": "idempotency key `one` was used for another request",
        "help": "give each request its own key",
    }
    assert owner.get("users", "bob").status == 404
    alice = server.client("user:alice")
    refused = alice.post("users", body={"name": "alice"}, headers=key)
    assert refused.status == 403
    bad = owner.post("users", body={"name": "carol"}, headers={"Idempotency-Key": "a b"})
    assert bad.error["errors"][0]["message"] == "expected 1 to 128 visible ASCII characters"


def test_every_finding_of_a_document_is_told_at_once(owner: Client) -> None:
    """A refused document lists all that is wrong, each with its place and the nearest right word."""
    refused = owner.post(
        "policies",
        body={"name": "p", "subjects": ["user:owner"], "rols": ["Reader"], "effect": "permit"},
    )
    assert refused.status == 400
    assert refused.error == {
        "code": "invalid",
        "detail": "3 errors, the first: unknown field `rols` at rols",
        "errors": [
            {"message": "unknown field `rols`", "place": "rols", "help": "did you mean `roles`?"},
            {"message": "missing field `roles`"},
            {"message": "expected one of `allow`, `deny`, got `permit`", "place": "effect"},
        ],
    }


@pytest.mark.parametrize(
    ("body", "message", "place"),
    [
        (b"", "expected JSON, got an empty body", None),
        (b"[]", "expected a JSON object, got something else", None),
        (b"{", "expected JSON: expecting property name enclosed in double quotes", "line 1, column 2"),
        (b'{"name": "a", "name": "b"}', "duplicate name `name`", "name"),
        (b'{"name": NaN}', "`NaN` is no JSON", None),
        (b'{"properties": {"a": 1e999}}', "number `1e999` is out of range", None),
        (
            b'{"properties": {"a": 99999999999999999999}}',
            "number `99999999999999999999` is out of range",
            None,
        ),
        (b'{"name": "\xff"}', "expected UTF-8, got something else at byte 10", None),
        (b'{"name": "\\ud800"}', "text holds half of a character", None),
        (b'{"properties":' * 33 + b"1" + b"}" * 33, "expected at most 32 levels of nesting, got more", None),
        (b"[" * 100_000, "expected at most 32 levels of nesting, got more", None),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_is_not_read(
    owner: Client, body: bytes, message: str, place: str | None
) -> None:
    """Broken, ambiguous and too deep bodies are refused in words."""
    refused = owner.post("users", body=body)
    assert refused.status == 400
    assert refused.error["errors"] == [{"message": message} | ({"place": place} if place else {})]


def test_a_long_body_is_refused_before_it_is_read(owner: Client) -> None:
    """More than a mebibyte is too much for one object, whether the length is said or not."""
    body = b'{"name": "' + b"a" * (1 << 20) + b'"}'
    refused = owner.post("users", body=body)
    assert refused.status == 413
    assert refused.error == {
        "code": "body_too_large",
        "detail": "expected a body of at most 1048576 bytes, got a longer one",
    }
    owner.close()
    chunked = owner.send("POST", owner.path("users"), body, headers={"Transfer-Encoding": "chunked"})
    assert chunked.status in (400, 413)


def test_only_json_is_read_as_json(owner: Client) -> None:
    """A form or text that looks like JSON is refused."""
    refused = owner.post("users", body=b'{"name": "a"}', headers={"Content-Type": "text/plain"})
    assert refused.status == 400
    assert refused.error["errors"] == [
        {
            "message": "expected content type `application/json`, got `text/plain`",
            "place": "content-type",
        }
    ]


def test_unknown_and_repeated_parameters_are_refused(owner: Client) -> None:
    """A parameter that nobody reads is a mistake, and one that is given twice has no value."""
    unknown = owner.get("users", disable="true")
    assert unknown.error["errors"] == [
        {"message": "unknown parameter `disable`", "place": "disable", "help": "did you mean `disabled`?"}
    ]
    twice = owner.send("GET", owner.path("users") + "?limit=1&limit=2")
    assert twice.error["errors"] == [{"message": "parameter `limit` is given twice", "place": "limit"}]
    wrong = owner.post("users", body={"name": "a"}, dry_run="yes")
    assert wrong.error["errors"] == [{"message": "expected `true` or `false`, got `yes`", "place": "dry_run"}]


def test_another_account_is_refused_whatever_is_asked(owner: Client) -> None:
    """The path's account is the session's, existing or not."""
    owner.account = "other"
    for reply in (
        owner.get(),
        owner.get("users"),
        owner.post("users", body={"name": "a"}),
        owner.get("export"),
    ):
        assert reply.status == 403
        assert reply.error["detail"] == "this session is not one of account `other`"
        assert reply.error["reason"] == "other_account"


def test_nobody_gets_nothing(server: RunningServer) -> None:
    """Without a credential, or with two, nothing is answered."""
    nobody = server.nobody()
    refused = nobody.get("users")
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.error["detail"] == "the credential is missing, unknown, expired or withdrawn"
    wrong = nobody.get("users", headers={"Authorization": "Bearer no"})
    assert wrong.status == 401
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_an_address_is_read_in_one_way(owner: Client) -> None:
    """Escaped slashes, broken escapes, doubled slashes and final slashes find nothing (bug class 23)."""
    owner.post("users", body={"name": "alice"})
    for path in (
        "/v1/accounts/acme%2Fusers",
        "/v1/accounts/acme%2fusers/alice",
        "/v1/accounts/acme/users%2Falice",
        "/v1/accounts/acme//users",
        "/v1//accounts/acme",
        "/v1/accounts/acme/users/",
        "/v1/accounts/acme/users/%ff",
        "/v1/accounts/acme/users/%zz",
        "/V1/accounts/acme",
    ):
        reply = owner.send("GET", path)
        assert (path, reply.status) == (path, 404)
        assert reply.error == {"code": "not_found", "detail": "there is nothing at this address"}
    wrong = owner.send("DELETE", "/v1/accounts/acme/users")
    assert wrong.status == 405
    assert wrong.error == {"code": "method_not_allowed", "detail": "this address has no such method"}


def test_names_are_compared_exactly(owner: Client) -> None:
    """No case folding, no normalisation (bug class 7): three names, three users."""
    for name in ("Ren\u00e9", "Rene\u0301", "ren\u00e9", "a b", "100%"):
        assert owner.post("users", body={"name": name}).status == 201
        assert owner.get("users", name).json["name"] == name
    assert owner.get("users", "REN\u00c9").status == 404


def test_a_request_that_offers_an_upgrade_is_answered_with_its_body(owner: Client) -> None:
    """Clients that offer `Upgrade: h2c` lose no body."""
    headers = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABkAAQAAP__",
    }
    assert owner.post("users", body={"name": "alice"}, headers=headers).status == 201


def test_the_request_id_is_given_back(owner: Client) -> None:
    """A caller finds its own id in the answer, refusals and what no route answers included; else one is made."""
    for path in ("users", "nothing"):
        reply = owner.get(path, headers={"X-Request-Id": "r-1"})
        assert reply.headers["x-request-id"] == "r-1"
        assert re.fullmatch("[0-9a-f]{32}", owner.get(path).headers["x-request-id"])
    refused = owner.get("users", "nobody", headers={"X-Request-Id": "r-2"})
    assert refused.headers["x-request-id"] == "r-2"
