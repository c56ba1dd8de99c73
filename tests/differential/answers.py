"""Prints one digest of the engine's answers to seeded questions: `python -m tests.differential.answers 0 20 7`.

The arguments are the first seed, the last one (left out) and, if given, the order in which the world is built.
The digest must be the same for every order and every PYTHONHASHSEED (test_order.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from hashlib import sha256
from random import Random

from tests.differential.draw import SeededDraw
from tests.differential.questions import draw_authority_question, draw_request
from tests.differential.reorder import reorder
from tests.differential.worlds import draw_world

from bailiwick.engine import compile_account, decide, decide_over, explain


def answers_of(seed: int, order: int | None) -> Iterator[str]:
    """What does the engine answer in this seed's world, built in this order?"""
    draw = SeededDraw(seed)
    world = draw_world(draw)
    requests = [draw_request(draw, world.services, world.account) for _ in range(20)]
    questions = [draw_authority_question(draw, world.services, world.account) for _ in range(8)]
    if order is not None:
        random = Random(order)
        world = reorder(world, random)
        requests = [reorder(request, random) for request in requests]
        questions = [reorder(question, random) for question in questions]
    compiled = compile_account(world.services, world.account)
    for request in requests:
        yield f"{decide(compiled, request)} {explain(compiled, request).deciding}"
    for question in questions:
        yield str(bool(decide_over(compiled, question)))


def digest(first: int, last: int, order: int | None) -> str:
    """Which digest have all answers of these seeds?"""
    found = sha256()
    for seed in range(first, last):
        for answer in answers_of(seed, order):
            found.update(answer.encode() + b"\n")
    return found.hexdigest()


def main() -> None:
    """Print the digest that the arguments ask for."""
    first, last, *order = (int(argument) for argument in sys.argv[1:])
    print(digest(first, last, order[0] if order else None))


if __name__ == "__main__":
    main()
