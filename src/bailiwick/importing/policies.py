"""Texts of policies of one provider as documents of an account: all of them, or every refusal.

Implements docs/spec.md 23.1: nothing is imported as long as anything is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bailiwick.errors import Invalid
from bailiwick.importing.aws import Aws, import_aws
from bailiwick.importing.findings import Refusals, raise_if_any
from bailiwick.importing.huawei import Huawei, import_huawei
from bailiwick.importing.ibm import import_ibm
from bailiwick.importing.ibm_names import Ibm
from bailiwick.importing.known import Known
from bailiwick.importing.mapping import PROVIDERS, ImportMapping
from bailiwick.importing.mapping_checks import check_mapping
from bailiwick.importing.produced import Drafts, Origin

NAMES_SUBJECTS = ("ibm",)


@dataclass(frozen=True, slots=True)
class Source:
    """One text to import. `name` begins the names of what it becomes; `file` is where it came from."""

    name: str
    text: str
    file: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How is it imported? `subjects` hold what the texts grant; IBM's policies name their own.

    `narrow_edges`: where only less can be allowed at the edge of a time range, allow less instead of refusing.
    """

    provider: str
    mapping: ImportMapping
    subjects: tuple[str, ...] = ()
    region: str | None = None
    project: str | None = None
    narrow_edges: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """The documents of an import, and what its reader should know. `marks` begin the descriptions of all."""

    documents: tuple[dict[str, object], ...]
    notes: tuple[str, ...]
    marks: tuple[str, ...]


def import_policies(sources: Sequence[Source], settings: Settings, known: Known) -> Imported:
    """Which documents do these texts come to? Raises Invalid with every refusal of all of them."""
    _check_settings(settings)
    check_mapping(settings.mapping, known)
    documents: list[dict[str, object]] = []
    every: list[Refusals] = []
    marks: list[str] = []
    taken: set[str] = set()
    for source in sources:
        refusals = Refusals(source.file)
        origin = Origin(settings.provider, source.name, settings.subjects)
        drafts = Drafts(known, refusals, origin, taken)
        _read(source.text, settings, drafts)
        documents.extend(drafts.documents())
        every.append(refusals)
        marks.append(origin.mark)
    raise_if_any(every)
    notes = tuple(note for refusals in every for note in refusals.notes)
    return Imported(tuple(documents), notes, tuple(marks))


def _check_settings(settings: Settings) -> None:
    if settings.provider not in PROVIDERS:
        raise Invalid.at(
            "provider", f"unknown provider `{settings.provider}`", f"available: {', '.join(PROVIDERS)}"
        )
    if settings.provider in NAMES_SUBJECTS:
        if settings.subjects:
            raise Invalid.at(
                "--subject", "these policies name their own subjects", "map them under `subjects`"
            )
    elif not settings.subjects:
        help = "such as --subject group:readers; the policy itself names nobody"
        raise Invalid.at("--subject", "expected whom the policies are for", help)
    if settings.provider != "huawei" and (settings.region or settings.project):
        raise Invalid.at("--region", "only Huawei's grants have a region or project of authorization besides")


def _read(text: str, settings: Settings, drafts: Drafts) -> None:
    mapping, narrow = settings.mapping, settings.narrow_edges
    match settings.provider:
        case "aws":
            import_aws(text, Aws(mapping, drafts, narrow))
        case "huawei":
            import_huawei(text, Huawei(mapping, drafts, settings.region, settings.project, narrow))
        case "ibm":
            import_ibm(text, Ibm(mapping, drafts, narrow))


def is_of(description: str, mark: str) -> bool:
    """Did an import with this mark make the object with this description?"""
    return description == mark or description.startswith(f"{mark}#")
