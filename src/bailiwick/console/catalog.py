"""Which services do pages show?"""

from __future__ import annotations

from bailiwick.console.page import Page
from bailiwick.errors import NotFound, did_you_mean
from bailiwick.model.services import Service
from bailiwick.service.needed import iam_service

READ = "iam.catalog.read"


def shown_services(page: Page) -> list[Service]:
    """Which services may the visitor see, by title? Those of the installation; the account's own with the right to.

    WHY the first for everybody: they are the same in every account and say nothing about any.
    """
    known = page.snapshot.compiled.services
    own = page.snapshot.account.services
    may_read = not own or page.may(READ, iam_service())
    shown = [service for name, service in known.items() if may_read or name not in own]
    return sorted(shown, key=lambda one: one.title.casefold())


def find_shown(page: Page, name: str) -> Service | None:
    """Which service of this name may the visitor see?"""
    service = page.snapshot.compiled.services.get(name)
    is_own = name in page.snapshot.account.services and name not in page.host.catalog
    return None if is_own and not page.may(READ, iam_service()) else service


def get_service(page: Page, name: str) -> Service:
    """Which service is it? Raises Denied for one that is not the installation's, NotFound only to who may see those."""
    service = find_shown(page, name)
    if service is None:
        page.judge.require(READ, iam_service())
        known = [one.name for one in shown_services(page)]
        raise NotFound(f"there is no service `{name[:80]}`", did_you_mean(name, known))
    return service
