"""Compares the engine with the reference for as long as it is told: `python -m tests.differential.fuzz --minutes 10`.

Each seed is one world with its requests, its questions of authority, and a sequence of changes applied to what
was compiled. On the first difference the case is made small, printed as YAML, and the program exits with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.differential.changes import draw_changes
from tests.differential.compare import Case, Mismatch, find_mismatch
from tests.differential.draw import SeededDraw
from tests.differential.minimise import minimise
from tests.differential.questions import draw_authority_question, draw_request
from tests.differential.show import format_document
from tests.differential.walk import has_sound_scopes
from tests.differential.worlds import GeneratedWorld, draw_world

from bailiwick.engine import CompiledAccount, compile_account

REQUESTS = 30
QUESTIONS = 12
CHANGES = 3


@dataclass(frozen=True)
class Found:
    """Which case differs? `is_fresh`: it differs on an account that is compiled afresh, too."""

    seed: int
    case: Case
    mismatch: Mismatch
    is_fresh: bool


def cases_of(draw: SeededDraw, world: GeneratedWorld, requests: int, questions: int) -> Iterator[Case]:
    """Which cases are asked in this world?"""
    services, account = world.services, world.account
    for _ in range(requests):
        yield Case(services, account, draw_request(draw, services, account))
    for _ in range(questions):
        yield Case(services, account, draw_authority_question(draw, services, account))


def compare_seed(seed: int, requests: int = REQUESTS, questions: int = QUESTIONS) -> tuple[int, Found | None]:
    """How many comparisons does this seed make, and is there a difference?"""
    draw = SeededDraw(seed)
    world = draw_world(draw)
    count = 0
    compiled: CompiledAccount | None = None
    for step in range(CHANGES + 1):
        if step and compiled is not None:
            after, changed = draw_changes(draw, world.services, world.account)
            world, compiled = GeneratedWorld(world.services, after), compiled.apply(after, changed)
            requests, questions = REQUESTS // 3, QUESTIONS // 3
        compiled = compiled or compile_account(world.services, world.account)
        for case in cases_of(draw, world, requests, questions):
            count += 1
            mismatch = find_mismatch(case, compiled)
            if mismatch is not None:
                return count, Found(seed, case, mismatch, find_mismatch(case) is not None)
    return count, None


def report(found: Found) -> str:
    """How is a difference told, in its smallest form?"""
    case, mismatch = found.case, found.mismatch
    lines = [f"seed {found.seed}: {mismatch.kind}"]
    if found.is_fresh:
        case = minimise(case, lambda smaller: _kind_of(smaller) == mismatch.kind)
        mismatch = find_mismatch(case) or mismatch
    else:
        lines.append("only after changes: an account compiled afresh agrees (not made smaller)")
    lines += [f"engine:    {mismatch.engine}", f"reference: {mismatch.reference}", "", format_document(case)]
    return "\n".join(lines)


def _kind_of(case: Case) -> str | None:
    if not has_sound_scopes(case):
        return None
    try:
        mismatch = find_mismatch(case)
    except Exception:  # a case that the reference cannot read is no smaller case
        return None
    return None if mismatch is None else mismatch.kind


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the two agree for as many minutes?"""
    parser = argparse.ArgumentParser(prog="python -m tests.differential.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()) * 1000, help="where to begin (printed)")
    options = parser.parse_args(arguments)
    began = shown = time.monotonic()
    seed, total = options.seed, 0
    print(f"from seed {seed}", flush=True)
    while time.monotonic() - began < options.minutes * 60:
        count, found = compare_seed(seed)
        total += count
        if found is not None:
            print(report(found))
            return 1
        seed += 1
        if time.monotonic() - shown > 5:
            shown = time.monotonic()
            print(f"{total} comparisons, {seed - options.seed} worlds, {shown - began:.0f} s", flush=True)
    print(f"no difference in {total} comparisons of {seed - options.seed} worlds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
