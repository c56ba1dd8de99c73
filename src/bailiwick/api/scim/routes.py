"""SCIM 2.0 over HTTP: the routes of `/scim/v2`, for directories that keep users and groups in step.

The account is the credential's. Every route asks who it is, those that describe the server too. Nothing is decided
here: service/scim changes, the engine is asked there. Source: RFC 7644.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from starlette.responses import Response

from bailiwick.api.authzen_requests import AskHeaders, echo
from bailiwick.api.bodies import check_content_type, parse_object
from bailiwick.api.calls import JSON, Call
from bailiwick.api.problems import WireAnswer, respond
from bailiwick.api.routes import Entry, actions
from bailiwick.api.scim.bulk import Bulk, parse_bulk
from bailiwick.api.scim.discovery import config, resource_types, schemas
from bailiwick.api.scim.listing import (
    PARAMETERS,
    SEARCH_SCHEMA,
    SHOWN_PARAMETERS,
    list_of,
    list_resources,
    parse_query,
)
from bailiwick.api.scim.models import PATHS
from bailiwick.api.scim.operations import Done, Operations, matches
from bailiwick.api.scim.problems import SCIM_JSON, ScimInvalid, answer_scim_error, scim_error
from bailiwick.api.scim.reading import Body, check_names
from bailiwick.api.scim.showing import BASE, projection
from bailiwick.errors import BailiwickError, Denied, Invalid, NotFound
from bailiwick.service.reading import Reader
from bailiwick.service.scim.entering import enter

SCIM_TYPE = "application/scim+json"
_LIST, _READ = "iam.{}.list", "iam.{}.read"
_ANY = tuple(f"iam.{kind}.{verb}" for kind in ("user", "group") for verb in ("list", "read"))
_CREATE = {"User": ("iam.user.invite",), "Group": ("iam.group.create", "iam.group.add-member")}
_UPDATE = {
    "User": ("iam.user.update",),
    "Group": ("iam.group.update", "iam.group.add-member", "iam.group.remove-member"),
}


def scim_entries() -> list[Entry]:
    """Which routes speak SCIM?"""
    return [*_describing(), *(entry for kind in PATHS for entry in _of_kind(kind)), *_of_all()]


def _entry(method: str, path: str, handler: Callable[[Call], Response], access: tuple[str, ...], summary: str,
           **more: Any) -> Entry:  # fmt: skip
    return Entry(
        method, f"{BASE}{path}", handler, actions(*access), summary, "scim",
        body_type=SCIM_TYPE, enter=enter, answer=answer_error, **more,
    )  # fmt: skip


def _describing() -> list[Entry]:
    answers = {200: "Scim"}
    return [
        _entry("GET", "/ServiceProviderConfig", _config, _ANY, "What SCIM can do here", answers=answers),
        _entry("GET", "/ResourceTypes", partial(_described, resource_types), _ANY, "Types of SCIM resources",
               answers=answers),
        _entry("GET", "/ResourceTypes/{name}", partial(_one_described, resource_types), _ANY,
               "One type of SCIM resource", answers=answers),
        _entry("GET", "/Schemas", partial(_described, schemas), _ANY, "Schemas of SCIM", answers=answers),
        _entry("GET", "/Schemas/{name}", partial(_one_described, schemas), _ANY, "One schema of SCIM",
               answers=answers),
    ]  # fmt: skip


def _of_kind(kind: str) -> list[Entry]:
    word = kind.lower()
    many, one = f"/{PATHS[kind]}", f"/{PATHS[kind]}/{{name}}"
    read, listed = _READ.format(word), (_LIST.format(word), _READ.format(word))
    update, shown = (*_UPDATE[kind], read), {200: "Scim"}
    return [
        _entry("GET", many, partial(_list, kind), listed, f"List {many[1:].lower()} by SCIM",
               query=PARAMETERS, answers=shown),
        _entry("POST", f"{many}/.search", partial(_search, (kind,)), listed, f"Search {many[1:].lower()} by SCIM",
               body="Scim", answers=shown),
        _entry("POST", many, partial(_create, kind), (*_CREATE[kind], read), f"Create a {word} by SCIM",
               body="Scim", query=SHOWN_PARAMETERS, answers={201: "Scim"}),
        _entry("GET", one, partial(_get, kind), (read,), f"Show a {word} by SCIM", query=SHOWN_PARAMETERS,
               answers={200: "Scim", 304: ""}),
        _entry("PUT", one, partial(_replace, kind), update, f"Replace a {word} by SCIM", body="Scim",
               query=SHOWN_PARAMETERS, answers=shown),
        _entry("PATCH", one, partial(_patch, kind), update, f"Change a {word} by SCIM", body="Scim",
               query=SHOWN_PARAMETERS, answers=shown),
        _entry("DELETE", one, partial(_delete, kind), (f"iam.{word}.delete", read), f"Delete a {word} by SCIM",
               answers={204: ""}),
    ]  # fmt: skip


def _bulk_entry() -> Entry:
    of_all = [*_CREATE.values(), *_UPDATE.values(), ("iam.user.delete", "iam.group.delete")]
    access = tuple(dict.fromkeys(one for some in of_all for one in some))
    return _entry(
        "POST", "/Bulk", _bulk, access, "Many SCIM operations at once", body="Scim", answers={200: "Scim"}
    )


def _of_all() -> list[Entry]:
    search = _entry("POST", "/.search", partial(_search, tuple(PATHS)), _ANY, "Search users and groups by SCIM",
                    body="Scim", answers={200: "Scim"})  # fmt: skip
    return [search, _bulk_entry()]


def answer_error(error: BailiwickError, headers: AskHeaders) -> WireAnswer:
    """What is answered where this went wrong?"""
    answer = answer_scim_error(error, headers)
    answer[1].extend(echo(headers))
    return answer


def no_route(status: int) -> Response:
    """What is answered below `/scim/v2` where no route is, or not with this method?"""
    detail = "there is nothing at this address" if status == 404 else "this address has no such method"
    return _respond(status, scim_error(status, detail))


def _respond(status: int, body: object, *more: tuple[bytes, bytes]) -> Response:
    headers = [(b"content-type", SCIM_JSON), (b"cache-control", b"no-store"), *more]
    return respond((status, headers, msgspec.json.encode(body)))


def _operations(call: Call) -> Operations:
    return Operations(call.host, call.session)


def _require_any(call: Call, names: tuple[str, ...]) -> None:
    """SECURITY: whoever provisions nothing is told nothing of what could be."""
    reader = Reader(call.host, call.session)
    if not reader.judge.could_hold_any(names):
        raise Denied(
            f"`{call.session.principal}` does not provision, `{names[0]}` is not granted",
            action=names[0],
            reason="no_matching_policy",
        )


def _base(call: Call) -> str:
    return call.host.public_url.rstrip("/") + BASE


def _config(call: Call) -> Response:
    _require_any(call, _ANY)
    return _respond(200, config(_base(call)))


Describe = Callable[[str], Mapping[str, dict[str, Any]]]


def _described(describe: Describe, call: Call) -> Response:
    _require_any(call, _ANY)
    found = list(describe(_base(call)).values())
    return _respond(200, list_of(found, len(found)))


def _one_described(describe: Describe, call: Call) -> Response:
    _require_any(call, _ANY)
    found = {name.lower(): one for name, one in describe(_base(call)).items()}.get(call.name.lower())
    if found is None:
        raise NotFound(f"there is no `{call.name[:80]}`")
    return _respond(200, found)


def _list(kind: str, call: Call) -> Response:
    query = parse_query(call.parameters)
    return _respond(200, list_resources(_operations(call).shower(), (kind,), query))


def _search(kinds: Sequence[str], call: Call) -> Response:
    said = _body(call)
    names = {name.lower(): name for name in (*PARAMETERS, "schemas")}
    known = {names[name.lower()]: value for name, value in said.items() if name.lower() in names}
    if known.pop("schemas", None) != [SEARCH_SCHEMA]:
        raise ScimInvalid("invalidSyntax", f"expected `schemas` to be `{SEARCH_SCHEMA}`")
    return _respond(200, list_resources(_operations(call).shower(), kinds, parse_query(known)))


def _create(kind: str, call: Call) -> Response:
    return _done(call, _operations(call).create(kind, _body(call)))


def _get(kind: str, call: Call) -> Response:
    done = _operations(call).get(kind, call.name)
    condition = call.header("if-none-match")
    if condition is not None and matches(condition, done.version):
        return Response(status_code=304, headers={"etag": done.version})
    return _done(call, done)


def _replace(kind: str, call: Call) -> Response:
    done = _operations(call).replace(kind, call.name, _body(call), call.header("if-match"))
    return _done(call, done)


def _patch(kind: str, call: Call) -> Response:
    return _done(call, _operations(call).patch(kind, call.name, _body(call), call.header("if-match")))


def _delete(kind: str, call: Call) -> Response:
    _operations(call).delete(kind, call.name, call.header("if-match"))
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _bulk(call: Call) -> Response:
    operations, most_errors = parse_bulk(_body(call))

    def refused(error: Denied) -> None:
        call.host.record(
            "refusal", error.reason, call.session, action=error.action, route=f"POST {BASE}/Bulk"
        )

    _require_any(call, _bulk_entry().access.actions)
    return _respond(200, Bulk(_operations(call), refused, most_errors).carry_out(operations))


def _body(call: Call) -> Body:
    check_content_type(call.request.headers.get("content-type", ""), SCIM_TYPE, JSON)
    try:
        body = parse_object(call.body)
    except Invalid as error:
        raise ScimInvalid("invalidSyntax", error.findings[0].message) from None
    check_names(body)
    return body


def _done(call: Call, done: Done) -> Response:
    query = parse_query(call.parameters)
    shown = projection(query.attributes, query.excluded)(done.shown or {})
    headers = [(b"etag", done.version.encode())]
    if done.status == 201:
        headers.append((b"location", done.location.encode()))
    return _respond(done.status, shown, *headers)
