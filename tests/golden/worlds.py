"""The account of a table: made from documents, as `bailiwick apply` makes one, and checked as it checks.

Must not know what a table asks.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.golden.tables import Document

from bailiwick.catalog.catalog import Catalog
from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.errors import Invalid
from bailiwick.model.accounts import Account, Principal

ACCOUNT = "acme"
OWNER = "user:owner"


def build_account(catalog: Catalog, documents: Iterable[Document]) -> Account:
    """Which account do these documents make? It is `acme`, owned by `user:owner`.

    Raises: Invalid, where `bailiwick apply` would refuse them.
    """
    empty = Account(ACCOUNT, OWNER, principals={OWNER: Principal(OWNER)})
    values = [parse_document(document, ACCOUNT)[1] for document in documents]
    account = assemble_account(empty, values)
    findings = check_account(catalog, account)
    if findings:
        raise Invalid(findings)
    return account
