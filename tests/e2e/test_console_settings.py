"""Settings without scripts: the landing page, the account, the catalog, services of one's own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.e2e.console import Browser
from tests.e2e.server import RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.catalog_files import load_system_catalog
from bailiwick.service.host import Host

TEXT = "/settings/catalog/records/document"


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    return visitor(server, "user:owner")


def text_in(page: str) -> str:
    """Which text is in the page's text area?"""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.S)
    assert found is not None
    return unescape(found[1])


def since_in(page: str) -> str:
    """Which revision does the form know?"""
    found = re.search(r'name="since" value="(\d*)"', page)
    assert found is not None
    return found[1]


def test_each_card_of_the_settings_leads_somewhere(owner: Browser) -> None:
    """None promises what is not there."""
    text = owner.get("/settings").text
    assert "later version" not in text
    for path in (
        "/settings/account",
        "/settings/catalog",
        "/settings/security",
        "/settings/identity-providers",
    ):
        assert f'href="{owner.path(path)}"' in text
        assert owner.get(path).status == 200


def test_the_account_is_changed_as_its_document(server: RunningServer, owner: Browser) -> None:
    """Description and number of projects are saved; what is wrong stands at its field, and the input stays."""
    server.owner().apply({"kind": "User", "name": "alice"})
    form = owner.get("/settings/account/edit").text
    fields = {"since": since_in(form), "owner": "owner", "description": "ours", "project_quota": "12"}
    wrong = owner.post("/settings/account/edit", {**fields, "project_quota": "many"})
    assert wrong.status == 400
    assert 'id="project_quota-error"' in wrong.text
    assert 'value="many"' in wrong.text
    assert owner.post("/settings/account/edit", fields).status == 303
    page = owner.get("/settings/account").text
    assert "ours" in page
    assert "1 of 12" in page
    assert owner.post("/settings/account/edit", {**fields, "description": "other"}).status == 409


def test_the_account_is_suspended_and_let_work_again(server: RunningServer, owner: Browser) -> None:
    """The page says what it ends; the owner lifts it, though everything else is refused."""
    assert "Every request in the account is refused" in owner.get("/settings/account/suspend").text
    fields = {"since": since_in(owner.get("/settings/account/suspend").text), "suspended": "yes"}
    assert owner.post("/settings/account/suspend", fields).status == 303
    assert owner.get("/users").status == 403
    page = owner.get("/settings/account/suspend").text
    assert "Nothing was lost" in page
    fields = {"since": since_in(page), "suspended": "no"}
    assert owner.post("/settings/account/suspend", fields, token=owner_token(page)).status == 303
    assert owner.get("/users").status == 200


def owner_token(page: str) -> str:
    """Which token has the form of this page?"""
    found = re.search(r'name="form-token" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_every_entry_of_the_catalog_is_shown_whole(owner: Browser) -> None:
    """Each service's types, actions, operations, roles, qualifiers, and where it differs from its documents."""
    for service in load_system_catalog().values():
        about = unescape(re.sub("</?code>", "`", owner.get(f"/settings/catalog/{service.name}").text))
        assert all(" ".join(one.split()) in " ".join(about.split()) for one in service.differs)
        assert all(one.title in about for one in service.operations.values() if one.discontinued)
        for part, expected in (
            ("types", list(service.resource_types)),
            ("actions", list(service.actions)),
            ("operations", [one.title for one in service.operations.values()]),
            ("roles", list(service.roles)),
        ):
            reply = owner.get(f"/settings/catalog/{service.name}?part={part}")
            assert reply.status == 200
            shown = unescape(reply.text)
            assert [one for one in expected if one not in shown] == []


def test_a_service_of_ones_own_is_made_changed_and_deleted(server: RunningServer, owner: Browser) -> None:
    """The example is a service; mistakes are named with their line; deleting says what stands in the way."""
    example = text_in(owner.get("/settings/new-service").text)
    broken = example.replace("access: write", "access: wrote")
    reply = owner.post("/settings/new-service", {"text": broken})
    assert reply.status == 400
    line = broken.split("access: wrote")[0].count("\n") + 1
    assert f"Line {line}:" in reply.text
    assert text_in(reply.text) == broken
    assert owner.post("/settings/new-service", {"text": example}).status == 303
    page = owner.get(TEXT).text
    assert owner.post("/settings/new-service", {"text": example}).status == 409
    changed = text_in(page).replace("Records", "Archive")
    assert owner.post(TEXT, {"text": changed, "since": since_in(page)}).status == 303
    assert server.owner().get("services", "records").json["title"] == "Archive"
    assert owner.post(TEXT, {"text": changed.replace("Archive", "X"), "since": since_in(page)}).status == 409
    other = owner.post(TEXT, {"text": changed.replace("name: records", "name: files")})
    assert "expected `records`, got `files`" in unescape(other.text)
    deletion = owner.get("/settings/catalog/records/delete").text
    mark = re.search(r'name="mark" value="([^"]*)"', deletion)
    assert mark is not None
    fields = {"since": since_in(deletion), "mark": mark[1]}
    assert owner.post("/settings/catalog/records/delete", fields).status == 303
    assert owner.get("/settings/catalog/records").status == 404


def test_own_services_are_hidden_from_who_may_not_see_them(server: RunningServer, owner: Browser) -> None:
    """The installation's are for everybody; the account's own are neither listed nor told of."""
    text = text_in(owner.get("/settings/new-service").text)
    assert owner.post("/settings/new-service", {"text": text}).status == 303
    server.owner().apply({"kind": "User", "name": "zoe"})
    zoe = visitor(server, "user:zoe")
    listed = zoe.get("/settings/catalog").text
    assert "Image Management Service" in listed
    assert "records" not in listed
    assert [zoe.get(f"/settings/catalog/{name}").status for name in ("records", "nothing")] == [403, 403]


def test_what_a_change_of_a_service_would_grant(server: RunningServer, owner: Browser) -> None:
    """Before it is saved, the page says who could do what newly, and who no longer; nothing is saved by that."""
    text = text_in(owner.get("/settings/new-service").text)
    assert owner.post("/settings/new-service", {"text": text}).status == 303
    reply = server.owner().apply(
        {"kind": "User", "name": "rita"},
        {"kind": "Resource", "name": "brn:acme:records:eu::record/r-1"},
        {
            "kind": "Policy",
            "name": "rita-reads",
            "subjects": ["user:rita"],
            "roles": ["Reader"],
            "scope": {"service": "records"},
        },
    )
    assert reply.status == 200, reply.text
    page, before = owner.get(TEXT).text, server.export()
    rights = "rights: [{actions: [record.read"
    wider = text_in(page).replace(rights, f"{rights}, record.write")
    assert wider != text_in(page)
    fields = {"text": wider, "since": since_in(page), "show": "effects"}
    shown = owner.post(TEXT, fields)
    assert shown.status == 200
    newly = shown.text.split("Newly possible")[1].split("No longer possible")[0]
    assert "rita" in newly
    assert "record.write" in newly
    assert text_in(shown.text) == wider
    assert server.export() == before
