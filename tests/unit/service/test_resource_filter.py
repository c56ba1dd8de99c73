"""Which registered resources a list holds, by parts of their names and by their attributes."""

from __future__ import annotations

import pytest
from tests.unit.service.accounts import Installation

from bailiwick.model.accounts import Resource
from bailiwick.service.edits import Edit
from bailiwick.service.reading import Filter, Page, Reader
from bailiwick.service.resource_filter import ResourceFilter

IMAGE = "brn:acme:container-registry:eu%3Ade::namespace/a%2Fb/image/x"
SPACE = "brn:acme:container-registry:eu%3Ade::namespace/a%2Fb"
VOLUME = "brn:acme:cloud:us-east::volume/v-1"
OTHER = "brn:acme:cloud:us-west::volume/v-1"
SERVER = "brn:acme:cloud:us-east::server/s-1"
HELD = (
    Resource(SPACE),
    Resource(IMAGE),
    Resource(VOLUME, project="default", owner="user:owner", tags={"env": "test", "a": "1"}),
    Resource(OTHER, groups=("group:g",), budget="b", tags={"env": "live"}),
    Resource(SERVER, project="default"),
)


def wanted(**parts: str) -> Filter:
    """A filter that asks for these parts."""
    return Filter(resource=ResourceFilter(**parts))


@pytest.fixture
def reader(acme: Installation) -> Reader:
    """The owner, who reads an account with a few resources."""
    acme.apply("kind: Group\nname: g\n")
    acme.edit(*(Edit("Resource", one.name, one) for one in HELD))
    return Reader(acme.host, acme.owner)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (wanted(), [SERVER, VOLUME, OTHER, SPACE, IMAGE]),
        (wanted(service="cloud"), [SERVER, VOLUME, OTHER]),
        (wanted(service="clou"), []),
        (wanted(service="cloud", region="us-east"), [SERVER, VOLUME]),
        (wanted(region="us-west"), [OTHER]),
        (wanted(region="eu:de"), [SPACE, IMAGE]),
        (wanted(service="container-registry", region="eu:de", type="image"), [IMAGE]),
        (wanted(type="namespace"), [SPACE]),
        (wanted(type="volume", project="default"), [VOLUME]),
        (wanted(project="default"), [SERVER, VOLUME]),
        (wanted(owner="user:owner"), [VOLUME]),
        (wanted(group="group:g"), [OTHER]),
        (wanted(budget="b"), [OTHER]),
        (wanted(tag="env"), [VOLUME, OTHER]),
        (wanted(tag="env=test"), [VOLUME]),
        (wanted(tag="env="), []),
        (Filter(prefix="brn:acme:cloud:us"), [SERVER, VOLUME, OTHER]),
        (Filter(prefix=VOLUME, resource=ResourceFilter(service="cloud")), [VOLUME]),
        (Filter(prefix=SPACE, resource=ResourceFilter(service="cloud")), []),
    ],
)  # fmt: skip
def test_a_list_holds_what_fits_in_pages_of_any_size(reader: Reader, asked: Filter, names: list[str]) -> None:
    """By name; every page begins after the one before, and the last says that there is no more."""
    for limit in (1, 2, 100):
        found: list[str] = []
        page = Page((), more=True)
        while page.more:
            page = reader.list("Resource", asked, after=found[-1] if found else None, limit=limit)
            found += [one.name for one in page.items]
        assert found == names
