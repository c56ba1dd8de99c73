"""No route without an action: every route of the application says what it asks for, and refuses who has nothing.

A route that is added without an action of `iam`, without a reason for being public, or that answers an unprivileged
session, fails here. Which requests are sent is below; a route that needs a body of its own gets a line there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from tests.e2e.server import Client, Reply, RunningServer

from bailiwick.api.app import build_app
from bailiwick.api.routes import access_of
from bailiwick.catalog.documents import KINDS
from bailiwick.console.routes import PageRoute
from bailiwick.errors import Unauthenticated
from bailiwick.model.services import IAM
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.initial import create_account
from bailiwick.service.people.attempts import list_lockouts
from bailiwick.service.people.events import Client as Visitor
from bailiwick.service.people.records import INVITATION
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.projects.eps import EPS
from bailiwick.service.session_events import list_known

RECORD = "brn:acme:records:::record/1"
UNDONE = 3
OTHERS = {"subject": {"type": "user", "id": "owner"}, "action": {"name": "read"},
          "resource": {"type": "records/record", "id": RECORD}}  # fmt: skip
ATTACHED = {"subject": "group:dev", "roles": ["records/Reader"]}
RECORDS: dict[str, Any] = {
    "title": "Records",
    "locality": "global",
    "resource_types": {"record": {}},
    "actions": [{"id": "read", "title": "Read", "resource_type": "record", "access": "read"}],
    "operations": [
        {"id": "show", "title": "Show", "kind": "command", "actions": [{"action": "read", "on": "target"}]}
    ],
    "roles": [{"name": "Reader", "kind": "service", "rights": [{"actions": ["read"]}]}],
}
OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "users": ("zoe", {"description": "has nothing"}),
    "service-ids": ("ci", {}),
    "profiles": ("deployer", {"trust": ["user:zoe", "user:owner"]}),
    "groups": ("dev", {"members": ["user:owner"]}),
    "projects": ("images", {}),
    "roles": ("Helper", {"service": "records", "rights": [{"actions": ["read"]}]}),
    "policies": ("p", {"subjects": ["user:owner"], "roles": ["Reader"], "scope": {"service": "records"}}),
    "guardrails": ("g", {"actions": ["read"], "scope": {"service": "records"}, "state": "disabled"}),
    "services": ("records", RECORDS),
    "resources": (RECORD, {"project": "images"}),
    "security-settings": ("security", {}),
    "enterprises": ("corp", {}),
    "account-groups": ("live", {"parent": "enterprise:corp"}),
    "enterprise-accounts": ("shop", {"parent": "account-group:live"}),
    "applications": ("portal", {"type": "confidential"}),
    "identity-providers": ("sso", {"issuer": "https://sso.example", "client_id": "bailiwick"}),
    "federation-rules": ("staff", {"provider": "sso", "groups": ["group:dev"]}),
    "templates": ("auditors@1", {"groups": [{"name": "auditors"}], "state": "committed"}),
    "template-assignments": ("all", {"template": "auditors@1", "node": "enterprise:corp"}),
}
KIND_OF_PATH = {
    "users": "User", "service-ids": "ServiceId", "profiles": "Profile", "groups": "Group", "projects": "Project",
    "roles": "Role", "policies": "Policy", "guardrails": "Guardrail", "services": "Service", "resources": "Resource",
    "enterprises": "Enterprise", "account-groups": "AccountGroup", "enterprise-accounts": "EnterpriseAccount",
    "applications": "Application",
    "templates": "Template", "template-assignments": "TemplateAssignment",
    "security-settings": "SecuritySettings", "identity-providers": "IdentityProvider",
    "federation-rules": "FederationRule",
}  # fmt: skip
SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SCIM_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SCIM_PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "add", "path": "externalId", "value": "7"}],
}
SCIM_NAMES = {"ResourceTypes": "User", "Schemas": SCIM_USER}
BODIES: dict[str, Any] = {
    "/v1/accounts/{account}/inventory": {"name": "brn:acme:ims:eu-de::image/new"},
    "/v1/accounts/{account}/apply": {"documents": [{"kind": "User", "name": "new"}]},
    "/v1/accounts/{account}/effects": {"documents": [{"kind": "User", "name": "new"}]},
    "/v1/accounts/{account}/operations/check": {
        "principal": "user:owner",
        "operation": "show",
        "resources": {"target": RECORD},
    },
    "/v1/accounts/{account}/proposals": {"principal": "user:owner", "action": "read", "resource": RECORD},
    "/v1/accounts/{account}/api-keys": {"owner": "user:owner"},
    "/v1/accounts/{account}/api-keys/{name}/rotate": {"overlap_seconds": 60},
    "/v1/accounts/{account}/projects/{name}/resources/add": {"resources": [RECORD]},
    "/v1/accounts/{account}/projects/{name}/resources/remove": {"resources": [RECORD]},
    "/v1/accounts/{account}/projects/{name}/resources/move": {"resources": [RECORD], "to": "images"},
    "/v1/accounts/{account}/projects/{name}/attach": ATTACHED,
    "/v1/accounts/{account}/projects/{name}/detach": ATTACHED,
    "/v1/accounts/{account}/lists": {
        "principal": "user:owner",
        "action": "iam.user.list",
        "container": "brn:acme:iam:::service/iam",
    },
    **{
        f"{prefix}/access/v1/search/{kind}": OTHERS
        for prefix in ("", "/accounts/{account}")
        for kind in ("subject", "resource", "action")
    },
    "/v1/accounts/{account}/guardrails/{name:path}/report": {},
    "/v1/accounts/{account}/enterprise/accounts": {
        "name": "branch",
        "parent": "account-group:live",
        "owner_email": "owner@branch.example",
    },
    "/v1/accounts/{account}/identity-providers/{name}/client-secret": {"secret": "s"},
    "/v1/accounts/{account}/users/{name}/identities": {"provider": "sso", "subject": "s"},
    "/v1/accounts/{account}/applications/{name}/rotate-secret": {},
    "/v1/accounts/{account}/sessions": {},
    "/v1/accounts/{account}/invitations": {"name": "invited"},
    "/v1/accounts/{account}/users/{name}/reset-password": {},
    "/v1/accounts/{account}/profiles/{name}/assume": {},
    "/v1/accounts/{account}/services/{name}/act-as": {},
    "/v1/accounts/{account}/template-offers/{name}/accept": {},
    "/scim/v2/Users": {"schemas": [SCIM_USER], "userName": "made-by-scim"},
    "/scim/v2/Groups": {"schemas": [SCIM_GROUP], "displayName": "made by SCIM"},
    "/scim/v2/Users/{name}": {"schemas": [SCIM_USER], "userName": "zoe"},
    "/scim/v2/Groups/{name}": {"schemas": [SCIM_GROUP], "displayName": "dev"},
    **{
        f"/scim/v2{path}/.search": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
        for path in ("", "/Users", "/Groups")
    },
    "/scim/v2/Bulk": {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "DELETE", "path": "/Users/nobody"}],
    },
    "/access/v1/evaluation": OTHERS,
    "/access/v1/evaluations": OTHERS,
    "/accounts/{account}/access/v1/evaluation": OTHERS,
    "/accounts/{account}/access/v1/evaluations": OTHERS,
}
# Who has nothing sees its own keys and may begin a session that is no more than itself; tests of their own say so.
# Nothing is offered to an account that has a tree of its own; and nobody here has a second factor, or
# an identity elsewhere.
NOTHING_OFFERED = "/v1/accounts/{account}/template-offers/{name}/"
OWN_ONLY = {
    ("GET", "/v1/accounts/{account}/api-keys"),
    ("POST", "/v1/accounts/{account}/sessions"),
    ("GET", "/v1/accounts/{account}/users/{name}/access"),
    ("POST", "/v1/accounts/{account}/users/{name}/reset-password"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose account holds one object of each kind."""
    with RunningServer(tmp_path_factory.mktemp("routes")) as running:
        fill(running)
        yield running


