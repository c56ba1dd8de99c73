"""Effective access: which policies reach somebody, and through which groups. The server answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.errors import Invalid

_PATHS = {"user": "users", "service-id": "service-ids", "profile": "profiles", "group": "groups"}
_NOW = {
    "holds": "yes",
    "disabled": "no: disabled",
    "not_yet": "no: begins later",
    "over": "no: is over",
    "no_member_now": "no: the membership does not hold now",
}


@reporting
def access(
    principal: Annotated[str, typer.Argument(help="user:NAME, service-id:NAME, profile:NAME or group:NAME")],
    everything: Annotated[
        bool, typer.Option("--all", help="also what says nothing now: disabled, not yet, over")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Which policies reach PRINCIPAL, and through which groups?"""
    kind, _, name = principal.partition(":")
    if kind not in _PATHS or not name:
        expected = ", ".join(f"`{one}:NAME`" for one in _PATHS)
        raise Invalid.at("", f"`{principal}` has no access of its own", f"expected one of {expected}")
    wanted = {} if everything else {"state": "holds"}
    with Client.from_environment() as client:
        path = client.account_path(_PATHS[kind], name, "access")
        head = client.get(path, limit=1, **wanted)
        items = list(client.pages(path, "items", **wanted))
    if output is Output.JSON:
        print_json({**head, "items": items, "next_cursor": None})
        return
    rows = [_row(one) for one in items]
    print_table(
        ["policy", "effect", "roles", "scope", "held through", "now"],
        rows,
        empty=f"no policy reaches {principal}",
    )
    print_lines(_notes(principal, head))


def _row(one: Mapping[str, Any]) -> list[object]:
    policy = one["policy"]
    roles, scope = policy["roles"], policy.get("scope", {})
    through = _through(one)
    return [policy["name"], policy.get("effect", "allow"), roles, scope, through, _NOW[one["state"]]]


def _through(one: Mapping[str, Any]) -> str:
    """By which groups, from the nearest to the one that the policy names? The shortest way stands for all."""
    ways = one["paths"]
    steps = [step["group"] or "a group that you may not see" for step in ways[0]]
    more = f" (and {len(ways) - 1} more)" if len(ways) > 1 else ""
    return (" in ".join(steps) if steps else str(one["subject"])) + more


def _notes(principal: str, head: Mapping[str, Any]) -> list[str]:
    """What else is to be known?"""
    said = [
        (head["disabled"], f"{principal} is disabled: nothing is allowed"),
        (head["suspended"], "the account is suspended: nothing is allowed"),
        (head["owner"], f"{principal} owns the account and may administer all of it"),
        (head["hidden"], f"{head['hidden']} more that you may not see"),
        (head["guardrails"], f"guardrails in force: {', '.join(head['guardrails'])}"),
    ]
    return [text for is_so, text in said if is_so]
