"""One statement of a policy document, for the formats that have such: AWS's and Huawei's.

Implements docs/spec.md section 23. It must not know what its elements mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands, and where; its effect in our words."""

    data: Mapping[str, Any]
    pointer: str
    effect: str
