"""A whole generated world: a catalog and an account; and hypothesis strategies for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.differential.accounts import draw_account
from tests.differential.draw import Draw, HypothesisDraw, SeededDraw
from tests.differential.questions import draw_authority_question, draw_request
from tests.differential.services import draw_services

from bailiwick.model.accounts import Account
from bailiwick.model.requests import AuthorityQuestion, Request
from bailiwick.model.services import Service


@dataclass(frozen=True)
class GeneratedWorld:
    """What may be asked about: the catalog's services and one account."""

    services: Mapping[str, Service]
    account: Account


def draw_world(draw: Draw) -> GeneratedWorld:
    """Which world?"""
    services = draw_services(draw)
    return GeneratedWorld(services, draw_account(draw, services))


def seeded_world(seed: int, questions: int) -> tuple[GeneratedWorld, list[Request]]:
    """Which world and which requests belong to this seed?"""
    draw = SeededDraw(seed)
    world = draw_world(draw)
    return world, [draw_request(draw, world.services, world.account) for _ in range(questions)]


def seeded_authority(seed: int, questions: int) -> tuple[GeneratedWorld, list[AuthorityQuestion]]:
    """Which world and which questions of authority belong to this seed?"""
    draw = SeededDraw(f"authority {seed}")
    world = draw_world(draw)
    return world, [draw_authority_question(draw, world.services, world.account) for _ in range(questions)]


@st.composite
def worlds(draw: st.DrawFn) -> GeneratedWorld:
    """Worlds for hypothesis."""
    return draw_world(HypothesisDraw(draw(st.data())))


@st.composite
def worlds_with_request(draw: st.DrawFn) -> tuple[GeneratedWorld, Request]:
    """Worlds with one request, for hypothesis."""
    source = HypothesisDraw(draw(st.data()))
    world = draw_world(source)
    return world, draw_request(source, world.services, world.account)


@st.composite
def worlds_with_authority_question(draw: st.DrawFn) -> tuple[GeneratedWorld, AuthorityQuestion]:
    """Worlds with one question of authority, for hypothesis."""
    source = HypothesisDraw(draw(st.data()))
    world = draw_world(source)
    return world, draw_authority_question(source, world.services, world.account)
