"""About which resources a session may be told what a change does to others.

Implements docs/spec.md rule 25.5. What it may not ask about is set aside before anything is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pyroaring import BitMap

from bailiwick.engine import ResourceSearch, decide_over
from bailiwick.engine.difference import Budget
from bailiwick.engine.inventory import Row
from bailiwick.engine.own import as_stored
from bailiwick.engine.ranks import Segment
from bailiwick.engine.where import find_extents
from bailiwick.model.names import parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.model.requests import AuthorityQuestion, ResourceQuery
from bailiwick.service.asking import EVALUATE, EXPLAIN, Asking
from bailiwick.service.granting import could_hold

MOST_LOOKED_AT = 20_000


def everything(_: Segment[Row]) -> BitMap | None:
    """All of them may be asked about."""
    return None


@dataclass(frozen=True)
class Askable:
    """About which resources may the session ask what others may do there? Judged in the state before. (rule 25.5)

    SECURITY: in the state before, so that a change which would let one ask tells nothing before it is made.
    """

    asking: Asking
    budget: Budget = field(default_factory=lambda: Budget(MOST_LOOKED_AT))

    @cached_property
    def is_anything_possible(self) -> bool:
        """Could the session ask about others anywhere at all?"""
        session = self.asking.session
        links = (session.principal, *session.chain)
        return all(could_hold(self.asking.snapshot.compiled, one, EVALUATE, self.asking.now) for one in links)

    def about(self, name: str) -> bool:
        """May it ask about this one?"""
        query = ResourceQuery.of(parse_resource_name(name))
        return self.asking.may(EVALUATE, as_stored(self.asking.snapshot.account, query))

    def is_explained(self, name: str) -> bool:
        """May it see why another may do something to this one? (rule 10.1)"""
        query = ResourceQuery.of(parse_resource_name(name))
        return self.asking.may(EXPLAIN, as_stored(self.asking.snapshot.account, query))

    def over(self, scope: Scope, action: str | None = None) -> bool:
        """May it ask (or do this other action) over whatever this scope can match?"""
        session = self.asking.session
        return all(
            decide_over(
                self.asking.snapshot.compiled,
                AuthorityQuestion(
                    link,
                    action or EVALUATE,
                    scope,
                    self.asking.now,
                    context=session.context,
                    restrictions=session.restrictions,
                ),
            ).held
            for link in (session.principal, *session.chain)
        )

    @cached_property
    def _known(self) -> dict[tuple[str, str], dict[Segment[Row], BitMap] | None]:
        return {}

    def among(self, sort: tuple[str, str]) -> Callable[[Segment[Row]], BitMap | None]:
        """Which numbers of each segment of this sort may be asked about? None: all."""
        if sort not in self._known:
            self._known[sort] = None if self.over(Scope(service=(sort[0],))) else dict(self._numbers(sort))
        known = self._known[sort]
        return everything if known is None else lambda segment: known.get(segment, BitMap())

    def _numbers(self, sort: tuple[str, str]) -> Iterator[tuple[Segment[Row], BitMap]]:
        session = self.asking.session
        search = ResourceSearch(
            session.principal,
            EVALUATE,
            *sort,
            self.asking.now,
            context=session.context,
            chain=session.chain,
            restrictions=session.restrictions,
        )
        for part, (sure, maybe) in find_extents(self.asking.snapshot.compiled, search):
            names = part.segment.names
            asked = (number for number in maybe - sure if self.budget.take() and self.about(names[number]))
            yield part.segment, sure | BitMap(list(asked))
