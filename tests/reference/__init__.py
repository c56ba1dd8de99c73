"""The second evaluator: slow, obvious, written from docs/spec.md alone.

It has no index, no cache and no compiled form, and imports nothing of Bailiwick but the model.
The engine is compared with it on generated worlds (tests/differential); where they differ, the page decides.
Numbers in brackets, such as (7.2 d), are that page's rules.
"""

from tests.reference.assuming import decide_assuming
from tests.reference.authority import decide_over
from tests.reference.decide import decide, deciding_policies
from tests.reference.search import actions_found, principals_found, resources_found

__all__ = [
    "actions_found",
    "decide",
    "decide_assuming",
    "decide_over",
    "deciding_policies",
    "principals_found",
    "resources_found",
]
