"""Questions asked backwards: on which resources, who, and one page of what was found.

Implements docs/spec.md section 17 (the questions; they are answered by the engine and by the reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.model.accounts import Property
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.model.requests import Request


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Of what is found, only what? All that is given must hold of what is registered. (rule 17.7)

    `scope` must be true of the resource; its canonical name begins with `name_prefix`; `tags` are all there.
    """

    scope: Scope | None = None
    name_prefix: str = ""
    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


ALL_THAT_IS_FOUND = Narrowing()


@dataclass(frozen=True, slots=True)
class ResourceSearch:
    """On which registered resources of one type of one service may this principal do this?

    What is registered, for a type that stands for a project: the projects. All else as in a Request; `properties`
    describes every resource alike, as far as nothing is stored.
    `only` narrows what is found. `also` is another search, of the same service and type, that must find the
    resource too: what Alice may delete, but only where Bob, who asks, holds `iam.decision.evaluate` (rule 17.8):
    `ResourceSearch(alice, delete, …, also=ResourceSearch(bob, evaluate, …))`. Service and type of `also` are not
    looked at; its `only` and `also` are.
    """

    principal: str
    action: str
    service: str
    type: str
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)
    action_properties: Mapping[str, Property] = field(default_factory=dict)
    principal_properties: Mapping[str, Property] = field(default_factory=dict)
    properties: Mapping[str, Property] = field(default_factory=dict)
    chain: tuple[str, ...] = ()
    restrictions: tuple[Guardrail, ...] = ()
    only: Narrowing = ALL_THAT_IS_FOUND
    also: ResourceSearch | None = None


@dataclass(frozen=True, slots=True)
class PrincipalSearch:
    """Which stored principals of one kind (`user`, `service-id`, `profile`) may do what this request asks?

    `request.principal` is not looked at. `name_prefix`: only those whose name, without its kind, begins so.
    """

    request: Request
    kind: str
    name_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What was found, in the order of code points; `after`: where to go on, None at the end.

    A page may be shorter than asked for, even empty, where conditions on the resource are in play; it is the last
    only when `after` is None.
    SECURITY: `after` may be a name that was looked at and *not* found; who hands it on must seal it.
    """

    found: tuple[str, ...]
    after: str | None
