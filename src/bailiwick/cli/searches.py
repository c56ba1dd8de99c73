"""Questions asked backwards: who-can, what-can. The server searches; nothing here decides.

Exit code 0: somebody or something was found, 1: nobody or nothing, 2: it could not be asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from bailiwick.catalog.documents import parse_document
from bailiwick.cli.client import Client
from bailiwick.cli.output import (
    EXIT_DENIED,
    EXIT_OK,
    Output,
    OutputOption,
    print_json,
    print_lines,
    print_table,
    reporting,
)
from bailiwick.cli.questions import Action, Context, Principal, Resource, Said, asked_of, parse_pairs
from bailiwick.errors import BailiwickError, Invalid, Unavailable, did_you_mean
from bailiwick.model.names import (
    PRINCIPAL_KINDS,
    SERVICE_TYPE,
    parse_principal,
    parse_resource_name,
    split_reference,
)
from bailiwick.model.services import Service
from bailiwick.service.catalog_files import load_system_catalog

PAGE = 1000
MOST_EXPLAINED = 100
_KINDS = ("user", "service-id", "profile")
_WITHIN = "within"

All = Annotated[bool, typer.Option("--all", help="everything that is found, however much")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="show at most so many")]
Count = Annotated[bool, typer.Option("--count", help="print only how many there are")]
Why = Annotated[
    bool, typer.Option("--why", help="say by which policy each is allowed, and through whom it is held")
]


@dataclass(frozen=True)
class Shape:
    """How is what was found asked for, and shown?"""

    all: bool
    limit: int
    count: bool
    why: bool
    output: Output


@dataclass
class Found:
    """What came back so far; `more`: there are others, which were not asked for."""

    results: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    total: int = 0
    revision: Mapping[str, str] = field(default_factory=dict)


@reporting
def who_can(
    action: Action,
    resource: Resource,
    kind: Annotated[
        list[str],
        typer.Option("--kind", help="user, service-id, profile or service; default: the first three"),
    ] = [],  # noqa: B006 - typer reads the default
    context: Context = [],  # noqa: B006 - typer reads the default
    said: Said = [],  # noqa: B006 - typer reads the default
    everything: All = False,
    limit: Limit = 100,
    count: Count = False,
    why: Why = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Who may do ACTION to RESOURCE? Exit code 0 somebody, 1 nobody, 2 error."""
    for one in kind:
        if one not in PRINCIPAL_KINDS:
            expected = ", ".join(f"`{known}`" for known in PRINCIPAL_KINDS)
            raise Invalid.at("--kind", f"expected one of {expected}, got `{one}`")
    body = asked_of(action, resource, context, said)
    bodies = [{**body, "subject": {"type": one}} for one in kind or _KINDS]
    shape = Shape(everything, limit, count, why, output)
    with Client.from_environment() as client:
        found = _search(client, "subject", bodies, shape)
        if not (found.results or found.total):
            _check_action(client, action, parse_resource_name(resource).service)
        reasons = _explained(client, body, found, "subject", shape)
    _show(found, shape, ["principal"], [[_reference(one)] for one in found.results], reasons,
          empty=f"nobody of whom you may ask may do {action} there")  # fmt: skip


