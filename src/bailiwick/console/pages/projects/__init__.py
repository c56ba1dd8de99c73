"""Projects: their life, what is in them, who is attached to them. Serves docs/spec.md section 19."""

from __future__ import annotations

from bailiwick.console.pages.projects.contents import content_entries
from bailiwick.console.pages.projects.life import life_entries
from bailiwick.console.pages.projects.people import people_entries
from bailiwick.console.routes import Entry


def project_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [*life_entries(), *content_entries(), *people_entries()]
