"""Users, groups, service IDs and profiles: whom policies name. One folder, as their pages are of one kind."""

from __future__ import annotations

from bailiwick.console.pages.objects import object_entries
from bailiwick.console.pages.subjects.access import access_entries
from bailiwick.console.pages.subjects.common import SUBJECTS
from bailiwick.console.pages.subjects.editing import editing_entries
from bailiwick.console.pages.subjects.inviting import inviting_entries
from bailiwick.console.pages.subjects.keys import key_entries
from bailiwick.console.pages.subjects.lists import list_entries
from bailiwick.console.pages.subjects.members import member_entries
from bailiwick.console.pages.subjects.overview import overview_entries
from bailiwick.console.pages.subjects.sessions import session_entries
from bailiwick.console.pages.subjects.signing_in import signing_in_entries
from bailiwick.console.pages.subjects.states import state_entries
from bailiwick.console.routes import Entry


def subject_entries() -> list[Entry]:
    """Which lines have these subjects?"""
    alike = [entry for objects in SUBJECTS for entry in object_entries(objects)]
    return [
        *list_entries(),
        *editing_entries(),
        *inviting_entries(),
        *overview_entries(),
        *member_entries(),
        *access_entries(),
        *key_entries(),
        *signing_in_entries(),
        *session_entries(),
        *state_entries(),
        *alike,
    ]