def fill(running: RunningServer) -> None:
    """Let the account hold one object of each kind, and one of each thing that is no document."""
    for account in ("shop", "shop2"):
        host = running.host
        create_account(host.store, account, "owner", "owner@shop.example", host.at(), enterprise="acme")
    documents = [{"kind": KIND_OF_PATH[path], "name": name, **body} for path, (name, body) in OBJECTS.items()]
    reply = running.owner().apply(*documents)
    assert reply.status == 200, reply.text
    # WHY before everything else: what was made so can still be undone, whatever the other requests do.
    made = running.owner().put("users", "undone", body={})
    assert made.headers["bailiwick-revision"].startswith(f"account={UNDONE}-"), made.headers
    assert running.owner().post("sessions", body={}).status == 201
    assert running.owner().post("invitations", body={"name": "guest"}).status == 201
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(running.host, Given("acme", "zoe", "wrong"), Visitor())


def routes_of(server: RunningServer) -> list[Route]:
    """Which routes has the application, but for the console's pages (test_pages.py)?"""
    routes = build_app(server.host).routes
    assert all(isinstance(route, Route) for route in routes), "a mount hides routes from these tests"
    return [route for route in routes if isinstance(route, Route) and not isinstance(route, PageRoute)]


def without_access(routes: Iterable[BaseRoute]) -> list[str]:
    """Which routes name neither an action nor a reason for being public, or both?"""
    found = []
    for route in routes:
        access = access_of(route)
        if access is None or bool(access.actions) == bool(access.public.strip()):
            found.append(str(getattr(route, "path", route)))
    return found


