"""What a provisioner is refused, where SCIM has a word for it."""

from __future__ import annotations

from bailiwick.errors import Conflict, Invalid


class Immutable(Invalid):
    """The attribute does not change, or not by a provisioner."""


class Taken(Conflict):
    """Another has the name, or is known to the same directory by that id."""


class TooMany(Invalid):
    """So many would have to be looked at that the question is not answered."""
