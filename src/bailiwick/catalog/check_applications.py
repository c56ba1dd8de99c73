"""Applications: do grants, type, addresses, scopes and service ID fit together, and is everything named there?

Implements docs/spec.md section 28 for what must hold of stored values.
"""

from __future__ import annotations

from dataclasses import replace

from bailiwick.catalog.check_world import ObjectNotes, World
from bailiwick.model.applications import (
    ACTING_GRANTS,
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    COMMAND_LINE,
    COMMAND_LINE_APPLICATION,
    DEVICE_CODE,
    REFRESH_TOKEN,
    SCOPE_WORDS,
    Application,
)
from bailiwick.model.patterns import is_pattern, matches


def check_application(application: Application, notes: ObjectNotes, world: World) -> None:
    """Can the application do what its grants say, and only for somebody who is there?"""
    if application.name == COMMAND_LINE:
        _check_command_line(application, notes)
        return
    if application.acts_as is not None:
        world.check_reference(application.acts_as, ("acts_as",), notes)
    _check_grants(application, notes)
    for index, scope in enumerate(application.scopes):
        _check_scope(scope, ("scopes", index), notes, world)


def _check_command_line(application: Application, notes: ObjectNotes) -> None:
    """WHY: it is in every account without being stored; what is stored can only switch it off."""
    if replace(application, disabled=False, description="") != COMMAND_LINE_APPLICATION:
        notes.add(
            ("name",),
            f"`{COMMAND_LINE}` is built in, and can be disabled but not changed",
            "write it as `bailiwick application show bailiwick-cli --yaml` shows it, with `disabled: true`",
        )


def _check_grants(application: Application, notes: ObjectNotes) -> None:
    grants = application.grants
    acting = [grant for grant in ACTING_GRANTS if grant in grants]
    if acting and application.is_public:
        notes.add(("grants",), f"a public application keeps no secret, so it cannot have `{acting[0]}`")
    if CLIENT_CREDENTIALS in grants and application.acts_as is None:
        notes.add(
            ("acts_as",), "`client_credentials` needs a service ID to act as", "write `service-id:NAME`"
        )
    if AUTHORIZATION_CODE in grants and not application.redirect_uris:
        notes.add(("redirect_uris",), "`authorization_code` needs an address to send users back to")
    if REFRESH_TOKEN in grants and not any(one in grants for one in (AUTHORIZATION_CODE, DEVICE_CODE)):
        notes.add(("grants",), "`refresh_token` needs `authorization_code` or `device_code`")


def _check_scope(scope: str, path: tuple[str | int, ...], notes: ObjectNotes, world: World) -> None:
    if scope in SCOPE_WORDS:
        return
    service, slash, role = scope.partition("/")
    if slash:
        entry = world.services.get(service)
        own = world.account.roles.get(role)
        if (entry is None or role not in entry.roles) and (own is None or own.service != service):
            notes.add(path, f"there is no role `{scope}`", "write a role as `service/name`")
        return
    actions = (action for entry in world.services.values() for action in entry.actions)
    if not any(matches(scope, action) if is_pattern(scope) else scope == action for action in actions):
        notes.add(path, f"no service has an action `{scope}`", "see `bailiwick catalog actions SERVICE`")
