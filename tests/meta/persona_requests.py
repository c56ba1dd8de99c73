"""Which request is each route tried with: one that would be carried out for whoever may.

Paths and bodies are those of test_routes.py and test_pages.py. A form is the one that the owner sees on the page that
has it, with what is in it; what must be filled in stands in `FILLED`, requests of public routes in `PUBLIC`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from tests.e2e.server import FORM, GRANT, Reply
from tests.meta import test_pages, test_routes
from tests.meta.persona_world import PASSWORD, World

from bailiwick.api.oauth.openid import PASSED_ON
from bailiwick.api.routes import access_of
from bailiwick.console.app import console_entries
from bailiwick.console.forgery import FIELD
from bailiwick.console.routes import Entry
from bailiwick.service.session_events import list_known

Fields = Mapping[str, Any]
SETTINGS = "/v1/accounts/{account}/security-settings/{name}"
OWN_KEY = "OWN-KEY"
JSON_PATCH = {"Content-Type": "application/merge-patch+json"}


@dataclass(frozen=True)
class Asked:
    """One route, and what it is tried with. `kind`: "api", or "page" where a browser asks."""

    kind: str
    method: str
    route: str
    target: str
    actions: tuple[str, ...]
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How is the route called in the table?"""
        return f"{self.method} {self.route}"

    def ask(self, world: World, persona: str) -> Reply:
        """What is this persona answered?"""
        target = self.target.replace(OWN_KEY, world.key_id(persona))
        if self.kind == "page":
            browser = world.browsers[persona].copy()
            if self.method == "GET":
                return browser.send("GET", target)
            assert isinstance(self.body, Mapping)
            return browser.fill_in(target, self.body)
        body = self.body(world, persona) if callable(self.body) else self.body
        return world.caller(world.tokens[persona]).send(self.method, target, body, headers=self.headers)


def api_requests(world: World) -> Iterator[Asked]:
    """One request for each route that is no page."""
    routes = test_routes.routes_of(world)
    for route, method, path, body in test_routes.requests_of(world, routes):
        access = access_of(route)
        assert access is not None
        is_document = isinstance(body, dict) and not route.path.startswith("/scim/")
        headers = JSON_PATCH if method == "PATCH" and is_document else {}
        if (
            is_document
            and method == "PUT"
            and route.path != SETTINGS
            and not route.path.endswith("/client-secret")
        ):
            sent: object = {**cast(dict[str, Any], body), "description": "changed"}
        else:
            sent = body
        yield Asked("api", method, route.path, path, access.actions, sent, headers)
    for route in routes:
        access = access_of(route)
        if access is not None and access.public:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Asked("api", method, route.path, *PUBLIC.get(route.path, (route.path, (), None, {})))


def _by_key(world: World, persona: str) -> bytes:
    return urlencode({"grant_type": GRANT, "apikey": world.key_of(persona) or "none"}).encode()


_TOKEN = (_by_key, {"Content-Type": FORM})
# Of each public route that needs more than its path: target, no actions, body (or what makes it), headers.
PUBLIC: Mapping[str, tuple[str, tuple[str, ...], Any, Mapping[str, str]]] = {
    "/oauth/token": ("/oauth/token", (), *_TOKEN),
    "/oauth/device_authorization": (
        "/oauth/device_authorization",
        (),
        b"client_id=bailiwick-cli",
        {"Content-Type": FORM},
    ),
    "/identity/token": ("/identity/token", (), *_TOKEN),
    "/v1/api-keys/report-leak": ("/v1/api-keys/report-leak", (), {"apikey": "bwk_nothing"}, {}),
    **{path: (path, (), b"client_id=x", {"Content-Type": FORM}) for path in PASSED_ON},
}


