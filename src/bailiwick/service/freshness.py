"""How fresh must an answer be? The revisions that it rests on at least, and whether they are here.

Implements docs/spec.md 15.2 and 15.3. Waiting is the caller's; nothing here decides who may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bailiwick.errors import Forked, Invalid, NotFound, did_you_mean
from bailiwick.service.loading import account_log
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.ports import SYSTEM_LOG, parse_vector

PLACE = "bailiwick-at-least"
REVISION_HEADER = "bailiwick-revision"
LOGS = ("account", "enterprise", "system")
MAX_CHARACTERS = 256
Wanted = Mapping[str, str]


class Following(Protocol):
    """Whoever holds the newest states that this process knows."""

    def snapshot(self, account: str) -> Snapshot:
        """What does the account hold? Raises NotFound."""

    def vector_at(self, log: str, revision: int) -> str:
        """How is this revision of the log written? Raises NotFound beyond its head."""

    def is_lost(self, log: str, vector: str) -> bool:
        """Is it known that this revision was held here, and is in no history any more?"""


def format_revisions(vector: Wanted) -> str:
    """How are the revisions of an answer written? `account=812-9f3c01d2aa47, system=3-0a1b2c3d4e5f`."""
    return ", ".join(f"{log}={revision}" for log, revision in vector.items())


def parse_revisions(text: str) -> Wanted:
    """Which revisions are wanted at least, as `account=812-9f3c0a1b2c3d, system=3-…`? Raises Invalid."""
    if len(text) > MAX_CHARACTERS:
        raise Invalid.at(PLACE, f"expected at most {MAX_CHARACTERS} characters, got {len(text)}")
    wanted: dict[str, str] = {}
    for part in text.split(","):
        name, equals, vector = part.strip().partition("=")
        if not equals:
            raise Invalid.at(
                PLACE,
                f"`{part.strip()}` names no revision",
                "write `account=812-9f3c0a1b2c3d`, as answers do",
            )
        if name not in LOGS:
            raise Invalid.at(PLACE, f"unknown log `{name}`", did_you_mean(name, LOGS))
        if name in wanted:
            raise Invalid.at(PLACE, f"`{name}` is given twice")
        try:
            parse_vector(vector)
        except Invalid as error:
            raise Invalid.at(PLACE, error.findings[0].message, error.findings[0].help) from None
        wanted[name] = vector
    return wanted


def find_missing(host: Following, account: str, wanted: Wanted, *, is_newest: bool = False) -> str | None:
    """Which log is not yet at the wanted revision here? None: all are, and are the same.

    `is_newest`: the store was asked just now. Raises Forked where a revision has another hash here: what the caller
    has seen is not in this history.
    """
    snapshot = host.snapshot(account)
    for name, vector in wanted.items():
        log, current = _log_of(snapshot, name)
        if current is None:
            # SECURITY: of an enterprise that does not hold the account nothing is told by waiting either (20.9).
            if snapshot.account.enterprise is None or is_newest:
                continue
            return name
        revision, _ = parse_vector(vector)
        is_lost = host.is_lost(log, vector)
        if parse_vector(current)[0] < revision and not is_lost:
            return name
        if is_lost or _written(host, log, revision, current) != vector:
            raise Forked(
                f"revision {revision} of the {name} has another hash here than `{vector}`",
                "the store was put back to an earlier state, or is another one: start again from what it says now",
            )
    return None


def _log_of(snapshot: Snapshot, name: str) -> tuple[str, str | None]:
    """Which log is it, and at which revision are answers given? None: they rest on nothing of it."""
    if name == "system":
        return SYSTEM_LOG, snapshot.vector["system"]
    whose = snapshot.account.name if name == "account" else snapshot.account.enterprise
    return account_log(whose or ""), snapshot.vector.get(name)


def _written(host: Following, log: str, revision: int, current: str) -> str:
    if parse_vector(current)[0] == revision:
        return current
    try:
        return host.vector_at(log, revision)
    except NotFound:
        return ""
