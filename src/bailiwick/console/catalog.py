"""Which services do pages show?"""

from __future__ import annotations

from bailiwick.console.page import Page
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
