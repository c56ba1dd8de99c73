"""How many tables and cells are there? `python -m tests.golden.counting` prints them by kind."""

from __future__ import annotations

from collections import Counter

from tests.golden import catalog_facts
from tests.golden.cells import sheet_of
from tests.golden.tables import ApiTable, GoldenTable, Texts, load_table, table_names

from bailiwick.catalog.catalog import Catalog
from bailiwick.service.catalog_files import load_system_catalog


def count_cells(table: GoldenTable, catalog: Catalog) -> int:
    """How many cells has this table, each answered by itself?"""
    if isinstance(table, ApiTable | Texts):
        return len(catalog_facts.findings_of(table, catalog))
    return len(sheet_of(table, catalog).cells)


def main() -> None:
    """What is printed: a line a kind, and the sum."""
    catalog = load_system_catalog()
    tables: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    for name in table_names():
        table = load_table(name)
        tables[type(table).__name__] += 1
        cells[type(table).__name__] += count_cells(table, catalog)
    for kind in sorted(tables):
        print(f"{kind:16} {tables[kind]:4} tables {cells[kind]:6} cells")
    print(f"{'all':16} {tables.total():4} tables {cells.total():6} cells")


if __name__ == "__main__":
    main()
