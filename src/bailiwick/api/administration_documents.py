"""Documents over HTTP: apply many in one transaction, export the whole account.

The bodies here may be long (256 MiB); they are read only after the caller is known. Parsing, pruning and authorizing
are service/applying.py's. Serves the design's section on documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from bailiwick.api.administration import (
    ACCOUNT_PATH,
    VIA,
    administration_entries,
    differences_answer,
)
from bailiwick.api.answers import response_of, revision_headers
from bailiwick.api.authzen_bodies import said
from bailiwick.api.bodies import MAX_APPLY_BYTES
from bailiwick.api.calls import Call
from bailiwick.api.effects import effects_body
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.catalog.sources import MAX_DOCUMENTS
from bailiwick.errors import Invalid
from bailiwick.service.applying import Source, Wanted, apply_wanted, parse_wanted
from bailiwick.service.effects import effects_of
from bailiwick.service.reading import EXPORT, Reader
from bailiwick.service.yaml_text import format_documents

MAX_SOURCES = 100_000
_FIELDS = ("sources", "documents", "prune", "dry_run")
_EXPORT_TYPE = "application/yaml"


def _apply_actions() -> tuple[str, ...]:
    """Which actions may an apply need? Those of every edit that it can hold."""
    changes = (entry for entry in administration_entries() if entry.method != "GET")
    return tuple(dict.fromkeys(name for entry in changes for name in entry.access.actions))


def document_entries() -> list[Entry]:
    """Which routes take and give documents?"""
    return [
        Entry(
            "POST", f"{ACCOUNT_PATH}/apply", _apply, actions(*_apply_actions()),
            "Make the account match documents, all of them or none", "documents",
            body="Apply", most_bytes=MAX_APPLY_BYTES, answers={200: "Differences"},
        ),
        Entry(
            "POST", f"{ACCOUNT_PATH}/effects", _effects, actions(*_apply_actions()),
            "What would applying these documents do: who gains what, who loses what, what to mind", "documents",
            body="EffectsQuestion", most_bytes=MAX_APPLY_BYTES, answers={200: "Effects"},
        ),
        Entry(
            "GET", f"{ACCOUNT_PATH}/export", _export, actions(EXPORT),
            "The whole account as documents that apply accepts", "documents", answers={200: "Yaml"},
        ),
    ]  # fmt: skip


def _apply(call: Call) -> Response:
    wanted, dry_run = _wanted(call.account, call.json())
    repeatable = Repeatable(call, dry_run=dry_run)

    def carry_out() -> WireAnswer:
        outcome = apply_wanted(
            call.host,
            call.session,
            wanted,
            dry_run=dry_run,
            via=VIA,
            idempotency=lambda done: repeatable.keep(lambda head: differences_answer(call, done(head))),
        )
        return differences_answer(call, outcome)

    return response_of(repeatable.answer(carry_out))


def _effects(call: Call) -> Response:
    """It changes nothing; it is a POST because what is asked about is in the body."""
    body = call.json()
    described = body.pop("context", {})
    if not isinstance(described, dict):
        raise Invalid.at("context", "expected a JSON object, got something else")
    context = said(described, "context")
    wanted, _ = _wanted(call.account, body, _FIELDS[:-1])
    effects = effects_of(call.host, call.session, wanted.edits_of, context=context)
    return response_of(differences_answer(call, effects.outcome, **effects_body(effects)))


def _wanted(account: str, body: dict[str, Any], known: tuple[str, ...] = _FIELDS) -> tuple[Wanted, bool]:
    """What shall the account hold, and is it only asked what would change? Raises Invalid with every finding."""
    notes = Collector()
    fields = Fields(body, (), notes, known)
    sources: list[Source] = []
    for item, path in fields.items("sources", most=MAX_SOURCES):
        source = Fields(item, path, notes, ("file", "text"))
        source.require("text")
        text = source.data.get("text", "")
        if not isinstance(text, str):
            notes.add(source.at("text"), "expected text")
            continue
        sources.append(Source(source.text("file", f"sources[{len(sources)}]"), text))
    documents: list[dict[str, Any]] = []
    for item, path in fields.items("documents", most=MAX_DOCUMENTS):
        if isinstance(item, dict):
            documents.append(item)
        else:
            notes.add(path, "expected a document with fields")
    prune, dry_run = fields.flag("prune"), fields.flag("dry_run")
    if not fields.has("sources") and not fields.has("documents"):
        notes.add(
            (), "neither `sources` nor `documents` is given", "send `sources` with YAML, or `documents`"
        )
    notes.raise_if_any()
    return parse_wanted(account, sources, documents, prune=prune), dry_run


def _export(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    documents = reader.export()

    def text() -> Iterator[str]:
        yield from format_documents(documents)

    response = StreamingResponse(text(), media_type=_EXPORT_TYPE)
    response.raw_headers.extend([*revision_headers(reader.snapshot.vector), (b"cache-control", b"no-store")])
    return response
