"""Policies, scopes and guardrails as values.

Implements docs/spec.md sections 4 and 5 (the grammar; matching is the engine's and the reference's).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bailiwick.model.conditions import Condition

SCOPE_ATTRIBUTES = ("service", "region", "instance", "project", "type", "id", "within")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where does a policy hold? Each constraint is a tuple of alternatives, or None for no constraint.

    `service` and `type` hold exact names; `region`, `instance`, `project` and `id` values or patterns;
    `within` exact `(type, id)` pairs.
    """

    service: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    instance: tuple[str, ...] | None = None
    project: tuple[str, ...] | None = None
    type: tuple[str, ...] | None = None
    id: tuple[str, ...] | None = None
    within: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When does it hold? From `starts_at` to before `expires_at`, in epoch seconds; None is unbounded."""

    starts_at: float | None = None
    expires_at: float | None = None


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Policy:
    """Who has which roles where and when? `roles` are names or `service/name` references.

    `managed_by` names the template that manages the policy, if any.
    """

    name: str
    subjects: tuple[str, ...]
    roles: tuple[str, ...]
    scope: Scope = field(default_factory=Scope)
    when: Condition | None = None
    window: Window = ALWAYS
    effect: str = "allow"
    enabled: bool = True
    description: str = ""
    managed_by: str = ""


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What is denied to everybody, the owner too? `actions` are ids or patterns of the scope's services.

    `except_actions` are ids or patterns of those that it spares. `node`: the node of the enterprise's tree below which
    it binds every account (docs/spec.md section 20); None: it binds the account that holds it.
    """

    name: str
    actions: tuple[str, ...] = ("*",)
    scope: Scope = field(default_factory=Scope)
    when: Condition | None = None
    window: Window = ALWAYS
    enabled: bool = True
    description: str = ""
    except_actions: tuple[str, ...] = ()
    node: str | None = None
