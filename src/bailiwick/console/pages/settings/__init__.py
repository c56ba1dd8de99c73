"""Settings: what is set for the account as a whole, and the catalog of services."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from bailiwick.console.catalog import READ
from bailiwick.console.objects import CHANGES, DOCUMENT
from bailiwick.console.page import Page
from bailiwick.console.pages.federation.providers import LIST as LIST_PROVIDERS
from bailiwick.console.pages.federation.providers import READ as READ_PROVIDER
from bailiwick.console.pages.object_changes import show_changes
from bailiwick.console.pages.objects import object_entries
from bailiwick.console.pages.settings.account import (
    READ_ACCOUNT,
    UPDATE_ACCOUNT,
    ask_suspend,
    edit_account,
    save_account,
    show_account,
    suspend,
)
from bailiwick.console.pages.settings.catalog import FOR_ALL, SERVICES, UPDATE, list_services, show_service
from bailiwick.console.pages.settings.inactive import inactive_entries
from bailiwick.console.pages.settings.invitations import invitation_list_entries
from bailiwick.console.pages.settings.keys import LIST as LIST_KEYS
from bailiwick.console.pages.settings.keys import READ as READ_KEYS
from bailiwick.console.pages.settings.keys import key_list_entries
from bailiwick.console.pages.settings.lockouts import lockout_entries
from bailiwick.console.pages.settings.own_services import (
    create_service,
    edit_service,
    save_service,
    start_service,
)
from bailiwick.console.pages.settings.provisioning import LIST_SERVICE_IDS, provisioning_entries
from bailiwick.console.pages.settings.security import READ as READ_SETTINGS
from bailiwick.console.pages.settings.security import security_entries
from bailiwick.console.pages.settings.security_parts import security_part_entries
from bailiwick.console.routes import Entry, get, post
from bailiwick.service.inactive import LISTED_BY
from bailiwick.service.people.rights import LIST_INVITATIONS, LIST_LOCKOUTS

SEEN_BY = {
    "security": (READ_SETTINGS,),
    "federation": (LIST_PROVIDERS, READ_PROVIDER),
    "keys": (LIST_KEYS, READ_KEYS),
    "inactive": LISTED_BY,
    "invitations": (LIST_INVITATIONS,),
    "lockouts": (LIST_LOCKOUTS,),
    "provisioning": (LIST_SERVICE_IDS,),
}
LANDING = "shows where settings are; each page asks for itself"


def settings_entries() -> list[Entry]:
    """Which lines has this subject?"""
    one, text = SERVICES.path_of(), SERVICES.path_of(DOCUMENT)
    taken = {SERVICES.path_of(step) for step in (DOCUMENT, CHANGES)}
    return [
        get("/settings", show_settings, public=LANDING),
        get("/settings/account", show_account, READ_ACCOUNT),
        get("/settings/account/edit", edit_account, READ_ACCOUNT, UPDATE_ACCOUNT),
        post("/settings/account/edit", save_account, READ_ACCOUNT, UPDATE_ACCOUNT),
        get("/settings/account/suspend", ask_suspend, READ_ACCOUNT, UPDATE_ACCOUNT),
        post("/settings/account/suspend", suspend, READ_ACCOUNT, UPDATE_ACCOUNT),
        get("/settings/catalog", list_services, public=FOR_ALL),
        get("/settings/new-service", start_service, UPDATE),
        post("/settings/new-service", create_service, UPDATE),
        get(one, show_service, READ),
        get(text, edit_service, READ),
        post(text, save_service, READ, UPDATE),
        get(SERVICES.path_of(CHANGES), partial(show_changes, SERVICES), READ, "iam.log.read"),
        *security_entries(),
        *security_part_entries(),
        *key_list_entries(),
        *inactive_entries(),
        *lockout_entries(),
        *invitation_list_entries(),
        *provisioning_entries(),
        *(line for line in object_entries(SERVICES) if line.path not in taken),
    ]


def show_settings(page: Page) -> Response:
    """What can be set, and where?"""
    return page.render(
        "settings/settings.html",
        may_see_account=page.judge.could_hold_any((READ_ACCOUNT,)),
        seen={name for name, needed in SEEN_BY.items() if page.judge.could_hold_any(needed)},
    )
