"""Questions and answers: requests, the state of an attribute, decisions.

Implements docs/spec.md sections 2 and 7. `now` is an argument; nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bailiwick.model.accounts import Property
from bailiwick.model.names import ResourceName
from bailiwick.model.policies import Guardrail, Scope


class State(Enum):
    """Why is there no value? ABSENT: there is none. UNKNOWN: nobody said."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


ABSENT = State.ABSENT
UNKNOWN = State.UNKNOWN


@dataclass(frozen=True, slots=True)
class ResourceQuery:
    """Which resource is asked about, and what does the caller say of it?

    `region` and `instance`: None means that the caller did not say. `path` runs outermost first; an id of
    None is unknown. The other fields are described attributes; None means not said.
    """

    service: str
    path: tuple[tuple[str, str | None], ...]
    region: str | None = None
    instance: str | None = None
    project: str | None = None
    owner: str | None = None
    groups: tuple[str, ...] | None = None
    budget: str | None = None
    tags: Mapping[str, str] | None = None
    properties: Mapping[str, Property] = field(default_factory=dict)

    @classmethod
    def of(cls, name: ResourceName, **described: object) -> ResourceQuery:
        """Which query asks about the resource of this name? Empty segments count as not said."""
        return cls(name.service, name.path, name.region or None, name.instance or None, **described)  # type: ignore[arg-type]  # the described attributes are the remaining fields


@dataclass(frozen=True, slots=True)
class Request:
    """May this principal do this to that, now? `chain` holds those it acts for, each judged as itself.

    `restrictions` are the session's own guardrails. `now` is the server's clock in epoch seconds.
    `principal_properties` and `action_properties` are what the caller says beyond what is stored.
    """

    principal: str
    action: str
    resource: ResourceQuery
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)
    action_properties: Mapping[str, Property] = field(default_factory=dict)
    principal_properties: Mapping[str, Property] = field(default_factory=dict)
    chain: tuple[str, ...] = ()
    restrictions: tuple[Guardrail, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityQuestion:
    """Does this principal hold this action over everything that the scope can match, now?

    The action is one of the scope's one service, else one of `iam` that spans services.
    """

    principal: str
    action: str
    scope: Scope
    now: float
    context: Mapping[str, Property] = field(default_factory=dict)
    action_properties: Mapping[str, Property] = field(default_factory=dict)
    restrictions: tuple[Guardrail, ...] = ()


class Reason(str, Enum):
    """Why was it decided so? In the order in which rules are tried (docs/spec.md section 7)."""

    UNKNOWN_SERVICE = "unknown_service"
    UNKNOWN_RESOURCE_TYPE = "unknown_resource_type"
    INCOMPLETE_RESOURCE = "incomplete_resource"
    AMBIGUOUS_RESOURCE = "ambiguous_resource"
    UNKNOWN_ACTION = "unknown_action"
    WRONG_RESOURCE_TYPE = "wrong_resource_type"
    SESSION_ENDED = "session_ended"
    ACCOUNT_SUSPENDED = "account_suspended"
    UNKNOWN_PRINCIPAL = "unknown_principal"
    PRINCIPAL_DISABLED = "principal_disabled"
    GUARDRAIL = "guardrail"
    PROJECT_DISABLED = "project_disabled"
    EXPLICIT_DENY = "explicit_deny"
    ALLOWED = "allowed"
    PREREQUISITE_MISSING = "prerequisite_missing"
    NO_MATCHING_POLICY = "no_matching_policy"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and why. `link` names the denied identity of a chain,
    `prerequisite` the required action that is not allowed.

    `valid_until`: the next instant (epoch seconds) at which a window can change it; None: none will.
    `bool(decision)` is `allowed`.
    """

    allowed: bool
    reason: Reason
    valid_until: float | None = None
    link: str | None = None
    prerequisite: str | None = None

    def __bool__(self) -> bool:
        return self.allowed
