"""Every route answers as the published document says: no failure of the server, declared statuses, types and shapes.

A few requests for each, the same at every run; `make fuzz-http` goes on with others (asking_at_random.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.meta.asking_at_random import Document, worlds
from tests.meta.test_routes import routes_of

from bailiwick.api.routes import access_of
from bailiwick.console.page import ROOT

EXAMPLES = 2


@pytest.fixture(scope="module")
def document() -> Iterator[Document]:
    """What a small installation publishes."""
    for world in worlds():
        yield Document.of(world)


def test_every_answer_is_one_that_the_document_promises(document: Document) -> None:
    """To the owner, to whoever has nothing, and to nobody; with good bodies and bad ones, of what is there or not."""
    wrong = [text for one in document.operations for text in document.find_wrong(one, examples=EXAMPLES)]
    assert not wrong, "\n\n".join(wrong)


def test_the_document_has_every_route_but_pages_for_people(document: Document) -> None:
    """The interface, whole; of the console nothing."""
    listed = {(one.method.upper(), one.path) for one in document.operations}
    there = {
        (method, route.path.replace(":path", ""))
        for route in routes_of(document.world)
        if access_of(route) is not None and route.path not in ("/", ROOT)
        for method in (route.methods or set()) - {"HEAD"}
        if not route.path.startswith(f"{ROOT}/")
    }
    assert listed == there
