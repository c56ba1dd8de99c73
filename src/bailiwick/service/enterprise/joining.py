"""Joining and leaving an enterprise: the words of two accounts, in two logs.

Implements docs/spec.md 20.4. Each change is made on a state of the other account that still stands when it is
committed; who comes second prepares again.
"""

from __future__ import annotations

from collections.abc import Iterator

from bailiwick.catalog.check_world import ObjectNotes
from bailiwick.catalog.places import Locate, nowhere
from bailiwick.errors import Finding, Invalid
from bailiwick.service.edits import Edit, Plan
from bailiwick.service.enterprise.placing import is_held_by, rests_on
from bailiwick.service.host import Host
from bailiwick.service.kinds import ACCOUNT
from bailiwick.service.loading import account_log
from bailiwick.service.snapshots import Snapshot
from bailiwick.store.chain import empty_head

MEMBER = "EnterpriseAccount"
NOWHERE = "nowhere"
"""The revision of what was looked at in two states: no log stands there, so that the plan is made again."""


def check_joining(host: Host, plan: Plan, edits: tuple[Edit, ...]) -> dict[str, str]:
    """Do both accounts agree, wherever one joins or leaves? On which revisions of other logs does the plan rest?

    Raises Invalid with every finding.
    """
    findings: list[Finding] = []
    based_on = rests_on(plan.before)
    places = {edit.key: edit.locate for edit in edits}
    for notes, looked_at in (_of_account(host, plan, places), *_of_members(host, plan, places)):
        findings += notes.findings
        for name, revision in looked_at.items():
            log = account_log(name)
            based_on[log] = revision if based_on.get(log, revision) == revision else NOWHERE
    if findings:
        raise Invalid(findings)
    return based_on


Places = dict[tuple[str, str], Locate]
# At which revisions of other accounts was it looked?
LookedAt = dict[str, str]


def _of_account(host: Host, plan: Plan, places: Places) -> tuple[ObjectNotes, LookedAt]:
    """May the account name another enterprise, or none? Not while one holds it."""
    before, after = plan.before.account, plan.account
    notes = _notes(ACCOUNT, after.name, places)
    if before.enterprise == after.enterprise or before.enterprise is None:
        return notes, {}
    found = host.find_snapshot(before.enterprise)
    if is_held_by(found, before.name):
        notes.add(
            ("enterprise",),
            f"the enterprise of account `{before.enterprise}` holds this account, which cannot leave by itself",
            f"leave `enterprise: {before.enterprise}` in the document, or ask the enterprise to let the account go",
        )
    return notes, {before.enterprise: _revision(before.enterprise, found)}


def _of_members(host: Host, plan: Plan, places: Places) -> Iterator[tuple[ObjectNotes, LookedAt]]:
    """May each account that is added be? Its owner has named this one, or it begins with this."""
    begun = {one.name for one in plan.differences if one.begins}
    for name in sorted(set(plan.account.enterprise_accounts) - set(plan.before.account.enterprise_accounts)):
        notes = _notes(MEMBER, name, places)
        found = host.find_snapshot(name)
        if name in begun:
            if found is not None and found.revision > 0:
                notes.add(
                    ("name",), f"there is an account `{name}` already", "choose another name, or add that one"
                )
        elif found is None or found.account.enterprise != plan.account.name:
            # SECURITY: whether there is such an account is told to nobody whom its owner has not named.
            notes.add(
                ("name",),
                f"account `{name}` does not name `{plan.account.name}` as its enterprise",
                f"let its owner set `enterprise: {plan.account.name}` in the account's own document first",
            )
        yield notes, {name: _revision(name, found)}


def _notes(kind: str, name: str, places: Places) -> ObjectNotes:
    locate = places.get((kind, name), nowhere)
    return ObjectNotes(kind, name, lambda _kind, _name, path: locate(path))


def _revision(name: str, found: Snapshot | None) -> str:
    return empty_head(account_log(name)).vector if found is None else found.vector["account"]
