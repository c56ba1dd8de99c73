"""The engine: compile an account, then decide, explain and judge authority. Pure: values in, decision out.

No I/O, no clock, no configuration, no logging. Implements docs/spec.md.
"""

from bailiwick.engine.authority import Authority, decide_over
from bailiwick.engine.compile import CompiledAccount, compile_account
from bailiwick.engine.decide import decide
from bailiwick.engine.explain import Considered, Explanation, explain

__all__ = [
    "Authority",
    "CompiledAccount",
    "Considered",
    "Explanation",
    "compile_account",
    "decide",
    "decide_over",
    "explain",
]
