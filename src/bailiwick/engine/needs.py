"""What it takes to be allowed an action: which slots of roles reach it, in each space.

Implements docs/spec.md rules 3.5 to 3.12 and 7.2 a. Pure.
An action knows the mask of the slots that reach it, so that the question "does any of these roles grant this?" is one
`and`. A need is found at the first question about its action, for a catalog has many that an account never asks about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bailiwick.engine.resources import Sight, sight_of
from bailiwick.engine.roles import RightTest, RoleIndex, Slots, Space
from bailiwick.model.services import IAM, Action


@dataclass(frozen=True, slots=True)
class Reaching:
    """Which slots of one space reach an action?

    `plain` ones grant by themselves; `every` also has those that grant subject to `tested` (one bit, its rights).
    `service`: what a scope of this space is judged for. `bit` stands for the space.
    """

    space: Space
    bit: int
    plain: int
    every: int
    tested: tuple[tuple[int, tuple[RightTest, ...]], ...]
    service: str


@dataclass(frozen=True, slots=True)
class Need:
    """What does it take to be allowed this action over resources of one service?

    `meanings` are the services whose roles can reach it: the resource's, and others by rule 3.9. `slots` has one
    element for each of them, and one for scopes without a service, if any slot there reaches the action.
    """

    action: Action
    action_service: str
    meanings: tuple[str, ...]
    slots: tuple[Reaching, ...]
    implied: bool
    sight: Sight


NOTHING: Mapping[str, Need] = {}


class Needs(Mapping[str, Need]):
    """The needs of one service's actions, and of those that span services. `known`: those that were asked for.

    Safe for threads: two that look for the same one find the same. INVARIANT: slots that are given later change no
    answer of what was compiled before; nothing there holds them.
    """

    __slots__ = ("_index", "_service", "_slots", "known")

    def __init__(self, index: RoleIndex, slots: Slots, service: str) -> None:
        self._index, self._slots, self._service = index, slots, service
        self.known: dict[str, Need] = {}

    def __getitem__(self, action: str) -> Need:
        found = self.known.get(action)
        if found is None:
            asked = self._index.find_action(self._service, action)
            if asked is None:
                raise KeyError(action)
            found = self.known[action] = _build_need(self._index, self._slots, self._service, *asked)
        return found

    def __contains__(self, action: object) -> bool:
        return isinstance(action, str) and self._index.find_action(self._service, action) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._index.actions_over(self._service))

    def __len__(self) -> int:
        return len(self._index.actions_over(self._service))


def needs_by_service(index: RoleIndex, slots: Slots) -> dict[str, Needs]:
    """What does each action over resources of each service take?"""
    return {service: Needs(index, slots, service) for service in index.services}


def _build_need(index: RoleIndex, slots: Slots, service: str, action_service: str, action: Action) -> Need:
    foreign = index.other_services(action_service, action) if service == action_service else ()
    meanings = (service, *foreign)
    anywhere = [name for name in meanings if name != IAM]
    asked = _Asked(index, slots, action_service, action)
    reaching = [_reaching(asked, meaning, [meaning]) for meaning in meanings]
    if anywhere:
        reaching.append(_reaching(asked, None, anywhere))
    return Need(
        action,
        action_service,
        meanings=meanings,
        slots=tuple(one for one in reaching if one.every),
        implied=index.is_implied(action_service, action),
        sight=sight_of(action),
    )


class _Asked(NamedTuple):
    roles: RoleIndex
    slots: Slots
    action_service: str
    action: Action


def _reaching(asked: _Asked, space: Space, meanings: list[str]) -> Reaching:
    """Which slots of the space reach the action, if their names are meant for one of these services?"""
    plain = every = 0
    tested: list[tuple[int, tuple[RightTest, ...]]] = []
    for number, name in enumerate(asked.slots.names(space)):
        reaches = [
            asked.roles.reach(name, meaning, asked.action_service, asked.action) for meaning in meanings
        ]
        rights = tuple(right for reach in reaches for right in reach.allows)
        bit = 1 << number
        if rights:
            every |= bit
        if any(right.plain for right in rights):
            plain |= bit
        elif rights:
            tested.append((bit, rights))
    return Reaching(space, asked.slots.space_bit(space), plain, every, tuple(tested), meanings[0])
