"""What the pages of every kind of object have: the document as text, read and changed; and the deletion.

A subject takes them with `object_entries(its ObjectPages)`. Changing the text is changing the object: the same parsing,
validation and authorization as `apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote

from starlette.responses import Response

from bailiwick.catalog.documents import Value, kind_of, name_of, parse_document
from bailiwick.catalog.sources import SourceDocument, parse_documents
from bailiwick.console.forms import Form
from bailiwick.console.objects import CHANGES, DELETE, DOCUMENT, ObjectPages
from bailiwick.console.page import Page
from bailiwick.console.pages.object_changes import show_changes
from bailiwick.console.problems import status_of
from bailiwick.console.routes import Entry, get, post
from bailiwick.errors import BailiwickError, Conflict, Denied, Finding, Invalid
from bailiwick.service.edits import Edit
from bailiwick.service.reading import Found, Reader
from bailiwick.service.removing import Removal, plan_removal
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.yaml_text import format_documents

MOST_CHARACTERS = 200_000
UNDONE = "It can be undone from the change log; what has ended stays ended."

# What is said besides on the page that asks whether to delete: sentences about this object.
Ends = Callable[[Page, Found, Removal], Iterable[str]]


def no_more(page: Page, found: Found, removal: Removal) -> Iterable[str]:
    """Nothing else is to be said."""
    return ()


def object_entries(objects: ObjectPages, *, ends: Ends = no_more, deletable: bool = True) -> list[Entry]:
    """Which lines have the pages that are alike for every kind?"""
    read, update = objects.readings, (*objects.readings, *objects.updates)
    document, delete = objects.path_of(DOCUMENT), objects.path_of(DELETE)
    lines = [
        get(document, partial(show_document, objects), *read),
        post(document, partial(save_document, objects), *update),
        get(objects.path_of(CHANGES), partial(show_changes, objects), *read, "iam.log.read"),
    ]
    if deletable:
        asked = (*read, *objects.deletions)
        lines.append(get(delete, partial(ask_delete, objects, ends), *read))
        lines.append(post(delete, partial(do_delete, objects, ends), *asked))
    return lines


# The document as text


def text_of(found: Found) -> str:
    """Which text is the document? (Without its account, which is the page's.)"""
    document = {name: value for name, value in found.document.items() if name != "account"}
    return "".join(format_documents([document])).removeprefix("---\n")


def show_document(objects: ObjectPages, page: Page) -> Response:
    """The document as text, or, where that is asked for, as a file."""
    found = objects.get(page)
    text = text_of(found)
    if page.asked("as") == "file":
        said = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}.yaml"
        return Response(text, media_type="application/yaml", headers={"Content-Disposition": said})
    form = Form.of({"text": text, "since": str(found.identity.revision)})
    return _document(objects, page, found, form)


def save_document(objects: ObjectPages, page: Page) -> Response:
    """Make the object what the text says."""
    found = objects.get(page)
    try:
        edit = _edit(objects, page)

        def prepare(before: Snapshot) -> Sequence[Edit]:
            page.check_since(before, objects.kind, edit.name, page.form.get("since"))
            return [edit]

        outcome = page.change(prepare)
    except (Invalid, Conflict) as error:
        form = replace(page.form, errors={"text": findings_of(error)})
        return _document(objects, page, found, form, status=status_of(error))
    note = (
        saved(objects.one, found.name)
        if outcome.differences
        else "Nothing is different; nothing was changed."
    )
    revision = outcome.revision if outcome.differences else 0
    return objects.redirect(page, found.name, DOCUMENT, note=note, revision=revision)


def saved(one: str, name: str) -> str:
    """What is said of an object that was changed?"""
    return f"{one[:1].upper()}{one[1:]} `{name}` was saved."


def findings_of(error: BailiwickError) -> tuple[Finding, ...]:
    """What was found wrong, place by place?"""
    if isinstance(error, Invalid) and error.findings:
        return error.findings
    return (Finding(error.message, help=error.help, code=error.code),)


def _document(objects: ObjectPages, page: Page, found: Found, form: Form, *, status: int = 200) -> Response:
    text = form.get("text")
    return objects.show(
        page,
        found,
        "objects/document.html",
        DOCUMENT,
        status=status,
        form=form,
        text=text,
        too_long=len(text) > MOST_CHARACTERS,
        may_change=page.judge.could_hold_any(objects.updates),
    )


def _edit(objects: ObjectPages, page: Page) -> Edit:
    """Which edit does the text of the form ask for? Raises Invalid, each finding with its line."""
    return edit_of_text(page, page.form.get("text"), objects.kind, objects.name(page))


def edit_of_text(page: Page, text: str, kind: str, name: str = "") -> Edit:
    """Which edit does this text ask for? It must be one document of this kind, and of this name, unless that is "".

    Raises Invalid, each finding with its line.
    """
    source = _only(parse_documents(text))
    value: Value = parse_document(source.data, page.account, source.locate)[1]
    wanted = {"kind": (kind, kind_of(value)), "name": (name or name_of(value), name_of(value))}
    for field, (expected, said) in wanted.items():
        if said != expected:
            message = f"expected `{expected}`, got `{said}`"
            line = source.line_of((field,))
            raise Invalid([Finding(message, field, "make another object to give another name", "", line)])
    return Edit(kind, name_of(value), value, locate=source.locate)


def _only(documents: Sequence[SourceDocument]) -> SourceDocument:
    if len(documents) != 1:
        raise Invalid.at("", f"expected one document, got {len(documents)}")
    return documents[0]


# The deletion


@dataclass(frozen=True, slots=True)
class _Asked:
    """What deleting would come to, and why the visitor may not (None: may)."""

    removal: Removal
    refusal: BailiwickError | None


def ask_delete(objects: ObjectPages, ends: Ends, page: Page) -> Response:
    """What will be lost?"""
    return _ask(objects, ends, page, Form())


def _ask(objects: ObjectPages, ends: Ends, page: Page, form: Form, *, status: int = 200) -> Response:
    found = objects.get(page)
    asked = _tried(objects, page, found)
    return page.render(
        "objects/delete.html",
        status=status,
        objects=objects,
        found=found,
        removal=asked.removal,
        refusal=asked.refusal,
        ends=list(ends(page, found, asked.removal)),
        form=form,
        after=UNDONE,
    )


def _tried(objects: ObjectPages, page: Page, found: Found) -> _Asked:
    """Would it be carried out? It is planned, authorized and checked as if, and dropped."""
    removal = plan_removal(page.reader, page.host.catalog, objects.kind, found.name)
    try:
        page.change(lambda before: removal.edits, dry_run=True)
    except Denied as error:
        return _Asked(removal, error)
    except (Invalid, Conflict) as error:
        return _Asked(removal, None if removal.obstacles else error)
    return _Asked(removal, None)


def do_delete(objects: ObjectPages, ends: Ends, page: Page) -> Response:
    """Delete the object, with what was said to go along."""
    name = objects.name(page)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        page.check_since(before, objects.kind, name, page.form.get("since"))
        reader = Reader(page.host, page.session, before)
        removal = plan_removal(reader, page.host.catalog, objects.kind, name)
        if page.form.get("mark") != removal.mark:
            raise Conflict("something else refers to it than a moment ago", "look at what goes along now")
        return removal.edits

    try:
        outcome = page.change(prepare)
    except (Invalid, Conflict) as error:
        return _ask(objects, ends, page, page.form.failed(error), status=status_of(error))
    note = f"{objects.one[:1].upper()}{objects.one[1:]} `{name}` was deleted."
    return page.redirect(objects.path, note=note, revision=outcome.revision)
