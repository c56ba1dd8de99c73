"""The documents of the enterprise guide are such as `apply` takes."""

from __future__ import annotations

import re
from pathlib import Path

from bailiwick.catalog.checks import check_account
from bailiwick.catalog.documents import assemble_account, parse_document
from bailiwick.catalog.sources import parse_documents
from bailiwick.model.accounts import Account, Principal
from bailiwick.service.catalog_files import load_system_catalog

GUIDE = Path(__file__).parents[3] / "docs" / "enterprise.md"
PEOPLE = {f"user:{name}": Principal(f"user:{name}") for name in ("owner", "mia", "liv")}


def test_the_documents_of_the_guide_fit_together() -> None:
    """All of them in one management account, besides the people whom they name."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    sources = [source for block in blocks for source in parse_documents(block, GUIDE.name)]
    values = [parse_document(source.data, "hq")[1] for source in sources]
    account = assemble_account(Account("hq", "user:owner", principals=PEOPLE), values)
    assert [finding.format() for finding in check_account(load_system_catalog(), account)] == []
    assert {"Enterprise", "AccountGroup", "Policy", "Guardrail"} == {
        source.data["kind"] for source in sources
    }
