"""Searches over HTTP find exactly what the single question allows, for every asker, in every page size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.search_world import (
    ACTIONS,
    ASKERS,
    DOCUMENTS,
    SUBJECTS,
    allowed_resources,
    answers,
    entity,
    every,
    pages,
    results,
)
from tests.e2e.server import Client, RunningServer

SIZES = (1, 2, 3, 1000)
TYPES = ("records/record", "records/page", "records/folder")
RESOURCE = "/access/v1/search/resource"
SUBJECT = "/access/v1/search/subject"
ACTION = "/access/v1/search/action"
R1 = "brn:acme:records:eu::record/r-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with the world, for tests that do not change it."""
    with RunningServer(tmp_path_factory.mktemp("search")) as running:
        reply = running.owner().apply(*DOCUMENTS)
        assert reply.status == 200, reply.text
        yield running


def names_of(kind: str) -> list[str]:
    """Which registered resources have this type of `records`?"""
    end = f"{kind.partition('/')[2]}/"
    return [
        one["name"]
        for one in DOCUMENTS
        if one["kind"] == "Resource" and one["name"].rsplit("/", 2)[-2].rpartition(":")[2] + "/" == end
    ]


def resource_search(subject: str, action: str, kind: str, **more: Any) -> dict[str, Any]:
    """A search for resources."""
    return {"subject": entity(subject), "action": {"name": action}, "resource": {"type": kind}} | more


@pytest.mark.parametrize("asker", ASKERS)
def test_resources_found_are_those_that_check_allows(server: RunningServer, asker: str) -> None:
    """For every subject, action and type, every page size: the union of the pages is what check allows, in order."""
    client = server.client(asker)
    found_any = 0
    for subject, action, kind in every(SUBJECTS, (*ACTIONS, "page.read"), TYPES):
        expected = allowed_resources(client, subject, action, kind, names_of(kind))
        body = resource_search(subject, action, kind)
        if client.send("POST", RESOURCE, body).status == 403:
            assert (asker, expected) in (("user:zoe", []), ("user:alice", [])), body
            continue
        for size in SIZES:
            assert [one["id"] for one in results(client, "resource", body, size)] == expected, (body, size)
        found_any += len(expected)
    assert found_any > 0 or asker == "user:zoe"


@pytest.mark.parametrize("asker", ASKERS)
def test_subjects_found_are_those_that_check_allows(server: RunningServer, asker: str) -> None:
    """For every action and resource: the users and service IDs found are those that check allows."""
    client = server.client(asker)
    everyone = sorted(
        {f"{kind}:{one['name']}" for one in DOCUMENTS for kind in _kinds(one["kind"])} | {"user:owner"}
    )
    for action, name in every(ACTIONS, names_of("records/record")):
        resource = {"type": "records/record", "id": name}
        questions = [
            {"subject": entity(one), "action": {"name": action}, "resource": resource} for one in everyone
        ]
        allowed = [one for one, is_so in zip(everyone, answers(client, questions), strict=True) if is_so]
        for kind, size in every(("user", "service-id", "profile"), SIZES):
            body = {"subject": {"type": kind}, "action": {"name": action}, "resource": resource}
            found = results(client, "subject", body, size)
            expected = [entity(one) for one in allowed if one.startswith(f"{kind}:")]
            assert found == expected, (body, size)


def _kinds(word: str) -> list[str]:
    return {"User": ["user"], "ServiceId": ["service-id"]}.get(word, [])


@pytest.mark.parametrize("asker", ASKERS)
def test_actions_found_are_those_that_check_allows(server: RunningServer, asker: str) -> None:
    """For every subject and record: the actions found, of the service and of `iam` over it, are the allowed ones."""
    client = server.client(asker)
    known = sorted(
        {
            *(one["id"] for one in DOCUMENTS[0]["actions"]),
            *(one for one in _spanning(server) if one.startswith("iam.")),
        }
    )
    for subject, name in every(SUBJECTS, names_of("records/record")):
        resource = {"type": "records/record", "id": name}
        body = {"subject": entity(subject), "resource": resource}
        questions = [{**body, "action": {"name": one}} for one in known]
        allowed = [one for one, is_so in zip(known, answers(client, questions), strict=True) if is_so]
        if client.send("POST", ACTION, body).status == 403:
            assert allowed == [], body
            continue
        for size in SIZES:
            assert [one["name"] for one in results(client, "action", body, size)] == allowed, (body, size)


