"""Guardrails on the command line: list them, and ask what one would stop before it is switched on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bailiwick.catalog.sources import parse_documents
from bailiwick.cli.client import Client
from bailiwick.cli.enterprise import print_guardrails
from bailiwick.cli.output import Output, OutputOption, print_json, print_lines, print_table, reporting
from bailiwick.cli.sources import read_sources
from bailiwick.errors import Invalid

guardrail_app = typer.Typer(help="Guardrails: list them, and ask what one would stop.", no_args_is_help=True)

_COLUMNS = {
    "accounts": (
        "account",
        "shared",
        "policies_void",
        "policies_partly_void",
        "principals",
        "losses",
        "complete",
    ),
    "policies": ("policy", "effect", "actions", "actions_void", "actions_partly_void"),
    "losses": ("principal", "action", "resource"),
}


@guardrail_app.command("list")
@reporting
def list_(output: OutputOption = Output.TABLE) -> None:
    """List the guardrails of your account, its own and those of nodes."""
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("guardrails"), "items"))
    if output is Output.JSON:
        print_json(found)
        return
    print_guardrails(found, empty="no guardrails")


@guardrail_app.command("report")
@reporting
def report(
    name: Annotated[str, typer.Argument(help="the guardrail's name; of one from above ENTERPRISE/NODE/NAME")],
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="a YAML file with the guardrail as it would be")
    ] = None,
    losses: Annotated[
        bool, typer.Option("--losses", help="who loses which action on what, instead of policies")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Say what a guardrail would stop: by account below its node, else which policies become void."""
    body = {} if file is None else {"guardrail": draft_in(file, name)}
    with Client.from_environment() as client:
        pages = list(_pages(client, name, body, "losses" if losses else "policies"))
    items = [item for page in pages for item in page["items"]]
    if output is Output.JSON:
        print_json({**pages[0], "items": items, "next_cursor": None})
        return
    columns = _COLUMNS[pages[0]["of"]]
    rows = [[item[column] for column in columns] for item in items]
    print_table([one.replace("_", " ") for one in columns], rows, empty="it would stop nothing")
    if pages[0]["conditional"]:
        print_lines(["It has a condition: counted as it is where nobody says anything of the situation."])


def draft_in(file: Path, name: str) -> dict[str, Any]:
    """Which guardrail of this name is in the file? Raises Invalid."""
    for source in read_sources([file]):
        for document in parse_documents(source["text"], source["file"]):
            if document.data.get("kind") == "Guardrail" and document.data.get("name") == name:
                return dict(document.data)
    raise Invalid.at("--file", f"`{file}` holds no guardrail `{name}`", "name the one that is in the file")


def _pages(client: Client, name: str, body: dict[str, Any], show: str) -> Any:
    # WHY: a guardrail from above has slashes in its name, which stand as they are in the address.
    path = f"{client.account_path('guardrails')}/{quote(name, safe='/')}/report"
    cursor: str | None = None
    while True:
        wanted = {"show": show, **({} if cursor is None else {"cursor": cursor})}
        page = client.call("POST", path, json=body, params=wanted)
        yield page
        cursor = page["next_cursor"]
        if not cursor:
            return
