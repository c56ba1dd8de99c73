"""What should be looked at: attention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, reporting
from bailiwick.cli.times import second_of


@reporting
def attention(output: OutputOption = Output.TABLE) -> None:
    """Show what should be looked at: what ends soon, what nobody uses, what reaches too far."""
    with Client.from_environment() as client:
        answer = client.get(client.account_path("attention"))
    if output is Output.JSON:
        print_json(answer)
        return
    lines = [line for topic in answer["topics"] for line in _lines(topic)]
    print_lines(lines or ["nothing needs attention"])


def _lines(topic: Mapping[str, Any]) -> Iterator[str]:
    mark = "!" if topic["weight"] == "urgent" else "-"
    at_least = "at least " if topic["at_least"] else ""
    yield f"{mark} {topic['title']} ({at_least}{topic['count']}): {topic['advice']}"
    for one in topic["items"]:
        of = f" ({one['of']})" if one["of"] else ""
        at = f", {second_of(one['at'])}" if one["at"] else ""
        yield f"    {one['kind']} {one['name']}{of}{at}"
    more = topic["count"] - len(topic["items"])
    if more:
        yield f"    and {more} more"
