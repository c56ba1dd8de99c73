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
from tests.e2e.console import WHOLE
from tests.e2e.server import ACCOUNT, RunningServer

from bailiwick.authn.passwords import HashCost
from bailiwick.cli.sample import make_sample
from bailiwick.console import entrance
from bailiwick.service.host import Host
from bailiwick.service.people import hashing
from bailiwick.service.people.accepting import accept
from bailiwick.service.people.events import Client
from bailiwick.service.people.invitations import invite_to_password
from bailiwick.service.people.signing_in import Given, sign_in
from bailiwick.service.people.visits import Visit
from bailiwick.service.sessions import FOREVER, Session
from bailiwick.service.standing import uid_of

GUEST = ""
PASSWORD = "correct horse 1 battery"
CHEAP = HashCost(memory_kib=8, passes=1)
"""Hashing costs next to nothing: what is tried here is the pages."""
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

    if made is not None:
        shutil.copytree(made, folder)
    with pytest.MonkeyPatch.context() as patch, RunningServer(folder, public_url="") as running:
        patch.setattr(hashing, "COST", CHEAP)
        running.client_of(FRESH)
        yield running


def link_of(server: RunningServer, who: str, account: str = ACCOUNT) -> str:
    """The address at which this user chooses a password, as if they had asked for it themselves."""
    uid = uid_of(server.host.snapshot(account), who)
    assert uid is not None, f"there is no {who} in {account}"
    session = Session(account, who, uid, "", FOREVER)
    return invite_to_password(server.host, session, who.removeprefix("user:")).address


def make_company(folder: Path) -> Path:
    """Make the sample company in this folder, as a server of `company` takes it, with what it lacks for some pages."""
    folder.mkdir()
    make_sample(folder / "data", folder / "owner.key")
    with RunningServer(folder) as running:
        reply = running.owner().apply(*FURTHER)
        assert reply.status == 200, reply.text
    return folder


def has_password(host: Host, account: str, who: str) -> bool:
    """Has this user chosen a password?"""
    snapshot = host.snapshot(account)
    uid = uid_of(snapshot, who)
    return uid is not None and snapshot.password_of(uid) is not None


class Visits:
    """Browsers of several people at one server, each as one view of it."""

    def __init__(self, browser: Browser, server: RunningServer) -> None:
        self.server = server
        self._browser = browser
        self._contexts: dict[tuple[str, str, View], BrowserContext] = {}
        self._kept: dict[tuple[str, str, View], Page] = {}
        self._watches: list[Watch] = []

    def open(self, path: str, who: str = "user:owner", view: View = DESKTOP, account: str = ACCOUNT) -> Page:
        """A new page that shows this path of the account (or of the console, if it begins with `/console`)."""
        page = self.context(who, view, account).new_page()
        page.goto(self.url(path, account))
        return page

    def kept(self, who: str = "user:owner", view: View = DESKTOP, account: str = ACCOUNT) -> Page:
        """The page that this principal keeps open from test to test, in this view; where it was left.

        WHY: a new one reads the style sheet anew, which takes longer than all else of showing a page.
        """
        key = (account, who, view)
        if key not in self._kept or self._kept[key].is_closed():
            self._kept[key] = self.context(who, view, account).new_page()
        page = self._kept[key]
        page.set_viewport_size({"width": view.width, "height": view.height})
        page.emulate_media(color_scheme=view.scheme)
        return page

    def url(self, path: str, account: str = ACCOUNT) -> str:
        """Under which address is it?"""
        if "{key}" in path:
            path = path.replace("{key}", next(iter(self.server.host.snapshot(account).keys)))
        whole = path if path.startswith(WHOLE) else f"/console/accounts/{account}{path}"
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
        """WHY not by the sign-in page: the walks do that; here it would be the same for each of many contexts."""
        host = self.server.host
        if has_password(host, account, who):
            name = who.removeprefix("user:")
            visit: object = sign_in(host, Given(account, name, PASSWORD), Client("127.0.0.1"))
        else:
            text = link_of(self.server, who, account).rpartition("/")[2]
            visit = accept(host, text, PASSWORD, Client("127.0.0.1"))
        assert isinstance(visit, Visit)
        assert visit.ticket is not None
        name = entrance.cookie_name(host)
        context.add_cookies(
            [
                {
                    "name": name,
                    "value": visit.ticket,
                    "url": self.server.address,
                    "httpOnly": True,
                    "sameSite": "Lax",
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
        """Close what is open and not kept, and keep who has signed in."""
        kept = self._kept.values()
        for context in self._contexts.values():
            for page in context.pages:
                if page not in kept:
                    page.close()

    def close(self) -> None:
        """Close all browsers."""
        for context in self._contexts.values():
            context.close()
        self._contexts.clear()
        self._kept.clear()
