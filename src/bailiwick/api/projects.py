"""Projects over HTTP: what is in them, moving it, enabling and disabling, who is attached, and what was moved.

The projects themselves are objects like others (administration.py). service/projects/resources.py, attachments.py and
moves.py do the work; every change goes through service/changes.py. Serves docs/spec.md section 19.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from starlette.responses import Response

from bailiwick.api.administration import (
    ACCOUNT_PATH,
    DRY_RUN,
    PAGES,
    VIA,
    Changing,
    change_object,
    check_preconditions,
    differences_answer,
)
from bailiwick.api.answers import etag_of, json_answer, json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.preconditions import preconditions_of
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.eps_codes import NO_AUTHORITY
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.errors import BailiwickError, Denied, Invalid
from bailiwick.model.conditions import parse_instant
from bailiwick.model.names import parse_name, parse_resource_name, parse_subject
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.projects import eps, moves
from bailiwick.service.projects.attachments import Attachment, list_attached
from bailiwick.service.projects.life import disabling, find_quota
from bailiwick.service.projects.resources import MOST_MOVED, Move, ResourceFilter, list_resources
from bailiwick.service.reading import Reader
from bailiwick.service.snapshots import Snapshot

PATH = f"{ACCOUNT_PATH}/projects"
MOST_ROLES = 100
_SEE = ("eps:enterpriseProjects:get", "iam.project.read")
_ADD = (eps.ADD_RESOURCES, "iam.project.add-resource")
_REMOVE = (eps.REMOVE_RESOURCES, "iam.project.remove-resource", "iam.resource.move")
_AUTHORITY = ("iam.policy.create", "iam.role.assign", *_SEE)


def project_entries() -> list[Entry]:
    """Which routes does a project have besides those of every kind?"""
    return [*_life(), *_resources(), *_attached(), *_accounts()]


def _life() -> Iterator[Entry]:
    for verb, disabled in (("disable", True), ("enable", False)):
        yield Entry(
            "POST", f"{PATH}/{{name}}/{verb}", partial(_set_disabled, disabled),
            actions(eps.eps_action(verb), f"iam.project.{verb}", *_SEE), f"{verb.capitalize()} a project", "projects",
            query=DRY_RUN, answers={200: "Project"},
        )  # fmt: skip


def _resources() -> Iterator[Entry]:
    one = f"{PATH}/{{name}}/resources"
    yield Entry(
        "GET", one, _list_resources,
        actions(eps.LIST_RESOURCES, "iam.resource.list", "iam.resource.read", *_SEE),
        "List what is in a project", "projects",
        query={"service": "only of this service", "type": "only of this type",
               "prefix": "only names that begin so", **PAGES},
        answers={200: "Page"},
    )  # fmt: skip
    for verb, needed, summary in (
        ("add", (*_ADD, *_REMOVE), "Move resources into a project, from wherever they are"),
        ("remove", (*_REMOVE, *_ADD), "Move resources from a project into the default one"),
        ("move", (*_REMOVE, *_ADD), "Move resources from a project into another"),
    ):
        yield Entry(
            "POST", f"{one}/{verb}", partial(_move, verb), actions(*needed, *_AUTHORITY), summary, "projects",
            query=DRY_RUN, body="MoveResources" if verb == "move" else "NamedResources", answers={200: "Moved"},
        )  # fmt: skip


def _attached() -> Iterator[Entry]:
    one = f"{PATH}/{{name}}"
    yield Entry(
        "GET", f"{one}/attached", _list_attached, actions(eps.LIST_USERS, "iam.policy.read", *_SEE),
        "List who has which roles on a project", "projects",
        query={"subject": "only this subject, such as `group:images`", **PAGES}, answers={200: "Page"},
    )  # fmt: skip
    yield Entry(
        "POST", f"{one}/attach", partial(_attach, True),
        actions(eps.ADD_GROUPS, eps.ATTACH_POLICIES, "iam.policy.update", *_AUTHORITY),
        "Give a group, user or service ID roles on a project", "projects",
        query=DRY_RUN, body="Attachment", answers={200: "Differences"},
    )  # fmt: skip
    yield Entry(
        "POST", f"{one}/detach", partial(_attach, False),
        actions(eps.REMOVE_GROUPS, "iam.policy.update", "iam.policy.delete", *_SEE),
        "Take roles on a project, or all of them, from a group, user or service ID", "projects",
        query=DRY_RUN, body="Attachment", answers={200: "Differences"},
    )  # fmt: skip


def _accounts() -> Iterator[Entry]:
    """WHY not below `projects/`: a project may have any name."""
    yield Entry(
        "GET", f"{ACCOUNT_PATH}/project-quota", _quota, actions(eps.LIST, "iam.project.list"),
        "How many projects there may be, and how many there are", "projects", answers={200: "ProjectQuota"},
    )  # fmt: skip
    yield Entry(
        "GET", f"{ACCOUNT_PATH}/project-moves", _list_moves,
        actions(eps.LIST_RESOURCES, "iam.resource.list", moves.READ_LOG, moves.READ_ACTIVITY),
        "Who moved which resource where, newest first", "projects",
        query={
            "project": "only moves from or to this project",
            "resource": "only moves of the resource of this name",
            "since": "not before this instant",
            "until": "before this instant",
            "result": "`moved` (if not given) or `refused`",
            **PAGES,
        },
        answers={200: "Page"},
    )  # fmt: skip


def _set_disabled(disabled: bool, call: Call) -> Response:
    conditions = preconditions_of(call)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(call.host, call.session, before)
        edits = disabling(reader, call.name, disabled=disabled)
        check_preconditions(conditions, reader, "Project", call.name)
        return edits

    return change_object(Changing(call, "Project", call.name, prepare))


def _list_resources(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    wanted = ResourceFilter(*(call.parameters.get(name) for name in ("service", "type", "prefix")))
    page = list_resources(reader, call.name, wanted, after=call.position(), limit=call.limit)
    vector = reader.snapshot.vector
    body = page_body(
        [one.document for one in page.items],
        call.cursor(page.items[-1].name) if page.more else None,
        vector,
        etags=[etag_of(one.identity) for one in page.items],
    )
    return json_response(body, vector=vector)


def _move(verb: str, call: Call) -> Response:
    conditions, move = preconditions_of(call), _parse_move(verb, call)
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(call.host, call.session, before)
        edits = move.edits_of(reader)
        check_preconditions(conditions, reader, "Project", call.name)
        return edits

    def carry_out() -> WireAnswer:
        return _carry_out(call, prepare, repeatable, _moved_answer)

    try:
        return response_of(repeatable.answer(carry_out))
    except BailiwickError as error:
        if not call.dry_run:
            moves.remember_attempt(call.host, call.session, move, error)
        raise


def _carry_out(
    call: Call,
    prepare: Callable[[Snapshot], Sequence[Edit]],
    repeatable: Repeatable,
    answer: Callable[[Call, Outcome], WireAnswer],
) -> WireAnswer:
    try:
        outcome = change_account(
            call.host,
            call.session,
            prepare,
            via=VIA,
            dry_run=call.dry_run,
            idempotency=lambda done: repeatable.keep(lambda head: answer(call, done(head))),
        )
    except Denied as error:
        if error.reason == "no_authority":
            error.code = NO_AUTHORITY
        raise
    return answer(call, outcome)


def _parse_move(verb: str, call: Call) -> Move:
    """Which resources shall go where? Raises Invalid."""
    notes = Collector()
    known = ("resources", "associated", *(("to",) if verb == "move" else ()))
    fields = Fields(call.json(), (), notes, known)
    fields.require("resources", *(("to",) if verb == "move" else ()))
    names = fields.parsed_items("resources", _parse_resource, most=MOST_MOVED)
    to, associated = fields.parsed("to", parse_name), fields.flag("associated")
    notes.raise_if_any()
    if not names:
        raise Invalid.at("resources", "expected names of resources, got none")
    return Move(
        names,
        source=None if verb == "add" else call.name,
        target={"add": call.name, "move": to}.get(verb),
        associated=associated,
    )


def _parse_resource(text: str, place: str) -> str:
    parse_resource_name(text)
    return text


def _moved_answer(call: Call, outcome: Outcome) -> WireAnswer:
    moved = [
        {
            "resource": one.name,
            "from": None if one.before is None else one.before.get("project"),
            "to": None if one.after is None else one.after.get("project"),
        }
        for one in outcome.differences
    ]
    body = {"dry_run": outcome.dry_run, "moved": moved, "revision": outcome.vector}
    return json_answer(200, body, vector=outcome.vector)


def _list_attached(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    found = list_attached(reader, call.name, call.parameters.get("subject"))
    after = call.position()
    rest = [one for one in found if after is None or one.position > after]
    shown = rest[: call.limit]
    cursor = call.cursor(shown[-1].position) if len(rest) > call.limit else None
    vector = reader.snapshot.vector
    return json_response(page_body([one.describe() for one in shown], cursor, vector), vector=vector)


def _attach(attaching: bool, call: Call) -> Response:
    conditions, attachment = preconditions_of(call), _parse_attachment(call, attaching=attaching)
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(call.host, call.session, before)
        edits = attachment.attaching(reader) if attaching else attachment.detaching(reader)
        check_preconditions(conditions, reader, "Project", call.name)
        return edits

    return response_of(repeatable.answer(lambda: _carry_out(call, prepare, repeatable, differences_answer)))


def _parse_attachment(call: Call, *, attaching: bool) -> Attachment:
    notes = Collector()
    fields = Fields(call.json(), (), notes, ("subject", "roles"))
    fields.require("subject", *(("roles",) if attaching else ()))
    subject = fields.parsed("subject", parse_subject)
    roles = fields.texts("roles") if fields.has("roles") else ()
    if fields.has("roles") and not roles and not notes.findings:
        notes.add(("roles",), "expected roles, got none")
    if len(roles) > MOST_ROLES:
        notes.add(("roles",), f"`roles` has {len(roles)} elements, expected at most {MOST_ROLES}")
    notes.raise_if_any()
    return Attachment(call.name, subject or "", roles)


def _quota(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    found, vector = find_quota(reader), reader.snapshot.vector
    return json_response({"quota": found.quota, "used": found.used, "revision": vector}, vector=vector)


def _instant(call: Call, name: str) -> datetime | None:
    """Which instant is this parameter? None: it is not given."""
    text = call.parameters.get(name)
    instant = parse_instant(text)
    if text is not None and instant is None:
        raise Invalid.at(name, f"expected an RFC 3339 date and time, got `{text[:40]}`")
    return instant


def _list_moves(call: Call) -> Response:
    reader = Reader(call.host, call.session)
    log = moves.MoveLog(call.host, reader)
    wanted = moves.MoveFilter(
        project=call.parameters.get("project"),
        resource=call.parameters.get("resource"),
        since=_instant(call, "since"),
        until=_instant(call, "until"),
    )
    position = call.position()
    if call.choice("result", "moved", "refused") == "refused":
        before = None if position is None else int(position)
        records = log.list_refused(wanted, before=before, limit=call.limit)
    else:
        records = log.list(wanted, before=moves.parse_position(position), limit=call.limit)
    cursor = None if records.after is None else call.cursor(records.after)
    vector = reader.snapshot.vector
    return json_response(page_body(list(records.items), cursor, vector), vector=vector)