def _spanning(server: RunningServer) -> list[str]:
    actions = server.host.catalog["iam"].actions.values()
    return [one.id for one in actions if one.spans_services]


def test_described_subjects_resources_and_actions_are_found_as_check_answers(server: RunningServer) -> None:
    """Properties of all three are evaluated, for whoever may describe."""
    client = server.client("service-id:describer")
    names = names_of("records/record")
    for role, status, soft in every((None, "admin", 5), (None, "archived"), (None, True)):
        subject = entity("user:alice", **({} if role is None else {"role": role}))
        said = {} if status is None else {"status": status}
        for action in ("write", "delete", "read"):
            body = {
                "subject": subject,
                "action": {"name": action, "properties": {} if soft is None else {"soft": soft}},
                "resource": {"type": "records/record", "properties": said},
            }
            questions = [{**body, "resource": {**body["resource"], "id": name}} for name in sorted(names)]
            allowed = zip(sorted(names), answers(client, questions), strict=True)
            found = [one["id"] for one in results(client, "resource", body, 2)]
            assert found == [name for name, is_so in allowed if is_so], body


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "resource",
            {
                "subject": entity("user:alice", role="admin"),
                "action": {"name": "write"},
                "resource": {"type": "record"},
            },
        ),
        (
            "subject",
            {
                "subject": {"type": "user", "properties": {"role": "admin"}},
                "action": {"name": "write"},
                "resource": {"type": "records/record", "id": R1},
            },
        ),
        (
            "action",
            {"subject": entity("user:zoe", role="admin"), "resource": {"type": "records/record", "id": R1}},
        ),
    ],
)
def test_nobody_is_described_without_the_right_to(
    server: RunningServer, kind: str, body: dict[str, Any]
) -> None:
    """A search that says what a principal is needs `iam.decision.describe`, also about oneself."""
    reply = server.client("user:zoe").send("POST", f"/access/v1/search/{kind}", body)
    assert reply.status == 403
    assert reply.error["action"] in ("iam.decision.describe", "iam.decision.evaluate")


def test_who_asks_about_another_without_any_right_is_refused(server: RunningServer) -> None:
    """The refusal names the action, and is the same whether there is anything to find or not."""
    client = server.client("user:zoe")
    refusals = [
        client.send("POST", RESOURCE, resource_search("user:alice", action, kind)).error
        for action, kind in (
            ("read", "records/record"),
            ("nonsense", "records/record"),
            ("read", "spaceship"),
        )
    ]
    assert refusals[0] == {
        "code": "denied",
        "detail": "`user:zoe` lacks `iam.decision.evaluate` over every resource",
        "help": "ask about yourself, or ask somebody who may grant it",
        "action": "iam.decision.evaluate",
        "reason": "no_matching_policy",
    }
    assert refusals[1] == refusals[2] == refusals[0]


def test_who_may_ask_in_one_project_learns_nothing_of_another(server: RunningServer) -> None:
    """Found, counted and paged is only what lies in the asker's project, whatever there is besides."""
    client = server.client("service-id:dev-gateway")
    body = resource_search(
        "user:owner", "iam.policy.create", "records/record", page={"properties": {"total": True}}
    )
    listed = pages(client, "resource", body, 1)
    dev = [one["name"] for one in DOCUMENTS if one["kind"] == "Resource" and one.get("project") == "dev"]
    expected = sorted(name for name in dev if name in names_of("records/record"))
    assert [one["results"][0]["id"] for one in listed] == expected
    assert {one["page"]["total"] for one in listed} == {len(expected)}


