"""Operation protection: what somebody who signed in does only after having proved lately who they are.

The setting becomes two guardrails of the account, so that the one engine decides, explains and searches it. Their
condition reads what Bailiwick's own routes say of the session and nothing of a request (docs/spec.md 10.2, section 30).
Source: Open Telekom Cloud, IAM User Guide, Security Settings, Critical Operations (on; verified for 15 minutes).
"""

from __future__ import annotations

from functools import lru_cache

from bailiwick.model.conditions import All, Comparison, Not
from bailiwick.model.policies import Guardrail, Scope
from bailiwick.model.security import OperationProtection

# No name holds a colon, so that no guardrail of an account or of a node is called so.
PROTECTION = "settings:operation-protection"
SIGNED_IN, PROOF_AGE = "signed_in", "proof_age_seconds"

# What removes for good, what changes who may do what, what makes a credential, and what takes all of it away at once.
PROTECTED = (
    "iam.*.delete",
    "iam.account.update",
    "iam.setting.update",
    "iam.catalog.update",
    "iam.policy.create",
    "iam.policy.update",
    "iam.policy.publish",
    "iam.role.update",
    "iam.role.assign",
    "iam.guardrail.create",
    "iam.guardrail.update",
    "iam.profile.create",
    "iam.profile.update",
    "iam.group.add-member",
    "iam.user.update",
    "iam.user.reset-password",
    "iam.user.remove-second-factor",
    "iam.user.link-identity",
    "iam.user.unlink-identity",
    "iam.service-id.update",
    "iam.api-key.create",
    "iam.api-key.update",
    "iam.api-key.rotate",
    "iam.application.create",
    "iam.application.update",
    "iam.application.rotate-secret",
    "iam.application.trust",
    "iam.identity-provider.create",
    "iam.identity-provider.update",
    "iam.federation-rule.create",
    "iam.federation-rule.update",
    "iam.template.commit",
    "iam.template-acceptance.create",
    "iam.template-acceptance.update",
    "iam.approval.decide",
    "iam.export.read",
)
# WHY spared: a credential that has leaked is taken away at once, by whoever sits there.
SPARED = ("iam.api-key.delete", "iam.invitation.delete")
# The same of an enterprise: what guards its accounts, and which accounts are where.
PROTECTED_IN_TREE = (
    "enterprise.*.delete",
    "enterprise.*-config-rules",
    "enterprise.*-templates",
    "enterprise.account.move",
    "enterprise.enterprise.import",
)
_SPANNING = (
    "iam.policy.create",
    "iam.policy.update",
    "iam.policy.delete",
    "iam.policy.publish",
    "iam.role.assign",
)


@lru_cache(maxsize=64)
def protecting_guardrails(protection: OperationProtection) -> tuple[Guardrail, ...]:
    """Which guardrails does the setting imply?

    One for each service that has critical actions, for a pattern of `iam` reaches over other services only where the
    scope does (rule 7.7).
    """
    if not protection.enabled:
        return ()
    age = Comparison(
        f"context.{PROOF_AGE}", "number-less-than-or-equals", protection.minutes * 60, missing=False
    )
    when = All((Comparison(f"context.{SIGNED_IN}", "bool-equals", True, missing=False), Not(age)))
    said = f"Critical operations need a proof of who one is, not older than {protection.minutes} minutes."
    return (
        Guardrail(
            PROTECTION, PROTECTED, Scope(service=("iam",)), when, description=said, except_actions=SPARED
        ),
        Guardrail(PROTECTION, _SPANNING, Scope(), when, description=said),
        Guardrail(PROTECTION, PROTECTED_IN_TREE, Scope(service=("enterprise",)), when, description=said),
    )
