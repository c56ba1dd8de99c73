"""Seed 004's cycle in the console: a project is created, changed, filled, handed over, disabled, enabled, emptied."""

from __future__ import annotations

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host

SERVER = "brn:acme:cloud:eu-de::server/s-1"
VOLUME = "brn:acme:cloud:eu-de::volume/v-1"


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    reply = server.owner().apply(
        {"kind": "User", "name": "bob"},
        {"kind": "Group", "name": "designers", "members": ["user:bob"]},
        {"kind": "Project", "name": "dev"},
        {"kind": "Resource", "name": SERVER, "project": "dev"},
        {"kind": "Resource", "name": VOLUME, "project": "dev", "attached_to": SERVER},
    )
    assert reply.status == 200, reply.text
    return visitor(server, "user:owner")


def project_of(server: RunningServer, name: str) -> str | None:
    """In which project is the resource?"""
    return server.host.snapshot("acme").account.resources[name].project


def test_the_cycle_of_a_project(server: RunningServer, owner: Browser) -> None:
    """Every step of the document, each seen on the page that follows."""
    made = owner.post("/projects/new", {"name": "web", "description": "what customers see", "type": "poc"})
    assert (made.status, made.headers["location"]) == (303, "/console/accounts/acme/projects/web")
    page = owner.get("/projects/web").text
    assert "Project web was created." in page
    assert "what customers see" in page
    assert "Nothing is in this project" in page

    since = owner.get("/projects/web/edit").text.split('name="since" value="')[1].split('"')[0]
    changed = owner.post("/projects/web/edit", {"description": "shop", "type": "prod", "since": since})
    assert changed.status == 303
    assert "shop" in owner.get("/projects/web").text

    fields = {"resource": [SERVER], "to": "web", "associated": "yes"}
    preview = owner.post("/projects/dev/move", fields)
    assert preview.status == 200
    assert "2 resources would move" in preview.text
    assert VOLUME in preview.text
    assert project_of(server, SERVER) == "dev"
    moved = owner.post("/projects/dev/move", {**fields, "confirmed": "yes"})
    assert moved.status == 303
    assert (project_of(server, SERVER), project_of(server, VOLUME)) == ("web", "web")
    assert owner.get("/projects/web/moves").text.count('<td data-label="From">dev</td>') == 2

    attached = owner.post(
        "/projects/web/attach", {"subject": "group:designers", "roles": "EPS ReadOnlyAccess"}
    )
    assert attached.status == 303, attached.text
    assert "group:designers" in owner.get("/projects/web/people").text
    bob = visitor(server, "user:bob")
    assert "web" in bob.get("/projects").text
    assert ">dev<" not in bob.get("/projects").text
    assert "Edit" not in bob.get("/projects/web").text
    assert bob.post("/projects/web/disable", {}).status == 403

    assert owner.post("/projects/web/disable", {}).status == 303
    page = owner.get("/projects/web").text
    assert "This project is disabled" in page
    assert "/projects/web/edit" not in page
    refused = owner.post("/projects/web/add", {"resource": [SERVER], "confirmed": "yes"})
    assert "Nothing" in refused.text
    assert owner.post("/projects/web/enable", {}).status == 303

    removed = owner.post("/projects/web/move", {"resource": [SERVER, VOLUME], "to": "", "confirmed": "yes"})
    assert removed.status == 303, removed.text
    assert project_of(server, SERVER) == "default"
    detached = owner.post("/projects/web/detach", {"subject": "group:designers"})
    assert detached.status == 303
    assert owner.post("/projects/web/delete", {}).status == 303
    assert owner.get("/projects/web").status == 404


def test_a_project_that_something_names_is_not_deleted(owner: Browser) -> None:
    """The page names what is in the way, and offers no button."""
    page = owner.get("/projects/dev/delete").text
    assert SERVER in page
    assert "Delete project" not in page
    refused = owner.post("/projects/dev/delete", {})
    assert refused.status == 400
    assert "The project was not deleted" in refused.text


def test_a_form_keeps_what_was_written(owner: Browser) -> None:
    """The error stands at its field, with the document's own message."""
    refused = owner.post("/projects/new", {"name": "my-default", "description": "kept <b>"})
    assert refused.status == 400
    assert 'value="my-default"' in refused.text
    assert "kept &lt;b&gt;" in refused.text
    assert 'id="name-error"' in refused.text


def test_two_people_do_not_overwrite_each_other(server: RunningServer, owner: Browser) -> None:
    """Whoever saves second is told that the project was changed meanwhile."""
    since = owner.get("/projects/dev/edit").text.split('name="since" value="')[1].split('"')[0]
    assert owner.post("/projects/dev/edit", {"description": "first", "since": since}).status == 303
    second = owner.post("/projects/dev/edit", {"description": "second", "since": since})
    assert second.status == 409
    assert "was changed meanwhile" in second.text
    assert server.host.snapshot("acme").account.projects["dev"].description == "first"
