"""Fixtures of the service's tests."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation, install


@pytest.fixture
def acme() -> Installation:
    """A new installation in memory."""
    return install()
