"""A policy as a sentence: *who* may be *which role* on *what*, *when*.

Each part is a list of words with where they lead; templates put them together. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bailiwick.console.forms import Form
from bailiwick.console.page import Page
from bailiwick.console.pages.policies.conditions import DAYS, attributes_of, fields_of, split_list
from bailiwick.model.names import ANONYMOUS, EVERYONE, MEMBERS
from bailiwick.service.kinds import KINDS

_WORDS = {
    EVERYONE: "anybody at all",
    MEMBERS: "every member of the account",
    ANONYMOUS: "who has not signed in",
}
_PREFIXES = {kind.prefix: kind for kind in KINDS.values() if kind.prefix}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a sentence: what it says, what kind of thing it is, and where it leads ("": nowhere)."""

    text: str
    kind: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One policy in words. `further`: there are conditions that are only said as YAML."""

    denies: bool
    who: tuple[Word, ...]
    roles: tuple[Word, ...]
    services: tuple[Word, ...]
    places: tuple[Word, ...]
    conditions: tuple[str, ...]
    further: bool
    starts_at: str
    expires_at: str
    enabled: bool


def sentence_of(page: Page, document: Mapping[str, Any]) -> Sentence:
    """Which sentence says this document? One that is not whole yet has gaps."""
    scope = document.get("scope") or {}
    fields, kept = fields_of(document.get("when"))
    services = _listed(scope.get("service"))
    return Sentence(
        denies=document.get("effect") == "deny",
        who=tuple(subject_word(page, one) for one in _listed(document.get("subjects"))),
        roles=tuple(_role_word(page, one, services) for one in _listed(document.get("roles"))),
        services=tuple(_service_word(page, one) for one in services),
        places=tuple(_places(page, scope)),
        conditions=tuple(_conditions(Form.of(fields))),
        further=kept is not None,
        starts_at=str(document.get("starts_at") or ""),
        expires_at=str(document.get("expires_at") or ""),
        enabled=document.get("state", "enabled") == "enabled",
    )


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def subject_word(page: Page, subject: str) -> Word:
    """How is this subject said, and where does it lead?"""
    if subject in _WORDS:
        return Word(_WORDS[subject], "" if subject == ANONYMOUS else "built-in group")
    prefix, _, name = subject.partition(":")
    if prefix == "service":
        return _service_word(page, name)
    kind = _PREFIXES.get(f"{prefix}:")
    if kind is None:
        return Word(subject, prefix)
    return Word(name, kind.resource_type.replace("-", " "), page.url(f"/{kind.path}", name))


def _role_word(page: Page, role: str, services: list[str]) -> Word:
    """Where does the role's name lead? To the service whose it is, where only one can be meant."""
    service, _, name = role.rpartition("/")
    known = page.snapshot.compiled.services
    custom = page.snapshot.account.roles.get(name)
    if custom is not None and service in ("", custom.service):
        return Word(name, "custom role", page.url("/roles", name))
    meant = service or (services[0] if len(services) == 1 else "")
    title = known[service].title if service in known and services != [service] else ""
    return Word(
        f"{name} of {title}" if title else name, "role", page.url("/roles", *([meant] if meant else []), name)
    )


def _service_word(page: Page, name: str) -> Word:
    entry = page.snapshot.compiled.services.get(name)
    return Word(entry.title if entry is not None else name, "service", page.url("/services", name))


def _places(page: Page, scope: Mapping[str, Any]) -> Iterator[Word]:
    for name in ("region", "instance", "project"):
        for value in [" or ".join(_listed(scope.get(name)))]:
            single = _listed(scope.get(name))
            leads = name == "project" and len(single) == 1 and "*" not in value
            if value:
                yield Word(value, name, page.url("/projects", value) if leads else "")
    types = " or ".join(_listed(scope.get("type")))
    if types:
        yield Word(" or ".join(_listed(scope.get("id"))) or "all", types)
    if scope.get("within"):
        yield Word(" or ".join(_listed(scope["within"])), "within")


def _conditions(form: Form) -> Iterator[str]:
    if networks := split_list(form.get("networks")):
        yield f"from {' or '.join(networks)}"
    if form.has("mfa"):
        yield "with a second factor"
    if form.get("from"):
        yield f"between {form.get('from')} and {form.get('to')} ({form.get('zone')})"
    if days := form.all("day"):
        yield f"on {_days(days)} ({form.get('zone')})"
    for key, text in attributes_of(form):
        yield f"where {key} is {' or '.join(split_list(text))}"


def _days(days: tuple[str, ...]) -> str:
    if set(days) == set(DAYS[:5]):
        return "working days"
    return ", ".join(day.capitalize() for day in DAYS if day in days)
