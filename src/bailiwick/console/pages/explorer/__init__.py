"""The access explorer: ask any question, who can, what can, and grant exactly what is missing."""

from __future__ import annotations

from bailiwick.console.pages.explorer.asking import ask, name_resource
from bailiwick.console.pages.explorer.granting import confirm, grant
from bailiwick.console.pages.explorer.searches import (
    what_can,
    what_can_table,
    who_can,
    who_can_table,
)
from bailiwick.console.routes import Entry, get, post

ONESELF = "everybody may ask about themselves; of others, the engine is asked whether one may"
GRANTING = (
    "iam.decision.evaluate",
    "iam.decision.explain",
    "iam.policy.create",
    "iam.role.create",
    "iam.role.assign",
    "iam.group.add-member",
)


def explorer_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/explorer", ask, public=ONESELF),
        get("/explorer/resource", name_resource, public=ONESELF),
        get("/explorer/who-can", who_can, public=ONESELF),
        get("/explorer/who-can.csv", who_can_table, public=ONESELF),
        get("/explorer/what-can", what_can, public=ONESELF),
        get("/explorer/what-can.csv", what_can_table, public=ONESELF),
        get("/explorer/grant", confirm, public=ONESELF),
        post("/explorer/grant", grant, *GRANTING),
    ]
