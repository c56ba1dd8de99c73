"""The token endpoint of container registries over HTTP: `GET` and `POST /registry/token`.

A registry's clients speak a protocol of their own, so errors have the registry's shape (`errors[].code`, `message`)
and not the problem details of the other routes: what a client shows its user is that message, and only with 401.
The routes need no action of `iam`: a request brings the credential that it is judged by, or is judged as `anonymous`.
This module must not decide anything. Source: distribution, Token Authentication Specification and OAuth2 token
authentication (`docs/spec/auth/token.md`, `oauth.md`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bailiwick.api.problems import BodyTooLarge, detail_of, status_of
from bailiwick.authn.registry import RegistryErrorCode, registry_error_body, registry_token_body
from bailiwick.errors import BailiwickError, Invalid, Unauthenticated, Unavailable
from bailiwick.service.host import Host
from bailiwick.service.rates import TooManyRequests
from bailiwick.service.registry import check_registries, grant_registry_token

TOKEN_PATH = "/registry/token"  # noqa: S105 - a path, not a secret
PUBLIC = "authenticates by the credential in the request; shows what the caller may do, and nothing else"
MAX_FORM_BYTES = 131_072
MAX_PARAMETERS = 128
FORM_TYPE = "application/x-www-form-urlencoded"
SECRET_PARAMETERS = ("grant_type", "password", "refresh_token")

Endpoint = Callable[[Request], Awaitable[Response]]
Parameters = Sequence[tuple[str, str]]
_logger = logging.getLogger("bailiwick.api")


class PublicRoute(Route):
    """A route without an action of its own, and why it needs none."""

    action: None = None

    def __init__(self, path: str, endpoint: Endpoint, method: str, public: str) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.public = public


def registry_routes(host: Host) -> list[Route]:
    """Which routes give container registries' clients their tokens?

    Raises Invalid when a registry of the settings is of an account that does not exist.
    """
    check_registries(host)
    return [
        PublicRoute(TOKEN_PATH, _answering(host, _query_of), "GET", PUBLIC),
        PublicRoute(TOKEN_PATH, _answering(host, _form_of), "POST", PUBLIC),
    ]


def _answering(host: Host, parameters_of: Callable[[Request], Awaitable[Parameters]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            host.rates.charge_address(request.client.host if request.client is not None else "")
            parameters = await parameters_of(request)
            return await run_in_threadpool(_grant, host, request, parameters)
        except BailiwickError as error:
            return _refuse(error)
        except ClientDisconnect:
            return _error(400, RegistryErrorCode.UNSUPPORTED, "the request has not come whole")
        except Exception:
            _logger.exception("a registry token could not be made")
            return _error(500, RegistryErrorCode.UNKNOWN, "the request could not be answered")

    return endpoint


def _grant(host: Host, request: Request, parameters: Parameters) -> Response:
    address = request.client.host if request.client is not None else ""
    granted = grant_registry_token(host, parameters, _authorization_of(request), address)
    body = registry_token_body(granted.token)
    if granted.refresh is not None:
        body["refresh_token"] = granted.refresh.text
    return _answer(200, body)


def _authorization_of(request: Request) -> str | None:
    """Which `Authorization` header was sent? SECURITY: two of them are two callers, so neither is believed."""
    sent = request.headers.getlist("authorization")
    if len(sent) > 1:
        raise Unauthenticated("expected one `Authorization` header, got more")
    return sent[0] if sent else None


async def _query_of(request: Request) -> Parameters:
    """What is asked for in the address? SECURITY: no secret, for addresses are written into logs."""
    parameters = _parse_parameters(bytes(request.scope["query_string"]))
    secret = next((name for name, _ in parameters if name in SECRET_PARAMETERS), None)
    if secret is not None:
        raise Invalid.at(
            secret, f"expected no `{secret}` in the address", "send a credential in a header or in a form"
        )
    return parameters


async def _form_of(request: Request) -> Parameters:
    """What is asked for in the form? The address's query is passed over."""
    sent_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent_type != FORM_TYPE:
        raise Invalid.at("Content-Type", f"expected `{FORM_TYPE}`, got `{sent_type}`")
    form = bytearray()
    async for chunk in request.stream():
        form += chunk
        if len(form) > MAX_FORM_BYTES:
            raise BodyTooLarge(MAX_FORM_BYTES)
    parameters = _parse_parameters(bytes(form))
    named = any(name == "grant_type" for name, _ in parameters)
    if not named and "authorization" not in request.headers:
        raise Invalid.at("grant_type", "expected `refresh_token` or `password`, got none")
    return parameters


def _parse_parameters(data: bytes) -> Parameters:
    try:
        return parse_qsl(
            data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise Invalid.at(
            "parameters", f"expected at most {MAX_PARAMETERS} parameters as URL-encoded UTF-8 text"
        ) from error


def _refuse(error: BailiwickError) -> Response:
    """Which answer says this error to a registry's client?"""
    if isinstance(error, Unauthenticated):
        detail = {"help": error.help} if error.help else None
        return _error(401, RegistryErrorCode.UNAUTHORIZED, error.message, detail)
    if isinstance(error, Unavailable):
        return _error(503, RegistryErrorCode.UNAVAILABLE, error.message)
    if isinstance(error, TooManyRequests):
        response = _error(429, RegistryErrorCode.TOO_MANY_REQUESTS, error.message)
        response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response
    return _error(status_of(error), RegistryErrorCode.UNSUPPORTED, detail_of(error))


def _error(status: int, code: RegistryErrorCode, message: str, detail: object = None) -> Response:
    return _answer(status, registry_error_body(code, message, detail))


def _answer(status: int, body: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="bailiwick"'
    return Response(msgspec.json.encode(body), status, headers, "application/json")