@pytest.mark.parametrize(
    ("properties", "within", "ids"),
    [
        ({"region": "us"}, None, ["us::record/r-3"]),
        ({"project": "prod"}, None, ["eu::record/r-2", "us::record/r-3"]),
        ({"owner": "user:alice"}, None, ["eu::record/r-1"]),
        ({"groups": ["group:night"]}, None, ["us::record/r-3"]),
        ({"tags": {"env": "test"}}, None, ["eu::record/r-1"]),
        ({"tags": {"env": "live"}}, None, []),
        ({"budget": "b"}, None, ["eu::record/%C3%BC%2F%3A%25"]),
        ({"instance": "i"}, None, []),
        ({"project": "nowhere"}, None, []),
        ({"project": "*"}, None, []),
        ({"region": "e?", "owner": "user:alice"}, None, []),
        ({}, "folder/one", []),
    ],
)
def test_what_is_built_in_narrows_a_search(
    server: RunningServer, properties: dict[str, Any], within: str | None, ids: list[str]
) -> None:
    """Of the records that the owner may grant on, those are found that are stored so."""
    body = resource_search("user:owner", "iam.policy.create", "records/record")
    body["resource"]["properties"] = properties
    body["page"] = {"properties": {"total": True} | ({"within": within} if within else {})}
    found = pages(server.owner(), "resource", body, 100)
    assert [one["id"] for one in found[0]["results"]] == [f"brn:acme:records:{one}" for one in ids]
    assert found[0]["page"]["total"] == len(ids)


def test_what_stands_within_is_found_by_its_ancestor(server: RunningServer) -> None:
    """`within` names the type and id of a proper ancestor."""
    body = resource_search(
        "user:owner", "iam.policy.create", "page", page={"properties": {"within": "folder/two"}}
    )
    assert results(server.owner(), "resource", body) == [
        {"type": "page", "id": "brn:acme:records:eu::folder/two/page/cover"}
    ]


def test_a_type_written_alone_gives_short_ids_where_they_are_enough(server: RunningServer) -> None:
    """`r-3` is in two regions, so it is named in full; each result, as it is, is one that check allows."""
    owner = server.owner()
    short = resource_search("user:owner", "iam.policy.create", "record")
    assert [one["id"] for one in results(owner, "resource", short)] == [
        "ü/:%",
        "r-1",
        "r-2",
        "brn:acme:records:eu::record/r-3",
        "secret",
        "brn:acme:records:us::record/r-3",
    ]
    said = {"subject": entity("user:owner"), "action": {"name": "iam.policy.create"}}
    found = results(owner, "resource", short)
    assert all(answers(owner, [{**said, "resource": one} for one in found]))


def test_own_objects_are_found_as_they_are_stored(server: RunningServer) -> None:
    """Which users may alice change? Those whom her policy names; and everyone sees themselves, as check says."""
    alice = server.client("user:alice")
    body = resource_search("user:alice", "iam.user.update", "iam/user")
    assert [one["id"] for one in results(alice, "resource", body, 1)] == ["brn:acme:iam:::user/bob"]
    users = [f"brn:acme:iam:::user/{name}" for name in ("alice", "bob", "carol", "owner", "zoe")]
    for asker in ASKERS:
        client = server.client(asker)
        allowed = allowed_resources(client, asker, "iam.user.read", "iam/user", users)
        found = results(client, "resource", resource_search(asker, "iam.user.read", "iam/user"), 2)
        assert [one["id"] for one in found] == allowed
    assert allowed_resources(alice, "user:alice", "iam.user.read", "iam/user", users) == users[:2]


def test_what_is_said_of_own_objects_does_not_count(server: RunningServer) -> None:
    """Nobody becomes the owner of another's account by saying so."""
    said = {"type": "iam/user", "id": "zoe", "properties": {"owner": "user:alice"}}
    question = {"subject": entity("user:alice"), "action": {"name": "iam.user.read"}, "resource": said}
    assert list(answers(server.client("user:alice"), [question])) == [False]


