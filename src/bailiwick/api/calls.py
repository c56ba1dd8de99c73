"""One request to the administration: who asks, for what, with which parameters and body.

Handlers get a `Call` and nothing else of the framework, so that no handler reads a request in its own way.
It must not decide anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bailiwick.api.bodies import check_content_type, parse_object
from bailiwick.errors import Invalid, NotFound, did_you_mean
from bailiwick.service.cursors import Cursors, List
from bailiwick.service.host import Host
from bailiwick.service.sessions import Session

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_QUERY_FIELDS = 32
MAX_REVISION_DIGITS = 18
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_NOT_FILTERS = ("cursor", "limit")


@dataclass
class Call:
    """One request. `known` are the parameters that the route takes."""

    host: Host
    request: Request
    known: tuple[str, ...] = ()
    body: bytes = b""
    who: Session | None = field(default=None, repr=False)

    @property
    def session(self) -> Session:
        """Who asks? Only of routes that are not public."""
        if self.who is None:
            raise RuntimeError("a public route has no session")
        return self.who

    @property
    def address(self) -> str:
        """From which address does the request come, as far as that is known?"""
        return self.request.client.host if self.request.client is not None else ""

    @property
    def account(self) -> str:
        """Of which account is it? The session's, which the path repeats."""
        return self.session.account

    @property
    def path_account(self) -> str:
        """Which account does the path name? Another than the session's only on a route that says so."""
        return str(self.request.path_params["account"])

    @property
    def name(self) -> str:
        """Which object does the path name?"""
        return str(self.request.path_params["name"])

    @property
    def revision(self) -> int:
        """Which revision does the path name? Raises NotFound for what is no number."""
        text = str(self.request.path_params["revision"])
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_REVISION_DIGITS):
            raise NotFound(f"there is no revision `{text[:40]}`", "expected a number, as the log shows it")
        return int(text)

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Which parameters does the address hold? Raises Invalid for unknown, repeated or broken ones."""
        query = bytes(self.request.scope["query_string"])
        try:
            pairs = parse_qsl(
                query.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_QUERY_FIELDS,
            )
        except ValueError:
            raise Invalid.at("query", "expected URL-encoded UTF-8 parameters") from None
        found: dict[str, str] = {}
        for name, value in pairs:
            if name not in self.known:
                raise Invalid.at(
                    name[:80], f"unknown parameter `{name[:80]}`", did_you_mean(name, self.known)
                )
            if name in found:
                raise Invalid.at(name, f"parameter `{name}` is given twice")
            found[name] = value
        return found

    def flag(self, name: str) -> bool | None:
        """Is this parameter true or false? None: it is not given."""
        value = self.choice(name, "true", "false")
        return None if value is None else value == "true"

    def choice(self, name: str, *options: str) -> str | None:
        """Which of the options is this parameter? None: it is not given."""
        value = self.parameters.get(name)
        if value is not None and value not in options:
            expected = " or ".join(f"`{one}`" for one in options)
            raise Invalid.at(name, f"expected {expected}, got `{value[:40]}`")
        return value

    @property
    def dry_run(self) -> bool:
        """Shall only be said what would change?"""
        return self.flag("dry_run") or False

    @property
    def limit(self) -> int:
        """How many members has a page at most?"""
        text = self.parameters.get("limit")
        if text is None:
            return DEFAULT_LIMIT
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
            raise Invalid.at("limit", f"expected a number from 1 to {MAX_LIMIT}, got `{text[:40]}`")
        return int(text)

    def position(self) -> str | None:
        """After which position does the wanted page begin? None: at the beginning."""
        cursor = self.parameters.get("cursor")
        return None if cursor is None else self._cursors.read(self._list, cursor, self.host.now())

    def cursor(self, position: str) -> str:
        """Which cursor begins the next page, after this position?"""
        return self._cursors.make(self._list, position, self.host.now())

    @property
    def _cursors(self) -> Cursors:
        return Cursors(self.host.cursor_secret())

    @property
    def _list(self) -> List:
        filters = {name: text for name, text in self.parameters.items() if name not in _NOT_FILTERS}
        return List(self.account, self.session.uid, str(self.request.scope["path"]), filters)

    def json(self, *types: str) -> dict[str, Any]:
        """Which JSON object was sent? Raises Invalid."""
        check_content_type(self.request.headers.get("content-type", ""), *(types or (JSON,)))
        return parse_object(self.body)

    def header(self, name: str) -> str | None:
        """Which value has this header? Raises Invalid where it is given twice."""
        values = self.request.headers.getlist(name)
        if len(values) > 1:
            raise Invalid.at(name, f"header `{name}` is given twice")
        return values[0] if values else None

    @property
    def idempotency_key(self) -> str | None:
        """Under which key may the request be repeated?"""
        key = self.header("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise Invalid.at("idempotency-key", "expected 1 to 128 visible ASCII characters")
        return key