def page_requests(world: World) -> Iterator[Asked]:
    """One request for each page and each form."""
    entries = console_entries()
    seen = _Seen(world)
    for entry in entries:
        target = address_of(world, entry)
        filled = {
            **test_pages.FORMS.get(entry.path, {}),
            **(FILLED[entry.path](world) if entry.path in FILLED else {}),
        }
        body = None
        if entry.method == "POST":
            body = {**_changed(entry, seen.form(target)), **filled}
        yield Asked("page", entry.method, entry.full_path, target, entry.actions, body)


def address_of(world: World, entry: Entry) -> str:
    """Under which address is the page tried?"""
    if not entry.of_account:
        return OUTSIDE[entry.path](world) if entry.path in OUTSIDE else entry.full_path
    address = TRIED[entry.path](world) if entry.path in TRIED else test_pages.address_of(entry)
    return f"/console/accounts/acme{address}"


class _Forms(HTMLParser):
    """The forms of a page: where each is sent, and what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._area = self._select = ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((said.get("action", ""), []))
        elif not self.forms:
            return
        elif tag == "textarea":
            self._area = said.get("name", "")
            self._add(self._area, "")
        elif tag == "select":
            self._select, self._options = said.get("name", ""), []
        elif tag == "option":
            self._options.append((said.get("value", ""), "selected" in said))
        elif tag == "input" and said.get("name") and said.get("name") != FIELD:
            kind = said.get("type", "text")
            if kind not in ("checkbox", "radio", "submit") or (kind != "submit" and "checked" in said):
                self._add(said["name"], said.get("value", "on" if kind == "checkbox" else ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            name, value = self.forms[-1][1].pop()
            self._add(name, value + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select" and self._select and self._options:
            chosen = next((value for value, is_chosen in self._options if is_chosen), self._options[0][0])
            self._add(self._select, chosen)
            self._select = ""

    def _add(self, name: str, value: str) -> None:
        self.forms[-1][1].append((name, value))


class _Seen:
    """The forms that the owner sees, by page."""

    def __init__(self, world: World) -> None:
        self._browser = world.browsers["owner"].copy()
        self._pages: dict[str, list[tuple[str, list[tuple[str, str]]]]] = {}

    def form(self, target: str) -> dict[str, list[str]]:
        """What is in the form that is sent to this address: on its own page, or on one above?"""
        path, _, query = target.partition("?")
        parts = path.split("/")
        above = (
            "/".join(parts[:end]) + (f"?{query}" if query else "") for end in range(len(parts) - 1, 3, -1)
        )
        for page in (target, *above):
            for action, values in self._forms(page):
                if urlsplit(action or page).path == path:
                    found: dict[str, list[str]] = {}
                    for name, value in values:
                        found.setdefault(name, []).append(value)
                    return found
        return {}

    def _forms(self, page: str) -> list[tuple[str, list[tuple[str, str]]]]:
        if page not in self._pages:
            reply, reading = self._browser.send("GET", page), _Forms()
            if reply.status == 200 and "html" in reply.headers.get("content-type", ""):
                reading.feed(reply.text)
            self._pages[page] = reading.forms
        return self._pages[page]


def _changed(entry: Entry, seen: Mapping[str, list[str]]) -> dict[str, Any]:
    """The same form, with something in it that is not there yet: else whoever may only read could send it, too."""
    form: dict[str, Any] = {name: [one for one in values if one] for name, values in seen.items()}
    if "text" in form and entry.path.endswith("/document"):
        lines = [line for line in form["text"][0].splitlines() if not line.startswith("description:")]
        form["text"] = "\n".join([*lines, "description: changed"])
    if "description" in form:
        form["description"] = "changed"
    if "name" in form and not form["name"]:
        form["name"] = "another"
    return form


def _key(world: World, owner: str) -> str:
    """Under which id is an API key of this principal kept?"""
    snapshot = world.host.snapshot("acme")
    return next(
        uid for uid, key in snapshot.keys.items() if snapshot.names_by_uid()[key.owner_uid][1] == owner
    )


def _session(world: World, principal: str) -> str:
    return next(one.uid for one in list_known(world.host, "acme") if one.principal == principal)


def _of(steps: Sequence[str], path: str, made: Callable[..., Any]) -> dict[str, Any]:
    """The same for each of these steps, which `path` has as `{}`."""
    return {path.replace("{}", step): partial(made, step=step) for step in steps}


KEY_STEPS = ("disable", "enable", "delete", "edit", "rotate")
SUBJECTS = ("users", "groups", "service-ids", "profiles")
ASKED = f"action=ims:images:get&resource={test_pages.RESOURCE}"
NEW_SERVICE = """
kind: Service
name: papers
title: Papers
actions:
  - {id: read, title: Read, access: read}