def test_projects_groups_and_the_service_itself_are_found(server: RunningServer) -> None:
    """The owner finds what is stored of every kind, and the service."""
    owner = server.owner()
    for action, kind, ids in (
        ("iam.project.read", "iam/project", ["default", "dev", "prod"]),
        ("iam.group.read", "iam/group", ["night"]),
        ("iam.guardrail.read", "iam/guardrail", ["no-secrets"]),
        ("iam.account.read", "iam/account", ["acme"]),
        ("eps:enterpriseProjects:get", "eps/enterprise-project", ["default", "dev", "prod"]),
        ("settings.read", "records/service", ["records"]),
    ):
        found = results(owner, "resource", resource_search("user:owner", action, kind))
        assert [one["id"].rpartition("/")[2] for one in found] == ids, kind


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("resource", resource_search("user:nobody", "read", "record")),
        ("resource", resource_search("spaceship:x", "read", "record")),
        ("resource", resource_search("user:alice", "nonsense", "record")),
        ("resource", resource_search("user:alice", "read", "spaceship")),
        ("resource", resource_search("user:alice", "read", "nowhere/record")),
        (
            "subject",
            {"subject": {"type": "spaceship"}, "action": {"name": "read"}, "resource": entity("record:r-1")},
        ),
        (
            "subject",
            {"subject": {"type": "group"}, "action": {"name": "read"}, "resource": entity("record:r-1")},
        ),
        (
            "subject",
            {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": entity("spaceship:r-1")},
        ),
        (
            "subject",
            {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": entity("record:r-3")},
        ),
        ("action", {"subject": entity("user:nobody"), "resource": entity("record:r-1")}),
        ("action", {"subject": entity("user:alice"), "resource": entity("spaceship:x")}),
    ],
)
def test_what_nobody_knows_is_found_nowhere(server: RunningServer, kind: str, body: dict[str, Any]) -> None:
    """Unknown ids, types, kinds and actions, and ids of several resources, give empty results, and no error."""
    reply = server.owner().send("POST", f"/access/v1/search/{kind}", body)
    assert reply.status == 200
    assert reply.json["results"] == []
    assert reply.json["page"] == {"next_token": "", "count": 0}


def test_services_and_nobody_are_searched_too(server: RunningServer) -> None:
    """Subjects are of the kind that is asked for: services are those that exist."""
    body = {"subject": {"type": "service"}, "action": {"name": "read"}, "resource": entity("record:r-1")}
    assert results(server.owner(), "subject", body) == []
    body["subject"] = {"type": "anonymous"}
    assert results(server.owner(), "subject", body) == []


def test_every_answer_says_the_revision_and_repeats_the_requests_id(server: RunningServer) -> None:
    """Each page is exact at the revision that it names."""
    body = resource_search("user:owner", "read", "record")
    reply = server.owner().send("POST", RESOURCE, body, headers={"X-Request-ID": "q-1"})
    assert reply.headers["x-request-id"] == "q-1"
    assert reply.headers["content-type"] == "application/json"
    assert set(reply.json) == {"results", "page", "context"}
    assert reply.json["context"]["revision"] == dict(server.host.snapshot("acme").vector)
    path = "/accounts/acme" + RESOURCE
    assert server.owner().send("POST", path, body).json == reply.json
    assert server.owner().send("POST", "/accounts/other" + RESOURCE, body).error["reason"] == "other_account"


def test_a_limit_of_nothing_counts_only(server: RunningServer) -> None:
    """With the limit 0 nothing is shown, the total is, and the token begins at the beginning."""
    body = resource_search("user:owner", "iam.policy.create", "records/record")
    totals = {"properties": {"total": True}}
    page = server.owner().send("POST", RESOURCE, {**body, "page": {"limit": 0, **totals}}).json
    assert (page["results"], page["page"]["total"]) == ([], 6)
    token = page["page"]["next_token"]
    rest = server.owner().send("POST", RESOURCE, {**body, "page": {"token": token, **totals}})
    assert len(rest.json["results"]) == 6


