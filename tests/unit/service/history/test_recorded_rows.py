"""Where in a log something is: the newest revision of an instant, the revisions of each day, one row of a large one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.unit.service.accounts import START, Installation

from bailiwick.service.edits import Edit
from bailiwick.service.history.recorded_rows import count_by_day, find_revision_at, last_row_of, rows_of

LOG = "account:acme"
DAY = 86_400.0


def change(acme: Installation, number: int) -> None:
    """Make one revision of three rows."""
    names = (f"p{number}-{one}" for one in "abc")
    documents = "\n---\n".join(f"kind: Project\nname: {name}" for name in names)
    acme.apply(documents)


def test_revisions_are_counted_by_day(acme: Installation) -> None:
    """Each on its day in UTC, the first and the last moment of a day included; days without any are there."""
    midnight = datetime.combine(START.date() + timedelta(days=2), datetime.min.time(), UTC).timestamp()
    for number, moment in enumerate((midnight - 1, midnight, midnight + DAY - 1)):
        acme.clock.seconds = moment
        change(acme, number)
    last = START.date() + timedelta(days=3)
    assert count_by_day(acme.store, LOG, last, 5) == [
        (date(2026, 11, 19), 0),
        (date(2026, 11, 20), 1),
        (date(2026, 11, 21), 1),
        (date(2026, 11, 22), 2),
        (date(2026, 11, 23), 0),
    ]


def test_an_instant_has_its_newest_revision(acme: Installation) -> None:
    """That of the instant itself is among them; before the first there is none."""
    acme.clock.seconds += 60
    change(acme, 1)
    at = acme.host.at()
    found = [find_revision_at(acme.store, LOG, at + timedelta(seconds=added)) for added in (-61, -1, 0, 1)]
    assert found == [0, 1, 2, 2]


def test_one_row_stands_for_its_revision(acme: Installation) -> None:
    """The last of them; all are had by asking for all."""
    change(acme, 1)
    rows = rows_of(acme.store, LOG, 2)
    assert (len(rows), last_row_of(acme.store, LOG, 2)) == (3, rows[-1])
    acme.edit(Edit("Project", "p1-a", None))
    assert last_row_of(acme.store, LOG, 3).op == "delete"