"""
# Under which address is a page tried whose path names more than test_pages.py has: within the account, or outside.
TRIED: Mapping[str, Callable[[World], str]] = {
    "/roles/create": lambda world: "/roles/create?service=records",
    "/guardrails/above": lambda world: "/guardrails/above?name=none",
    "/groups/{name}/remove": lambda world: "/groups/dev/remove?member=user:max",
    "/services/{name}/operation": lambda world: "/services/ims/operation?operation=GET%20/v2/cloudimages",
    "/explorer/who-can.csv": lambda world: f"/explorer/who-can.csv?{ASKED}",
    "/explorer/what-can.csv": lambda world: (
        f"/explorer/what-can.csv?who=user:max&resource={test_pages.RESOURCE}"
    ),
    "/explorer/grant": lambda world: f"/explorer/grant?who=user:zoe&{ASKED}",
    **_of(
        KEY_STEPS,
        "/users/{name}/keys/{}",
        lambda world, step: f"/users/max/keys/{step}?key={_key(world, 'max')}",
    ),
    **_of(
        KEY_STEPS,
        "/service-ids/{name}/keys/{}",
        lambda world, step: f"/service-ids/ci/keys/{step}?key={_key(world, 'ci')}",
    ),
    **_of(KEY_STEPS, "/me/keys/{name}/{}", lambda world, step: f"/me/keys/{OWN_KEY}/{step}"),
    **_of(
        KEY_STEPS,
        "/settings/keys/{name}/{}",
        lambda world, step: f"/settings/keys/{_key(world, 'max')}/{step}",
    ),
}
OUTSIDE: Mapping[str, Callable[[World], str]] = {
    "/invitation/{token}": lambda world: f"/console/invitation/{world.invitation}",
    "/{rest:path}": lambda world: "/console/no/such/page",
}
# What is written into a form, by the path of its route.
FILLED: Mapping[str, Callable[[World], Fields]] = {
    "/invitation/{token}": lambda world: {"password": PASSWORD, "again": PASSWORD},
    "/me/keys/{name}/rotate": lambda world: {"overlap": "3600"},
    "/groups/{name}/add": lambda world: {"member": "user:zoe"},
    "/groups/{name}/remove": lambda world: {"member": "user:max"},
    **_of(SUBJECTS, "/{}/{name}/join", lambda world, step: {"group": "empty"}),
    **_of(KEY_STEPS, "/users/{name}/keys/{}", lambda world, step: {"key": _key(world, "max")}),
    **_of(KEY_STEPS, "/service-ids/{name}/keys/{}", lambda world, step: {"key": _key(world, "ci")}),
    "/users/{name}/sessions/end": lambda world: {"session": _session(world, "user:max")},
    "/service-ids/{name}/sessions/end": lambda world: {"session": _session(world, "service-id:ci")},
    "/settings/new-service": lambda world: {"text": NEW_SERVICE},
    "/roles/create": lambda world: {"name": "clerk", "service": "records"},
    "/me/password": lambda world: {
        "old_password": PASSWORD,
        **dict.fromkeys(("password", "again"), f"{PASSWORD}!"),
    },
    "/projects/{name}/detach": lambda world: {"subject": "user:pat"},
    "/settings/account/edit": lambda world: {"description": "changed"},
    "/settings/account/suspend": lambda world: {"suspended": "yes"},
}
