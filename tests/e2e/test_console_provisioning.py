"""What the console says of a directory: where it connects, who provisions, and of what it keeps in step."""

from __future__ import annotations

import pytest
from tests.e2e.console import Browser
from tests.e2e.scim import provision
from tests.e2e.server import PUBLIC_URL, RunningServer
from tests.meta.test_pages import KeyVisit, visitor

from bailiwick.console import entrance
from bailiwick.service.host import Host


@pytest.fixture
def owner(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A browser in which the account's owner has signed in."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    monkeypatch.setattr(entrance, "find_visit", by_key)
    return visitor(server, "user:owner")


def test_the_console_says_who_provisions_what(server: RunningServer, owner: Browser) -> None:
    """First nobody; then a directory with its users and groups, on their own pages too."""
    page = owner.get("/settings/provisioning").text
    assert f"{PUBLIC_URL}/scim/v2" in page
    assert "Nobody provisions" in page
    directory = provision(server)
    user = directory.user("ann", title="Dr")
    directory.group("crew", user)
    assert owner.path("/settings/provisioning") in owner.get("/settings").text
    page = owner.get("/settings/provisioning").text
    assert owner.path("/service-ids/directory") in page
    assert "Nobody provisions" not in page
    assert "Provisioned by" in owner.get("/users/ann").text
    assert "deactivated there" not in owner.get("/users/ann").text
    assert "Provisioned by directory directory" in owner.get("/groups/crew").text
    assert "directory directory" in owner.get("/groups").text
    directory.patch(user, {"op": "replace", "path": "active", "value": False})
    assert "deactivated there" in owner.get("/users/ann").text
