"""Questions to a world: who is drawn, what is asked, so that about half of the answers allow.

Each question is made from numbers by the world's own rules; none is looked up in an answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import accumulate

from bailiwick.model.requests import Request
from bench.worlds import NOW, World, mix

ZIPF_EXPONENT = 1.1
CONTEXT = {"network": "private"}
_KNOWN = 16  # so many other resources of each service does a principal ask about
_VERBS = ("read", "write", "delete")
_POINTED = (
    0.36  # the share of questions about a resource at which a policy of the principal points, if one does
)

Draw = Callable[[random.Random], int]


def evenly(world: World) -> Draw:
    """How are principals drawn so that each is as likely as any other?"""
    return lambda chance: chance.randrange(world.principals)


def by_zipf(world: World) -> Draw:
    """How are principals drawn by Zipf's law, the first most often?"""
    weights = list(accumulate(1 / rank**ZIPF_EXPONENT for rank in range(1, world.principals + 1)))
    numbers = range(world.principals)
    return lambda chance: chance.choices(numbers, cum_weights=weights)[0]


def questions(world: World, draw: Draw, *, seed: int, registered: bool) -> Iterator[Request]:
    """Which questions, without end, about registered (or else described) resources?"""
    chance = random.Random(seed)
    while True:
        yield question(world, draw(chance), chance, registered=registered)


def question(world: World, user: int, chance: random.Random, *, registered: bool) -> Request:
    """Which question does this user ask next?"""
    policies = _policies_near(world, user, chance)
    fitting = [number for number in policies if world.is_registered(world.target_of(number)) is registered]
    if fitting and chance.random() < _POINTED:
        target, verb = world.target_of(chance.choice(fitting)), "read"
    else:
        service = world.target_of(chance.choice(policies)).service
        number = mix(user, 100 + chance.randrange(_KNOWN))
        target = world.target_in(service, number, registered=registered)
        verb = chance.choice(_VERBS)
    return Request(
        principal=world.user(user),
        action=f"{target.service}.{target.path[-1][0]}.{verb}",
        resource=target.query(described=not registered),
        now=NOW,
        context=CONTEXT,
    )


def _policies_near(world: World, user: int, chance: random.Random) -> list[int]:
    """Which policies of its own has the user, and which through one of its groups?"""
    groups = world.groups_of(user)
    return world.policies_of(user) + (world.policies_of_group(chance.choice(groups)) if groups else [])
