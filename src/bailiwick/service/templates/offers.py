"""Templates between an enterprise and its accounts: what is offered, accepted, followed, and what became of it.

Implements docs/spec.md 21.4 to 21.8. An account is changed by its own session, or, where its owner lets a template
follow, with its owner's authority. It must not tell the enterprise anything of an account but what rule 21.8 lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bailiwick.errors import BailiwickError, Conflict, NotFound, did_you_mean
from bailiwick.model.accounts import Account
from bailiwick.model.enterprises import MEMBER, accounts_below, nodes_from
from bailiwick.model.templates import Template, TemplateAcceptance, TemplateAssignment
from bailiwick.service.changes import Keep, Outcome, change_account
from bailiwick.service.edits import Edit
from bailiwick.service.enterprise.placing import is_held_by
from bailiwick.service.host import Host
from bailiwick.service.judge import Judge
from bailiwick.service.needed import iam_object, iam_service
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot
from bailiwick.service.standing import uid_of
from bailiwick.service.templates.edits import (
    Drift,
    accepting_edits,
    find_drift,
    releasing_edits,
    removing_edits,
)

LIST = "iam.template-acceptance.list"
CREATE, UPDATE = "iam.template-acceptance.create", "iam.template-acceptance.update"
OFFERED, CURRENT, BEHIND, DRIFTED, WITHDRAWN = "offered", "current", "behind", "drifted", "withdrawn"
CANNOT = "the account cannot take the version: its owner may try to accept it"
NOBODY = Account("", "")


@dataclass(frozen=True, slots=True)
class Offer:
    """What became of one template in one account? `assigned` is the version that reaches it, None: none does."""

    template: str
    state: str
    assigned: Template | None
    assignment: TemplateAssignment | None
    accepted: TemplateAcceptance | None
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of pushing a version to one account? `problem` says why nothing did."""

    account: str
    state: str
    problem: str = ""


def assignments_reaching(tree: Account, account: str) -> Mapping[str, TemplateAssignment]:
    """Which assignment of each template reaches this account? The nearest node's. (rule 21.4)"""
    if account not in tree.enterprise_accounts:
        return {}
    distance = {node: steps for steps, node in enumerate(nodes_from(tree, f"{MEMBER}:{account}"))}
    reaching = [one for one in tree.template_assignments.values() if one.node in distance]
    found: dict[str, TemplateAssignment] = {}
    for one in sorted(reaching, key=lambda one: (distance[one.node], one.name)):
        found.setdefault(tree.templates[one.template].base, one)
    return found


def offers_of(tree: Account, account: Account) -> list[Offer]:
    """What is offered to the account, or was accepted by it, by template?"""
    reaching = assignments_reaching(tree, account.name)
    names = sorted({*reaching, *account.template_acceptances})
    return [_offer(tree, account, name, reaching.get(name)) for name in names]


def _offer(tree: Account, account: Account, name: str, assignment: TemplateAssignment | None) -> Offer:
    accepted = account.template_acceptances.get(name)
    assigned = None if assignment is None else tree.templates[assignment.template]
    if accepted is None:
        return Offer(name, OFFERED, assigned, assignment, None)
    if assigned is None:
        return Offer(name, WITHDRAWN, None, None, accepted)
    if accepted.enterprise != tree.name:
        # SECURITY: a namesake of another enterprise is not what was accepted, and still less what is followed.
        return Offer(name, BEHIND, assigned, assignment, replace(accepted, follows=False))
    if assigned.version != accepted.version:
        return Offer(name, BEHIND, assigned, assignment, accepted)
    drift = find_drift(account, assigned)
    return Offer(name, DRIFTED if drift else CURRENT, assigned, assignment, accepted, drift)


def tree_of(host: Host, account: Account) -> Account:
    """Which management account holds the tree in which this account stands? NOBODY: it stands in none."""
    found = None if account.enterprise is None else host.find_snapshot(account.enterprise)
    return found.account if found is not None and is_held_by(found, account.name) else NOBODY


def require_sight(host: Host, session: Session, snapshot: Snapshot) -> None:
    """May the session see what is offered to its account? Raises Denied.

    SECURITY: asked before anything is looked up, for what is not found says what there is.
    """
    Judge(host.catalog, session, snapshot, None, host.now()).require(LIST, iam_service())


def accept(
    host: Host,
    session: Session,
    name: str,
    *,
    version: int | None = None,
    follows: bool | None = None,
    dry_run: bool = False,
    idempotency: Keep | None = None,
) -> Outcome:
    """Take the offered version of this template into the session's account. Raises NotFound, Conflict, Denied.

    `version`: the one that the caller has looked at. `follows` None: as before.
    """

    def prepare(before: Snapshot) -> Sequence[Edit]:
        require_sight(host, session, before)
        offer = _find_offer(host, before.account, name)
        _require_accepting(host, session, before, offer)
        if offer.assigned is None or (version is not None and version != offer.assigned.version):
            offered = "none" if offer.assigned is None else str(offer.assigned.version)
            raise Conflict(
                f"version {version or ''} of template `{name}` is not offered".replace("  ", " "),
                f"offered: {offered}",
            )
        return _accepting(before.account, offer, follows)

    return change_account(
        host, session, prepare, via="template", dry_run=dry_run, idempotency=idempotency, template=name
    )


