"""Stores on SQL through SQLAlchemy Core: SQLite files now, written so that PostgreSQL's dialect fits too.

`store` is the facade; `append` writes, `reads` reads, `evidence` feeds verification.
Implements docs/spec.md, section "The change log".
"""
