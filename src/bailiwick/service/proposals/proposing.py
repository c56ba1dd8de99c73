"""What is missing, and whom to ask: the answer to a denied question that says what would change it.

Implements docs/spec.md section 26. A proposal grants exactly what is missing to exactly one scope; it is shown only
after it was planned and the engine, asked again, allowed the question. Accepting one makes it anew on the newest state
and carries it out as any change (changes.py): a proposal is never a right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bailiwick.catalog.documents import format_document
from bailiwick.engine import Explanation
from bailiwick.errors import Conflict
from bailiwick.model.requests import Reason
from bailiwick.model.services import Role
from bailiwick.service.asking import Asking, Question
from bailiwick.service.changes import Outcome, change_account
from bailiwick.service.edits import Edit, plan_edits
from bailiwick.service.host import Host
from bailiwick.service.kinds import find_value
from bailiwick.service.proposals.grants import Part, divide, grant_by_existing_role, grant_by_new_role
from bailiwick.service.proposals.groups import memberships
from bailiwick.service.proposals.obstacles import UNCLEAR, Obstacle, find_obstacles
from bailiwick.service.proposals.whom_to_ask import NOBODY, Ask, refusal_of, whom_to_ask
from bailiwick.service.reading import Reader
from bailiwick.service.refused import Draft, Refused, missing_actions
from bailiwick.service.sessions import Session
from bailiwick.service.snapshots import Snapshot

ID_CHARACTERS = 16
FEW_OTHER_ACTIONS = 3
_SEE_GROUPS = ("iam.group.read", "iam.group.list")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change that would allow just this question.

    `id` is the same as long as the same question comes to the same change, and the same comes with it.
    `may`: the session may carry it out;
    else `refusal` says why not and `ask` who could. `others` and `wider` as of Draft.
    """

    id: str
    kind: str
    text: str
    others: tuple[str, ...]
    wider: str
    edits: tuple[Edit, ...]
    may: bool
    refusal: str
    ask: Ask

    def documents(self, account: str) -> list[dict[str, Any]]:
        """Which documents, applied, do the same?"""
        return [
            format_document(edit.kind, edit.value, account) for edit in self.edits if edit.value is not None
        ]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands against it, and who could change that."""

    kind: str
    name: str
    text: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Proposals:
    """Why was it denied, which actions are lacking, what would grant them, and what stands against it?

    Of an allowed question only the explanation says anything.
    """

    explanation: Explanation
    missing: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    obstacles: tuple[Standing, ...] = ()


def find_proposals(host: Host, asking: Asking, question: Question) -> Proposals:
    """What would change the answer? Raises Denied where the session may not see the reasons (rule 10.1)."""
    explanation = asking.explain(question)
    decision = explanation.decision
    if decision.allowed or question.unresolved is not None:
        return Proposals(explanation)
    reader = Reader(host, asking.session, asking.snapshot)
    request = asking.request(question)
    refused = Refused(host.catalog, asking.snapshot, request, explanation.principal, _seeing_roles(reader))
    return _Finding(host, asking, refused, reader).answer(explanation)


def _seeing_roles(reader: Reader) -> Callable[[Role], bool]:
    """Which custom roles may be named to this session?"""
    if reader.may_list("Role"):
        return lambda role: True
    return lambda role: reader.may_read("Role", role.name, role)


def drafts_of(refused: Refused, parts: list[Part], *, with_groups: bool = True) -> list[Draft]:
    """Which drafts would allow it? The narrowest grant first, groups last, if they are asked for."""
    by_role = grant_by_existing_role(refused, parts)
    drafts = [] if by_role is None else [by_role]
    if by_role is None or by_role.others:
        by_new = grant_by_new_role(refused, parts)
        is_narrow = by_role is not None and len(by_role.others) <= FEW_OTHER_ACTIONS
        if by_new is not None:
            drafts.insert(1 if is_narrow else 0, by_new)
    missing = [action for part in parts for action in part.actions]
    return [*drafts, *memberships(refused, missing)] if with_groups else drafts


def accept_proposal(
    host: Host, session: Session, question: Question, wanted: str, *, via: str, dry_run: bool = False
) -> Outcome:
    """Carry out this proposal for this question, made anew on the newest state.

    Raises Conflict where it is not what the question comes to any more, Denied where the session may not.
    """

    def prepare(snapshot: Snapshot) -> Sequence[Edit]:
        asking = Asking(host, session, snapshot, host.now())
        found = find_proposals(host, asking, question)
        for one in found.proposals:
            if one.id == wanted:
                return one.edits
        if found.explanation.decision.allowed:
            raise Conflict("this is allowed already", "ask again to see why")
        raise Conflict(
            "the account has changed since this was proposed", "ask again, and look at what it is now"
        )

    return change_account(host, session, prepare, via=via, dry_run=dry_run)


class _Finding:
    """One session that looks for what would allow one refused question."""

    def __init__(self, host: Host, asking: Asking, refused: Refused, reader: Reader) -> None:
        self._host = host
        self._asking = asking
        self._refused = refused
        self._reader = reader

    def answer(self, explanation: Explanation) -> Proposals:
        """What is missing, and what would be done about it?"""
        missing = self._missing(explanation)
        obstacles = find_obstacles(self._refused, missing)
        if obstacles:
            return Proposals(explanation, tuple(missing), (), tuple(map(self._standing, obstacles)))
        parts = divide(self._refused, missing)
        if isinstance(parts, str):
            return Proposals(explanation, tuple(missing), (), (self._standing(Obstacle(UNCLEAR, "", parts)),))
        sees_groups = self._reader.judge.could_hold_any(_SEE_GROUPS)
        drafts = drafts_of(self._refused, parts, with_groups=sees_groups)
        drafts = [one for one in drafts if self._is_seen(one)]
        return Proposals(explanation, tuple(missing), tuple(map(self._proposal, drafts)))

    def _missing(self, explanation: Explanation) -> dict[str, Reason]:
        action, reason = self._refused.request.action, explanation.decision.reason
        if reason in (Reason.NO_MATCHING_POLICY, Reason.PREREQUISITE_MISSING):
            return missing_actions(self._refused)
        return {action: reason}

    def _is_seen(self, draft: Draft) -> bool:
        """May the session read all that the draft tells of?"""
        return all(self._may_read(kind, name) for kind, name in draft.rests_on)

    def _may_read(self, kind: str, name: str) -> bool:
        return self._reader.may_read(kind, name, find_value(self._refused.snapshot.account, kind, name))

    def _proposal(self, draft: Draft) -> Proposal:
        asking = self._asking
        refusal = refusal_of(self._host.catalog, asking.session, draft.plan, asking.now)
        return Proposal(
            id=_id_of(draft, asking.snapshot.account.name),
            kind=draft.kind,
            text=draft.text,
            others=draft.others,
            wider=draft.wider,
            edits=draft.edits,
            may=refusal is None,
            refusal="" if refusal is None else refusal.message,
            ask=NOBODY if refusal is None else self._whom(draft.edits),
        )

    def _standing(self, one: Obstacle) -> Standing:
        return Standing(one.kind, one.name, one.text, self._whom(one.edits) if one.edits else NOBODY)

    def _whom(self, edits: Sequence[Edit]) -> Ask:
        refused = self._refused
        plan = plan_edits(refused.snapshot, edits)
        return whom_to_ask(self._reader, self._host.catalog, plan, refused.request.resource, self._asking.now)


def _id_of(draft: Draft, account: str) -> str:
    """By which short text is the change known, with what it gives? The same has the same.

    SECURITY: what comes with it is part of it, else a role that was widened meanwhile is granted under the old name.
    """
    documents = [
        format_document(one.kind, one.value, account) for one in draft.edits if one.value is not None
    ]
    text = json.dumps([documents, draft.others, draft.wider], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_CHARACTERS]
