"""Home: what needs attention, what changed lately, a few figures, and the visitor's own access."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from bailiwick.console.attention_words import Line, line_of
from bailiwick.console.naming import Words, kinds_words
from bailiwick.console.page import Page
from bailiwick.console.pages.log.activity import Shown, show_event
from bailiwick.console.routes import Entry, get
from bailiwick.errors import Denied
from bailiwick.model.services import IAM
from bailiwick.service.attention import Topic, find_attention
from bailiwick.service.effective import Access, find_access
from bailiwick.service.history.recorded import READ_LOG, ChangeFilter, Names, RecordedRevision, Records
from bailiwick.service.history.recorded_rows import count_by_day
from bailiwick.service.kinds import KIND_OF_PREFIX, KINDS, find_value
from bailiwick.service.loading import account_log
from bailiwick.store.ports import EventFilter

FOR_ALL = "everybody who has signed in has a home; what stands on it is judged there"
FIGURES = ("User", "Group", "ServiceId", "Policy", "Project", "Resource")
DAYS = 14
MOST_CHANGES = 6
MOST_REFUSALS = 5
MOST_LOOKED_AT = 30
MOST_SERVICES = 12


def home_entries() -> list[Entry]:
    """Which lines has this subject?"""
    return [get("", show_home, public=FOR_ALL)]


def show_home(page: Page) -> Response:
    """The first page."""
    topics = _topics(page)
    return page.render(
        "home/home.html",
        words=Words(page),
        own=_own(page),
        topics=topics,
        figures=list(_figures(page)),
        recent=_recent(page),
        refusals=_refusals(page),
        whom=_whom_to_ask(page),
    )


# What needs attention


def _topics(page: Page) -> list[tuple[Topic, list[Line]]] | None:
    """Which topics, with their objects in words? None: the visitor may see nothing of the kind."""
    try:
        topics = find_attention(page.host, page.session)
    except Denied:
        return None
    return [(topic, [line_of(page, topic.code, one) for one in topic.notices]) for topic in topics]


def _figures(page: Page) -> Iterator[tuple[str, str, int]]:
    """How much is there of what the visitor may list whole: words, address, number?"""
    for kind in FIGURES:
        if page.reader.may_list(kind):
            yield kinds_words(kind), page.url(f"/{KINDS[kind].path}"), len(page.snapshot.sorted_names(kind))


# What changed


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the small chart: how many revisions, and how tall it stands, of 100."""

    day: date
    count: int
    height: int


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest revisions, and how many there were on each of the last days."""

    revisions: Sequence[RecordedRevision]
    bars: Sequence[Bar]
    total: int

    @property
    def is_chart(self) -> bool:
        """Do the days tell anything beside each other?"""
        return sum(bar.count > 0 for bar in self.bars) > 1


def _recent(page: Page) -> Recent | None:
    """What changed lately? None: the visitor may not read the log."""
    try:
        records = Records(page.host, page.session, READ_LOG)
    except Denied:
        return None
    revisions, _ = records.revisions(ChangeFilter(), before=None, limit=MOST_CHANGES)
    counts = count_by_day(page.host.store, account_log(page.account), page.host.at().date(), DAYS)
    most = max(1, *(count for _, count in counts))
    bars = [Bar(day, count, max(4, round(100 * count / most)) if count else 2) for day, count in counts]
    return Recent(revisions, bars, sum(count for _, count in counts))


# One's own access


@dataclass(frozen=True, slots=True)
class Own:
    """What reaches the visitor: how many policies, through which groups, for which services (None: every one)."""

    access: Access
    groups: tuple[str, ...]
    services: tuple[tuple[str, str], ...] | None

    @property
    def policies(self) -> int:
        """How many policies?"""
        return len({one.policy.name for one in self.access.holding})


def _own(page: Page) -> Own | None:
    """What reaches the visitor? None: nobody who is stored."""
    access = find_access(page.snapshot.compiled, page.session.principal, page.now)
    if access is None:
        return None
    subjects = {one.subject for one in access.holding if one.subject != access.reference}
    groups = sorted(subject.partition(":")[2] for subject in subjects)
    return Own(access, tuple(groups), _services(page, access))


def _services(page: Page, access: Access) -> tuple[tuple[str, str], ...] | None:
    """For which services do policies grant something, as name and title? None: for every one."""
    allows = [one.policy for one in access.holding if one.policy.effect == "allow"]
    if access.is_owner or any(policy.scope.service is None for policy in allows):
        return None
    names = sorted({name for policy in allows for name in policy.scope.service or ()} - {IAM})
    known = page.snapshot.compiled.services
    return tuple((name, known[name].title) for name in names if name in known)[:MOST_SERVICES]


def _refusals(page: Page) -> list[tuple[Shown, int]]:
    """Which of the visitor's own requests were refused lately, each once, and how often? One's own one may see."""
    activity = page.host.store.activity
    wanted = EventFilter(log=account_log(page.account), kind="refusal", principal_uid=page.session.uid)
    names = Names(page.snapshot.names_by_uid())
    found: dict[str, tuple[Shown, int]] = {}
    for one in activity.events(wanted, None, MOST_LOOKED_AT, newest_first=True):
        shown = show_event(one, names)
        newest, times = found.get(shown.action, (shown, 0))
        found[shown.action] = newest, times + 1
    return list(found.values())[:MOST_REFUSALS]


def _whom_to_ask(page: Page) -> str:
    """Who may help, as far as the visitor sees them? "": an administrator, whoever that is."""
    owner = page.snapshot.account.owner
    prefix, colon, name = owner.partition(":")
    kind = KIND_OF_PREFIX[prefix + colon]
    seen = page.reader.may_read(kind, name, find_value(page.snapshot.account, kind, name))
    return owner if seen and owner != page.session.principal else ""
