"""Many registered resources in one change: register, replace, remove; all of them or none.

Each line of an inventory file is the document of a resource (`kind` and `account` may be left out) or
`{"remove": NAME}`. What the change needs and hands over is judged as any other's (docs/spec.md section 9);
it must not authorize or store by itself. Reading bytes is not its part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.catalog.documents import parse_document
from bailiwick.catalog.places import Collector, Locate, Path
from bailiwick.catalog.reading import Fields
from bailiwick.errors import Finding, Invalid
from bailiwick.model.accounts import Resource
from bailiwick.model.names import parse_resource_name
from bailiwick.service.changes import Keep, Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.kinds import RESOURCE, find_value
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

MOST_LINES = 10_000
"""How many lines one change may have: few enough that others get their turn between two."""
MOST_FINDINGS = 100
REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """One line as it was read: its number, and the object in it."""

    number: int
    document: Mapping[str, object]


def edits_of_lines(account: str, lines: Iterable[InventoryLine], file: str = "") -> list[Edit]:
    """Which edits do these lines ask for? Raises Invalid, with every finding of the first lines that have any."""
    edits: list[Edit] = []
    findings: list[Finding] = []
    for line in lines:
        try:
            edits.append(_edit_of(account, line, file))
        except Invalid as error:
            findings.extend(error.findings)
            if len(findings) >= MOST_FINDINGS:
                break
    if findings:
        raise Invalid(findings)
    return edits


def _edit_of(account: str, line: InventoryLine, file: str) -> Edit:
    locate = _at(file, line.number)
    document = line.document
    if REMOVE in document:
        return Edit(RESOURCE, _removed(account, document, locate), None, file, line.number, locate)
    kind = document.get("kind", RESOURCE)
    if kind != RESOURCE:
        notes = Collector(locate)
        notes.add(("kind",), f"expected `{RESOURCE}`, got `{str(kind)[:80]}`", "use `bailiwick apply`")
        notes.raise_if_any()
    _, value = parse_document({**document, "kind": RESOURCE}, account, locate)
    assert isinstance(value, Resource)
    return Edit(RESOURCE, value.name, value, file, line.number, locate)


def _removed(account: str, document: Mapping[str, object], locate: Locate) -> str:
    """Which resource shall be removed? Its name must be of this account."""
    notes = Collector(locate)
    name = Fields(document, (), notes, (REMOVE,)).parsed(REMOVE, _parse_name)
    if name is None and not notes.findings:
        notes.add((REMOVE,), "expected the name of a resource")
    elif name is not None and (of := parse_resource_name(name).account) != account:
        notes.add((REMOVE,), f"resource is of account `{of}`, expected `{account}`")
    notes.raise_if_any()
    return str(name)


def _parse_name(text: str, place: str) -> str:
    parse_resource_name(text)
    return text


def _at(file: str, line: int) -> Locate:
    def locate(path: Path) -> tuple[str, int]:
        return file, line

    return locate


def change_resources(
    host: Host,
    session: Session,
    edits: Sequence[Edit],
    *,
    via: str,
    dry_run: bool = False,
    idempotency: Keep | None = None,
) -> Outcome:
    """Make the resources so, all of it or nothing; what is so already is left alone, so it can be done again.

    Raises Invalid, Denied, Conflict.
    """

    def prepare(before: Snapshot) -> Sequence[Edit]:
        _check_absent(host, session, before, edits)
        return edits

    return change_account(host, session, prepare, via=via, dry_run=dry_run, idempotency=idempotency)


def _check_absent(host: Host, session: Session, before: Snapshot, edits: Iterable[Edit]) -> None:
    """May the session know that what it removes is not there? Raises Denied.

    SECURITY: else it could guess at names, and be told which are registered by what is refused.
    """
    absent = [
        edit.name
        for edit in edits
        if edit.value is None and find_value(before.account, RESOURCE, edit.name) is None
    ]
    reader = Reader(host, session, before)
    if not absent or reader.may_list(RESOURCE):
        return
    for name in absent:
        if not reader.may_read(RESOURCE, name, None):
            reader.get(RESOURCE, name)


def count_changes(outcome: Outcome) -> dict[str, int]:
    """How many resources were (or would be) created, changed, deleted and left as they are?"""
    counts = Counter(difference.op for difference in outcome.differences)
    return {**{op: counts[op] for op in ("created", "changed", "deleted")}, "unchanged": outcome.unchanged}
