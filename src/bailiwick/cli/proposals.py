"""What is missing, and whom to ask: what `explain --propose` shows. The server proposes; nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, print_json, print_lines, print_paragraph
from bailiwick.model.names import parse_principal

MOST_OTHERS = 5


def ask_proposals(client: Client, principal: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What does the server propose for this question, which is asked as for a decision? Raises Invalid."""
    body = {
        "principal": parse_principal(principal),
        "action": asked["action"]["name"],
        "resource": {"id": asked["resource"]["id"], "properties": asked["resource"]["properties"]},
        "context": asked["context"],
    }
    answer: dict[str, Any] = client.post(client.account_path("proposals"), body)
    return answer


def print_proposals(found: Mapping[str, Any], output: Output) -> None:
    """Show the reason, then what stands against it or what would change it."""
    if output is Output.JSON:
        print_json(found)
        return
    print_paragraph(found["text"])
    for one in found["obstacles"]:
        typer.echo("")
        print_lines([one["text"], *([f"  {one['ask']['text']}"] if one["ask"]["text"] else [])])
    for one in found["proposals"]:
        typer.echo("")
        print_lines(_lines(one))
    if not (found["decision"] or found["obstacles"] or found["proposals"]):
        print_lines(["", "nothing can be proposed that would allow just this"])


def _lines(one: Mapping[str, Any]) -> list[str]:
    lines = [one["text"]]
    if one["wider"]:
        lines.append(f"  wider than asked: {one['wider']}")
    if one["others"]:
        shown = ", ".join(one["others"][:MOST_OTHERS])
        more = f" and {len(one['others']) - MOST_OTHERS} more" if len(one["others"]) > MOST_OTHERS else ""
        lines.append(f"  brings {len(one['others'])} other actions: {shown}{more}")
    else:
        lines.append("  brings nothing else")
    lines.append("  you may do this" if one["may"] else f"  {one['ask']['text']}")
    return lines
