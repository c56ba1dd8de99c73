"""Move records: read from the change log, by whatever way a move was made; and attempts in vain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.service.accounts import START, Installation

from bailiwick.errors import Denied
from bailiwick.model.accounts import Project, Resource
from bailiwick.service.edits import Edit
from bailiwick.service.projects import moves
from bailiwick.service.projects.moves import MoveFilter, MoveLog, Records, parse_position, remember_attempt
from bailiwick.service.projects.resources import Move
from bailiwick.service.reading import Reader

A, B = ("brn:acme:ims:eu-de::image/a", "brn:acme:ims:eu-de::image/b")
WORLD = f"""
{{kind: Project, name: dev}}
---
{{kind: Project, name: prod}}
---
{{kind: Resource, name: "{A}", project: dev}}
---
{{kind: Resource, name: "{B}"}}
---
{{kind: User, name: rita}}
---
kind: Policy
name: rita
subjects: [user:rita]
roles: [EPS ReadOnlyAccess]
scope: {{service: eps, project: [dev, default]}}
---
{{kind: User, name: nils}}
"""


@pytest.fixture
def acme(acme: Installation) -> Installation:
    """Two projects and two images, of which one is in none; then four moves, a minute apart, and changes between."""
    acme.apply(WORLD)
    for name, project, description in (
        (A, "prod", ""), (A, "prod", "no move"), (B, "dev", ""), (A, "default", "no move"), (B, None, ""),
    ):  # fmt: skip
        acme.clock.seconds += 60
        acme.edit(Edit("Resource", name, Resource(name, project=project, description=description)))
    return acme


def records(
    acme: Installation, wanted: MoveFilter | None = None, who: str = "user:owner", **more: int
) -> Records:
    """The records that this principal sees."""
    session = acme.owner if who == "user:owner" else acme.session(who)
    log = MoveLog(acme.host, Reader(acme.host, session))
    return log.list(wanted or MoveFilter(), before=None, limit=more.get("limit", 100))


def shown(found: Records) -> list[tuple[str, object, object]]:
    """Which resource went from where to where?"""
    return [(one["resource"][-1], one["from"], one["to"]) for one in found.items]


ALL = [("b", "dev", None), ("a", "prod", "default"), ("b", None, "dev"), ("a", "dev", "prod")]


def test_moves_are_read_from_the_change_log(acme: Installation) -> None:
    """Newest first, with who, when and how; other changes of a resource are none, nor is its registration."""
    found = records(acme)
    assert shown(found) == ALL
    assert found.after is None
    last = dict(found.items[0])
    assert last.pop("revision") == acme.revision
    assert last == {
        "at": (START + timedelta(minutes=5)).isoformat(), "by": "user:owner", "via": "test", "resource": B,
        "from": "dev", "to": None, "result": "moved",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (MoveFilter(project="prod"), [ALL[1], ALL[3]]),
        (MoveFilter(resource=B), [ALL[0], ALL[2]]),
        (MoveFilter(resource=B, project="prod"), []),
        (MoveFilter(resource="brn:acme:ims:eu-de::image/none"), []),
        (MoveFilter(project="none"), []),
        (MoveFilter(since=START + timedelta(minutes=3)), ALL[:3]),
        (MoveFilter(until=START + timedelta(minutes=3)), ALL[3:]),
        (MoveFilter(since=START + timedelta(minutes=3), until=START + timedelta(minutes=4)), [ALL[2]]),
    ],
)
def test_moves_are_narrowed(
    acme: Installation, wanted: MoveFilter, expected: list[tuple[str, object, object]]
) -> None:
    """By project on either side, by resource, by time: since is included, until is not."""
    assert shown(records(acme, wanted)) == expected


@pytest.mark.parametrize("batch", [1, 2, 3, 200])
@pytest.mark.parametrize("scanned", [1, 2, 2000])
@pytest.mark.parametrize("limit", [1, 3, 4, 100])
def test_pages_hold_together_all_moves(
    acme: Installation, monkeypatch: pytest.MonkeyPatch, batch: int, scanned: int, limit: int
) -> None:
    """Whatever their size, and however few changes are looked at for one page."""
    monkeypatch.setattr(moves, "_BATCH", batch)
    monkeypatch.setattr(moves, "MOST_SCANNED", scanned)
    log = MoveLog(acme.host, Reader(acme.host, acme.owner))
    found: list[tuple[str, object, object]] = []
    position = None
    for _ in range(50):
        page = log.list(MoveFilter(), before=position, limit=limit)
        assert len(page.items) <= limit
        found += shown(page)
        if page.after is None:
            break
        position = parse_position(page.after)
    assert found == ALL


def test_whoever_may_not_read_the_log_sees_moves_between_projects_that_are_seen(acme: Installation) -> None:
    """Both sides must be; what has no project is where the default project's resources are."""
    assert shown(records(acme, who="user:rita")) == [ALL[0], ALL[2]]
    with pytest.raises(Denied) as caught:
        records(acme, who="user:nils")
    assert str(caught.value) == (
        "`user:nils` lacks `eps:resources:list` on enterprise-project `*` (EPS.0039)\n"
        "  help: `iam.log.read` is enough too; ask somebody who may grant this, or the account's owner"
    )


def test_a_project_that_is_gone_is_shown_by_its_uid_to_readers_of_the_log_alone(acme: Installation) -> None:
    """Another project of its name is another project, and shows nothing of the old one."""
    rita = acme.host.snapshot("acme").account.policies["rita"]
    acme.edit(Edit("Project", "dev", None), Edit("Policy", "rita", None))
    acme.edit(Edit("Project", "dev", Project("dev")), Edit("Policy", "rita", rita))
    sources = [one["from"] for one in records(acme).items]
    assert str(sources[0]).startswith("project-")
    assert shown(records(acme, who="user:rita")) == []
    assert shown(records(acme, MoveFilter(project="dev"))) == []


def test_attempts_in_vain_are_kept_as_activity(acme: Installation) -> None:
    """With what was wanted and why it was refused; for who may read the activity."""
    session = acme.session("user:nils")
    for move in (Move((A,), "prod", "dev"), Move((B,), None, "prod")):
        acme.clock.seconds += 60
        with pytest.raises(Denied) as caught:
            move.edits_of(Reader(acme.host, session))
        remember_attempt(acme.host, session, move, caught.value)
    log = MoveLog(acme.host, Reader(acme.host, acme.owner))
    found = log.list_refused(MoveFilter(), before=None, limit=1)
    (last,) = found.items
    assert {k: v for k, v in last.items() if k != "at"} == {
        "by": "user:nils", "resources": [B], "count": 1, "to": "prod", "result": "refused", "code": "EPS.0039",
        "because": "`user:nils` lacks `eps:resources:add` on enterprise-project `prod`",
    }  # fmt: skip
    assert found.after is not None
    (first,) = log.list_refused(MoveFilter(), before=int(found.after), limit=1).items
    assert (first["from"], first["to"]) == ("prod", "dev")
    assert log.list_refused(MoveFilter(resource=A), before=None, limit=9).items == (first,)
    assert log.list_refused(MoveFilter(project="none"), before=None, limit=9) == Records((), None)
    with pytest.raises(Denied, match=r"iam\.activity\.read"):
        MoveLog(acme.host, Reader(acme.host, acme.session("user:rita"))).list_refused(
            MoveFilter(), before=None, limit=9
        )
