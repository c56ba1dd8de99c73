"""Which application asks a person for something, as the pages see it that this person is shown."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.model.applications import Application
from bailiwick.service.host import Host
from bailiwick.service.oauth.clients import find_application


@dataclass(frozen=True, slots=True)
class Asking:
    """An application that may ask. `account`: of whom; "" for the command line, which is in every account."""

    client_id: str
    account: str
    application: Application

    @property
    def title(self) -> str:
        """How is it called for people?"""
        return self.application.title or self.application.name

    def is_of(self, account: str) -> bool:
        """Is it one of this account's?"""
        return self.account in ("", account)

    def may_use(self, grant: str) -> bool:
        """May it get tokens in this way?"""
        return grant in self.application.grants


def find_asking(host: Host, client_id: str, account: str = "") -> Asking | None:
    """Which application has this id, if it may be used now? None: none.

    `account`: of whoever is asked, where that is known. Each account may have switched the command line off.
    """
    found = find_application(host, client_id)
    if found is None:
        return None
    application = found.application if found.account or not account else None
    if application is None:
        application = host.snapshot(account).application_of(client_id)
    return None if application is None else Asking(client_id, found.account, application)
