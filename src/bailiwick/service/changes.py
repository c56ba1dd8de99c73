"""Changing an account: plan, authorize on the head, store, answer from the new state.

Every change of every surface comes through `change_account`. It can be run again: if the head moved meanwhile it
prepares anew on the new one, so what was authorized and validated is exactly what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bailiwick.engine import CompiledAccount
from bailiwick.errors import Unauthenticated
from bailiwick.service.account_rules import check_rules
from bailiwick.service.authorize import authorize_plan
from bailiwick.service.checking import check_plan
from bailiwick.service.edits import Difference, Edit, Plan, plan_edits
from bailiwick.service.enterprise.joining import check_joining
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.loading import API_KEY, account_log, vector_of
from bailiwick.service.managed import check_managed
from bailiwick.service.people.records import CREDENTIAL_KINDS
from bailiwick.service.proving import as_proved
from bailiwick.service.reading import Reader
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Identity, Name, Snapshot
from bailiwick.service.spans import traced
from bailiwick.service.standing import SERVICE, uid_of
from bailiwick.service.templates.numbers import check_numbers
from bailiwick.service.trust_binding import bind_trust
from bailiwick.service.trying import try_until_stored
from bailiwick.store.ports import Head, Idempotency

Prepare = Callable[[Snapshot], Sequence[Edit]]
Keep = Callable[[Callable[[Head], "Outcome"]], Idempotency | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed (or, in a dry run, would), and the revisions after it."""

    differences: tuple[Difference, ...]
    unchanged: int
    vector: dict[str, str]
    revision: int
    plan: Plan = field(repr=False)
    dry_run: bool = False

    def identity_of(self, key: Name) -> Identity | None:
        """Under which uid is this object there afterwards, and since which revision? None: it is not."""
        changed = key in self.plan.changed
        if not changed or self.dry_run:
            return self.plan.before.identities.get(key)
        if find_value(self.plan.account, *key) is None:
            return None
        return Identity(self.plan.uids[key], *key, self.revision)


@traced("change")
def change_account(
    host: Host,
    session: Session,
    prepare: Prepare,
    *,
    via: str,
    dry_run: bool = False,
    idempotency: Keep | None = None,
    template: str | None = None,
) -> Outcome:
    """Carry out the edits that `prepare` makes of the newest state, all or none.

    `template` names the one whose own change it is (managed.py). `idempotency` is given a function from the head after
    the change to its outcome, and says what to keep.
    Raises Invalid, Denied, StepUpRequired, Conflict, NotFound; then nothing has changed.
    """
    if dry_run:
        # WHY: nothing is done; that the proof is too old is said when it is.
        session = as_proved(session)

    def attempt() -> Outcome:
        before = host.snapshot(session.account)
        _check_still(session, before)
        edits = bind_trust(host.store, prepare(before))
        plan, based_on = judge_edits(host, session, before, edits, template)
        if dry_run or not plan.changes:
            return _outcome(plan, dict(before.vector), before.revision, dry_run=dry_run)
        return _store(host, session, plan, Storing(via, idempotency, based_on))

    return try_until_stored(host, session.account, attempt)


@traced("change.plan")
def judge_edits(
    host: Host, session: Session, before: Snapshot, edits: Sequence[Edit], template: str | None
) -> tuple[Plan, Mapping[str, str]]:
    """What do the edits come to, and on which revisions of other logs does that rest? Raises where it may not be."""
    plan = plan_edits(before, edits)
    authorize_plan(host.catalog, session, plan, host.now())
    check_rules(session, plan)
    _check_kept(host, session, plan)
    check_managed(plan, template)
    check_numbers(host, plan)
    check_plan(host.catalog, plan, edits, Reader(host, session, before).may_list)
    return plan, check_joining(host, plan, tuple(edits))


def _check_still(session: Session, before: Snapshot) -> None:
    """Are all of the session still the same? A name may have been given anew since it was authenticated."""
    links = zip(session.chain, (link.uid for link in session.acts_for), strict=False)
    for name, uid in ((session.principal, session.uid), *links):
        # WHY not a service: it has no uid but its name, and is not stored.
        is_service = name == uid and name.startswith(SERVICE)
        if not is_service and uid_of(before, name) != uid:
            raise Unauthenticated("the session has ended")


def _check_kept(host: Host, session: Session, plan: Plan) -> None:
    """May the session see what it would leave as it is?

    SECURITY: else it could guess at what it may not read, and be told when it is right.
    """
    reader = Reader(host, session, plan.before)
    listed = {kind: reader.may_list(kind) for kind in {kind for kind, _ in plan.kept}}
    for kind, name in plan.kept:
        if not listed[kind] and find_value(plan.before.account, kind, name) is not None:
            reader.get(kind, name)


@dataclass(frozen=True, slots=True)
class Storing:
    """How is a plan stored: by which surface, with which answer kept, resting on which revisions of other logs?"""

    via: str
    idempotency: Keep | None
    based_on: Mapping[str, str]


@traced("change.append")
def _store(host: Host, session: Session, plan: Plan, storing: Storing) -> Outcome:
    before = plan.before
    compiled = plan.compile()
    keep = storing.idempotency
    kept = None if keep is None else keep(lambda head: _done(host, plan, head))
    with host.held.turn(session.account):
        head = host.store.append(
            account_log(session.account),
            before.vector["account"],
            plan.changes,
            actor_uid=session.uid,
            via=session.via(storing.via),
            at=host.at(),
            secrets=plan.dropped_secrets,
            idempotency=kept,
            based_on=storing.based_on,
        )
        host.publish(session.account, _after(host, plan, head, compiled))
    return _done(host, plan, head)


def _done(host: Host, plan: Plan, head: Head) -> Outcome:
    return _outcome(plan, _vector(host, plan, head), head.revision, dry_run=False)


def _vector(host: Host, plan: Plan, head: Head) -> dict[str, str]:
    """Which vector has the account after the plan? The enterprise has not moved, or it would not have been stored."""
    return vector_of(head, host.system_head(), plan.before.vector.get("enterprise"))


def _after(host: Host, plan: Plan, head: Head, compiled: CompiledAccount) -> Snapshot:
    moved: dict[Name, Identity | None] = {}
    for difference in plan.differences:
        key = (difference.kind, difference.name)
        is_gone = difference.op == "deleted"
        moved[key] = None if is_gone else Identity(plan.uids[key], *key, head.revision)
    gone = [change for change in plan.changes if change.kind in (API_KEY, *CREDENTIAL_KINDS)]
    moved |= {(change.kind, change.name): None for change in gone}
    dropped = {change.uid for change in gone}
    return plan.before.next(
        compiled,
        moved,
        keys={uid: record for uid, record in plan.before.keys.items() if uid not in dropped},
        descriptions=plan.before.descriptions,
        vector=_vector(host, plan, head),
        revision=head.revision,
        people={change.uid: None for change in gone if change.kind in CREDENTIAL_KINDS},
    )


def _outcome(plan: Plan, vector: dict[str, str], revision: int, *, dry_run: bool) -> Outcome:
    return Outcome(plan.differences, len(plan.kept), vector, revision, plan, dry_run)
