"""Pages about oneself and about signing in: what a person does before, and with, their own identity."""

from __future__ import annotations

from bailiwick.console.pages.people.factor import factor_entries
from bailiwick.console.pages.people.invitation import invitation_entries
from bailiwick.console.pages.people.own_access import own_access_entries
from bailiwick.console.pages.people.own_email import own_email_entries
from bailiwick.console.pages.people.own_keys import own_key_entries
from bailiwick.console.pages.people.own_sessions import own_session_entries
from bailiwick.console.pages.people.passkeys import passkey_entries
from bailiwick.console.pages.people.password import password_entries
from bailiwick.console.pages.people.profile import profile_entries
from bailiwick.console.pages.people.signing_in import sign_in_entries
from bailiwick.console.pages.people.stepping_up import stepping_up_entries
from bailiwick.console.routes import Entry


def people_entries() -> list[Entry]:
    """Which lines have these subjects?"""
    return [
        *sign_in_entries(),
        *invitation_entries(),
        *profile_entries(),
        *password_entries(),
        *factor_entries(),
        *passkey_entries(),
        *stepping_up_entries(),
        *own_email_entries(),
        *own_key_entries(),
        *own_session_entries(),
        *own_access_entries(),
    ]
