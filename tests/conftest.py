"""What holds for all tests: a machine that is busy makes none of them fail."""

from __future__ import annotations

from hypothesis import settings

# WHY: how long one example takes depends on what else the machine does; tests/bench measures time, nothing else does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
