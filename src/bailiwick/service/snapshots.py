"""One account at one revision, ready to answer: what every question is asked of.

A snapshot is a value: a change makes another. Nothing in it does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.engine import CompiledAccount
from bailiwick.engine.own import own_names
from bailiwick.model.accounts import Account
from bailiwick.service.kinds import list_values


@dataclass(frozen=True, slots=True)
class Identity:
    """Under which uid and name is something stored, and since which revision in this form?"""

    uid: str
    kind: str
    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What did the account hold at this revision?

    `identities` are keyed by (kind, name), `keys` (API keys) by uid. `vector` says which revisions of the account
    and of the system the answers rest on: `{"account": "812-9f3c01d2aa47", "system": "3-…"}`.
    """

    compiled: CompiledAccount
    identities: Mapping[tuple[str, str], Identity]
    keys: Mapping[str, ApiKeyRecord]
    descriptions: Mapping[str, str]
    vector: Mapping[str, str]
    revision: int
    _derived: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def names_by_uid(self) -> Mapping[str, tuple[str, str]]:
        """Which (kind, name) has each uid? Made at the first question."""
        found: Mapping[str, tuple[str, str]] | None = self._derived.get("names")
        if found is None:
            found = self._derived["names"] = {identity.uid: key for key, identity in self.identities.items()}
        return found

    def keys_by_prefix(self) -> Mapping[str, list[ApiKeyRecord]]:
        """Which API keys begin with each visible prefix? Made at the first question."""
        found: dict[str, list[ApiKeyRecord]] | None = self._derived.get("prefixes")
        if found is None:
            found = {}
            for record in self.keys.values():
                found.setdefault(record.prefix, []).append(record)
            self._derived["prefixes"] = found
        return found

    def sorted_names(self, kind: str) -> Sequence[str]:
        """Which names has this kind, by code point? Made at the first question."""
        found: list[str] | None = self._derived.get(f"names of {kind}")
        if found is None:
            found = self._derived[f"names of {kind}"] = sorted(list_values(self.account, kind))
        return found

    def own_names(self, service: str, kind: str) -> Sequence[str]:
        """Which stored objects are resources of this type, by canonical name? Made at the first question."""
        place = f"own names of {service}/{kind}"
        found: list[str] | None = self._derived.get(place)
        if found is None:
            found = self._derived[place] = own_names(self.account, service, kind)
        return found

    def attached_names(self) -> Mapping[str, Sequence[str]]:
        """Which resources, by name, are attached to each one? Made at the first question."""
        found: dict[str, list[str]] | None = self._derived.get("attached")
        if found is None:
            found = {}
            for name in self.sorted_names("Resource"):
                holder = self.account.resources[name].attached_to
                if holder is not None:
                    found.setdefault(holder, []).append(name)
            self._derived["attached"] = found
        return found

    @property
    def account(self) -> Account:
        """Which account is it, as a value?"""
        return self.compiled.account
