"""An account whose every name and text is an attack: markup, scripts, templates, addresses that run.

Each kind of object is there once under such a name, and once under the name by which the pages' list knows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from tests.browser.pages import NAMES
from tests.e2e.server import RunningServer

ACCOUNT = "hostile"
NAME = '"><svg onload=ran=1>'
TEXT = (
    "<script>ran=2</script>\"'><img src=/gone onerror=ran=3> {{ 7 * 7 }}!{% raw %} javascript:ran=4"
    " </textarea></title><!--"
)
FORBIDDEN = "49!"
"""What would be read if a text were taken for a template."""
_RIGHTS = [{"actions": ["volume.Access"]}]
_SCOPE = {"service": "ims", "region": "eu-de"}


def documents() -> Iterator[dict[str, object]]:
    """What does the account hold? What others name stands first."""
    yield {"kind": "Account", "name": ACCOUNT, "owner": "user:owner", "description": TEXT}
    yield {
        "kind": "Service",
        "name": "records",
        "title": TEXT,
        "description": TEXT,
        "resource_types": {"record": {"title": TEXT}},
        "actions": [{"id": "read", "title": TEXT, "resource_type": "record", "access": "read"}],
        "operations": [
            {"id": "show", "title": TEXT, "kind": "command", "actions": [{"action": "read", "on": "target"}]}
        ],
        "roles": [
            {
                "name": "Reader",
                "title": TEXT,
                "kind": "service",
                "description": TEXT,
                "rights": [{"actions": ["read"]}],
            }
        ],
    }
    yield {"kind": "Project", "name": NAMES["projects"], "description": TEXT}
    for name in (NAME, None):
        yield from _objects(name)


def _objects(name: str | None) -> Iterator[dict[str, object]]:
    """Objects of this name, or of those that the pages' list knows. WHY no project: its name is letters and digits."""

    def named(part: str) -> dict[str, object]:
        return {"name": name or NAMES[part], "description": TEXT}

    user = f"user:{name or NAMES['users']}"
    group = f"group:{name or NAMES['groups']}"
    properties = {"department": TEXT, NAME: TEXT}
    when = {"key": "principal.properties.department", "operator": "string-equals", "value": TEXT}
    image = f"brn:{ACCOUNT}:ims:eu-de::image/{quote(name, safe='=@+,') if name else 'base'}"
    policy = {"subjects": [group], "roles": ["IMS ReadOnlyAccess"], "scope": _SCOPE, "when": when}
    guardrail = {"actions": ["ims:images:delete"], "scope": _SCOPE, "when": when}
    yield {
        "kind": "User",
        **named("users"),
        "properties": properties,
        "email": "<b>@x.example",
        "budgets": [NAME],
    }
    yield {"kind": "ServiceId", **named("service-ids")}
    yield {"kind": "Profile", **named("profiles"), "trust": [user]}
    yield {"kind": "Group", **named("groups"), "members": [user]}
    yield {"kind": "Role", **named("roles"), "service": "cloud", "rights": _RIGHTS}
    yield {"kind": "Policy", **named("policies"), **policy}
    yield {"kind": "Guardrail", **named("guardrails"), **guardrail}
    yield {"kind": "Resource", "name": image, "project": NAMES["projects"], "tags": {"env": TEXT}}


def load(server: RunningServer) -> None:
    """Put all of it into an account of its own at this server."""
    owner = server.client_of(ACCOUNT)
    for document in documents():
        reply = owner.apply(document)
        assert reply.status == 200, reply.text
