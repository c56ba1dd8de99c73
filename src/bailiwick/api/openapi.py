"""The OpenAPI document: what the framework knows of the routes, with the shapes of bodies and who may call what.

Source: OpenAPI Specification 3.1. It must not list a route that does not exist: everything comes from the routes.
Pages for people are not in it; a test asks every route that is, at random, whether it answers as the document says.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute, Route

from bailiwick import __version__
from bailiwick.api.routes import TableRoute, access_of
from bailiwick.api.schemas import component_schemas
from bailiwick.console.page import ROOT
from bailiwick.console.routes import PageRoute

TITLE = "Bailiwick"
DESCRIPTION = "Who may do what, where, and why."
_OTHER_SUMMARIES = {
    "evaluation": "May this subject do this action to this resource? (AuthZEN)",
    "evaluations": "Several such questions at once (AuthZEN)",
    "authzen-configuration": "Where the decision point is (AuthZEN)",
    "token": "A token for a container registry",
}


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """Which document describes every route of the application?"""
    document = get_openapi(title=TITLE, version=__version__, description=DESCRIPTION, routes=app.routes)
    document.setdefault("components", {})["schemas"] = component_schemas()
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    for route in app.routes:
        if isinstance(route, Route) and not isinstance(route, TableRoute | PageRoute) and not _is_page(route):
            _add_other(document["paths"], route)
    return document


def _is_page(route: Route) -> bool:
    """Is it the console's: a way in, or a file of its pages?"""
    return route.path in ("/", ROOT) or route.path.startswith(f"{ROOT}/")


def _add_other(paths: dict[str, Any], route: Route) -> None:
    """Describe a route of a protocol that has a document of its own."""
    access = access_of(route)
    if access is None:
        return
    word = next((part for part in reversed(route.path.split("/")) if part in _OTHER_SUMMARIES), "")
    operation: dict[str, Any] = {
        "summary": _OTHER_SUMMARIES.get(word, route.path),
        "tags": ["protocols"],
        "description": _access_words(route),
        "responses": {"200": {"description": "Done"}, "default": {"description": "An error"}},
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in route.param_convertors
        ],
    }
    if access.public:
        operation["security"] = []
    for method in sorted((route.methods or set()) - {"HEAD"}):
        paths.setdefault(route.path, {})[method.lower()] = operation


def _access_words(route: BaseRoute) -> str:
    access = access_of(route)
    if access is None or access.public:
        return f"Public: {access.public if access else ''}."
    return "Asks for " + ", ".join(f"`{name}`" for name in access.actions) + "."
