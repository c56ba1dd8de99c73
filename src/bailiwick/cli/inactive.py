"""Who was not used for long: inactive."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

from bailiwick.cli.client import Client
from bailiwick.cli.output import Output, OutputOption, print_json, print_table, reporting
from bailiwick.cli.times import minute_of

FIELDS = ("kind", "name", "id", "owner", "last_used_at", "known_since", "disabled", "keys", "policies")


@reporting
def inactive(
    days: Annotated[int, typer.Option(help="not used for so many days")] = 90,
    as_csv: Annotated[bool, typer.Option("--csv", help="print every field as CSV")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List users, service IDs, profiles and keys that nobody used for long, and what each still holds."""
    with Client.from_environment() as client:
        found = list(client.pages(client.account_path("inactive-identities"), "items", days=days))
    if output is Output.JSON:
        print_json(found)
        return
    if as_csv:
        from bailiwick.console.downloads import safe_cell

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(
            [["" if one[name] is None else safe_cell(str(one[name])) for name in FIELDS] for one in found]
        )
        return
    print_table(
        ["kind", "name", "owner", "last used", "disabled", "keys", "policies"],
        [
            [
                one["kind"],
                one["name"],
                one["owner"] or "",
                minute_of(one["last_used_at"]) or "never",
                "disabled" if one["disabled"] else "",
                "" if one["keys"] is None else str(one["keys"]),
                "" if one["policies"] is None else str(one["policies"]),
            ]
            for one in found
        ],
        empty=f"everything was used within {days} days",
        whole=("name",),
    )
