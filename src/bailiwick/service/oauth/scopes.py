"""Scopes: what an application may ask for, and what a session that has it may not do.

A scope names actions (`ims:images:get`, `iam.user.*`) or a role (`ims/Reader`); whatever it does not name, the session
may not do. `all` takes nothing away; the words of OpenID give nothing. A scope never gives what its principal has not.
Implements docs/spec.md 28.6. Source: RFC 6749, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bailiwick.authn.oauth.faults import INVALID_SCOPE, OAuthRefused
from bailiwick.errors import Invalid
from bailiwick.model.applications import ALL, OPENID_SCOPES, SCOPE_WORDS, Application, parse_scope_text
from bailiwick.model.patterns import is_pattern, matches, prefix_of
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.model.services import IAM, Role
from bailiwick.service.snapshots import Snapshot

MAX_CHARACTERS = 2048
MAX_SCOPES = 50


def read_scope(text: str) -> tuple[str, ...]:
    """Which scopes does this parameter list, each once, in order? Raises OAuthRefused."""
    if len(text) > MAX_CHARACTERS:
        raise OAuthRefused(INVALID_SCOPE, f"expected up to {MAX_CHARACTERS} characters in `scope`")
    found = tuple(dict.fromkeys(one for one in text.split(" ") if one))
    if len(found) > MAX_SCOPES:
        raise OAuthRefused(INVALID_SCOPE, f"expected up to {MAX_SCOPES} scopes")
    for one in found:
        try:
            parse_scope_text(one, "scope")
        except Invalid as error:
            raise OAuthRefused(INVALID_SCOPE, error.findings[0].message) from None
    return found


def grant_scope(snapshot: Snapshot, application: Application, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Which scopes does the application get, of these; all of its own, `offline_access` aside, where it asks for none?

    Raises OAuthRefused for one that it may not ask for, or that names nothing.
    """
    wanted = asked or tuple(one for one in application.scopes if one != "offline_access")
    for one in wanted:
        if not covers_scope(application.scopes, one):
            raise OAuthRefused(INVALID_SCOPE, f"the application may not ask for `{one}`")
    restrictions_of(snapshot, wanted)
    return wanted


def keep_scope(application: Application, granted: Iterable[str]) -> tuple[str, ...]:
    """Which of the scopes that it was granted does the application list now? Raises OAuthRefused where none is left."""
    granted = tuple(granted)
    kept = tuple(one for one in granted if covers_scope(application.scopes, one))
    if granted and not kept:
        raise OAuthRefused(INVALID_SCOPE, "the application may ask for nothing any more that was granted")
    return kept


def narrow_scope(granted: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Which scopes are these, if none is more than was granted? Raises OAuthRefused."""
    for one in asked:
        if not covers_scope(granted, one):
            raise OAuthRefused(INVALID_SCOPE, f"`{one}` is more than was granted")
    return asked or granted


def covers_scope(held: Iterable[str], asked: str) -> bool:
    """Is whatever this scope lets one do let by those that are held?"""
    held = tuple(held)
    if asked in held:
        return True
    if asked in SCOPE_WORDS:
        return False
    if ALL in held:
        return True
    return "/" not in asked and any(_contains(one, asked) for one in held if one not in SCOPE_WORDS)


def _contains(pattern: str, asked: str) -> bool:
    """Does the pattern match whatever the asked one matches? It may say no, it never errs."""
    if "/" in pattern:
        return False
    if not is_pattern(asked):
        return matches(pattern, asked)
    prefix = prefix_of(pattern)
    return prefix is not None and asked.startswith(prefix)


def restrictions_of(snapshot: Snapshot, scope: tuple[str, ...]) -> tuple[Guardrail, ...]:
    """What may a session with these scopes not do? Raises OAuthRefused for a scope that names nothing.

    WHY three: what reaches every service leaves `iam` out, and its actions over other services (rule 7.7).
    """
    if ALL in scope:
        return ()
    allowed = tuple(
        dict.fromkeys(
            pattern for one in scope if one not in OPENID_SCOPES for pattern in _patterns(snapshot, one)
        )
    )
    return (
        Guardrail("scope-1", ("*",), except_actions=allowed),
        Guardrail("scope-2", ("*",), Scope(service=(IAM,)), except_actions=allowed),
        Guardrail("scope-3", (f"{IAM}.*",), except_actions=allowed),
    )


def _patterns(snapshot: Snapshot, scope: str) -> Iterator[str]:
    service, slash, name = scope.partition("/")
    if not slash:
        if not _is_known(snapshot, scope):
            raise OAuthRefused(INVALID_SCOPE, f"no service has an action `{scope}`")
        yield scope
        return
    role = _find_role(snapshot, service, name)
    if role is None:
        raise OAuthRefused(INVALID_SCOPE, f"there is no role `{scope}`")
    for right in role.rights:
        if right.effect == "allow":
            yield from right.actions


def _is_known(snapshot: Snapshot, pattern: str) -> bool:
    actions = (action for service in snapshot.compiled.services.values() for action in service.actions)
    return any(matches(pattern, action) for action in actions)


def _find_role(snapshot: Snapshot, service: str, name: str) -> Role | None:
    own = snapshot.account.roles.get(name)
    if own is not None and own.service == service:
        return own
    entry = snapshot.compiled.services.get(service)
    return None if entry is None else entry.roles.get(name)
