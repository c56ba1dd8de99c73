"""Sessions over HTTP: as a profile, as a service, for another or with less; listed, shown, ended.

A profile's address is in its own account, whoever assumes it from wherever. service/assuming.py and ending.py do the
work and ask the engine. It must not show a token a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH, PAGES
from bailiwick.api.answers import empty_answer, json_response, page_body, response_of
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.authn.links import Link
from bailiwick.catalog.document_policies import GUARDRAIL_FIELDS, parse_guardrail
from bailiwick.catalog.places import Collector
from bailiwick.catalog.reading import Fields
from bailiwick.model.policies import Guardrail
from bailiwick.model.trusting import ACT_AS, ASSUME
from bailiwick.service import assuming, ending
from bailiwick.service.assuming import BEGIN, MOST_RESTRICTIONS, Begun, Wanted
from bailiwick.service.session_events import KnownSession
from bailiwick.service.standing import write_restriction

PATH = f"{ACCOUNT_PATH}/sessions"
_FIELDS = ("seconds", "restrict", "for")
_RESTRICTION_FIELDS = tuple(name for name in GUARDRAIL_FIELDS if name not in ("name", "node"))
MOST_SECONDS = 86_400


def session_entries() -> list[Entry]:
    """Which routes begin, show and end sessions?"""
    one = f"{PATH}/{{name}}"
    begun: dict[str, Any] = {"body": "NewSession", "answers": {201: "BegunSession"}}
    principal = {"principal": "only sessions of this principal, such as `profile:ops`"}
    return [
        Entry("POST", f"{ACCOUNT_PATH}/profiles/{{name}}/assume", _assume, actions(ASSUME),
              "Assume a profile, also from another account; the access token is shown once", "sessions",
              any_account=True, **begun),
        Entry("POST", f"{ACCOUNT_PATH}/services/{{name}}/act-as", _act_as, actions(ACT_AS),
              "Act as a service; the access token is shown once", "sessions", **begun),
        Entry("POST", PATH, _begin, actions(BEGIN),
              "Begin a session that may do less than one's own, or that acts for another", "sessions", **begun),
        Entry("GET", PATH, _list, actions(ending.LIST), "List sessions that are not over, newest first", "sessions",
              query={**principal, **PAGES}, answers={200: "Page"}),
        Entry("GET", one, _get, actions(ending.READ), "Show a session", "sessions", answers={200: "Session"}),
        Entry("DELETE", one, _end, actions(ending.END), "End a session, and what was made from it", "sessions",
              answers={204: ""}),
    ]  # fmt: skip


def _assume(call: Call) -> Response:
    return _begun(
        assuming.assume_profile(call.host, call.session, call.path_account, call.name, _wanted(call))
    )


def _act_as(call: Call) -> Response:
    return _begun(assuming.act_as_service(call.host, call.session, call.name, _wanted(call)))


def _begin(call: Call) -> Response:
    return _begun(assuming.begin_session(call.host, call.session, _wanted(call)))


def _wanted(call: Call) -> Wanted:
    """What does the body ask for? Raises Invalid with every finding."""
    notes = Collector()
    fields = Fields(call.json(), (), notes, _FIELDS)
    seconds = fields.integer("seconds", 0, 1, MOST_SECONDS) if fields.has("seconds") else None
    acts_for = fields.text("for", most=assuming.MOST_TOKEN_CHARACTERS) or None
    restrict = tuple(_restrictions(fields))
    notes.raise_if_any()
    return Wanted(seconds, restrict, acts_for)


def _restrictions(fields: Fields) -> Iterable[Guardrail]:
    """Which guardrails does the session bring along? They are called by their place."""
    for index, (data, path) in enumerate(fields.items("restrict", most=MOST_RESTRICTIONS)):
        said = Fields(data, path, fields.notes, _RESTRICTION_FIELDS).data
        inner = Fields({}, path, fields.notes, GUARDRAIL_FIELDS)
        known = {name: value for name, value in said.items() if name in _RESTRICTION_FIELDS}
        inner.data = {**known, "name": f"restrict[{index}]"}
        yield parse_guardrail(inner, "")


def _begun(begun: Begun) -> Response:
    body = {
        "id": begun.uid,
        "account": begun.link.account,
        "principal": begun.link.principal,
        **_through(begun.link, begun.acts_for),
        "restrictions": [write_restriction(one) for one in begun.restrictions],
        "access_token": begun.token.text,
        "token_type": "Bearer",
        "expires_in": begun.token.lifetime_seconds,
        "expires_at": begun.expires_at.isoformat(),
    }
    return json_response(body, status=201)


def _through(link: Link, acts_for: Iterable[Link]) -> dict[str, list[str]]:
    return {
        "through": [step.reference for one in link.by for step in one.walk()],
        "for": [one.reference for one in acts_for],
    }


def _list(call: Call) -> Response:
    snapshot = call.host.snapshot(call.account)
    principal = call.parameters.get("principal")
    position = call.position()
    known = ending.list_sessions(call.host, call.session, before=None if position is None else int(position))
    wanted = (one for one in known if principal in (None, one.principal))
    found = list(islice(wanted, call.limit + 1))
    shown = found[: call.limit]
    cursor = call.cursor(str(shown[-1].id)) if len(found) > call.limit else None
    items = [_shown(call, one) for one in shown]
    return json_response(page_body(items, cursor, snapshot.vector), vector=snapshot.vector)


def _get(call: Call) -> Response:
    known = ending.read_session(call.host, call.session, call.name)
    return json_response(_shown(call, known), vector=call.host.snapshot(call.account).vector)


def _end(call: Call) -> Response:
    ending.end_session(call.host, call.session, call.name)
    return response_of(empty_answer(vector=call.host.snapshot(call.account).vector))


def _shown(call: Call, known: KnownSession) -> Mapping[str, Any]:
    return {
        "id": known.uid,
        "principal": known.principal,
        **_through(known.link, known.acts_for),
        "restrictions": list(known.restrictions),
        "context": dict(known.link.context),
        "begun_at": known.begun_at.isoformat(),
        "expires_at": known.expires_at.isoformat(),
        "state": "active" if ending.is_going_on(call.host, known) else "ended",
    }
