"""How people sign in, over HTTP: invitations, links for passwords, second factors, lock-outs.

service/people/ does the work and asks the engine. A link is in one answer and nowhere else; nothing here shows a secret
a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import empty_answer, json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.catalog.document_policies import POLICY_FIELDS, parse_policy
from bailiwick.catalog.document_principals import USER_FIELDS, parse_user
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.model.names import parse_name
from bailiwick.service.people import invitations
from bailiwick.service.people.attempts import Lockout
from bailiwick.service.people.factors import remove_factor
from bailiwick.service.people.invitation_records import Invitation
from bailiwick.service.people.invitations import MadeInvitation, Wish
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.people.passkeys import list_passkeys
from bailiwick.service.people.passwords import set_password
from bailiwick.service.people.rights import (
    DELETE_INVITATION,
    INVITE,
    LIFT_LOCKOUT,
    LIST_INVITATIONS,
    LIST_LOCKOUTS,
    READ_INVITATION,
    REMOVE_FACTOR,
    RESET_PASSWORD,
)
from bailiwick.service.people.unlocking import list_locked_out, unlock
from bailiwick.service.reading import Reader

INVITATIONS = f"{ACCOUNT_PATH}/invitations"
READ_USER = "iam.user.read"
LOCKOUTS = f"{ACCOUNT_PATH}/lockouts"
USER = f"{ACCOUNT_PATH}/users/{{name}}"
_MOST_SECONDS = int(invitations.LONGEST.total_seconds())
_LEAST_SECONDS = int(invitations.SHORTEST.total_seconds())
_WISH_FIELDS = ("groups", "policies", "seconds")
_RESET_FIELDS = ("seconds", "password")
_MOST_POLICIES = 20
_POLICY_FIELDS = tuple(name for name in POLICY_FIELDS if name != "subjects")


def people_entries() -> list[Entry]:
    """Which routes administer how people sign in?"""
    one, lockout = f"{INVITATIONS}/{{name}}", f"{LOCKOUTS}/{{name}}"
    made = {201: "MadeInvitation"}
    return [
        Entry("POST", INVITATIONS, _invite, actions(INVITE), "Invite a user; the link is shown once", "invitations",
              body="NewInvitation", answers=made),
        Entry("GET", INVITATIONS, _list, actions(LIST_INVITATIONS), "List open invitations, the next to end first",
              "invitations", answers={200: "Page"}),
        Entry("GET", one, _get, actions(READ_INVITATION), "Show an invitation, without its link", "invitations",
              answers={200: "Invitation"}),
        Entry("DELETE", one, _withdraw, actions(DELETE_INVITATION), "Withdraw an invitation", "invitations",
              answers={204: ""}),
        Entry("POST", f"{USER}/reset-password", _reset, actions(RESET_PASSWORD),
              "Let a user choose a password by a link, which is shown once, or give one that is to be changed", "users",
              body="PasswordReset", answers={201: "MadeInvitation", 204: ""}),
        Entry("DELETE", f"{USER}/second-factor", _remove_factor, actions(REMOVE_FACTOR),
              "Remove a user's second factor", "users", answers={204: ""}),
        Entry("GET", f"{USER}/sign-in", _sign_in, actions(READ_USER),
              "Show what a user signs in with, without secrets, and when they last did", "users",
              answers={200: "SignIn"}),
        Entry("GET", LOCKOUTS, _list_lockouts, actions(LIST_LOCKOUTS), "List who is locked out", "lockouts",
              answers={200: "Page"}),
        Entry("DELETE", lockout, _unlock, actions(LIFT_LOCKOUT), "Let somebody who is locked out try again",
              "lockouts", answers={204: ""}),
    ]  # fmt: skip


def _invite(call: Call) -> Response:
    return _made(call, invitations.invite_user(call.host, call.session, _wish(call)))


def _wish(call: Call) -> Wish:
    """Who shall be invited to what? Raises Invalid with every finding."""
    notes = Collector()
    body = call.json()
    fields = Fields(body, (), notes, (*USER_FIELDS, *_WISH_FIELDS))
    user = parse_user(_only(fields, body, USER_FIELDS), call.account)
    groups = fields.parsed_items("groups", lambda text, place: parse_name(text, place, "group name"))
    policies = []
    for data, path in fields.items("policies", most=_MOST_POLICIES):
        said = Fields(data, path, notes, _POLICY_FIELDS)
        inner = Fields({}, path, notes, POLICY_FIELDS)
        known = {name: value for name, value in said.data.items() if name in _POLICY_FIELDS}
        inner.data = {**known, "subjects": [user.reference]}
        policies.append(parse_policy(inner, call.account))
    seconds = _seconds(fields)
    notes.raise_if_any()
    return Wish(user, groups, tuple(policies), seconds)


def _only(fields: Fields, body: Mapping[str, Any], names: tuple[str, ...]) -> Fields:
    """The part of the body that is a document of its own."""
    return Fields({name: body[name] for name in names if name in body}, (), fields.notes, names)


def _seconds(fields: Fields) -> int | None:
    return fields.integer("seconds", 0, _LEAST_SECONDS, _MOST_SECONDS) if fields.has("seconds") else None


def _made(call: Call, made: MadeInvitation) -> Response:
    snapshot = call.host.snapshot(call.account)
    body = {**_shown(made.invitation), "link": made.address}
    return json_response(body, status=201, vector=snapshot.vector)


def _shown(one: Invitation) -> dict[str, Any]:
    return {
        "id": one.uid,
        "purpose": one.purpose,
        "name": one.name,
        "inviter": one.inviter,
        "made_at": one.made_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
    }


def _list(call: Call) -> Response:
    snapshot = call.host.snapshot(call.account)
    found = [_shown(one) for one in invitations.list_invitations(call.host, call.session)]
    return json_response(page_body(found, None, snapshot.vector), vector=snapshot.vector)


def _get(call: Call) -> Response:
    found = invitations.read_invitation(call.host, call.session, call.name)
    return json_response(_shown(found), vector=call.host.snapshot(call.account).vector)


def _withdraw(call: Call) -> Response:
    invitations.delete_invitation(call.host, call.session, call.name)
    return _done(call)


def _done(call: Call) -> Response:
    return response_of(empty_answer(vector=call.host.snapshot(call.account).vector))


def _reset(call: Call) -> Response:
    notes = Collector()
    fields = Fields(call.json(), (), notes, _RESET_FIELDS)
    seconds, password = _seconds(fields), fields.text("password")
    if password and seconds is not None:
        notes.add(("seconds",), "a password that is given has no link that could end")
    notes.raise_if_any()
    if password:
        set_password(call.host, call.session, call.name, password)
        return _done(call)
    return _made(call, invitations.invite_to_password(call.host, call.session, call.name, seconds))


def _remove_factor(call: Call) -> Response:
    remove_factor(call.host, call.session, call.name)
    return _done(call)


def _sign_in(call: Call) -> Response:
    found = Reader(call.host, call.session).get("User", call.name)
    snapshot, uid = call.host.snapshot(call.account), found.identity.uid
    password = snapshot.password_of(uid)
    last = last_uses(call.host, snapshot, [uid]).get(uid)
    passkeys = [
        {
            "name": one.record.name,
            "created_at": one.record.created_at.isoformat(),
            "last_used_at": None if one.last_used_at is None else one.last_used_at.isoformat(),
            "backed_up": one.record.backed_up,
            "transports": list(one.record.transports),
        }
        for one in list_passkeys(call.host, snapshot, uid)
    ]
    said = {
        "password_set_at": None if password is None else password.set_at.isoformat(),
        "second_factor": snapshot.has_factor(uid),
        "passkeys": passkeys,
        "last_sign_in": None if last is None else last.isoformat(),
    }
    return json_response(said)


def _list_lockouts(call: Call) -> Response:
    snapshot = call.host.snapshot(call.account)
    found = [_locked_out(one) for one in list_locked_out(call.host, call.session)]
    return json_response(page_body(found, None, snapshot.vector), vector=snapshot.vector)


def _locked_out(one: Lockout) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name or None,
        "address": one.address or None,
        "until": one.until.isoformat(),
    }


def _unlock(call: Call) -> Response:
    unlock(call.host, call.session, call.name)
    return _done(call)
