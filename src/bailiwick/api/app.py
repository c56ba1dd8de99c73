"""The application: every route of one host, put together in one place.

The route table is `table`; routes of protocols with documents of their own (AuthZEN, registry tokens) join it. Nothing
else listens. SECURITY: no path is read in two ways (`StrictPaths`), no redirect is made from a request's headers.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bailiwick.api.administration import administration_entries
from bailiwick.api.administration_applications import application_entries
from bailiwick.api.administration_documents import document_entries
from bailiwick.api.administration_federation import federation_entries
from bailiwick.api.administration_keys import key_entries
from bailiwick.api.administration_people import people_entries
from bailiwick.api.administration_sessions import session_entries
from bailiwick.api.attention import attention_entries
from bailiwick.api.authzen_routes import authzen_routes
from bailiwick.api.authzen_search import search_entries
from bailiwick.api.effective import effective_entries
from bailiwick.api.enterprise import enterprise_entries
from bailiwick.api.guardrail_reports import report_entries
from bailiwick.api.health import health_entries
from bailiwick.api.idempotency import KEPT
from bailiwick.api.inactive import inactive_entries
from bailiwick.api.inventory import inventory_entries
from bailiwick.api.lists import list_entries
from bailiwick.api.log import log_entries
from bailiwick.api.metrics.page import metrics_entries
from bailiwick.api.oauth.device import device_entries
from bailiwick.api.oauth.introspection import introspection_entries
from bailiwick.api.oauth.openid import openid_entries
from bailiwick.api.oauth.tokens import token_entries
from bailiwick.api.openapi import openapi_document
from bailiwick.api.operations import operation_entries
from bailiwick.api.own_session import whoami_entries
from bailiwick.api.pages import page_entries
from bailiwick.api.problems import internal_problem, problem
from bailiwick.api.projects import project_entries
from bailiwick.api.proposals import proposal_entries
from bailiwick.api.registry import registry_routes
from bailiwick.api.routes import Entry, TableRoute, describe, endpoint_of, responses_of
from bailiwick.api.schemas import component_schemas
from bailiwick.api.scim.routes import no_route, scim_entries
from bailiwick.api.scim.showing import BASE as SCIM_PATH
from bailiwick.api.services import service_entries
from bailiwick.api.serving import Serving
from bailiwick.api.templates import template_entries
from bailiwick.console.app import console_routes
from bailiwick.service.host import Host

FLUSH_SECONDS = 5.0
_FLUSHES_BETWEEN_PRUNING = 720
_logger = logging.getLogger("bailiwick.api")


def build_app(host: Host, serving: Serving | None = None) -> FastAPI:
    """Which application answers for this host? `serving`: the server in which it runs, if it is one."""
    serving = serving or Serving()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        keeping = asyncio.create_task(_keep_house(host))
        host.held.never_wait_here()
        try:
            yield
        finally:
            host.held.may_wait_again()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            # WHY here: after this the server gives itself the signal anew that stopped it, and nothing later runs.
            await _write_out(host)

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=lifespan)

    @cache
    def document() -> Mapping[str, Any]:
        return openapi_document(app)

    own = [*health_entries(serving), *metrics_entries(host, serving)]
    for entry in [*table(), *own, *page_entries(document)]:
        _add(app, host, entry)
    app.router.routes.extend([*authzen_routes(host), *registry_routes(host), *console_routes(host)])
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(StrictPaths)
    return app


def table() -> list[Entry]:
    """Which routes are there, but for those that describe them and those of other protocols?"""
    return [
        *administration_entries(),
        *document_entries(),
        *inventory_entries(),
        *enterprise_entries(),
        *report_entries(),
        *effective_entries(),
        *key_entries(),
        *session_entries(),
        *whoami_entries(),
        *people_entries(),
        *federation_entries(),
        *application_entries(),
        *log_entries(),
        *attention_entries(),
        *inactive_entries(),
        *project_entries(),
        *operation_entries(),
        *proposal_entries(),
        *search_entries(),
        *list_entries(),
        *service_entries(),
        *template_entries(),
        *token_entries(),
        *introspection_entries(),
        *device_entries(),
        *openid_entries(),
        *scim_entries(),
    ]


def _add(app: FastAPI, host: Host, entry: Entry) -> None:
    router = APIRouter(route_class=TableRoute)
    router.add_api_route(
        entry.path,
        endpoint_of(host, entry),
        methods=[entry.method],
        summary=entry.summary,
        tags=[entry.tag],
        operation_id=_operation_id(entry),
        openapi_extra=describe(entry, component_schemas()),
        responses=responses_of(entry),
        response_model=None,
    )
    route = cast(TableRoute, router.routes[0])
    route.entry = entry
    app.router.routes.append(route)


def _operation_id(entry: Entry) -> str:
    words = entry.path.replace("/v1/accounts/{account}", "account").replace("{name:path}", "one")
    words = re.sub("-([a-z])", lambda found: found[1].upper(), words)
    for old, new in (("{name}", "one"), ("/", "_"), (".", "_")):
        words = words.replace(old, new)
    return f"{entry.method.lower()}_{words.strip('_')}"


async def _keep_house(host: Host) -> None:
    """Write out what is buffered every few seconds; forget old answers now and then."""
    turns = 0
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        turns += 1
        await _write_out(host)
        try:
            if turns % _FLUSHES_BETWEEN_PRUNING == 1:
                await run_in_threadpool(host.store.prune_answers, host.at() - KEPT)
        except Exception:
            _logger.exception("old answers could not be forgotten")


async def _write_out(host: Host) -> None:
    """Write out what of the activity is buffered; what fails is tried again with the next."""
    try:
        await run_in_threadpool(host.store.activity.flush)
    except Exception:
        _logger.exception("activity could not be written out")


async def _no_route(request: Request, error: Exception) -> Response:
    """What is answered where no route is, or not with this method?"""
    status = error.status_code if isinstance(error, HTTPException) else 404
    is_scim = request.url.path.startswith(f"{SCIM_PATH}/")
    if status == 405:
        response = problem(405, "method_not_allowed", "Method not allowed", "this address has no such method")
        response = no_route(405) if is_scim else response
        allow = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
        response.headers["Allow"] = allow
        return response
    return (
        no_route(404)
        if is_scim
        else problem(404, "not_found", "Not found", "there is nothing at this address")
    )


async def _broken(request: Request, error: Exception) -> Response:
    return internal_problem()


class StrictPaths:
    """Refuses addresses that could be read in two ways, before any route is looked for.

    SECURITY: an escaped slash would make another path of this one once decoded, and whatever stands in front of the
    server may have judged the one that was sent. Only a resource's name, the last part, holds slashes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it pass, or answer that there is nothing."""
        if scope["type"] == "http" and not is_strict(bytes(scope.get("raw_path") or b"")):
            response = problem(404, "not_found", "Not found", "there is nothing at this address")
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_strict(raw_path: bytes) -> bool:
    """Is there one way to read this path, as it was sent?"""
    if b"%" not in raw_path:
        return True
    parts = raw_path.split(b"/")
    # /v1/accounts/{account}/resources/{name}
    is_resource = len(parts) > 5 and parts[1:3] == [b"v1", b"accounts"] and parts[4] == b"resources"
    return all(
        _is_decodable(part) and (b"/" not in unquote_to_bytes(part) or (is_resource and index > 4))
        for index, part in enumerate(parts)
    )


def _is_decodable(part: bytes) -> bool:
    pieces = part.split(b"%")[1:]
    if any(len(piece) < 2 or not _is_hex(piece[:2]) for piece in pieces):
        return False
    try:
        unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_hex(two: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in two)
