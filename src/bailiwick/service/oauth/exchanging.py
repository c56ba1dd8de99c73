"""Token exchange: an application's service ID begins to act for whose token it shows.

Only what both may is allowed then, each judged as itself, at every use; whoever had been acting before stays in the
chain. The token that is shown is the consent: it must be for this application, by its audience or because it was
issued to it, or be one for Bailiwick itself, whose holder can do all of it anyway. Implements docs/spec.md 28.11.
Source: RFC 8693, sections 1.1, 2.1 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bailiwick.authn.audiences import verify_any_audience
from bailiwick.authn.authenticated import Authenticated
from bailiwick.authn.compact import TokenRefused
from bailiwick.authn.links import Link
from bailiwick.authn.signing import KeyPurpose
from bailiwick.authn.tokens import IssuedToken, TokenSubject, TokenVerifier
from bailiwick.errors import Unauthenticated
from bailiwick.model.applications import TOKEN_EXCHANGE
from bailiwick.service.assuming import BEGIN, MOST_RESTRICTIONS, check_may_begin
from bailiwick.service.edits import new_uid
from bailiwick.service.host import Host
from bailiwick.service.oauth.acting import actor_of
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.issuing import choose_audience, issue
from bailiwick.service.oauth.refusals import INVALID_GRANT, INVALID_SCOPE, OAuthRefused
from bailiwick.service.oauth.scopes import grant_scope, restrictions_of
from bailiwick.service.session_events import record_begun
from bailiwick.service.sessions import Session
from bailiwick.service.standing import stand, write_restriction
"""
"""
