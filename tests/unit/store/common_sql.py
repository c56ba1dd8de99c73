"""Which SQL do PostgreSQL, Citus, CockroachDB and YugabyteDB all take, with the log as the key by which they spread?

A list of what is forbidden, not a parser: coarse, and meant to be. docs/deploy.md, "Engines", says what each needs.
"""

from __future__ import annotations

import re

from sqlalchemy import MetaData

FORBIDDEN = {
    "advisory lock": r"\bpg_(try_)?advisory",
    "announcement": r"\b(LISTEN|NOTIFY|pg_notify)\b",
    "sequence": r"\b(nextval|currval|setval|SERIAL|BIGSERIAL|GENERATED)\b",
    "trigger": r"\bTRIGGER\b",
    "table lock": r"\bLOCK TABLE\b",
    "temporary table": r"\bTEMP(ORARY)?\b",
    "recursion": r"\bRECURSIVE\b",
    "row's physical place": r"\bctid\b",
    # Before a database has statistics of a new log, it compares each row with every one of the other table.
    "join": r"\bJOIN\b",
}
ACROSS_LOGS = {
    "which logs there are": r"SELECT head\.log\s+FROM head ORDER BY head\.log",
    "which heads moved": r"FROM head\s+WHERE head\.moved_at >= ",
    "where something is found from outside": r"FROM locator\s+WHERE locator\.kind = \S+ AND locator\.value = ",
    "what a rotation of the master key encrypts anew": r"FROM (secret|idempotency)\s+WHERE \w+\.key_id != ",
    "how much is under each master key": r"FROM (secret|idempotency) GROUP BY \w+\.key_id$",
    "of which logs there is activity": r"SELECT activity_head\.log\s+FROM activity_head ORDER BY activity_head\.log",
    "the database's clock": r"^SELECT CAST\(EXTRACT\(EPOCH FROM statement_timestamp\(\)\)[^;]*\) AS \w+$",
}
ACROSS_LOGS_INDEXES = {"head_by_moved_at", "locator_by_value"}


def problems_of(sql: str) -> list[str]:
    """What in this statement, as PostgreSQL is sent it, is outside of the common set?"""
    found = [name for name, pattern in FORBIDDEN.items() if re.search(pattern, sql, re.IGNORECASE)]
    if any(re.search(pattern, sql) for pattern in ACROSS_LOGS.values()):
        return found
    if sql.startswith("INSERT"):
        columns = sql[sql.index("(") :].split(")", maxsplit=1)[0]
        if not re.match(r"\(log\b", columns):
            found.append("an insert whose first column is not the log")
        conflict = re.search(r"ON CONFLICT \(([^)]*)\)", sql)
        if "ON CONFLICT" in sql and not (conflict and re.match(r"log\b", conflict.group(1))):
            found.append("a conflict without the log")
        return found
    _, _, where = sql.partition("WHERE")
    if not re.search(r"\.log (=|IN) ", where):
        found.append("no log in its WHERE")
    return found


def keys_without_log(tables: MetaData) -> list[str]:
    """Which primary and foreign keys and indexes do not begin with the log, and are not among the stated exceptions?"""
    found = [
        table.name for table in tables.sorted_tables if next(iter(table.primary_key.columns)).name != "log"
    ]
    for table in tables.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.column_keys[0] != "log":
                found.append(f"{table.name}, {key.column_keys[0]}")
        for index in table.indexes:
            if next(iter(index.columns)).name != "log" and index.name not in ACROSS_LOGS_INDEXES:
                found.append(str(index.name))
    return found
