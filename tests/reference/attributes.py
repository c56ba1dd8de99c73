"""What a condition's key is for one request (docs/spec.md 2.7 to 2.9 and 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.reference.resources import Attributes
from tests.reference.world import World, groups_of, stored_principal

from bailiwick.model.requests import ABSENT, UNKNOWN


@dataclass(frozen=True)
class Known:
    """Who asks, of what, and what was said? `subject` is the policy's subject, None in a guardrail."""

    world: World
    principal: str
    now: float
    resource: Attributes | None
    context: Mapping[str, object] = field(default_factory=dict)
    action_properties: Mapping[str, object] = field(default_factory=dict)
    principal_properties: Mapping[str, object] = field(default_factory=dict)
    subject: str | None = None

    def through(self, subject: str) -> Known:
        """What is known where the policy applies through this subject?"""
        return replace(self, subject=subject)

    def __call__(self, key: str) -> object:
        """Which value has this key? ABSENT or UNKNOWN where there is none."""
        head, _, rest = key.partition(".")
        if key == "grant.subject":
            return ABSENT if self.subject is None else self.subject
        if head == "context":
            return walk(self.context, rest)
        if key.startswith("action.properties."):
            return walk(self.action_properties, key.removeprefix("action.properties."))
        if head == "principal":
            return self._of_principal(rest)
        return UNKNOWN if self.resource is None else self._of_resource(self.resource, rest)

    def _of_principal(self, name: str) -> object:
        stored = stored_principal(self.world, self.principal)
        if name == "id":
            return self.principal
        if name == "kind":
            return self.principal.partition(":")[0]
        if name == "groups":
            return () if stored is None else tuple(sorted(groups_of(self.world, self.principal, self.now)))
        if name == "budgets":
            return () if stored is None else stored.budgets
        kept = {} if stored is None else stored.properties
        return first_of(kept, self.principal_properties, name.removeprefix("properties."))

    def _of_resource(self, resource: Attributes, name: str) -> object:
        if name.startswith("tags."):
            tags = resource.tags
            assert isinstance(tags, Mapping)
            return tags.get(name.removeprefix("tags."), resource.missing_tag)
        if name.startswith("properties."):
            if not resource.has_properties:
                return ABSENT
            return first_of(
                resource.stored_properties, resource.said_properties, name.removeprefix("properties.")
            )
        if name in ("type", "id"):
            return resource.nodes[-1][("type", "id").index(name)] if resource.nodes else ABSENT
        found: object = getattr(resource, name)
        return found


def first_of(stored: Mapping[str, object], said: Mapping[str, object], path: str) -> object:
    """What is stored at the path, else what was said (2.8)? A stored first step hides the other."""
    return walk(stored if path.split(".", maxsplit=1)[0] in stored else said, path)


def walk(values: Mapping[str, object], path: str) -> object:
    """What is at `a.b`? Unknown where a step is missing or is no mapping (2.8)."""
    found: object = values
    for step in path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return UNKNOWN
        found = found[step]
    return found
