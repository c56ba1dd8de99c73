"""What the installation has that an import may name: services, roles, actions, and who sees which attribute.

Serves docs/spec.md 23.2 and 23.6. Pure; the account is given as far as the caller knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.check_scopes import action_meets, shape_of
from bailiwick.catalog.check_world import World
from bailiwick.catalog.rights import attributes_of
from bailiwick.model.accounts import Account
from bailiwick.model.conditions import Condition, keys_of
from bailiwick.model.policies import Scope
from bailiwick.model.services import IAM, Action, Role, Service


class Known:
    """What is there to name? `account` holds the account's own services and roles, as far as they are known."""

    def __init__(self, catalog: Catalog, account: Account) -> None:
        self.catalog = catalog
        self.account = account
        self.services: Mapping[str, Service] = catalog.services_for(account)
        self.world = World(catalog, account)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """Which service has ids of the form `prefix:type:operation`, by prefix?"""
        out: dict[str, str] = {}
        for name, service in self.services.items():
            heads = {id.partition(":")[0] for id in service.actions if id.count(":") == 2}
            out.update((head, name) for head in sorted(heads) if name != IAM)
        return out

    @cached_property
    def external(self) -> frozenset[str]:
        """Which prefixes of actions does the catalog mention only as what others depend on?"""
        mentioned = (
            pattern
            for service in self.services.values()
            for action in service.actions.values()
            for pattern in action.depends_on
        )
        return frozenset(pattern.partition(":")[0] for pattern in mentioned) - set(self.prefixes)

    def find_role(self, name: str, service: str) -> Role | None:
        """Which role does this name mean for resources of this service?"""
        return self.catalog.find_role(name, service, self.account)

    def has_types_below(self, service: Service, type: str) -> bool:
        """Can a resource of another type, or of the same, lie below one of this type?"""
        return bool(self.world.below(service).get(type))

    def nests(self, service: Service, type: str) -> bool:
        """Can a resource of this type lie below another of it?"""
        return type in self.world.below(service).get(type, frozenset())

    def find_blind(
        self, service: Service, actions: Iterable[Action], scope: Scope, when: Condition | None
    ) -> tuple[Action, str] | None:
        """Which action is not decided on something that the scope constrains or the condition reads?

        It would never match, where theirs does: an allow would allow less, a deny would deny less.
        """
        shape = shape_of(scope)
        read = sorted(key for key in keys_of(when) if key.startswith("resource."))
        for action in actions:
            for attribute in sorted(shape.constrained):
                only = shape.without(attribute)
                if not action_meets(action, service, service, shape, self.world) and action_meets(
                    action, service, service, only, self.world
                ):
                    return action, attribute
            if not action_meets(action, service, service, shape, self.world):
                return action, "the scope"
            for key in read:
                if not _sees(action, service, key):
                    return action, key
        return None


def _sees(action: Action, service: Service, key: str) -> bool:
    """Does a decision on this action see the attribute that the key reads? (rules 2.3, 2.6, 3.2)"""
    word = key.split(".")[1]
    if word in ("account", "service") or (word == "tags" and action.resource_type is None):
        # What is asked of the service itself has no tags, here and there.
        return True
    seen = action.decided_on
    if seen is None and action.resource_type is None:
        seen = frozenset({"region"})
    if word in ("type", "id"):
        return seen is None or bool(seen & {"type", "id", "within"})
    if word == "region":
        return service.regional and (seen is None or word in seen)
    if word == "instance":
        return service.instances and (seen is None or word in seen)
    if word == "properties":
        return seen is None or word in seen
    return word in attributes_of(action, service)
