"""Laws of editing access rights as a table, on generated rights of shipped services."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.catalog.access_rights import (
    Selection,
    actions_by_type,
    find_unmet,
    is_plain,
    qualifiers_for,
    read_selection,
    select,
    with_required,
)
from bailiwick.catalog.edit_rights import write_rights
from bailiwick.model.conditions import Comparison
from bailiwick.model.services import Right, Service
from bailiwick.service.catalog_files import load_system_catalog

CATALOG = load_system_catalog()
SERVICES = st.sampled_from(
    [CATALOG[name] for name in ("cloud", "container-registry", "ims", "iam", "billing")]
)
NOT_PLAIN: tuple[dict[str, Any], ...] = (
    {"effect": "deny"},
    {"when": Comparison("context.mfa", "bool-equals", True)},
    {"level": "account"},
)


@st.composite
def rights_of(draw: st.DrawFn, service: Service) -> tuple[Right, ...]:
    """Some rights of a custom role: ids and patterns, with and without qualifiers, plain or not."""
    patterns = ["*", *sorted({f"{id[: id.rfind('.') + 1]}*" for id in service.actions if "." in id})]
    texts = st.sampled_from([*patterns, *service.actions])
    qualifier = st.sampled_from([None, *service.qualifiers])
    more = st.sampled_from([{}, {}, {}, *NOT_PLAIN])

    def right() -> Right:
        actions = tuple(draw(st.lists(texts, min_size=1, max_size=6, unique=True)))
        return Right(service.name, actions, qualifier=draw(qualifier), **draw(more))

    return tuple(right() for _ in range(draw(st.integers(0, 4))))


@st.composite
def selections_of(draw: st.DrawFn, service: Service) -> Selection:
    """Anything that the table can say."""
    full = draw(st.sets(st.sampled_from(list(actions_by_type(service)))))
    held = {}
    for id in draw(st.sets(st.sampled_from(list(service.actions)), max_size=12)):
        allowed = qualifiers_for(service.actions[id], service)
        chosen = draw(st.sets(st.sampled_from(allowed))) if allowed else set()
        held[id] = tuple(name for name in service.qualifiers if name in chosen)
    return select(held, full, service)


@given(SERVICES, st.data())
def test_what_was_wanted_is_what_is_read(service: Service, data: st.DataObject) -> None:
    """Whatever the rights were, after the edit the table says exactly what was wanted."""
    before, wanted = data.draw(rights_of(service)), data.draw(selections_of(service))
    after = write_rights(before, wanted, service)
    assert read_selection(after, service) == wanted


@given(SERVICES, st.data())
def test_what_the_table_cannot_show_stays(service: Service, data: st.DataObject) -> None:
    """Denies, conditions and levels survive every edit, in their order."""
    before, wanted = data.draw(rights_of(service)), data.draw(selections_of(service))
    after = write_rights(before, wanted, service)
    assert [one for one in after if not is_plain(one, service)] == [
        one for one in before if not is_plain(one, service)
    ]


@given(SERVICES, st.data())
def test_saving_without_an_edit_changes_nothing(service: Service, data: st.DataObject) -> None:
    """Rights come back as they were written, patterns and all."""
    before = data.draw(rights_of(service))
    assert write_rights(before, read_selection(before, service), service) == before


@given(SERVICES, st.data())
def test_adding_what_is_required_leaves_nothing_out(service: Service, data: st.DataObject) -> None:
    """Afterwards every prerequisite is given, and nothing that was given is given less widely."""
    held = data.draw(selections_of(service)).held
    more = with_required(held, service)
    assert all(one.narrower for one in find_unmet(more, service))
    for id, under in held.items():
        assert more[id] == () or set(under) <= set(more[id])
        assert under != () or more[id] == ()
