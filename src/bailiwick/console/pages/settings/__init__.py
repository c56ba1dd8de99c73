"""Settings of the account: how people sign in, keys, lock-outs, open invitations."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.page import Page
from bailiwick.console.pages.settings.invitations import invitation_list_entries
from bailiwick.console.pages.settings.keys import key_list_entries
from bailiwick.console.pages.settings.lockouts import lockout_entries
from bailiwick.console.pages.settings.security import security_entries
from bailiwick.console.routes import Entry, get

PAGES = (
    ("Security", "/settings/security", "shield-lock", ("iam.setting.read",),
     "What passwords must be, when sign-in locks out, how long a visit lasts."),
    ("API keys", "/settings/keys", "key", ("iam.api-key.list", "iam.api-key.read"),
     "Every key of the account: whose it is, when it was used last, when it ends."),
    ("Invitations", "/settings/invitations", "mail", ("iam.invitation.list",),
     "Links that are open: who was invited, by whom, until when."),
    ("Lock-outs", "/settings/lockouts", "lock", ("iam.lockout.list",),
     "Who failed too often to sign in, and may not try again yet."),
)  # fmt: skip
FOR_ALL = "leads to the settings that the visitor could see; each asks for itself"


def settings_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [
        get("/settings", show_settings, public=FOR_ALL),
        *security_entries(),
        *key_list_entries(),
        *lockout_entries(),
        *invitation_list_entries(),
    ]


def show_settings(page: Page) -> Response:
    """Which settings are there?"""
    shown = [one for one in PAGES if page.judge.could_hold_any(one[3])]
    return page.render("settings/index.html", pages=shown)
