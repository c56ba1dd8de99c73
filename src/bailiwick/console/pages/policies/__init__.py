"""Policies: who may be which role on what, when. The list, one of them, and the builder."""

from __future__ import annotations

from bailiwick.console.pages.policies.building import builder_entries
from bailiwick.console.pages.policies.showing import showing_entries
from bailiwick.console.routes import Entry


def policy_entries() -> list[Entry]:
    """Which lines has this subject? The builder's first, as `new` is no policy's page."""
    return [*builder_entries(), *showing_entries()]
