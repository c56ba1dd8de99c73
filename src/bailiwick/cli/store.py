"""The store itself, without a server: store migrate."""

from __future__ import annotations

import typer

from bailiwick.cli import migrating

store_app = typer.Typer(help="The store, without a server.", no_args_is_help=True)
store_app.command("migrate")(migrating.migrate)
