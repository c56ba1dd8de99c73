"""What an administrator should look at, over HTTP. What there is and who sees it is service/attention.py's."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bailiwick.api.administration import ACCOUNT_PATH
from bailiwick.api.answers import json_response
from bailiwick.api.calls import Call
from bailiwick.api.routes import Entry, actions
from bailiwick.service.attention import LIST_POLICIES, SEEN_BY, Topic, find_attention


def attention_entries() -> list[Entry]:
    """Which routes say what should be looked at?"""
    return [
        Entry("GET", f"{ACCOUNT_PATH}/attention", _attention, actions(LIST_POLICIES, *SEEN_BY),
              "What should be looked at: what ends, what nobody uses, what reaches too far", "account",
              answers={200: "Attention"}),
    ]  # fmt: skip


def _attention(call: Call) -> Response:
    vector = call.host.snapshot(call.account).vector
    topics = [_topic(one) for one in find_attention(call.host, call.session)]
    return json_response({"topics": topics, "revision": dict(vector)}, vector=vector)


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "code": topic.code,
        "title": topic.meaning.title,
        "advice": topic.meaning.advice,
        "weight": topic.meaning.weight,
        "count": topic.count,
        "at_least": topic.at_least,
        "items": [
            {
                "kind": one.kind,
                "name": one.name,
                "of": one.of or None,
                "at": None if one.at is None else one.at.isoformat(),
            }
            for one in topic.notices
        ],
    }