def requests_of(server: RunningServer, routes: Iterable[Route]) -> Iterator[tuple[Route, str, str, object]]:
    """One real request for each route that is not public: route, method, path, body."""
    key = next(iter(server.host.snapshot("acme").keys))
    named = {
        "sessions": next(list_known(server.host, "acme")).uid,
        "invitations": next(
            uid for kind, uid in server.host.snapshot("acme").identities if kind == INVITATION
        ),
        "lockouts": list_lockouts(server.host, "acme")[0].id,
    }
    for route in routes:
        access = access_of(route)
        assert access is not None
        if access.public:
            continue
        for method in sorted((route.methods or set()) - {"HEAD"}):
            parts = route.path.split("/")
            collection = parts[4] if route.path.startswith("/v1/accounts/") and len(parts) > 4 else ""
            name, document = OBJECTS.get(collection, (named.get(collection, key), {}))
            if route.path == "/v1/services/{name}":
                name = "ims"
            if route.path.startswith("/scim/v2/"):
                name = scim_name(server, parts[3])
            path = route.path.replace("{name:path}", "{name}").format(
                account="acme", name=quote(name, safe=""), revision=UNDONE, secret="none", identity="none"
            )
            body: object = BODIES.get(route.path)
            if body is None and method in ("POST", "PUT"):
                new = method == "POST" and name != "security"
                body = {"name": f"{name}2" if new else name, **document}
            elif method == "PATCH":
                body = SCIM_PATCH if route.path.startswith("/scim/v2/") else {"description": "changed"}
            yield route, method, path, body


def scim_name(server: RunningServer, collection: str) -> str:
    """What of this collection is asked for by SCIM? Users and groups by uid."""
    named = {"Users": ("User", "zoe"), "Groups": ("Group", "dev")}
    if collection in named:
        return server.host.snapshot("acme").identities[named[collection]].uid
    return SCIM_NAMES.get(collection, "")


def test_every_route_names_its_action_or_why_it_is_public(server: RunningServer) -> None:
    """No route is without, whoever made it."""
    assert without_access(routes_of(server)) == []


def test_a_route_without_an_action_is_found() -> None:
    """The check can fail: a bare route, and one with an empty reason, are named."""

    def endpoint(request: object) -> Response:
        return Response()

    bare, empty = Route("/bare", endpoint), Route("/empty", endpoint)
    empty.public = " "  # type: ignore[attr-defined]  # what a careless route would say
    assert without_access([bare, empty]) == ["/bare", "/empty"]


def test_every_action_of_a_route_is_one_of_the_catalog(server: RunningServer) -> None:
    """A misspelt action would be refused to everybody, or worse."""
    catalog = load_system_catalog()
    known = {*catalog[IAM].actions, *catalog[EPS].actions, *catalog["enterprise"].actions}
    accesses = [access_of(route) for route in routes_of(server)]
    named = {name for access in accesses if access is not None for name in access.actions}
    assert named - known == set()


def test_every_route_refuses_who_is_nobody(server: RunningServer) -> None:
    """Without a credential the answer is 401, before anything else is looked at."""
    nobody = server.nobody()
    answered = {
        f"{method} {path}": nobody.send(method, path, body).status
        for _, method, path, body in requests_of(server, routes_of(server))
    }
    assert {request: status for request, status in answered.items() if status != 401} == {}


