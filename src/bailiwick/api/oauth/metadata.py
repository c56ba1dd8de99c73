"""What discovery says of the endpoints for tokens. All addresses come from the settings, none from a request.

Source: RFC 8414, section 2.
"""

from __future__ import annotations

from typing import Any

from bailiwick.api.oauth.tokens import GRANTS
from bailiwick.model.applications import SCOPE_WORDS
from bailiwick.service.host import Host

_BY_SECRET = ["client_secret_basic", "client_secret_post"]


def token_metadata(host: Host) -> dict[str, Any]:
    """Where are tokens given, asked about and ended, for which grants, by which proof?"""
    url = host.public_url
    return {
        "issuer": host.settings.issuer,
        "token_endpoint": f"{url}/oauth/token",
        "token_endpoint_auth_methods_supported": [*_BY_SECRET, "none"],
        "jwks_uri": f"{url}/oauth/jwks",
        "grant_types_supported": list(GRANTS),
        "scopes_supported": list(SCOPE_WORDS),
        "introspection_endpoint": f"{url}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": _BY_SECRET,
        "revocation_endpoint": f"{url}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": [*_BY_SECRET, "none"],
    }
