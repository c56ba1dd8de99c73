"""Files that never change while the process runs: style sheets, scripts, icons. Read once, kept by browsers for good.

Each is served under the hash of its content. Third-party files are brought by `scripts/install-frontend.sh` and are in
the wheel; a checkout without them says so on every page (`missing_files`).
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC = "/console/static"
NEEDED = ("vendor/tabler.min.css", "vendor/htmx.min.js", "vendor/icons.svg")
INSTALL = "run scripts/install-frontend.sh (make run does), or install the wheel"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
PUBLIC = "style sheets, scripts and icons of the console, the same for everybody"


@dataclass(frozen=True, slots=True)
class Kept:
    """One file as it is served."""

    name: str
    kind: str
    digest: str
    plain: bytes
    packed: bytes


@cache
def kept_files() -> Mapping[str, Kept]:
    """Which files are there, by name?"""
    return {kept.name: kept for kept in _walk(files("bailiwick.console") / "static", "")}


def _walk(folder: Traversable, before: str) -> list[Kept]:
    found: list[Kept] = []
    for one in folder.iterdir():
        name = f"{before}{one.name}"
        if one.is_dir():
            found += _walk(one, f"{name}/")
        elif (kind := _TYPES.get(name[name.rfind(".") :])) is not None:
            plain = one.read_bytes()
            found.append(
                Kept(name, kind, sha256(plain).hexdigest()[:16], plain, gzip.compress(plain, mtime=0))
            )
    return found


def missing_files() -> list[str]:
    """Which files that every page needs are not there?"""
    return [name for name in NEEDED if name not in kept_files()]


def static_url(name: str) -> str:
    """Under which address is this file?"""
    kept = kept_files().get(name)
    return f"{STATIC}/{kept.digest if kept else 'missing'}/{name}"


def find_icon(name: str, label: str = "") -> Markup:
    """Which HTML draws this icon? Without a label it is decoration, and not read aloud."""
    address = f"{static_url('vendor/icons.svg')}#tabler-{name}"
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}"></use></svg>').format(said, address)


def static_route() -> Route:
    """Which route serves them?"""
    route = Route(f"{STATIC}/{{digest}}/{{name:path}}", _serve, methods=["GET"], include_in_schema=False)
    route.public = PUBLIC  # type: ignore[attr-defined]  # every route says what it asks for
    return route


async def _serve(request: Request) -> Response:
    kept = kept_files().get(request.path_params["name"])
    if kept is None or kept.digest != request.path_params["digest"]:
        return Response("there is nothing at this address", 404, media_type="text/plain")
    packs = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Cache-Control": _FOR_GOOD,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        **({"Content-Encoding": "gzip"} if packs else {}),
    }
    return Response(kept.packed if packs else kept.plain, headers=headers, media_type=kept.kind)
