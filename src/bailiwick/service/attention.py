"""Attention: what an administrator should look at, as topics with stable codes and the objects that they are about.

Bounded: the account is gone through once a revision, keys are looked at up to a number, and of each topic a few
objects are named; where there may be more, it says so. Only what the session may see is named or counted.
It must not change anything. Implements docs/spec.md 27.9 to 27.11.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain

from bailiwick.authn.keys import ApiKeyRecord
from bailiwick.service.attention_facts import find_facts
from bailiwick.service.host import Host
from bailiwick.service.keys.records import owner_of
from bailiwick.service.kinds import KIND_OF_PREFIX, KINDS, RESOURCE, find_value
from bailiwick.service.loading import API_KEY, account_log
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.people.last_use import last_uses
from bailiwick.service.people.records import PasswordRecord
from bailiwick.service.people.recovering import RECOVERY, SHOWN_FOR
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.templates.offers import BEHIND, DRIFTED, OFFERED, offers_of, tree_of
from bailiwick.store.ports import EventFilter

SOON = timedelta(days=30)
UNUSED = timedelta(days=90)
MOST_NAMED = 20
MOST_JUDGED = 500
MOST_KEYS = 500
LIST_KEYS, READ_KEY = "iam.api-key.list", "iam.api-key.read"
LIST_POLICIES = "iam.policy.list"
LIST_OFFERS = "iam.template-acceptance.list"
URGENT, NOTICE = "urgent", "notice"
_KINDS = ("Policy", "Group", "Role", "Guardrail", "Project", "User")
# Whoever may list or read any of these sees something of it.
SEEN_BY = (
    *(f"iam.{KINDS[kind].resource_type}.{verb}" for kind in _KINDS for verb in ("list", "read")),
    LIST_KEYS,
    READ_KEY,
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is a topic called, what should be done about it, and how pressing is it?"""

    title: str
    advice: str
    weight: str = NOTICE


