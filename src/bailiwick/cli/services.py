"""Which service a word means: one that is shipped, else one of the account's own; and what is near a wrong word.

It must not decide anything: it reads the catalog, as `bailiwick catalog` shows it.
"""

from __future__ import annotations

import os

from bailiwick.catalog.documents import parse_document
from bailiwick.cli.client import KEY, URL, Client
from bailiwick.errors import BailiwickError, NotFound, did_you_mean
from bailiwick.model.names import ResourceName
from bailiwick.model.services import Service
from bailiwick.service.catalog_files import load_system_catalog


def get_service(name: str) -> Service:
    """Which service has this name? Asks the server only where none is shipped. Raises NotFound."""
    shipped = load_system_catalog()
    found = shipped.find_service(name)
    if found is None and os.environ.get(URL) and os.environ.get(KEY):
        with Client.from_environment() as client:
            found = find_own_service(client, name)
    if found is None:
        raise NotFound(f"there is no service `{name}`", did_you_mean(name, shipped))
    return found


def find_own_service(client: Client, name: str) -> Service | None:
    """Which service of the account has this name? None: none, or it is not to be seen."""
    try:
        document = client.get(client.account_path("services", name))
        value = parse_document(document, client.account)[1]
    except BailiwickError:
        return None
    return value if isinstance(value, Service) else None


def hint(client: Client, reason: str, principal: str, action: str, resource: ResourceName) -> str | None:
    """What helps whoever asked what nobody can answer? None: the question was understood."""
    shipped = load_system_catalog()
    if reason == "unknown_principal":
        return f"the account has no `{principal}`"
    if reason == "unknown_service":
        return did_you_mean(resource.service, shipped)
    service = shipped.find_service(resource.service) or find_own_service(client, resource.service)
    if service is None:
        return None
    match reason:
        case "unknown_action":
            return did_you_mean(action, service.actions)
        case "unknown_resource_type":
            known = set(service.resource_types)
            return did_you_mean(next((t for t, _ in resource.path if t not in known), resource.type), known)
        case "incomplete_resource" | "wrong_resource_type" if action in service.actions:
            wanted = service.actions[action].resource_type
            return f"`{action}` is asked of `{_example(service, wanted)}`"
    return None


def _example(service: Service, wanted: str | None) -> str:
    """How does a path to a resource of this type read?"""
    path = [wanted or "service"]
    while path[0] in service.resource_types and (parents := service.resource_types[path[0]].parents):
        path.insert(0, parents[0])
    return "/".join(f"{kind}/ID" for kind in path)
