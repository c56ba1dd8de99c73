"""Roles side by side: a service's matrix, and two roles compared."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.catalog.matrix import ordered_roles
from bailiwick.catalog.right_words import describe_right, marks_of
from bailiwick.catalog.rights import format_right
from bailiwick.catalog.role_tables import compare_roles, find_lines, make_matrix
from bailiwick.console.catalog import get_service, shown_services
from bailiwick.console.page import Page
from bailiwick.console.pages.roles.shown import ROLES, Shown, get_shown
from bailiwick.errors import Denied, Invalid
from bailiwick.model.services import Right, Role, Service
from bailiwick.service.reading import Filter

MOST_CUSTOM = 12
MOST_OFFERED = 500


def show_matrix(page: Page) -> Response:
    """Which role of a service gives which action and operation?"""
    services = shown_services(page)
    name = page.asked("service")
    service = get_service(page, name) if name else services[0]
    roles = [*ordered_roles(service), *_custom(page, service)]
    one = page.asked("role")
    if one and all(role.name != one for role in roles):
        raise Invalid.at("role", f"`{service.name}` has no role `{one[:80]}`", "choose one from the list")
    return page.render(
        "roles/matrix.html",
        service=service,
        services=services,
        matrix=find_lines(make_matrix(service, roles), page.asked("q")),
        one=one or (roles[0].name if roles else ""),
        roles=ROLES,
        marks_of=marks_of,
        besides=[(role, words) for role in roles if (words := _elsewhere(role, service))],
    )


def _custom(page: Page, service: Service) -> list[Role]:
    """The account's own roles of the service that the visitor may see: the first of them."""
    if page.asked("custom") != "yes":
        return []
    found: list[Role] = []
    for name in page.snapshot.sorted_names("Role"):
        role = page.snapshot.account.roles[name]
        if role.service == service.name and page.reader.may_read("Role", name, role):
            found.append(role)
        if len(found) == MOST_CUSTOM:
            break
    return found


def _elsewhere(role: Role, service: Service) -> list[str]:
    return [describe_right(right, service.name) for right in role.rights if right.service != service.name]


def compare(page: Page) -> Response:
    """In what do two roles differ?"""
    names = page.asked("a"), page.asked("b")
    first, second = (get_shown(page, name) if name else None for name in names)
    comparison = None
    if first is not None and second is not None:
        if first.service.name != second.service.name:
            raise Invalid.at(
                "b",
                f"`{first.address}` is of `{first.service.name}`, `{second.address}` of `{second.service.name}`",
                "compare roles of one service",
            )
        comparison = compare_roles(first.role, second.role, first.service)
    return page.render(
        "roles/compare.html",
        first=first,
        second=second,
        comparison=comparison,
        all_choices=_choices(page, None),
        choices=_choices(page, first),
        roles=ROLES,
        marks_of=marks_of,
        besides=_besides,
        show=page.asked("show", "differences"),
    )


def _besides(rights: tuple[Right, ...], service: Service) -> list[tuple[str, dict[str, object]]]:
    return [(describe_right(right, service.name), format_right(right, service.name)) for right in rights]


def _choices(page: Page, first: Shown | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Which roles can be chosen, by service: (address, name)? Beside a first one, those of its service."""
    own: dict[str, list[tuple[str, str]]] = {}
    try:
        listed = page.reader.list("Role", Filter(), after=None, limit=MOST_OFFERED).items
    except Denied:
        listed = ()
    for one in listed:
        own.setdefault(str(one.document["service"]), []).append((one.name, one.name))
    return [
        (
            service.title,
            [*own.get(service.name, ()), *((r.reference, r.name) for r in ordered_roles(service))],
        )
        for service in shown_services(page)
        if first is None or service.name == first.service.name
    ]
