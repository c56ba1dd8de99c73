"""Who asks: the identity behind one request, as authentication found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bailiwick.model.accounts import Property
from bailiwick.model.policies import Guardrail


@dataclass(frozen=True, slots=True)
class Session:
    """Which principal of which account asks, by which credential, until when (epoch seconds)?

    `principal` is a reference such as `user:alice`, `uid` its immutable id, `credential` the uid of the API key.
    `chain` holds those it acts for; `restrictions` narrow what the session may do. `context` is what the connection
    says (`ip`), for conditions on Bailiwick's own routes (rule 10.2).
    """

    account: str
    principal: str
    uid: str
    credential: str
    expires_at: float
    token_id: str = ""
    chain: tuple[str, ...] = ()
    restrictions: tuple[Guardrail, ...] = ()
    context: Mapping[str, Property] = field(default_factory=dict)
