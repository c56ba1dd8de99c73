"""People in browsers: the sample company's server, and pages on which somebody of it has signed in.

Every page that is opened is watched; `findings` says what any of them did that it may not do.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.browser.chromium import DESKTOP, View, new_context
from tests.browser.watching import Watch
from tests.e2e.server import ACCOUNT, RunningServer
from tests.meta.test_pages import KeyVisit

from bailiwick.cli.sample import make_sample
from bailiwick.console import entrance
from bailiwick.service.host import Host

GUEST = ""
FRESH = "fresh"
"""An account in which there is nobody but its owner, and nothing else: what empty pages say."""
FURTHER: tuple[dict[str, object], ...] = (
    {
        "kind": "Profile",
        "name": "image-builder",
        "description": "what builds images",
        "trust": ["user:alice"],
    },
    {
        "kind": "Service",
        "name": "records",
        "title": "Records",
        "description": "what the archive keeps",
        "resource_types": {"record": {"title": "Record"}},
        "actions": [
            {"id": "record.read", "title": "Read a record", "resource_type": "record", "access": "read"}
        ],
    },
)


@contextmanager
def company(folder: Path, made: Path | None = None) -> Iterator[RunningServer]:
    """The sample company's server in a new folder, reached by its real address. `made`: the company, made before."""

    def by_key(host: Host, ticket: str, *, address: str) -> KeyVisit:
        return KeyVisit(host.authenticator.session_of_key(ticket)[0])

    if made is not None:
        shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch, RunningServer(folder, public_url="") as running:
        patch.setattr(entrance, "find_visit", by_key)
        running.client_of(FRESH)
        yield running


def make_company(folder: Path) -> Path:
    """Make the sample company in this folder, as a server of `company` takes it, with what it lacks for some pages."""
    folder.mkdir()
    make_sample(folder / "data", folder / "owner.key")
    with RunningServer(folder) as running:
        reply = running.owner().apply(*FURTHER)
        assert reply.status == 200, reply.text
    return folder


class Visits:
    """Browsers of several people at one server, each as one view of it."""

    def __init__(self, browser: Browser, server: RunningServer) -> None:
        self.server = server
        self._browser = browser
        self._contexts: dict[tuple[str, str, View], BrowserContext] = {}
        self._watches: list[Watch] = []

    def open(self, path: str, who: str = "user:owner", view: View = DESKTOP, account: str = ACCOUNT) -> Page:
        """A new page that shows this path of the account (or of the console, if it begins with `/console`)."""
        page = self.context(who, view, account).new_page()
        page.goto(self.url(path, account))
        return page

    def url(self, path: str, account: str = ACCOUNT) -> str:
        """Under which address is it?"""
        whole = path if path.startswith("/console") else f"/console/accounts/{account}{path}"
        return f"{self.server.address}{whole}"

    def context(
        self, who: str = "user:owner", view: View = DESKTOP, account: str = ACCOUNT
    ) -> BrowserContext:
        """The browser in which this principal has signed in; "": nobody."""
        key = (account, who, view)
        if key not in self._contexts:
            context = new_context(self._browser, view)
            self._watches.append(Watch(context, self.server.address))
            if who != GUEST:
                self._sign_in(context, who, account)
            self._contexts[key] = context
        return self._contexts[key]

    def _sign_in(self, context: BrowserContext, who: str, account: str) -> None:
        name = who if account == ACCOUNT else f"{account}/{who}"
        if account == ACCOUNT:
            self.server.client(who)
        else:
            self.server.client_of(account, who)
        cookie_name = entrance.cookie_name(self.server.host)
        context.add_cookies(
            [
                {
                    "name": cookie_name,
                    "value": self.server.key(name),
                    "url": self.server.address,
                    "httpOnly": True,
                }
            ]
        )

    def take_findings(self) -> list[str]:
        """What did pages do, since this was asked last, that no page may do?"""
        found = [finding for watch in self._watches for finding in watch.findings]
        for watch in self._watches:
            watch.findings.clear()
        return found

    def close_pages(self) -> None:
        """Close what is open, and keep who has signed in."""
        for context in self._contexts.values():
            for page in context.pages:
                page.close()

    def close(self) -> None:
        """Close all browsers."""
        for context in self._contexts.values():
            context.close()
        self._contexts.clear()
