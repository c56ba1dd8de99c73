"""Administration over HTTP: every kind of object of an account, and the account itself.

One set of handlers for all kinds. Reading is service/reading.py's, changing service/changes.py's; both ask the engine.
What a body names must be what the path names. Serves docs/spec.md section 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bailiwick.api.answers import (
    empty_answer,
    etag_headers,
    etag_of,
    json_answer,
    json_response,
    page_body,
    response_of,
)
from bailiwick.api.bodies import merge_patch
from bailiwick.api.calls import JSON, MERGE_PATCH, Call
from bailiwick.api.idempotency import Repeatable
from bailiwick.api.preconditions import Preconditions, preconditions_of
from bailiwick.api.problems import WireAnswer
from bailiwick.api.routes import Access, Entry, Handler, actions
from bailiwick.catalog.documents import Value, format_document, name_of, parse_document
from bailiwick.catalog.eps_codes import NAME_TAKEN
from bailiwick.errors import Conflict, Invalid
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Difference, Edit
from bailiwick.service.kinds import ACCOUNT, KINDS, NODE_TYPES, RESOURCE, SECURITY, Kind, find_value
from bailiwick.service.projects.eps import ADD_RESOURCES, REMOVE_RESOURCES, eps_action
from bailiwick.service.reading import Filter, Reader
from bailiwick.service.resource_filter import ResourceFilter
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.templates.edits import ACCEPTANCE

ACCOUNT_PATH = "/v1/accounts/{account}"
VIA = "api"

DRY_RUN = {"dry_run": "`true`: say what would change, change nothing"}
PAGES = {
    "limit": "members on a page, 1 to 1000; 100 if not given",
    "cursor": "`next_cursor` of the page before",
}
_FILTERS = {
    "name": "only the one of exactly this name",
    "prefix": "only names that begin so",
    "q": "only those that mention this in name, title, email or description, whatever the case",
}
_POLICY_FILTERS = {
    "subject": "only policies of this subject, such as `user:alice`",
    "role": "only policies with this role, by name or `service/name`",
    "service": "only policies that reach this service",
    "effect": "`allow` or `deny`",
    "state": "`enabled` or `disabled`",
}
_RESOURCE_FILTERS = {
    "service": "only resources of this service",
    "type": "only resources of this type",
    "region": "only resources in this region",
    "project": "only resources in this project",
    "owner": "only what this principal owns, such as `user:alice`",
    "group": "only what belongs to this group, such as `group:dev`",
    "budget": "only what this budget pays for",
    "tag": "only what has this tag: `NAME`, or `NAME=VALUE`",
}
_DISABLED_FILTER = {"disabled": "`true` or `false`"}
_WITH_DISABLED = ("User", "ServiceId", "Profile", "Project", "Application")
_MORE_UPDATES = {
    "Group": ("iam.group.add-member", "iam.group.remove-member"),
    "Project": ("iam.project.enable", "iam.project.disable"),
    "Template": ("iam.template.commit",),
    "Application": ("iam.application.trust",),
    "Resource": (
        "iam.resource.move",
        *("iam.project.add-resource", "iam.project.remove-resource", ADD_RESOURCES, REMOVE_RESOURCES),
    ),
}
# By which verb of `eps` is it asked who may do this to a project?
_EPS_VERBS = {
    "list": ("list", "get"), "read": ("get",), "create": ("create",), "delete": ("delete",),
    "update": ("update", "enable", "disable"),
}  # fmt: skip


def administration_entries() -> list[Entry]:
    """Which routes administer accounts and their objects?"""
    kinds = (kind for kind in KINDS.values() if kind.word != ACCEPTANCE)
    return [*_account_entries(), *(entry for kind in kinds for entry in _entries_of(kind))]


def _account_entries() -> Iterator[Entry]:
    yield Entry(
        "GET", ACCOUNT_PATH, partial(_get, ACCOUNT), actions("iam.account.read"), "Show the account", "account",
        answers={200: "Account"},
    )  # fmt: skip
    yield Entry(
        "PATCH", ACCOUNT_PATH, partial(_patch, ACCOUNT), actions("iam.account.read", "iam.account.update"),
        "Change the account's owner, description or suspension", "account",
        query=DRY_RUN, body="Patch", body_type=MERGE_PATCH, answers={200: "Account"},
    )  # fmt: skip


def _entries_of(kind: Kind) -> Iterator[Entry]:
    many = f"{ACCOUNT_PATH}/{kind.path}"
    one = f"{many}/{{name:path}}" if kind.word == "Resource" else f"{many}/{{name}}"
    word = kind.resource_type.replace("-", " ") if kind.word != "ServiceId" else "service ID"
    filters = {
        **_FILTERS,
        **(_POLICY_FILTERS if kind.word == "Policy" else {}),
        **(_RESOURCE_FILTERS if kind.word == RESOURCE else {}),
        **(_DISABLED_FILTER if kind.word in _WITH_DISABLED else {}),
        **PAGES,
    }

    def entry(method: str, path: str, handler: Handler, access: Access, summary: str, **more: Any) -> Entry:
        return Entry(method, path, handler, access, summary, kind.path, **more)

    create, read, update, delete = (
        _access(kind, verb).actions for verb in ("create", "read", "update", "delete")
    )
    # WHY reading too: a condition, a taken name and a document that changes nothing tell what is there.
    creating, replacing = actions(*create, *read), actions(*dict.fromkeys((*create, *update, *read)))
    changing, deleting = actions(*dict.fromkeys((*update, *read))), actions(*dict.fromkeys((*delete, *read)))
    yield entry("GET", many, partial(_list, kind.word), _access(kind, "list"), f"List {kind.path}",
                query=filters, answers={200: "Page"})  # fmt: skip
    yield entry("POST", many, partial(_create, kind.word), creating, f"Create a {word}",
                query=DRY_RUN, body=kind.word, answers={201: kind.word, 200: "Differences"})  # fmt: skip
    yield entry(
        "GET", one, partial(_get, kind.word), actions(*read), f"Show a {word}", answers={200: kind.word}
    )
    yield entry("PUT", one, partial(_put, kind.word), replacing, f"Replace a {word}, or create it",
                query=DRY_RUN, body=kind.word, answers={200: kind.word, 201: kind.word})  # fmt: skip
    yield entry("PATCH", one, partial(_patch, kind.word), changing, f"Change a {word} (JSON merge patch)",
                query=DRY_RUN, body="Patch", body_type=MERGE_PATCH, answers={200: kind.word})  # fmt: skip
    yield entry("DELETE", one, partial(_delete, kind.word), deleting, f"Delete a {word}",
                query=DRY_RUN, answers={204: "", 200: "Differences"})  # fmt: skip


_ON_TREE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Enterprise": {"create": ("enterprise.enterprise.create",), "delete": ("enterprise.enterprise.update",)},
    "AccountGroup": {"update": ("enterprise.account-group.update", "enterprise.account.move")},
    "EnterpriseAccount": {
        "create": ("enterprise.enterprise.import", "enterprise.account.create"),
        "update": ("enterprise.account.update", "enterprise.account.move"),
    },
}
_RULES = {"create": "attach", "update": "update", "delete": "detach"}


def _access_to_tree(kind: Kind, verb: str) -> Access:
    """Which actions of `enterprise` does a route of the tree ask for? Without a tree, the one that makes it."""
    node = NODE_TYPES[kind.word]
    first: tuple[str, ...]
    if verb in ("list", "read"):
        first = (f"enterprise.{node}.retrieve", "enterprise.enterprise.retrieve")
    else:
        first = _ON_TREE[kind.word].get(verb, (f"enterprise.{node}.{verb}",))
    loosening = () if verb in ("create", "list", "read") else ("enterprise.account.detach-config-rules",)
    return actions(*dict.fromkeys((*first, *loosening, "enterprise.enterprise.create")))


def _rules_actions(verb: str) -> tuple[str, ...]:
    """Which actions of `enterprise` are asked where the guardrail is one of a node?"""
    if verb == "list":
        return ()
    rule = "retrieve" if verb == "read" else f"{_RULES[verb]}-config-rules"
    more = ("detach-config-rules",) if verb == "update" else ()
    return tuple(f"enterprise.{node}.{one}" for node in NODE_TYPES.values() for one in (rule, *more))


def _access(kind: Kind, verb: str) -> Access:
    if kind.word in NODE_TYPES:
        return _access_to_tree(kind, verb)
    if kind.word == "Service":
        return actions("iam.catalog.read" if verb in ("list", "read") else "iam.catalog.update")
    if kind.word == SECURITY:
        return actions("iam.setting.read" if verb in ("list", "read") else "iam.setting.update")
    if kind.word == "TemplateAssignment" and verb in _RULES:
        return actions(*(f"enterprise.{node}.{_RULES[verb]}-templates" for node in NODE_TYPES.values()))
    if verb == "list":
        return actions(
            f"iam.{kind.resource_type}.list", f"iam.{kind.resource_type}.read", *_of_eps(kind, verb)
        )
    if verb == "create" and kind.word == "User":
        return actions("iam.user.invite")
    if verb == "create" and kind.word == "Template":
        return actions("iam.template.create", "iam.template.commit")
    if verb == "create" and kind.word == "Application":
        return actions("iam.application.create", "iam.application.trust")
    if verb == "create" and kind.word == "Resource":
        return actions("iam.resource.register", "iam.project.add-resource", ADD_RESOURCES)
    more = _MORE_UPDATES.get(kind.word, ()) if verb == "update" else ()
    if kind.word == "Guardrail":
        more = _rules_actions(verb)
    return actions(f"iam.{kind.resource_type}.{verb}", *more, *_of_eps(kind, verb))


def _of_eps(kind: Kind, verb: str) -> tuple[str, ...]:
    if kind.word != "Project":
        return ()
    default = ("iam.account.update",) if verb in ("create", "update") else ()
    return (*(eps_action(one) for one in _EPS_VERBS[verb]), *default)


def _list(word: str, call: Call) -> Response:
    reader = Reader(call.host, call.session)
    wanted = Filter(
        name=call.parameters.get("name"),
        prefix=call.parameters.get("prefix"),
        q=call.parameters.get("q"),
        subject=call.parameters.get("subject"),
        role=call.parameters.get("role"),
        service=call.parameters.get("service"),
        effect=call.choice("effect", "allow", "deny"),
        state=call.choice("state", "enabled", "disabled"),
        disabled=call.flag("disabled"),
        resource=_resource_filter(call) if word == RESOURCE else None,
    )
    page = reader.list(word, wanted, after=call.position(), limit=call.limit)
    vector = reader.snapshot.vector
    body = page_body(
        [one.document for one in page.items],
        call.cursor(page.items[-1].name) if page.more else None,
        vector,
        etags=[etag_of(one.identity) for one in page.items],
    )
    return json_response(body, vector=vector)


def _resource_filter(call: Call) -> ResourceFilter:
    return ResourceFilter(**{name: call.parameters.get(name) for name in _RESOURCE_FILTERS})


def _get(word: str, call: Call) -> Response:
    reader = Reader(call.host, call.session)
    found = reader.get(word, _name(word, call))
    return json_response(found.document, vector=reader.snapshot.vector, headers=etag_headers(found.identity))


def _create(word: str, call: Call) -> Response:
    value = value_of(word, call, call.json())
    name = name_of(value)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        if find_value(before.account, word, name) is not None:
            # WHY get: who may not see the object is not told that it exists.
            Reader(call.host, call.session, before).get(word, name)
            raise Conflict(
                f"there is a {_words(word)} `{name}` already",
                "choose another name, or replace it",
                code=NAME_TAKEN if word == "Project" else None,
            )
        return [Edit(word, name, value)]

    return change_object(Changing(call, word, name, prepare))


def _put(word: str, call: Call) -> Response:
    name, conditions = _name(word, call), preconditions_of(call)
    value = value_of(word, call, call.json(), name)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        check_preconditions(conditions, Reader(call.host, call.session, before), word, name)
        return [Edit(word, name, value)]

    return change_object(Changing(call, word, name, prepare))


def _patch(word: str, call: Call) -> Response:
    name, conditions = _name(word, call), preconditions_of(call)
    patch = call.json(MERGE_PATCH, JSON)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(call.host, call.session, before)
        found = reader.get_to_change(word, name)
        check_preconditions(conditions, reader, word, name)
        patched = merge_patch(found.document, patch)
        return [Edit(word, name, value_of(word, call, patched, name))]

    return change_object(Changing(call, word, name, prepare))


def _delete(word: str, call: Call) -> Response:
    name, conditions = _name(word, call), preconditions_of(call)

    def prepare(before: Snapshot) -> Sequence[Edit]:
        reader = Reader(call.host, call.session, before)
        if find_value(before.account, word, name) is None:
            reader.get(word, name)
        check_preconditions(conditions, reader, word, name)
        return [Edit(word, name, None)]

    return change_object(Changing(call, word, name, prepare))


def check_preconditions(conditions: Preconditions, reader: Reader, word: str, name: str) -> None:
    """Is the object as the request demands? A condition is a question, so it needs the right to read."""
    if not conditions.any:
        return
    value = find_value(reader.snapshot.account, word, name)
    if not reader.may_read(word, name, value):
        reader.get(word, name)
    conditions.check(None if value is None else reader.snapshot.identities.get((word, name)))


@dataclass(frozen=True, slots=True)
class Changing:
    """One request that changes one object."""

    call: Call
    word: str
    name: str
    prepare: Callable[[Snapshot], Sequence[Edit]]


def change_object(changing: Changing) -> Response:
    """Carry it out once, and answer."""
    call = changing.call
    repeatable = Repeatable(call, dry_run=call.dry_run)

    def carry_out() -> WireAnswer:
        outcome = change_account(
            call.host,
            call.session,
            changing.prepare,
            via=VIA,
            dry_run=call.dry_run,
            idempotency=lambda done: repeatable.keep(lambda head: _answer(changing, done(head))),
        )
        return _answer(changing, outcome)

    return response_of(repeatable.answer(carry_out))


def _answer(changing: Changing, outcome: Outcome) -> WireAnswer:
    if outcome.dry_run:
        return differences_answer(changing.call, outcome)
    key = (changing.word, changing.name)
    identity = outcome.identity_of(key)
    if identity is None:
        return empty_answer(vector=outcome.vector)
    value = find_value(outcome.plan.account, *key)
    document = format_document(changing.word, value, changing.call.account)
    created = any(one.op == "created" for one in outcome.differences)
    headers = etag_headers(identity)
    if created:
        headers.append((b"location", location_of(changing.call.account, *key).encode()))
    return json_answer(201 if created else 200, document, vector=outcome.vector, headers=headers)


def differences_answer(call: Call, outcome: Outcome, **more: object) -> WireAnswer:
    """Which answer says what has changed, or would? Old states only of what the session may see."""
    reader = Reader(call.host, call.session, outcome.plan.before)
    body = {
        "dry_run": outcome.dry_run,
        "differences": [_difference(one) for one in reader.visible(outcome.differences)],
        "unchanged": outcome.unchanged,
        **more,
        "revision": outcome.vector,
    }
    return json_answer(200, body, vector=outcome.vector)


def _difference(one: Difference) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "op": one.op, "before": one.before, "after": one.after}


def location_of(account: str, word: str, name: str) -> str:
    """Under which path is the object?"""
    return f"/v1/accounts/{quote(account, safe='')}/{KINDS[word].path}/{quote(name, safe='')}"


def _name(word: str, call: Call) -> str:
    return call.account if word == ACCOUNT else call.name


def value_of(word: str, call: Call, document: object, name: str | None = None) -> Value:
    """Which value does the document hold? Kind and account may be left out, and the name where the path has it."""
    if not isinstance(document, Mapping):
        raise Invalid.at("", "expected a JSON object, got something else")
    said = {**document, "kind": _same(document, "kind", word)}
    if word != ACCOUNT:
        said["account"] = _same(document, "account", call.account)
    if name is not None:
        said["name"] = _same(document, "name", name)
    return parse_document(said, call.account)[1]


def _same(document: Mapping[str, Any], field: str, expected: str) -> str:
    """SECURITY: what the body names is what the path names, so nothing is authorized on one and done to another."""
    said = document.get(field)
    if said is not None and said != expected:
        raise Invalid.at(field, f"expected `{expected}`, as in the path, got `{str(said)[:80]}`")
    return expected


def _words(word: str) -> str:
    return ACCOUNT.lower() if word == ACCOUNT else KINDS[word].resource_type.replace("-", " ")
