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
    account = host.snapshot(visit.session.account).account
    age = visit.session.context.get(PROOF_AGE)
    if not isinstance(age, int) or age > max_age_seconds(account):
        raise StepUpRequired(OWN, max_age_seconds(account))