@pytest.mark.parametrize(
    ("kind", "body", "detail"),
    [
        ("subject", {"subject": {"type": "user"}, "resource": entity("record:r-1")}, "expected `action`, got nothing"),
        (
            "subject",
            {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "record"}},
            "expected `id`, got nothing at resource",
        ),
        ("resource", {"action": {"name": "read"}, "resource": {"type": "record"}}, "expected `subject`, got nothing"),
        (
            "resource",
            {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": {"type": "record"}},
            "expected `id`, got nothing at subject",
        ),
        ("action", {"subject": entity("user:alice")}, "expected `resource`, got nothing"),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"limit": "2"}),
            "expected a number, got text at page.limit",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"limit": -1}),
            "expected a number from 0 to 1000, got -1 at page.limit",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"properties": {"totals": True}}),
            "unknown property `totals` at page.properties.totals",
        ),
        (
            "action",
            {"subject": entity("user:owner"), "resource": entity("record:r-1"),
             "page": {"properties": {"within": "folder/one"}}},
            "unknown property `within` at page.properties.within",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"properties": {"total": 1}}),
            "expected true or false at page.properties.total",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"properties": {"within": "folder"}}),
            "`folder` has a broken path at resource",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "record", page={"properties": {"within": "folder/a/folder/b"}}),
            "expected the type and id of an ancestor, such as `namespace/dev` at page.properties.within",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "service"),
            "every service has a type `service` at resource.type",
        ),
        (
            "resource",
            resource_search("user:alice", "read", "image"),
            "`image` is a type of several services at resource.type",
        ),
        ("action", b"", "expected a JSON object, got an empty body"),
        ("action", b"{", "expected JSON, got a text that is cut off"),
        (
            "action",
            b'{"subject":{"type":"user","id":"a","id":"b"},"resource":{"type":"record","id":"r-1"}}',
            "duplicate name `id` at id",
        ),
        ("action", b"[" * 40, "expected at most 32 levels of nesting, got more"),
    ],
)  # fmt: skip
def test_what_is_no_search_is_an_error_that_says_why(
    server: RunningServer, kind: str, body: Any, detail: str
) -> None:
    """A missing field, a wrong type, an unknown page property: 400, with the place."""
    reply = server.owner().send("POST", f"/access/v1/search/{kind}", body)
    assert (reply.status, reply.error["detail"]) == (400, detail)


def test_another_content_type_and_no_token_are_refused(server: RunningServer) -> None:
    """400 for what is not JSON, 401 for nobody, before the body is read."""
    body = resource_search("user:alice", "read", "record")
    reply = server.owner().send("POST", RESOURCE, body, headers={"Content-Type": "text/plain"})
    assert (reply.status, reply.error["detail"]) == (
        400,
        "expected content type `application/json`, got `text/plain` at content-type",
    )
    nobody = server.nobody().send("POST", RESOURCE, b"{", headers={"X-Request-ID": "q-2"})
    assert (nobody.status, nobody.headers["x-request-id"]) == (401, "q-2")
    assert "www-authenticate" in nobody.headers


def test_fields_that_nobody_asked_for_are_ignored(server: RunningServer) -> None:
    """Also an id where the kind is searched."""
    client: Client = server.owner()
    body = resource_search("user:alice", "read", "records/record", future={"a": 1})
    plain = results(client, "resource", resource_search("user:alice", "read", "records/record"))
    body["resource"]["id"] = "nothing"
    assert results(client, "resource", body) == plain != []


def restricted(server: RunningServer, principal: str, **said: Any) -> Client:
    """A session of this principal that may do less than it, or that acts for another."""
    begun = server.client(principal).send("POST", "/v1/accounts/acme/sessions", said)
    assert begun.status == 201, begun.text
    return server.caller(begun.json["access_token"])


