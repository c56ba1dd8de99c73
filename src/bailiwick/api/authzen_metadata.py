"""Where a decision point is: its metadata for clients that discover it.

Source: OpenID AuthZEN, Authorization API 1.0 (January 2026), policy decision point metadata. Lists that would be
empty (no capability is registered yet) and endpoints that do not exist are left out, as it demands.
SECURITY: every address comes from the configured one; no header of a request is read. Whether an account exists
is not said.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from bailiwick.api.authzen_requests import EVALUATION_PATH, EVALUATIONS_PATH, SEARCH_PATHS

METADATA_PATH = "/.well-known/authzen-configuration"


def metadata(public_url: str, account: str | None) -> bytes:
    """Which body describes the decision point at this address, for one account or for the session's own?"""
    point = public_url.rstrip("/")
    if account is not None:
        point += "/accounts/" + quote(account, safe="")
    subject, resource, action = SEARCH_PATHS
    return msgspec.json.encode(
        {
            "policy_decision_point": point,
            "access_evaluation_endpoint": point + EVALUATION_PATH,
            "access_evaluations_endpoint": point + EVALUATIONS_PATH,
            "search_subject_endpoint": point + subject,
            "search_resource_endpoint": point + resource,
            "search_action_endpoint": point + action,
        }
    )