MEANINGS: Mapping[str, Meaning] = {
    "for-everyone": Meaning(
        "Policies for everyone", "Check that all of them, without exception, are meant to have this.", URGENT
    ),
    "owner-recovered": Meaning(
        "The owner was let in again from the machine", "Make sure that it was the owner who asked.", URGENT
    ),
    "administers-everything": Meaning(
        "Administrators of every service", "Keep such policies few, and give them to a group.", URGENT
    ),
    "administers-access": Meaning(
        "Administrators of identity and access", "Keep such policies few, and give them to a group.", URGENT
    ),
    "policy-ends": Meaning("Policies that end soon", "Extend what is still needed.", URGENT),
    "membership-ends": Meaning("Memberships that end soon", "Extend what is still needed.", URGENT),
    "key-ends": Meaning(
        "API keys that end soon", "Make a new key, and replace the old one where it is used.", URGENT
    ),
    "key-leaked": Meaning(
        "API keys that were found", "Delete them, or give them another secret where they are used.", URGENT
    ),
    "policy-ended": Meaning("Policies that have ended", "Delete them: they grant nothing any more."),
    "membership-ended": Meaning("Memberships that have ended", "Remove them from the group."),
    "key-ended": Meaning("API keys that have ended", "Delete them."),
    "key-never-used": Meaning("API keys that were never used", "Delete what nobody needs."),
    "key-unused": Meaning("API keys not used for 90 days", "Delete what nobody needs."),
    "user-not-signed-in": Meaning("People who have not signed in for 90 days", "Disable whoever has left."),
    "disabled-member": Meaning("Disabled people in groups", "Remove them, or enable them."),
    "disabled-project": Meaning(
        "Disabled projects with resources", "Move the resources, or enable the project."
    ),
    "reaches-nobody": Meaning(
        "Policies that reach nobody", "Add members to the group, or delete the policy."
    ),
    "unused-role": Meaning("Roles that no policy grants", "Delete what nobody needs."),
    "draft-guardrail": Meaning(
        "Guardrails that are not in force", "Look at the report, then enable or delete them."
    ),
    "template-offered": Meaning("Templates that wait for an answer", "Accept them, or leave them.", URGENT),
    "template-behind": Meaning(
        "Templates with a newer version", "Look at what it would change, then accept it."
    ),
    "template-drifted": Meaning("Templates that differ from what was accepted", "Accept the version again."),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One object to look at: `of` is who or what besides (a member, a number), `at` the time that it is about."""

    kind: str
    name: str
    of: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """What some objects have in common. `count` is of all that the session may see; `at_least`: there may be more."""

    code: str
    meaning: Meaning
    notices: tuple[Notice, ...]
    count: int
    at_least: bool = False


def find_attention(host: Host, session: Session) -> tuple[Topic, ...]:
    """What should this session look at, the most pressing first? Raises Denied where it may see nothing of it."""
    attention = _Attention(host, session)
    attention.require()
    return attention.topics()


class _Attention:
    """One session that looks at one state at one moment."""

    def __init__(self, host: Host, session: Session) -> None:
        self._host = host
        self._reader = Reader(host, session)
        self._now = host.at()
        self._listed: dict[str, bool] = {}
        self._judged = 0
        self._bounded: set[str] = set()

    def require(self) -> None:
        """May the session see anything of what this is about? Raises Denied."""
        if any(self._may_list(kind) for kind in (*_KINDS, API_KEY)):
            return
        if not self._reader.judge.could_hold_any(SEEN_BY):
            self._reader.judge.require(LIST_POLICIES, iam_service())

    def topics(self) -> tuple[Topic, ...]:
        """By urgency, then by the order of MEANINGS."""
        found: dict[str, list[Notice]] = defaultdict(list)
        for code, notice in chain(
            self._of_recoveries(),
            self._of_account(),
            self._of_keys(),
            self._of_people(),
            self._of_templates(),
        ):
            found[code].append(notice)
        topics = [self._topic(code, found[code]) for code in MEANINGS if code in found]
        return tuple(
            sorted((one for one in topics if one.count), key=lambda one: one.meaning.weight != URGENT)
        )

    def _topic(self, code: str, notices: list[Notice]) -> Topic:
        seen: list[Notice] = []
        at_least = code in self._bounded
        for notice in sorted(notices, key=_soonest):
            verdict = self._may_see(notice) and self._may_know(code, notice)
            at_least = at_least or verdict is None
            if verdict:
                seen.append(notice)
        return Topic(code, MEANINGS[code], tuple(seen[:MOST_NAMED]), len(seen), at_least)

    def _may_see(self, notice: Notice) -> bool | None:
        """May the session see the object? None: so many were judged one by one that this one is not."""
        # WHY all of these: keys and offers are only looked for as far as they may be seen.
        if notice.kind in (API_KEY, "Template"):
            return True
        # WHY not of projects: what is seen of them is decided one by one (rule 19.3).
        if notice.kind != "Project" and self._may_list(notice.kind):
            return True
        if self._judged >= MOST_JUDGED:
            return None
        self._judged += 1
        value = find_value(self._reader.snapshot.account, notice.kind, notice.name)
        return self._reader.may_read(notice.kind, notice.name, value)

    def _may_know(self, code: str, notice: Notice) -> bool | None:
        """May the session know what is said of the object? It rests on others, which it may not all see."""
        if code == "unused-role":
            return self._may_list("Policy")
        if code == "reaches-nobody":
            return self._may_see_all(self._reader.snapshot.account.policies[notice.name].subjects)
        return self._may_see_all((notice.of,)) if code == "disabled-member" else True

    def _may_see_all(self, references: Iterable[str]) -> bool | None:
        for reference in references:
            prefix, _, name = reference.partition(":")
            verdict = self._may_see(Notice(KIND_OF_PREFIX[f"{prefix}:"], name))
            if not verdict:
                return verdict
        return True

    def _may_list(self, kind: str) -> bool:
        if kind not in self._listed:
            judge = self._reader.judge
            self._listed[kind] = (
                judge.is_allowed(LIST_KEYS, iam_service()) if kind == API_KEY else self._reader.may_list(kind)
            )
        return self._listed[kind]

    def _of_account(self) -> Iterator[tuple[str, Notice]]:
        for fact in self._reader.snapshot.derived("attention", find_facts):
            of = fact.of if fact.kind != "Project" or self._may_list(RESOURCE) else ""
            code, at = fact.code, None if fact.at is None else datetime.fromtimestamp(fact.at, UTC)
            if at is not None:
                word = self._word(at)
                if word is None:
                    continue
                code = code.replace("ends", word)
            yield code, Notice(fact.kind, fact.name, of, at)

    def _word(self, end: datetime) -> str | None:
        """Is this end over, or soon? None: neither."""
        if end <= self._now:
            return "ended"
        return "ends" if end <= self._now + SOON else None

    def _of_keys(self) -> Iterator[tuple[str, Notice]]:
        """Keys that end, and keys without use. Of the latter the oldest are looked at."""
        records = [one for one in self._reader.snapshot.keys.values() if self._may_see_key(one)]
        old = []
        for record in records:
            notice = Notice(API_KEY, record.uid, owner_of(record), record.expires_at)
            word = None if record.expires_at is None else self._word(record.expires_at)
            if word is not None:
                yield f"key-{word}", notice
            if record.leaked_at is not None:
                yield "key-leaked", Notice(API_KEY, record.uid, owner_of(record), record.leaked_at)
            if word != "ended" and not record.disabled and record.created_at <= self._now - UNUSED:
                old.append(record)
        old.sort(key=lambda record: (record.created_at, record.uid))
        if len(old) > MOST_KEYS:
            self._bounded |= {"key-never-used", "key-unused"}
        account = self._reader.snapshot.account.name
        for record in old[:MOST_KEYS]:
            used = self._host.last_used(account, record.uid)
            notice = Notice(API_KEY, record.uid, owner_of(record), used or record.created_at)
            if used is None:
                yield "key-never-used", notice
            elif used <= self._now - UNUSED:
                yield "key-unused", notice

    def _of_people(self) -> Iterator[tuple[str, Notice]]:
        """Who has a password and has not signed in by it for long? Those whose passwords are oldest are looked at."""
        if not (self._may_list("User") or self._reader.judge.could_hold_any(("iam.user.read",))):
            return
        names, principals = self._reader.snapshot.names_by_uid(), self._reader.snapshot.account.principals
        until = self._now - UNUSED
        records = self._reader.snapshot.people.values()
        old = [one for one in records if isinstance(one, PasswordRecord) and one.set_at <= until]
        old.sort(key=lambda record: (record.set_at, record.uid))
        if len(old) > MOST_KEYS:
            self._bounded.add("user-not-signed-in")
        uses = last_uses(self._host, self._reader.snapshot, [one.owner_uid for one in old[:MOST_KEYS]])
        for record in old[:MOST_KEYS]:
            name = names[record.owner_uid][1]
            used = uses.get(record.owner_uid)
            if (used is None or used <= until) and not principals[f"user:{name}"].disabled:
                yield "user-not-signed-in", Notice("User", name, at=used)

    def _of_recoveries(self) -> Iterator[tuple[str, Notice]]:
        """When was the owner let in again by whoever has the machine?"""
        snapshot = self._reader.snapshot
        log = account_log(snapshot.account.name)
        wanted = EventFilter(log=log, kind=RECOVERY, since=self._now - SHOWN_FOR)
        for stored in self._host.store.activity.events(wanted, None, MOST_NAMED, newest_first=True):
            kind, name = snapshot.names_by_uid().get(stored.event.principal_uid, ("", ""))
            if kind == "User":
                yield "owner-recovered", Notice("User", name, at=stored.event.at)

    def _may_see_key(self, record: ApiKeyRecord) -> bool:
        if self._may_list(API_KEY):
            return True
        if self._judged >= MOST_JUDGED or not self._could_see_keys:
            return False
        self._judged += 1
        return self._reader.judge.is_allowed(READ_KEY, iam_object("api-key", record.uid, owner_of(record)))

    @cached_property
    def _could_see_keys(self) -> bool:
        return self._reader.judge.could_hold_any((READ_KEY,))

    def _of_templates(self) -> Iterator[tuple[str, Notice]]:
        if not self._reader.judge.is_allowed(LIST_OFFERS, iam_service()):
            return
        account = self._reader.snapshot.account
        for offer in offers_of(tree_of(self._host, account), account):
            if offer.state in (OFFERED, BEHIND, DRIFTED):
                version = "" if offer.assigned is None else str(offer.assigned.version)
                yield f"template-{offer.state}", Notice("Template", offer.template, version)


def _soonest(notice: Notice) -> tuple[float, str, str]:
    return (0.0 if notice.at is None else notice.at.timestamp(), notice.name, notice.of)
