"""How soon are pages usable in an account with a crowd? `make bench-console`, or `python -m tests.browser.bench 1000`.

A new server on loopback, the system's browser, somebody who has signed in. Each page is opened once to warm up and then
several times, with the browser's cache for what never changes. Usable: the answer is read, its scripts have run, and it
has been painted. Nothing is asserted: how long it takes depends on the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright
from tests.browser.checking import Times, measure
from tests.browser.chromium import launch
from tests.browser.crowd import load_crowd, user_name
from tests.browser.visiting import Visits
from tests.e2e.server import OWNER, RunningServer

TIMES = 7
MIDDLE = 2
"""Half of the crowd's number: nobody from the first page of a list."""


def pages(users: int) -> Iterator[str]:
    """Which pages are opened?"""
    one = user_name(users // MIDDLE)
    yield from ("", "/users", f"/users?after={one}", f"/users?q={one}", "/users?q=nobody-of-this-name")
    yield from (f"/users/{one}", f"/users/{one}/access", "/groups", "/groups/staff", "/groups/team-0000")
    yield from (
        "/policies",
        "/policies?q=team-0005",
        "/resources",
        "/projects",
        "/roles",
        "/log",
        "/activity",
    )
    yield f"/explorer?who=user:{one}&action=ims:images:get&resource=brn:acme:ims:eu-de::image/image-00000"
    yield "/explorer/who-can?action=ims:images:get&resource=brn:acme:ims:eu-de::image/image-00000"


def measure_pages(visits: Visits, users: int) -> Iterator[tuple[str, list[Times]]]:
    """How soon was each page there, each time?"""
    for path in pages(users):
        page = visits.open(path)
        found = []
        for _ in range(TIMES):
            page.goto(visits.url(path))
            found.append(measure(page))
        page.close()
        yield path, found


def main() -> None:
    """Print a line for each page: medians in milliseconds."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with TemporaryDirectory() as folder, RunningServer(Path(folder) / "server", public_url="") as server:
        session = server.host.authenticator.session_of_key(server.key(OWNER))[0]
        print(f"loading {users:,} users ...", flush=True)
        load_crowd(server.host, session, users)
        with sync_playwright() as playwright:
            browser = launch(playwright)
            visits = Visits(browser, server)
            print(f"{'answered':>8} {'usable':>8} {'slowest':>8}  page (median of {TIMES}, ms)")
            for path, times in measure_pages(visits, users):
                usable = [one.usable_ms for one in times]
                answered = median(one.answered_ms for one in times)
                print(f"{answered:8.0f} {median(usable):8.0f} {max(usable):8.0f}  {path or '/'}", flush=True)
            for finding in visits.take_findings():
                print(finding)
            visits.close()
            browser.close()


if __name__ == "__main__":
    main()