@reporting
def what_can(
    principal: Principal,
    asked: Annotated[
        str,
        typer.Argument(metavar="ACTION|RESOURCE", help="on which resources, or which actions"),
    ],
    type: Annotated[
        str | None,
        typer.Option("--type", help="SERVICE/TYPE of the resources; default: what the action is for"),
    ] = None,
    only: Annotated[
        list[str],
        typer.Option(
            "--only",
            metavar="K=V",
            help="resources that are stored so: region, instance, project, owner, groups, budget, tags; within=TYPE/ID",
        ),
    ] = [],  # noqa: B006 - typer reads the default
    context: Context = [],  # noqa: B006 - typer reads the default
    said: Said = [],  # noqa: B006 - typer reads the default
    everything: All = False,
    limit: Limit = 100,
    count: Count = False,
    why: Why = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """What may PRINCIPAL do: ACTION on which resources, or which actions on RESOURCE? Exit code 1: nothing."""
    kind, name = split_reference(parse_principal(principal))
    body: dict[str, Any] = {
        "subject": {"type": kind, "id": name},
        "context": parse_pairs(context, "--context"),
    }
    shape = Shape(everything, limit, count, why, output)
    properties = parse_pairs(said, "--property")
    with Client.from_environment() as client:
        if asked.startswith("brn:"):
            if type is not None or only:
                raise Invalid.at("", "`--type` and `--only` are for resources, and a resource is named")
            _show_actions(client, {**body, "resource": _named(asked, properties)}, principal, shape)
        else:
            body["resource"] = {"type": type or _type_of(client, asked), "properties": properties}
            _show_resources(client, {**body, "action": {"name": asked}}, only, shape)


def _named(text: str, properties: dict[str, Any]) -> dict[str, Any]:
    parsed = parse_resource_name(text)
    return {"type": f"{parsed.service}/{parsed.type}", "id": text, "properties": properties}


def _show_actions(client: Client, body: dict[str, Any], principal: str, shape: Shape) -> None:
    found = _search(client, "action", [body], shape)
    reasons = _explained(client, body, found, "action", shape)
    rows = [[one["name"]] for one in found.results]
    _show(found, shape, ["action"], rows, reasons, empty=f"{principal} may do nothing there")


def _show_resources(client: Client, body: dict[str, Any], only: list[str], shape: Shape) -> None:
    narrowed = parse_pairs(only, "--only")
    page = {"within": narrowed.pop(_WITHIN)} if _WITHIN in narrowed else {}
    resource = body["resource"]
    both = sorted(set(narrowed) & set(resource["properties"]))
    if both:
        raise Invalid.at("--only", f"`{both[0]}` is given with `--property` too", "give it once")
    body = {**body, "resource": {**resource, "properties": {**resource["properties"], **narrowed}}}
    found = _search(client, "resource", [body], shape, page)
    asked = {**body, "resource": resource}
    reasons = _explained(client, asked, found, "resource", shape)
    rows = [[one["id"]] for one in found.results]
    kind, action = resource["type"], body["action"]["name"]
    _show(found, shape, ["resource"], rows, reasons, empty=f"{action}: on no {kind} that is registered")


def _type_of(client: Client, action: str) -> str:
    """For which one type of one service is this action? Raises Invalid where that is to be said."""
    found = [
        (one.name, one.actions[action].resource_type) for one in _services(client) if action in one.actions
    ]
    if len(found) == 1 and found[0][1] is not None:
        return "/".join(map(str, found[0]))
    if len(found) == 1 and found[0][0] != "iam":
        return f"{found[0][0]}/{SERVICE_TYPE}"
    if not found:
        raise Invalid.at(
            "", f"`{action}` is no action of a service that you may see", _nearest(client, action)
        )
    why = "is an action of several services" if len(found) > 1 else "names no resource type"
    raise Invalid.at("", f"`{action}` {why}", "say --type SERVICE/TYPE")


def _nearest(client: Client, action: str) -> str:
    """What may be meant by this action, which no service that may be seen has?"""
    near = get_close_matches(action, [known for one in _services(client) for known in one.actions], n=1)
    return f"did you mean `{near[0]}`? else say --type SERVICE/TYPE" if near else "say --type SERVICE/TYPE"


def _check_action(client: Client, action: str, service: str) -> None:
    """Is this an action of the service, as far as that may be seen? Raises Invalid.

    WHY: a search for what does not exist finds nobody, which is not what a misspelt word should be told.
    """
    seen = {one.name: one.actions for one in _services(client)}
    if service in seen and action not in (known := {*seen[service], *seen["iam"]}):
        raise Invalid.at(
            "action", f"service `{service}` has no action `{action}`", did_you_mean(action, known)
        )


def _services(client: Client) -> Iterator[Service]:
    """Which services are there: those that are shipped, and those of the account that may be seen?"""
    yield from load_system_catalog().values()
    try:
        documents = list(client.pages(client.account_path("services"), "items"))
    except BailiwickError:
        return
    for document in documents:
        value = parse_document(document, client.account)[1]
        if isinstance(value, Service):
            yield value


def _search(
    client: Client,
    kind: str,
    bodies: Sequence[Mapping[str, Any]],
    shape: Shape,
    narrowed: Mapping[str, Any] | None = None,
) -> Found:
    """What is found, page after page, until enough or all of it is there?"""
    found = Found()
    for body in bodies:
        properties = {**(narrowed or {}), "total": True} if shape.count else dict(narrowed or {})
        token = ""
        while True:
            wanted = PAGE if shape.all else shape.limit - len(found.results)
            page: dict[str, Any] = {
                "limit": 0 if shape.count else min(wanted, PAGE),
                "properties": properties,
            }
            if token:
                page["token"] = token
            answer = client.post(f"/access/v1/search/{kind}", {**body, "page": page})
            found.results += answer["results"]
            found.revision = answer["context"]["revision"]
            token = answer["page"]["next_token"]
            if shape.count:
                found.total += _total(answer["page"])
                break
            if token and not shape.all and len(found.results) >= shape.limit:
                found.more = True
                return found
            if not token:
                break
    return found


def _total(page: Mapping[str, Any]) -> int:
    if "total" not in page:
        raise Unavailable(
            "so many would have to be looked at that the server does not count them", "use --all"
        )
    return int(page["total"])


def _explained(
    client: Client, body: Mapping[str, Any], found: Found, place: str, shape: Shape
) -> list[list[str]]:
    """By which policies is each result allowed, and through which subjects are they held? Empty: nobody asked."""
    if not shape.why or shape.count:
        return []
    rows: list[list[str]] = []
    for start in range(0, len(found.results), MOST_EXPLAINED):
        questions = [
            {**body, place: {**one, **_described(body.get(place))}}
            for one in found.results[start : start + MOST_EXPLAINED]
        ]
        answer = client.post("/access/v1/evaluations?explain=true", {"evaluations": questions})
        rows += [_reason(one["context"]) for one in answer["evaluations"]]
    return rows


def _described(entity: Mapping[str, Any] | None) -> dict[str, Any]:
    properties = (entity or {}).get("properties")
    return {"properties": properties} if properties else {}


def _reason(context: Mapping[str, Any]) -> list[str]:
    if "error" in context:
        return ["", f"not shown: {context['error']['message']}"]
    explanation = context["explanation"]
    deciding = [
        one
        for one in explanation["considered"]
        if one["applies"] and one["policy"] in explanation["deciding"]
    ]
    if not deciding:
        return ["", str(explanation["text"])]
    return [", ".join(dict.fromkeys(str(one[name]) for one in deciding)) for name in ("policy", "subject")]


def _reference(one: Mapping[str, Any]) -> str:
    return str(one["id"]) if one["type"] == one["id"] else f"{one['type']}:{one['id']}"


def _show(
    found: Found,
    shape: Shape,
    columns: list[str],
    rows: list[list[str]],
    reasons: list[list[str]],
    *,
    empty: str,
) -> None:
    """Show what was found, and end with the exit code that says whether it was anything."""
    anything = found.total > 0 if shape.count else bool(found.results)
    if shape.output is Output.JSON:
        shown = [{**one, "why": dict(zip(("policy", "subject"), why, strict=True))} for one, why in
                 zip(found.results, reasons, strict=True)] if reasons else found.results  # fmt: skip
        body = {"total": found.total} if shape.count else {"results": shown, "more": found.more}
        print_json({**body, "revision": dict(found.revision)})
    elif shape.count:
        print_lines([str(found.total)])
    else:
        if reasons:
            columns = [*columns, "policy", "held through"]
            rows = [[*row, *why] for row, why in zip(rows, reasons, strict=True)]
        print_table(columns, rows, empty=empty, whole=("resource",))
        if found.more:
            typer.echo(
                f"  help: these are the first {len(rows)}; --all shows the others, --count counts them",
                err=True,
            )
    raise typer.Exit(EXIT_OK if anything else EXIT_DENIED)
