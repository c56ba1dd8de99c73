"""How a decision is shown: the resource in short, the way to it with links, whom to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bailiwick.console.page import Page
from bailiwick.errors import Invalid
from bailiwick.model.names import SERVICE_TYPE, parse_resource_name
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service.decision_paths import (
    ACCOUNT,
    GROUP,
    GUARDRAIL,
    POLICY,
    PRINCIPAL,
    RESOURCE,
    ROLE,
    Node,
    Path,
)
from bailiwick.service.kinds import KIND_OF_PREFIX, KINDS, find_value

_ICONS = {
    PRINCIPAL: "user",
    GROUP: "users-group",
    POLICY: "shield-check",
    ROLE: "shield",
    RESOURCE: "cube",
    GUARDRAIL: "ban",
    ACCOUNT: "building",
}
_KINDS = {GROUP: "Group", POLICY: "Policy", ROLE: "Role", GUARDRAIL: "Guardrail"}
_PAGES = {GROUP: "/groups", POLICY: "/policies", ROLE: "/roles", GUARDRAIL: "/guardrails"}
LONG = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One thing on the way, and how the way came there. `beyond`: after the edge that does not hold."""

    kind: str
    name: str
    about: str
    icon: str
    link: str
    edge: str
    holds: bool
    beyond: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A path, as it is drawn. `is_long`: too many steps for one line."""

    steps: tuple[Step, ...]
    reaches: bool
    effect: str

    @property
    def is_long(self) -> bool:
        """Has it too many steps for one line?"""
        return len(self.steps) > LONG


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource in few words: `image web-1`, `Image Management Service · eu-de`."""

    title: str
    kind: str
    about: str

    @property
    def text(self) -> str:
        """The whole in one line."""
        return f"{self.kind} {self.title}"


def show_resource(page: Page, query: ResourceQuery) -> Shown:
    """How is this resource called in few words?"""
    service = page.snapshot.compiled.services.get(query.service)
    title = query.service if service is None else service.title
    places = " · ".join(part for part in (title, query.region, query.instance) if part)
    if not query.path or query.path[-1][0] == SERVICE_TYPE:
        return Shown(query.service, "service", places)
    kind, ident = query.path[-1]
    above = "/".join(one or "any" for _, one in query.path[:-1])
    return Shown(f"{above}/{ident or 'any'}" if above else ident or "any", kind.replace("-", " "), places)


def ways_of(page: Page, paths: tuple[Path, ...], shown: Shown) -> list[Way]:
    """How are these paths drawn?"""
    return [Way(tuple(_steps(page, path, shown)), path.reaches, path.effect) for path in paths]


def _steps(page: Page, path: Path, shown: Shown) -> Iterator[Step]:
    beyond = False
    for index, node in enumerate(path.nodes):
        edge = path.edges[index - 1] if index else None
        holds = edge is None or edge.holds
        beyond = beyond or not holds
        is_resource = node.kind == RESOURCE
        yield Step(
            kind=_kind(node, shown),
            name=shown.title if is_resource else node.name.partition(":")[2] or node.name,
            about=shown.about if is_resource else "",
            icon=_ICONS[node.kind],
            link=link_of(page, node),
            edge="" if edge is None else edge.text,
            holds=holds,
            beyond=beyond,
        )


def _kind(node: Node, shown: Shown) -> str:
    if node.kind == PRINCIPAL:
        prefix = node.name.partition(":")[0]
        return {"user": "User", "service-id": "Service ID", "profile": "Profile", "service": "Service"}.get(
            prefix, "Nobody in particular"
        )
    if node.kind == RESOURCE:
        return shown.kind.capitalize()
    return _KINDS.get(node.kind, node.kind.capitalize())


def link_of(page: Page, node: Node) -> str:
    """Under which address is this object shown? "" where it has no page, or the visitor may not read it."""
    word, name, path = "", node.name, _PAGES.get(node.kind, "")
    if node.kind == PRINCIPAL:
        prefix, _, name = node.name.partition(":")
        word = KIND_OF_PREFIX.get(f"{prefix}:", "")
        path = f"/{KINDS[word].path}" if word else ""
    elif path:
        word = {GROUP: "Group", POLICY: "Policy", ROLE: "Role", GUARDRAIL: "Guardrail"}[node.kind]
        name = node.name.rpartition("/")[2] if node.kind == ROLE else node.name
    if not word or not path:
        return ""
    value = find_value(page.snapshot.account, word, name)
    return page.url(path, name) if value is not None and page.reader.may_read(word, name, value) else ""


def action_title(page: Page, action: str, service: str) -> str:
    """What does the catalog call this action? "" where it knows no such."""
    need = page.snapshot.compiled.needs_over(service).get(action)
    return "" if need is None else need.action.title


def is_unclear(reason: Reason) -> bool:
    """Is it a question that nobody could be allowed, because it is not understood?"""
    return reason in (
        Reason.UNKNOWN_SERVICE,
        Reason.UNKNOWN_RESOURCE_TYPE,
        Reason.INCOMPLETE_RESOURCE,
        Reason.UNKNOWN_ACTION,
        Reason.WRONG_RESOURCE_TYPE,
        Reason.AMBIGUOUS_RESOURCE,
    )


def parsed(text: str) -> ResourceQuery | None:
    """Which resource has this name? None where it is none."""
    try:
        return ResourceQuery.of(parse_resource_name(text))
    except Invalid:
        return None
