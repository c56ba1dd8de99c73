"""What the kinds of stored objects are called on pages, and which page shows each.

Words only: whether somebody may see an object is asked where it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.service.kinds import ACCOUNT, FEDERATION_RULE, IDENTITY_PROVIDER, KINDS, RESOURCE
from bailiwick.service.loading import API_KEY, SESSION_END

if TYPE_CHECKING:
    from bailiwick.console.page import Page
    from bailiwick.service.history.recorded import RecordedChange

_WORDS = {
    ACCOUNT: "account",
    "ServiceId": "service ID",
    API_KEY: "API key",
    SESSION_END: "end of a session",
}
_DONE = {"create": "created", "replace": "changed", "delete": "deleted", "erase": "erased"}
# Names of these may hold slashes, so they are a parameter of the address.
_BY_QUERY = (RESOURCE, "Role")
_UNDER_SETTINGS = (IDENTITY_PROVIDER, FEDERATION_RULE)
_SURFACES = {"api": "API", "apply": "documents", "keys": "API keys", "init": "the account's beginning"}
_MOST_OF_UID = 16


def kind_words(kind: str) -> str:
    """What is one object of this kind called?"""
    if kind in _WORDS:
        return _WORDS[kind]
    if kind in KINDS:
        return KINDS[kind].resource_type.replace("-", " ")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip()


def kinds_words(kind: str) -> str:
    """What are several called?"""
    words = kind_words(kind)
    return f"{words[:-1]}ies" if words.endswith("cy") else f"{words}s"


def object_url(page: Page, kind: str, name: str) -> str:
    """Under which address is the object shown? "": there is no such page."""
    if kind == ACCOUNT:
        return page.url("/settings/account")
    if kind == API_KEY:
        return page.url("/settings/keys")
    if kind not in KINDS:
        return ""
    path = f"{'/settings' if kind in _UNDER_SETTINGS else ''}/{KINDS[kind].path}"
    return page.url(path, "one", name=name) if kind in _BY_QUERY else page.url(path, name)


class Words:
    """Names of kinds, deeds and objects for the templates of one page."""

    documents = (ACCOUNT, *KINDS)

    def __init__(self, page: Page) -> None:
        self._page = page

    def kind(self, kind: str) -> str:
        """What is one object of this kind called?"""
        return kind_words(kind)

    def done(self, op: str) -> str:
        """What was done to the object?"""
        return _DONE.get(op, op)

    def via(self, surface: str) -> str:
        """By way of what was it changed?"""
        return _SURFACES.get(surface, surface)

    def short(self, change: RecordedChange) -> str:
        """What is the object of this change called? A key by whose it is, what has no name by its uid."""
        row, document = change.row, change.document or {}
        if row.kind in self.documents:
            return row.name or row.uid
        owner = document.get("owner") or document.get("principal")
        return f"of {owner}" if isinstance(owner, str) else row.uid[:_MOST_OF_UID]

    def address(self, change: RecordedChange) -> str:
        """Under which address is the object of this change shown? "": it is not there any more."""
        row = change.row
        now = self._page.snapshot.identities.get((row.kind, row.name))
        is_there = now is not None and now.uid == row.uid and row.kind in self.documents
        return object_url(self._page, row.kind, row.name) if is_there else ""
