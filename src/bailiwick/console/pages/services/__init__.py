"""Services: what there is in a region, which operations one may do there, and trying one."""

from __future__ import annotations

from bailiwick.console.pages.services.listing import list_services
from bailiwick.console.pages.services.operations import show_service
from bailiwick.console.pages.services.trying import show_operation, try_operation
from bailiwick.console.routes import Entry, get, post

FOR_ALL = "the services are the same in every account; what may be done there is asked of the engine"
TRYING = "asks the engine what it would say, and changes nothing"


def service_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/services", list_services, public=FOR_ALL),
        get("/services/{name}", show_service, public=FOR_ALL),
        get("/services/{name}/operation", show_operation, public=FOR_ALL),
        post("/services/{name}/try", try_operation, public=TRYING),
    ]
