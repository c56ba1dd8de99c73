"""The engine: compile an account, then decide, explain and judge authority. Pure: values in, decision out.

No I/O, no clock, no configuration, no logging. Implements docs/spec.md.
"""

from bailiwick.engine.assuming import decide_assuming
from bailiwick.engine.authority import Authority, decide_over
from bailiwick.engine.compile import CompiledAccount, compile_account
from bailiwick.engine.decide import decide
from bailiwick.engine.explain import Considered, Explanation, explain
from bailiwick.engine.search import (
    count_principals,
    count_resources,
    find_actions,
    find_principals,
    find_resources,
    prepare_searches,
)
from bailiwick.engine.who import granting_subjects
from bailiwick.model.searches import Narrowing, Page, PrincipalSearch, ResourceSearch

__all__ = [
    "Authority",
    "CompiledAccount",
    "Considered",
    "Explanation",
    "Narrowing",
    "Page",
    "PrincipalSearch",
    "ResourceSearch",
    "compile_account",
    "count_principals",
    "count_resources",
    "decide",
    "decide_assuming",
    "decide_over",
    "explain",
    "find_actions",
    "find_principals",
    "find_resources",
    "granting_subjects",
    "prepare_searches",
]