def test_every_route_refuses_who_has_nothing_by_an_action_that_it_names(server: RunningServer) -> None:
    """A session without any policy gets 403, for an action that the route table names; nothing has changed."""
    zoe = server.client("user:zoe")
    before = server.export()
    for route, method, path, body in requests_of(server, routes_of(server)):
        if (method, route.path) in OWN_ONLY or route.path in FINDS_ONESELF:
            continue
        reply = zoe.send(method, path, body)
        access = access_of(route)
        assert access is not None
        assert reply.status == 403, f"{method} {path}: {reply.text}"
        if route.path.startswith("/scim/v2/"):
            assert any(f"`{one}`" in reply.json["detail"] for one in access.actions), reply.text
            continue
        assert reply.error["action"] in access.actions, f"{method} {path}: {reply.error}"
    assert server.export() == before


def test_who_has_nothing_sees_only_its_own_keys(server: RunningServer) -> None:
    """The one list that everybody may see holds what is one's own."""
    zoe = server.client("user:zoe")
    keys = zoe.send("GET", "/v1/accounts/acme/api-keys").json["items"]
    assert {key["owner"] for key in keys} == {"user:zoe"}


# Whoever may not ask about others finds at most itself.
FINDS_ONESELF = ("/access/v1/search/subject", "/accounts/{account}/access/v1/search/subject")


def test_who_has_nothing_finds_nobody_but_itself(server: RunningServer) -> None:
    """The searches for subjects that everybody may ask look at nobody else: the owner, who may, is not found."""
    for path in FINDS_ONESELF:
        found = [
            caller.send("POST", path.format(account="acme"), OTHERS).json["results"]
            for caller in (server.client("user:zoe"), server.owner())
        ]
        assert found == [[], [{"type": "user", "id": "owner"}]]


def test_who_has_nothing_begins_only_sessions_that_have_nothing(server: RunningServer) -> None:
    """The one thing that everybody may begin is no more than who begins it."""
    begun = server.client("user:zoe").send("POST", "/v1/accounts/acme/sessions", {}).json
    session = server.caller(begun["access_token"])
    assert begun["principal"] == "user:zoe"
    assert session.get("users").status == session.get("sessions").status == 403
    assert session.post("api-keys", body={}).status == 201, "a whole session is its principal"
    narrow = {"actions": ["iam.user.read"], "scope": {"service": "iam"}}
    body = {"restrict": [narrow]}
    begun = server.client("user:zoe").send("POST", "/v1/accounts/acme/sessions", body).json
    assert server.caller(begun["access_token"]).post("api-keys", body={}).status == 403


def test_no_route_refuses_the_owner(server: RunningServer) -> None:
    """The same requests are carried out for who may: the refusals above are not for other reasons."""
    owner: Client = server.owner()
    order = {"GET": 0, "POST": 1, "PATCH": 2, "PUT": 3, "DELETE": 4}
    requests = sorted(requests_of(server, routes_of(server)), key=lambda request: order[request[1]])
    answered = {}
    for route, method, path, body in requests:
        if method == "DELETE" and route.path.startswith("/v1/accounts/{account}/api-keys"):
            continue
        # WHY not by SCIM: the same user and group were deleted a moment ago.
        if method == "DELETE" and route.path.startswith("/scim/v2/"):
            continue
        if route.path.startswith(NOTHING_OFFERED) or route.path.endswith(
            ("/second-factor", "/secrets/{secret}", "/{identity}")
        ):
            continue
        answered[f"{method} {path}"] = owner.send(
            method, path, body, headers={"If-Match": "*"} if method == "PATCH" else None
        )
    refused = {
        request: reply.text for request, reply in answered.items() if reply.status in (401, 403, 404, 500)
    }
    assert refused == {}
    assert [request for request, reply in answered.items() if not names_revision(reply)] == []


def names_revision(reply: Reply) -> bool:
    """Does the answer say on which revision of the account it rests? Decisions may say it in their context."""
    found = "account=" in reply.headers.get("bailiwick-revision", "")
    if found or not reply.text.startswith("{"):
        return found
    parts = reply.json.get("evaluations", [reply.json])
    return all("account" in part.get("context", {}).get("revision", {}) for part in parts)


def test_every_kind_of_document_has_its_routes(server: RunningServer) -> None:
    """A kind that apply knows and no route shows would be administered out of sight."""
    paths = {route.path for route in routes_of(server)}
    assert set(KIND_OF_PATH.values()) | {"Account", "TemplateAcceptance"} == set(KINDS)
    assert "/v1/accounts/{account}/template-offers" in paths, "acceptances are shown with what is offered"
    for collection in KIND_OF_PATH:
        assert f"/v1/accounts/{{account}}/{collection}" in paths
