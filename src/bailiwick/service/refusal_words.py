"""How a refused change is told: the place, the scope, whom to ask, and a project's deeds in their document's codes.

Pure words; authorize.py decides. Serves docs/spec.md section 9 and rule 19.2.
"""

from __future__ import annotations

from bailiwick.catalog.eps_codes import LACKS_PERMISSION, PROJECT_IS_DISABLED, TAKES_NO_RESOURCES
from bailiwick.errors import Denied
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Scope
from bailiwick.model.requests import Reason, ResourceQuery
from bailiwick.service.needed import Asked, Needed
from bailiwick.service.projects.eps import ADD_RESOURCES

ASK = "ask somebody who may grant this, or the account's owner"
# Refused by what forbids, and not for want of what allows: then another name of the same deed does not help.
FORBIDDEN = (Reason.GUARDRAIL, Reason.EXPLICIT_DENY, Reason.PROJECT_DISABLED)


def refused_on_project(principal: str, needed: Needed, asked: Asked, reason: Reason) -> Denied:
    """How is a deed on a project refused? By the action of `eps`, with its document's code."""
    if reason is Reason.PROJECT_DISABLED:
        takes = asked.action == ADD_RESOURCES
        return Denied(
            f"project `{asked.resource.path[-1][1]}` is disabled: it "
            + ("takes no resources" if takes else "cannot be changed, but be enabled"),
            action=asked.action,
            reason=reason.value,
            help="enable it first",
            code=TAKES_NO_RESOURCES if takes else PROJECT_IS_DISABLED,
        )
    others = " or ".join(f"`{one.action}`{format_place(one.resource)}" for one in needed.others)
    is_wanting = reason not in FORBIDDEN and others
    return Denied(
        f"`{principal}` lacks `{asked.action}`{format_place(asked.resource)}",
        action=asked.action,
        reason=reason.value,
        help=f"{others} is enough too; {ASK}" if is_wanting else ASK,
        code=LACKS_PERMISSION,
    )


def format_place(resource: ResourceQuery) -> str:
    """How does a refusal name the object? The service itself is not named."""
    kind, name = resource.path[-1]
    return "" if kind == SERVICE_TYPE else f" on {kind} `{name}`"


def format_scope(scope: Scope) -> str:
    """How is a scope said in a sentence?"""
    parts = [f"{name} {_words(getattr(scope, name))}" for name in ("service", "region", "instance", "project")
             if getattr(scope, name) is not None]  # fmt: skip
    if scope.type is not None:
        parts.append(_words(scope.type) + (f" {_words(scope.id)}" if scope.id is not None else ""))
    if scope.within is not None:
        parts.append("within " + " or ".join(f"{kind}/{ident}" for kind, ident in scope.within))
    return ", ".join(parts) or "the whole account (every service but iam)"


def _words(values: tuple[str, ...]) -> str:
    return " or ".join(f"`{value}`" for value in values)
