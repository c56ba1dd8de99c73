"""Pages to which applications and devices lead: signing in to them, letting them in, and leaving."""

from __future__ import annotations

from bailiwick.console.pages.oauth.authorize import authorize_entries
from bailiwick.console.pages.oauth.device import device_entries
from bailiwick.console.pages.oauth.logout import logout_entries
from bailiwick.console.pages.oauth.own_applications import own_application_entries
from bailiwick.console.routes import Entry


def oauth_entries() -> list[Entry]:
    """Which lines have these subjects?"""
    return [*authorize_entries(), *device_entries(), *logout_entries(), *own_application_entries()]
