"""A worker that answers every question with the same bytes: what the server costs when nothing is decided.

It has the same protocol class, server and process shape as the worker that decides; only the answer is constant.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bailiwick.api.authzen import JSON_HEADERS
from bailiwick.api.authzen_requests import AskHeaders
from bailiwick.api.fastpath import fast_path_protocol
from bailiwick.api.problems import WireAnswer
from bailiwick.model.requests import Decision
from bailiwick.service.asking import Asked
from bailiwick.service.counting import Counters
from bailiwick.service.rates import Rates
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

CONSTANT = (
    b'{"decision":true,"context":{"reason":"allowed",'
    b'"revision":{"account":"3-9f3c01d2aa47","system":"2-0a1b2c3d4e5f"}}}'
)


class Nobody:
    """A host that is never asked."""

    public_url = "http://127.0.0.1"
    rates = Rates()
    counters = Counters()

    def now(self) -> float:
        """There is no clock."""
        raise AssertionError("a constant answer needs no clock")

    def snapshot(self, account: str) -> Snapshot:
        """There is no account."""
        raise AssertionError(f"a constant answer needs no account such as `{account}`")

    def authenticate(self, authorization: str | None, address: str | None = "") -> Session:
        """There is no session."""
        raise AssertionError("a constant answer needs no session")

    def stale_since(self, account: str) -> None:
        """It hears of everything at once."""

    def find_missing(self, account: str, wanted: Mapping[str, str]) -> str | None:
        """There is no revision."""
        raise AssertionError("a constant answer rests on no revision")

    def record_decision(self, session: Session, decision: Decision) -> None:
        """There is no decision."""
        raise AssertionError("a constant answer decides nothing")


def constant_answer(host: Asked, target: str, headers: AskHeaders, body: bytes) -> WireAnswer:
    """What is answered to everything?"""
    return 200, JSON_HEADERS, CONSTANT


def run_worker(app: Starlette, protocol: type[HttpToolsProtocol], port: int) -> None:
    """Serve with one worker until the process ends. Every measured worker runs exactly like this."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        http=protocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
    )


if __name__ == "__main__":
    run_worker(Starlette(), fast_path_protocol(Nobody(), constant_answer), int(sys.argv[1]))
