"""Claims of a person, and whether a federation rule's conditions hold of them.

Implements docs/spec.md rule 32.3. Source: IBM Cloud, Access groups, dynamic rules: operators and their meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from bailiwick.model.federation import ClaimCondition

Claims = Mapping[str, object]
Known = str | tuple[str, ...] | None


def fits(conditions: Iterable[ClaimCondition], claims: Claims) -> bool:
    """Do all these conditions hold of these claims?"""
    return all(_holds(one, find_claim(claims, one.claim)) for one in conditions)


def find_claim(claims: Claims, path: str) -> Known:
    """What is the claim at this path: one text, several, or (None) no value that can be compared?

    A claim of exactly this name comes first: some names hold dots, as `https://example.org/groups` does.
    """
    found: object = claims
    for step in (path,) if path in claims else path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    if isinstance(found, list):
        return tuple(text for text in map(_text, found) if text is not None)
    return _text(found)


def read_text(claims: Claims, path: str) -> str:
    """Which text is the claim? "" where it is not there or is none."""
    found: object = claims
    for step in (path,) if path in claims else path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found.strip() if isinstance(found, str) else ""


def has_verified_email(claims: Claims, email: str) -> bool:
    """Does the provider say that this address is the person's own? Some say it as text.

    SECURITY: `email_verified` speaks of `email` alone; another claim that holds an address may be the
    person's to choose.
    Source: OpenID Connect Core 1.0, 5.1.
    """
    return claims.get("email_verified") in (True, "true") and read_text(claims, "email") == email


def joined(said: Claims, told: Claims) -> Claims:
    """All claims of an ID token, and those that only userinfo tells; an email and whether it is verified from one."""
    source = said if "email" in said else told
    verified = {"email_verified": source["email_verified"]} if "email_verified" in source else {}
    rest = {name: value for name, value in {**told, **said}.items() if name != "email_verified"}
    return rest | verified


# Of which kind of factor is each method? Two kinds are two factors. Source: RFC 8176, 2; OpenID Connect EAP ACR 1.0.
_KNOWLEDGE = frozenset({"pwd", "pin", "kba"})
_POSSESSION = frozenset({"otp", "hwk", "swk", "sc", "sms", "tel", "pop"})
_INHERENCE = frozenset({"face", "fpt", "iris", "retina", "vbm"})
_STRONG_CLASSES = ("phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor")


def shows_second_factor(claims: Claims) -> bool:
    """Does the provider say that it saw two factors: `mfa`, methods of two kinds, or a class that means so?"""
    said = claims.get("amr")
    methods = {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    kinds = [kind for kind in (_KNOWLEDGE, _POSSESSION, _INHERENCE) if kind & methods]
    return "mfa" in methods or len(kinds) > 1 or claims.get("acr") in _STRONG_CLASSES


def _text(value: object) -> str | None:
    """As which text is one value compared? None: an object, a list, or null."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def _holds(condition: ClaimCondition, known: Known) -> bool:
    """SECURITY: where there is no value to compare, nothing holds: not what a claim is not, either."""
    wanted = condition.values[0]
    if known is None:
        return False
    if isinstance(known, tuple):
        return condition.operator == "CONTAINS" and wanted in known
    match condition.operator:
        case "EQUALS":
            return known == wanted
        case "NOT_EQUALS":
            return known != wanted
        case "EQUALS_IGNORE_CASE":
            return known.casefold() == wanted.casefold()
        case "NOT_EQUALS_IGNORE_CASE":
            return known.casefold() != wanted.casefold()
        case "IN":
            return known in condition.values
        case _:
            return wanted in known
