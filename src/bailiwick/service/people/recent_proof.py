"""Was it proved lately, in this visit, who sits there? Asked before what one signs in with changes (rule 30.10)."""

from __future__ import annotations

from bailiwick.model.protection import PROOF_AGE
from bailiwick.service.host import Host
from bailiwick.service.people.visits import Visit
from bailiwick.service.proving import StepUpRequired, max_age_seconds

OWN = "iam.user.update"


def require_recent_proof(host: Host, visit: Visit) -> None:
    """Was it proved lately who sits there? Raises StepUpRequired.

    SECURITY: whatever the settings say: a visit that is left open must not become a way in of somebody else's.
    """
    if not is_proved_lately(host, visit):
        raise StepUpRequired(OWN, max_age_seconds(host.snapshot(visit.session.account).account))


def is_proved_lately(host: Host, visit: Visit) -> bool:
    """Was it proved no longer ago than the account's settings say for critical operations?"""
    age = visit.session.context.get(PROOF_AGE)
    return isinstance(age, int) and age <= max_age_seconds(host.snapshot(visit.session.account).account)
