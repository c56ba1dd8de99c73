"""The command `bailiwick`: every command in one place. It must not do anything but name them."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from bailiwick import __version__
from bailiwick.cli import (
    applications,
    attention,
    catalog,
    documents,
    effective,
    enterprise,
    federation,
    guardrails,
    importing,
    inactive,
    keys,
    log,
    master_keys,
    policies,
    profiles,
    projects,
    questions,
    registry,
    resources,
    sample,
    searches,
    servers,
    signing_keys,
    store,
    templates,
    users,
)
from bailiwick.cli.login import commands as login
from bailiwick.cli.output import EXIT_ERROR, print_lines

app = typer.Typer(
    help="Who may do what, where, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)

ASK, CHANGE, RECORD, RUN = "Ask", "Change", "Signing in, keys, catalog and log", "Run"


def _print_version(wanted: bool) -> None:
    if wanted:
        print_lines([__version__])
        raise typer.Exit


@app.callback(
    epilog="Sign in by `bailiwick login`; or BAILIWICK_URL says where the server is, "
    "BAILIWICK_API_KEY (or BAILIWICK_TOKEN) who asks. "
    "Exit codes: 0 done or allowed, 1 denied or different, 2 error."
)
def bailiwick(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Who may do what, where, and why."""


app.command("check", rich_help_panel=ASK)(questions.check)
app.command("explain", rich_help_panel=ASK)(questions.explain)
app.command("can", rich_help_panel=ASK)(questions.can)
app.command("who-can", rich_help_panel=ASK)(searches.who_can)
app.command("what-can", rich_help_panel=ASK)(searches.what_can)
app.command("access", rich_help_panel=ASK)(effective.access)
app.command("roles", rich_help_panel=ASK)(catalog.roles)
app.command("apply", rich_help_panel=CHANGE)(documents.apply)
app.command("diff", rich_help_panel=CHANGE)(documents.diff)
app.command("export", rich_help_panel=CHANGE)(documents.export)
app.command("import", rich_help_panel=CHANGE)(importing.import_)
app.command("user-policy-create", rich_help_panel=CHANGE)(policies.user_policy_create)
app.command("service-policy-create", rich_help_panel=CHANGE)(policies.service_policy_create)
app.command("access-group-policy-create", rich_help_panel=CHANGE)(policies.access_group_policy_create)
app.add_typer(resources.resource_app, name="resource", rich_help_panel=CHANGE)
app.add_typer(templates.templates_app, name="template", rich_help_panel=CHANGE)
app.add_typer(projects.projects_app, name="project", rich_help_panel=CHANGE)
app.add_typer(enterprise.enterprise_app, name="enterprise", rich_help_panel=CHANGE)
app.add_typer(guardrails.guardrail_app, name="guardrail", rich_help_panel=CHANGE)
app.add_typer(users.users_app, name="user", rich_help_panel=CHANGE)
app.add_typer(users.invitations_app, name="invitation", rich_help_panel=CHANGE)
app.add_typer(federation.providers_app, name="identity-provider", rich_help_panel=CHANGE)
app.add_typer(federation.rules_app, name="federation-rule", rich_help_panel=CHANGE)
app.add_typer(keys.keys_app, name="key", rich_help_panel=RECORD)
app.command("login", rich_help_panel=RECORD)(login.login)
app.command("logout", rich_help_panel=RECORD)(login.logout)
app.command("whoami", rich_help_panel=RECORD)(login.whoami)
app.command("token", rich_help_panel=RECORD)(login.token)
app.add_typer(applications.applications_app, name="application", rich_help_panel=CHANGE)
app.add_typer(profiles.profiles_app, name="profile", rich_help_panel=RECORD)
app.add_typer(catalog.catalog_app, name="catalog", rich_help_panel=RECORD)
app.command("attention", rich_help_panel=RECORD)(attention.attention)
app.command("inactive", rich_help_panel=RECORD)(inactive.inactive)
app.add_typer(log.log_app, name="log", rich_help_panel=RECORD)
app.command("init", rich_help_panel=RUN)(servers.init)
app.command("recover", rich_help_panel=RUN)(servers.recover)
app.command("serve", rich_help_panel=RUN)(servers.serve)
app.command("sample", rich_help_panel=RUN)(sample.sample)
app.add_typer(master_keys.master_keys_app, name="master-key", rich_help_panel=RUN)
app.add_typer(signing_keys.signing_keys_app, name="signing-key", rich_help_panel=RUN)
app.add_typer(store.store_app, name="store", rich_help_panel=RUN)
app.add_typer(registry.registry_app, name="registry", rich_help_panel=RUN)


@app.command("version", rich_help_panel=RUN)
def version() -> None:
    """Print the version."""
    print_lines([__version__])


def main() -> None:
    """Run the command line. Wrong usage is an error too: exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # WHY: a terminal that lacks a character gets its escape, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    broken = next((text for text in sys.argv[1:] if not _is_text(text)), None)
    if broken is not None:
        typer.echo(
            f"error: argument {broken.encode(errors='backslashreplace').decode()} is not UTF-8 text", err=True
        )
        sys.exit(EXIT_ERROR)
    sys.exit(app(prog_name="bailiwick"))


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
