"""Which application asks a person for something, as its pages and its grants see it."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.model.applications import COMMAND_LINE, COMMAND_LINE_APPLICATION, Application
from bailiwick.service.host import Host


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


def find_asking(host: Host, client_id: str) -> Asking | None:
    """Which application has this id, if it may be used now? None: none."""
    if client_id == COMMAND_LINE:
        return Asking(COMMAND_LINE, "", COMMAND_LINE_APPLICATION)
    return None
