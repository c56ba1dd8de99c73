"""Documents to edits: what `apply` takes, and what it removes when asked to prune.

Implements the design's section on documents and docs/spec.md rule 9.3 for prune: all documents in one transaction, or
nothing. Where something is wrong every finding of every document is raised at once, with file and line.
It must not authorize or store: changes.py does, as for any other change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bailiwick.catalog.documents import name_of, parse_document
from bailiwick.catalog.places import Locate, nowhere
from bailiwick.catalog.sources import MAX_DOCUMENTS, parse_documents
from bailiwick.errors import Finding, Invalid
from bailiwick.model.templates import TemplateAcceptance
from bailiwick.service.changes import Keep, Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.host import Host
from bailiwick.service.kinds import KINDS, list_values
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

VIA = "apply"


@dataclass(frozen=True, slots=True)
class Source:
    """One text of YAML documents, and what its file is called in findings."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall an account hold? `prune`: nothing else but what can never be removed so."""

    edits: tuple[Edit, ...]
    prune: bool = False

    def edits_of(self, snapshot: Snapshot) -> Sequence[Edit]:
        """Which edits make the account so?"""
        if not self.prune:
            return self.edits
        return [*self.edits, *prune_edits(snapshot, {edit.key for edit in self.edits})]


def parse_wanted(
    account: str,
    sources: Iterable[Source] = (),
    documents: Iterable[Mapping[str, object]] = (),
    *,
    prune: bool = False,
) -> Wanted:
    """Which edits do these texts and documents ask for? Raises Invalid with every finding of all of them."""
    edits: list[Edit] = []
    findings: list[Finding] = []
    for source in sources:
        _check_number(len(edits) + len(findings))
        try:
            for found in parse_documents(source.text, source.file):
                at = len(edits)
                _add(edits, findings, found.data, account, found.locate)
                edits[at:] = [replace(edit, file=found.file, line=found.line) for edit in edits[at:]]
        except Invalid as error:
            findings.extend(error.findings)
    for index, document in enumerate(documents):
        _check_number(len(edits) + len(findings))
        before = len(findings)
        _add(edits, findings, document, account, nowhere)
        findings[before:] = [_placed(f"documents[{index}]", finding) for finding in findings[before:]]
    if findings:
        raise Invalid(findings)
    _check_number(len(edits))
    return Wanted(tuple(edits), prune)


def _check_number(documents: int) -> None:
    if documents > MAX_DOCUMENTS:
        raise Invalid.at(
            "", f"expected at most {MAX_DOCUMENTS} documents at once, got more", "apply them in several parts"
        )


def _add(
    edits: list[Edit],
    findings: list[Finding],
    document: Mapping[str, object],
    account: str,
    locate: Locate,
) -> None:
    try:
        kind, value = parse_document(document, account, locate)
        edits.append(Edit(kind, name_of(value), value, locate=locate))
    except Invalid as error:
        findings.extend(error.findings)


def _placed(where: str, finding: Finding) -> Finding:
    return replace(finding, place=f"{where}.{finding.place}" if finding.place else where)


def prune_edits(snapshot: Snapshot, named: set[tuple[str, str]]) -> Iterator[Edit]:
    """What goes that nobody names? Never the account, its owner, its default project or what a template manages.

    API keys are no documents: those of whoever stays, stay.
    """
    account = snapshot.account
    owner_kind, _, owner = account.owner.partition(":")
    for word, kind in KINDS.items():
        for name, value in list_values(account, word).items():
            is_owner = kind.prefix == f"{owner_kind}:" and name == owner
            is_managed = getattr(value, "managed_by", "") or isinstance(value, TemplateAcceptance)
            if (word, name) in named or is_owner or is_managed:
                continue
            if not getattr(value, "default", False):
                yield Edit(word, name, None)


def apply_wanted(
    host: Host,
    session: Session,
    wanted: Wanted,
    *,
    dry_run: bool = False,
    via: str = VIA,
    idempotency: Keep | None = None,
) -> Outcome:
    """Make the account so, all of it or nothing. Raises Invalid, Denied, Conflict."""
    return change_account(host, session, wanted.edits_of, via=via, dry_run=dry_run, idempotency=idempotency)
