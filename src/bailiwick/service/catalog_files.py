"""The catalog that is shipped: read from the package's own files, once.

The only place that reads them; what they mean is the catalog room's (docs/spec.md section 3).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bailiwick.catalog.catalog import Catalog, parse_catalog


@cache
def load_system_catalog() -> Catalog:
    """Which services are shipped? Raises Invalid where an entry is wrong."""
    folder = files("bailiwick.catalog") / "services"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda e: e.name
    )
    return parse_catalog({f"services/{entry.name}": entry.read_text(encoding="utf-8") for entry in entries})
