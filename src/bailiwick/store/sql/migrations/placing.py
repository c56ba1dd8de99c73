"""To which log belongs what 0.4 kept for all accounts together: notes, and when credentials were last used.

INVARIANT: history, and so never changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256

from sqlalchemy import Connection, column, select, table

from bailiwick.store.ports import Document
from bailiwick.store.sql.migrations.rows import AT_ONCE, SYSTEM_LOG

COMMAND_LINE = "bailiwick-cli"


class Places:
    """Which logs has the store, and in which of them lives what?"""

    def __init__(self, logs: Connection) -> None:
        self._connection = logs
        heads = table("head", column("log"))
        self.logs = tuple(logs.scalars(select(heads.c.log)))

    def find(self, uids: Collection[str]) -> dict[str, str]:
        """In which log lives the object of each of these uids? What is gone is left out."""
        wanted = set(uids)
        if not wanted:
            return {}
        objects = table("object", column("log"), column("uid"))
        rows = self._connection.execute(
            select(objects.c.log, objects.c.uid), execution_options={"yield_per": AT_ONCE}
        )
        return {row.uid: row.log for row in rows if row.uid in wanted}

    def by_tag(self) -> dict[str, str]:
        """By which beginnings of the hash of an account's name did notes say of which it is?"""
        found: dict[str, str] = {}
        for log in self.logs:
            if log.startswith("account:"):
                digest = sha256(log.removeprefix("account:").encode("utf-8", "surrogatepass")).hexdigest()
                found |= {digest[:16]: log, digest[:32]: log}
        return found


def uid_in(note: str) -> str:
    """Which uid names this note, if it is one that does?"""
    kind, _, rest = note.partition("/")
    return rest if kind in ("code", "passkey") else ""


def log_of_note(name: str, document: Document, tags: Mapping[str, str], uids: Mapping[str, str]) -> str:
    """In which log is this note looked for from now on?"""
    kind, *rest = name.split("/")
    if kind in ("code", "passkey"):
        return uids.get(uid_in(name), SYSTEM_LOG)
    if kind == "families" and document.get("client_id") == COMMAND_LINE:
        return SYSTEM_LOG
    if kind in ("families", "attempts") and rest:
        return tags.get(rest[0], SYSTEM_LOG)
    return SYSTEM_LOG
