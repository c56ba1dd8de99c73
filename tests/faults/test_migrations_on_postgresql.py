"""The logs' revisions on PostgreSQL, with data: up, down and up again, to exactly the tables of the program."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from tests.faults.cluster import primary

from bailiwick.service.locating import locate
from bailiwick.store.sql.migrations.running import (
    ACTIVITY_PART,
    LOGS_PART,
    Tools,
    find_revision,
    migrate,
    revisions,
)
from bailiwick.store.sql.schema import LOGS
from bailiwick.store.vault import Vault, new_key, write_keys

ROWS = (
    "INSERT INTO head VALUES ('account:a', 1, '\\x00', '\\x00', 't')",
    "INSERT INTO change VALUES "
    "('account:a', 1, 1, 't', 'u', 'v', 'Application', 'app', 'create', '\\x00', '\\x00', '\\x00')",
    "INSERT INTO object VALUES ('account:a', 'Application', 'app', 'n', '{}', 1)",
    "INSERT INTO setting VALUES ('schema_version', '1')",
)
KEEP = text("INSERT INTO idempotency VALUES ('u', 'k', 'd', 201, :key_id, :sealed, 't')")


def test_the_logs_go_up_down_and_up_again(tmp_path: Path) -> None:
    """Answers stay readable, applications are found, and nothing differs from what the program would make."""
    key_id, key = new_key(token_bytes)
    write_keys(tmp_path / "master.key", {key_id: key})
    vault = Vault(tmp_path / "master.key", token_bytes)
    given = Tools(None, vault, locate)
    with primary() as server:
        engine = create_engine(server.url().replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            for part in (LOGS_PART, ACTIVITY_PART):
                migrate(connection, part, "0001", given)
            for row in ROWS:
                connection.execute(text(row))
            sealed = vault.seal(key_id, ("answer", "u", "k"), b"made")
            connection.execute(KEEP, {"key_id": key_id, "sealed": sealed})
        for to in ("0002", "0001", "0002"):
            with engine.begin() as connection:
                assert migrate(connection, LOGS_PART, to, given) == ("0002",)
                assert find_revision(connection, LOGS_PART) == to
        with engine.begin() as connection:
            migrate(connection, LOGS_PART, revisions(LOGS_PART)[-1], given)
            found = connection.execute(text("SELECT log, kind, uid, value FROM locator")).all()
            assert [tuple(row) for row in found] == [("account:a", "Application", "app", "app")]
            kept = connection.execute(text("SELECT log, key_id, ciphertext FROM idempotency")).one()
            assert vault.open(kept[1], ("answer", kept[0], "u", "k"), bytes(kept[2])) == b"made"
            differences = compare_metadata(MigrationContext.configure(connection), LOGS)
            assert [one for one in differences if str(one[0]).startswith(("add", "modify"))] == []
        engine.dispose()
