"""Numbers of templates' versions: what was committed once is not given again to something else.

Implements docs/spec.md 21.2. Who has looked at a version accepts it by its number, so the log is asked whether the
number meant something else before; that is needed only where a version is committed.
"""

from __future__ import annotations

from collections.abc import Iterator

from bailiwick.catalog.documents import format_document
from bailiwick.errors import Finding, Invalid
from bailiwick.model.templates import Template
from bailiwick.service.edits import Plan
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.loading import account_log
from bailiwick.store.ports import ChangeRow

TEMPLATE = "Template"
ROWS_AT_ONCE = 500
_HELP = "make another version, with a number that was never given"


def check_numbers(host: Host, plan: Plan) -> None:
    """Was none of the versions that are committed now committed before with other contents? Raises Invalid."""
    committed = {
        one.name: format_document(TEMPLATE, new)
        for one in plan.differences
        if one.kind == TEMPLATE and _is_committed(new := find_value(plan.account, TEMPLATE, one.name))
        if not _is_committed(find_value(plan.before.account, TEMPLATE, one.name))
    }
    if not committed:
        return
    taken = {
        row.name
        for row in _versions(host, plan.before.account.name)
        if row.name in committed
        and (row.document or {}).get("state") == "committed"
        and row.document != committed[row.name]
    }
    if taken:
        raise Invalid(
            Finding(f"`{name}` was committed before with other contents", f"{TEMPLATE} {name}", _HELP)
            for name in sorted(taken)
        )


def _is_committed(template: Template | None) -> bool:
    return template is not None and template.committed


def _versions(host: Host, account: str) -> Iterator[ChangeRow]:
    """Every change of a template in this account's log, newest first."""
    before = None
    while True:
        rows = host.store.history(account_log(account), limit=ROWS_AT_ONCE, before=before, kind=TEMPLATE)
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        before = (rows[-1].revision, rows[-1].seq)