def test_a_session_that_may_do_less_finds_less(server: RunningServer) -> None:
    """Own searches are made under the session's restrictions, and so are those for subjects that find oneself."""
    narrow = restricted(
        server,
        "user:alice",
        restrict=[{"actions": ["read"], "scope": {"service": "records", "region": "us"}}],
    )
    names = names_of("records/record")
    for action in ("read", "write", "delete"):
        body = resource_search("user:alice", action, "records/record")
        allowed = allowed_resources(narrow, "user:alice", action, "records/record", names)
        for size in SIZES:
            assert [one["id"] for one in results(narrow, "resource", body, size)] == allowed
        for name in names:
            resource = {"type": "records/record", "id": name}
            subjects = {"subject": {"type": "user"}, "action": {"name": action}, "resource": resource}
            found = results(narrow, "subject", subjects)
            assert found == ([entity("user:alice")] if name in allowed else [])
            asked = {"subject": entity("user:alice"), "resource": resource}
            assert (action in [one["name"] for one in results(narrow, "action", asked)]) == (name in allowed)
    whole = results(
        server.client("user:alice"), "resource", resource_search("user:alice", "read", "records/record")
    )
    assert len(results(narrow, "resource", resource_search("user:alice", "read", "records/record"))) < len(
        whole
    )


def test_an_evaluator_that_may_ask_less_finds_less(server: RunningServer) -> None:
    """The right to search is judged under the session's restrictions, too: about others and about itself."""
    asking = {"actions": ["iam.decision.evaluate"], "scope": {"service": "records", "region": "us"}}
    narrow = restricted(server, "service-id:gateway", restrict=[asking])
    names = names_of("records/record")
    for subject in ("user:alice", "user:owner", "service-id:gateway"):
        for action in ("read", "iam.policy.create"):
            allowed = allowed_resources(narrow, subject, action, "records/record", names)
            body = resource_search(subject, action, "records/record")
            assert [one["id"] for one in results(narrow, "resource", body, 2)] == allowed, (subject, action)
    for name in names:
        resource = {"type": "records/record", "id": name}
        everyone = ["user:alice", "user:bob", "user:owner", "user:zoe"]
        questions = [
            {"subject": entity(one), "action": {"name": "read"}, "resource": resource} for one in everyone
        ]
        allowed = [one for one, so in zip(everyone, answers(narrow, questions), strict=True) if so]
        body = {"subject": {"type": "user"}, "action": {"name": "read"}, "resource": resource}
        assert results(narrow, "subject", body) == [entity(one) for one in allowed]


def test_a_token_of_the_whole_is_not_one_of_the_restricted_session(server: RunningServer) -> None:
    """Page tokens belong to what the session is, not to the principal alone."""
    narrow = restricted(server, "user:owner", restrict=[{"actions": ["ims:*"], "scope": {"service": "ims"}}])
    body = resource_search("user:owner", "iam.policy.create", "records/record")
    page = server.owner().send("POST", RESOURCE, {**body, "page": {"limit": 1}}).json["page"]
    refused = narrow.send("POST", RESOURCE, {**body, "page": {"token": page["next_token"]}})
    assert refused.status == 400


def test_a_session_that_acts_for_another_finds_what_both_may(server: RunningServer) -> None:
    """Everyone of the chain is judged, as in the single question."""
    both = restricted(server, "user:owner", **{"for": server.client("user:alice").token})
    names = names_of("records/record")
    for subject, action in every(
        ("user:owner", "user:alice", "user:bob"), ("read", "write", "iam.policy.create")
    ):
        body = resource_search(subject, action, "records/record")
        allowed = allowed_resources(both, subject, action, "records/record", names)
        reply = both.send("POST", RESOURCE, body)
        found = [] if reply.status == 403 else [one["id"] for one in results(both, "resource", body, 2)]
        assert found == allowed, (subject, action)
        for name in names:
            resource = {"type": "records/record", "id": name}
            asked = {"subject": {"type": "user"}, "action": {"name": action}, "resource": resource}
            is_found = entity(subject) in results(both, "subject", asked)
            assert is_found == (name in allowed), (subject, action, name)
