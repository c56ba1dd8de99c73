"""Headers of every answer: nothing from elsewhere, no script in the page, no frame around it, no cache keeps it."""

from __future__ import annotations

from starlette.responses import Response

from bailiwick.console.entrance import is_secure
from bailiwick.service.host import Host

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # WHY data: Tabler's style sheet draws check marks and arrows so.
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR = "max-age=31536000"


def secure(response: Response, host: Host) -> Response:
    """The same, with these headers."""
    for name, value in _ALWAYS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    if is_secure(host):
        response.headers["Strict-Transport-Security"] = _YEAR
    return response
