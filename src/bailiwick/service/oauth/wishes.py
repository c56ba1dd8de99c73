"""What an application wants of a person: may it ask for that at all, whoever the person is?

Implements docs/spec.md section 29. Source: RFC 6749, 3.3; OpenID Connect Core 1.0, 3.1.2.1 and 11.
"""

from __future__ import annotations

from bailiwick.authn.oauth.faults import INVALID_SCOPE, INVALID_TARGET, UNAUTHORIZED_CLIENT, OAuthRefused
from bailiwick.model.applications import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN, Application
from bailiwick.service.oauth.approvals import OFFLINE
from bailiwick.service.oauth.clients import Client
from bailiwick.service.oauth.scopes import covers_scope

# Scopes of OpenID that nothing here could fill: asked for by many libraries, and passed over as its text says.
_PASSED_OVER = {"address", "phone"}


def check_device_wish(client: Client, scopes: tuple[str, ...], resource: str) -> tuple[str, ...]:
    """Which scopes does a program without a browser ask for? Raises OAuthRefused."""
    return check_wish(client.application, DEVICE_CODE, scopes, resource)


def check_code_wish(application: Application, scopes: tuple[str, ...], resource: str) -> tuple[str, ...]:
    """Which scopes does an application ask for in a browser? Raises OAuthRefused."""
    return check_wish(application, AUTHORIZATION_CODE, scopes, resource)


def check_wish(
    application: Application, grant: str, scopes: tuple[str, ...], resource: str
) -> tuple[str, ...]:
    """Which of these scopes does it ask for, if it may ask so and for all of that? Raises OAuthRefused."""
    if grant not in application.grants:
        raise OAuthRefused(UNAUTHORIZED_CLIENT, f"the application does not have the grant `{grant}`")
    asked = tuple(one for one in scopes if one not in _PASSED_OVER and not _is_idle(application, one))
    if not asked or not all(covers_scope(application.scopes, one) for one in asked):
        raise OAuthRefused(INVALID_SCOPE, "expected in `scope` some of those that the application lists")
    if resource and resource not in application.audiences:
        raise OAuthRefused(INVALID_TARGET, "expected as `resource` an audience that the application lists")
    return asked


def _is_idle(application: Application, scope: str) -> bool:
    """Would the scope give the application nothing, for it cannot refresh? Source: OpenID Connect Core, 11."""
    can_refresh = REFRESH_TOKEN in application.grants and OFFLINE in application.scopes
    return scope == OFFLINE and not can_refresh
