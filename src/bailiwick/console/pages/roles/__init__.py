"""Roles: which rights go together; the editor of access rights, the matrix of each service, two compared."""

from __future__ import annotations

from bailiwick.console.catalog import READ as READ_CATALOG
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.pages.roles.editing import create, edit, save, start
from bailiwick.console.pages.roles.listing import list_roles
from bailiwick.console.pages.roles.showing import find, show, show_policies
from bailiwick.console.pages.roles.shown import CREATE, LIST, READ, ROLES, UPDATE
from bailiwick.console.pages.roles.tables import compare, show_matrix
from bailiwick.console.routes import Entry, get, post

SEEING = (READ, READ_CATALOG)


def role_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/roles", list_roles, LIST, READ),
        get("/roles/create", start, CREATE, *SEEING),
        post("/roles/create", create, CREATE, *SEEING),
        get("/roles/matrix", show_matrix, READ_CATALOG),
        get("/roles/compare", compare, *SEEING),
        get(ROLES.path_of(), show, *SEEING),
        get(ROLES.path_of("edit"), edit, *SEEING, UPDATE),
        post(ROLES.path_of("edit"), save, *SEEING, UPDATE),
        get(ROLES.path_of("policies"), show_policies, *SEEING),
        *object_entries(ROLES),
        # WHY last: the words above are names of roles, too.
        get("/roles/{name}", find, *SEEING),
        get("/roles/{service}/{name}", find, *SEEING),
    ]
