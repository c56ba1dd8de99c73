"""A database as docs/deploy.md says to make it: deploy/postgresql's roles and grants, run by psql as they stand."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.faults.cluster import MAINTENANCE, SUPERUSER, Server, home, plain_environment, programs

SCRIPTS = Path(__file__).parents[2] / "deploy" / "postgresql"
OWNER, SERVING, DATABASE = "bailiwick_owner", "bailiwick", "bailiwick"
PASSWORDS = {OWNER: "owner-word", SERVING: "serving-word"}


@contextmanager
def server_with_roles(**settings: str) -> Iterator[Server]:
    """A server with the two roles, and their empty database. It asks nobody for a password until told to."""
    with home() as folder:
        made = Server(folder, settings=settings)
        made.initialise()
        try:
            made.start()
            give_roles(made)
            yield made
        finally:
            made.stop()


def give_roles(server: Server) -> None:
    """Make the roles and the database."""
    words = {"owner_password": PASSWORDS[OWNER], "password": PASSWORDS[SERVING]}
    psql(server, "roles.sql", SUPERUSER, MAINTENANCE, variables=words)


def grant(server: Server) -> None:
    """Grant what the serving role may do."""
    psql(server, "grants.sql", OWNER, DATABASE)


def psql(
    server: Server, script: str, user: str, database: str, *, variables: Mapping[str, str] | None = None
) -> None:
    """Run this script."""
    done = subprocess.run(
        [str(programs() / "psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", user, "-d", database,
         *(f"-v{name}={value}" for name, value in (variables or {}).items()), "-f", str(SCRIPTS / script)],
        capture_output=True, text=True, check=False, env=plain_environment())  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def url_as(server: Server, user: str, *, host: str = "127.0.0.1", options: str = "") -> str:
    """Where is the database, for this role?"""
    return f"postgresql://{user}@{host}:{server.port}/{DATABASE}{options}"
