"""What is kept of a request with an idempotency key, the same in every store."""

from __future__ import annotations

from datetime import datetime

from bailiwick.store.chain import check_texts
from bailiwick.store.ports import Answer, Head, Idempotency


def check_request(request: Idempotency) -> None:
    """Can this request be kept? Raises Invalid: its key comes from outside."""
    named = (
        ("principal_uid", request.principal_uid),
        ("key", request.key),
        ("digest", request.request_digest),
    )
    check_texts(named)


def answer_to(request: Idempotency, head: Head, at: datetime) -> Answer:
    """Which answer is kept for this request, which led to this head?"""
    status, value = request.answer(head)
    return Answer(request.principal_uid, request.key, request.request_digest, status, value, at)