def _require_accepting(host: Host, session: Session, before: Snapshot, offer: Offer) -> None:
    """May the session accept it at all? Raises Denied.

    SECURITY: asked first, for a name that is taken says what there is; the change asks again, with all the rest.
    """
    judge = Judge(host.catalog, session, before, None, host.now())
    if offer.accepted is None:
        judge.require(CREATE, iam_service())
    else:
        judge.require(UPDATE, iam_object("template-acceptance", offer.template))


def _accepting(account: Account, offer: Offer, follows: bool | None) -> Sequence[Edit]:
    assert offer.assigned is not None
    kept = offer.accepted is not None and offer.accepted.follows
    acceptance = TemplateAcceptance(
        name=offer.template,
        version=offer.assigned.version,
        enterprise=account.enterprise or "",
        follows=kept if follows is None else follows,
    )
    return accepting_edits(account, offer.assigned, acceptance)


def give_up(
    host: Host,
    session: Session,
    name: str,
    *,
    release: bool,
    dry_run: bool = False,
    idempotency: Keep | None = None,
) -> Outcome:
    """Remove what the template brought, or release it to the account. Raises NotFound, Denied."""

    def prepare(before: Snapshot) -> Sequence[Edit]:
        require_sight(host, session, before)
        held = before.account.template_acceptances
        if name not in held:
            raise NotFound(f"the account has not accepted a template `{name}`", did_you_mean(name, held))
        edits = releasing_edits if release else removing_edits
        return edits(before.account, name)

    return change_account(
        host, session, prepare, via="template", dry_run=dry_run, idempotency=idempotency, template=name
    )


def _find_offer(host: Host, account: Account, name: str) -> Offer:
    offers = {one.template: one for one in offers_of(tree_of(host, account), account)}
    found = offers.get(name)
    if found is None:
        raise NotFound(f"no template `{name}` is offered to this account", did_you_mean(name, offers))
    return found


def status_of(host: Host, tree: Account, assignment: TemplateAssignment) -> Iterator[tuple[str, Offer]]:
    """What became of this assignment in each account that it reaches? By account. (rule 21.8)"""
    base = tree.templates[assignment.template].base
    for name in accounts_below(tree, assignment.node):
        if assignments_reaching(tree, name).get(base) != assignment:
            continue
        # WHY it may not be there: an account that begins is in the tree first (enterprise_accounts.py).
        below = host.find_snapshot(name)
        if below is not None and below.account.enterprise == tree.name:
            yield name, _offer(tree, below.account, base, assignment)


def push(host: Host, tree: Account, assignment: TemplateAssignment) -> Iterator[Pushed]:
    """Take the assigned version into every account that follows; one that cannot take it stays as it is. (21.6)"""
    for name, offer in status_of(host, tree, assignment):
        if offer.accepted is None or not offer.accepted.follows or offer.state == CURRENT:
            yield Pushed(name, offer.state)
            continue
        try:
            _follow(host, name, offer)
            yield Pushed(name, CURRENT)
        except BailiwickError:
            # SECURITY: what is wrong in the account, with the names that it has, is told to the account only.
            yield Pushed(name, offer.state, CANNOT)


def _follow(host: Host, account: str, wanted: Offer) -> None:
    """Take this version in by the owner's word. Raises NotFound, Conflict, Denied, Invalid.

    SECURITY: whether the owner still gives it, and for just this assignment, is asked of the state that is changed.
    """

    def prepare(before: Snapshot) -> Sequence[Edit]:
        offer = _find_offer(host, before.account, wanted.template)
        follows = offer.accepted is not None and offer.accepted.follows
        if not follows or offer.assignment != wanted.assignment:
            raise Conflict(f"the account no longer follows template `{wanted.template}` there")
        return _accepting(before.account, offer, None)

    owner = _session_of_owner(host, account)
    # WHY another surface: the owner let it, and did not do it.
    change_account(host, owner, prepare, via="template-push", template=wanted.template)


def _session_of_owner(host: Host, account: str) -> Session:
    """With whose authority does a template follow? The owner's, who let it. (rule 21.6)"""
    snapshot = host.snapshot(account)
    owner = snapshot.account.owner
    uid = uid_of(snapshot, owner)
    if uid is None:
        raise NotFound(f"account `{account}` has no owner")
    return Session(account, owner, uid, credential="", expires_at=host.now() + 60)
