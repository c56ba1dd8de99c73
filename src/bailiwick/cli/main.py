"""The command `bailiwick`: every command in one place."""

from __future__ import annotations

import sys

import typer

from bailiwick import __version__
from bailiwick.cli import catalog, documents, keys, log, questions, registry, servers

app = typer.Typer(
    help="Who may do what, where, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)

app.command("init")(servers.init)
app.command("serve")(servers.serve)
app.command("sample")(servers.sample)
app.command("apply")(documents.apply)
app.command("diff")(documents.diff)
app.command("export")(documents.export)
app.command("check")(questions.check)
app.command("explain")(questions.explain)
app.command("can")(questions.can)
app.command("roles")(questions.roles)
app.command("user-policy-create")(documents.user_policy_create)
app.command("service-policy-create")(documents.service_policy_create)
app.command("access-group-policy-create")(documents.access_group_policy_create)
app.command("token")(keys.token)
app.add_typer(keys.keys_app, name="key")
app.add_typer(catalog.catalog_app, name="catalog")
app.add_typer(log.log_app, name="log")
app.add_typer(registry.registry_app, name="registry")


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line. Wrong usage is an error too: exit code 2."""
    sys.exit(app())
