"""What a change of policies would do, as pages show it: by the engine's own comparison (service/effects)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bailiwick.console.page import Page
from bailiwick.console.pages.policies.conditions import situation_of
from bailiwick.console.pages.policies.sentences import Sentence, Word, sentence_of, subject_word
from bailiwick.engine.difference import Names
from bailiwick.errors import BailiwickError, Conflict
from bailiwick.model.accounts import Property
from bailiwick.model.names import SERVICE_TYPE, parse_resource_name
from bailiwick.model.policies import Scope
from bailiwick.service.edits import Edit
from bailiwick.service.effects import Caution, Effect, Effects, Found, Limits, Reached, effects_of
from bailiwick.service.kinds import find_value
from bailiwick.service.snapshots import Snapshot

MOST_ROWS = 12
MOST_PRINCIPALS = 3
MOST_RESOURCES = 3
_REASONS = {
    "guardrail": "a guardrail forbids it",
    "explicit_deny": "a policy denies it",
    "project_disabled": "the project is disabled",
    "prerequisite_missing": "what it requires is missing",
    "no_matching_policy": "no policy allows it",
    "principal_disabled": "they are disabled",
    "account_suspended": "the account is suspended",
}


@dataclass(frozen=True, slots=True)
class Row:
    """Some principals who gain or lose some actions in one place."""

    who: tuple[Word, ...]
    more: int
    actions: tuple[tuple[str, str], ...]
    where: str
    resources: tuple[str, ...]
    count: int
    policies: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What is gained or lost: the first rows, how many there are besides, and how much it is in all."""

    shown: tuple[Row, ...] = ()
    left_out: int = 0
    principals: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What would a change do? `problem`: why it cannot be made; `empty`: nothing was said yet, or nothing changes."""

    sentence: Sentence | None = None
    problem: BailiwickError | None = None
    empty: bool = False
    reached: Reached | None = None
    gained: Rows = field(default_factory=Rows)
    lost: Rows = field(default_factory=Rows)
    cautions: Sequence[Caution] = ()
    complete: bool = True
    others: bool = True
    situation: tuple[str, ...] = ()


def preview_document(page: Page, document: Mapping[str, Any], old: str = "") -> Preview:
    """What would this policy do, in place of the one called `old`, or as a new one?"""
    sentence = sentence_of(page, document)
    if not document.get("subjects") or not document.get("roles"):
        return Preview(sentence, empty=True)
    named = {**document, "name": document.get("name") or _free_name(page)}
    try:
        edit = page.edit_of("Policy", named)
        if not old and find_value(page.snapshot.account, "Policy", edit.name) is not None:
            page.reader.get("Policy", edit.name)
            raise Conflict(f"there is a policy `{edit.name}` already", "choose another name")
        context = situation_of(document.get("when"))
        seen = preview_edits(page, [edit], sentence, context)
        return replace(seen, situation=sentence.conditions if context else ())
    except BailiwickError as error:
        return Preview(sentence, problem=error)


def _free_name(page: Page) -> str:
    name, number = "new-policy", 1
    while name in page.snapshot.account.policies:
        number += 1
        name = f"new-policy-{number}"
    return name


def preview_edits(
    page: Page,
    edits: Sequence[Edit],
    sentence: Sentence | None = None,
    context: Mapping[str, Property] | None = None,
) -> Preview:
    """What would these edits do, in this situation? Raises what the change itself would."""

    def prepare(_: Snapshot) -> Sequence[Edit]:
        return edits

    effects = effects_of(page.host, page.session, prepare, context=context, limits=Limits.quick())
    if not effects.outcome.differences:
        return Preview(sentence, empty=True)
    return _shown(page, effects, sentence)


def _shown(page: Page, effects: Effects, sentence: Sentence | None) -> Preview:
    return Preview(
        sentence,
        reached=effects.reached[0] if effects.reached else None,
        gained=_rows(page, effects.gained),
        lost=_rows(page, effects.lost),
        cautions=effects.cautions,
        complete=effects.complete,
        others=effects.told_of_others,
    )


def _rows(page: Page, found: Found) -> Rows:
    effects = _in_order(found)
    shown = tuple(_row(page, one) for one in effects[:MOST_ROWS])
    return Rows(shown, max(0, len(effects) - MOST_ROWS), found.principals, found.answers)


def _in_order(found: Found) -> list[Effect]:
    """Whole scopes first; what is asked of a service itself is left out where it stands in one of them."""
    over = [one for one in found.effects if one.scope is not None]
    told = [(set(one.principals), one.service, set(one.actions)) for one in over]
    known = [one for one in found.effects if one.scope is None]
    return over + [
        one
        for one in known
        if one.resource_type != SERVICE_TYPE
        or not any(
            set(one.principals) <= who and one.service == service and set(one.actions) <= actions
            for who, service, actions in told
        )
    ]


def _row(page: Page, effect: Effect) -> Row:
    resources = effect.resources
    names = resources.first(MOST_RESOURCES) if isinstance(resources, Names) else list(resources)
    return Row(
        who=tuple(subject_word(page, one) for one in effect.principals[:MOST_PRINCIPALS]),
        more=max(0, len(effect.principals) - MOST_PRINCIPALS),
        actions=tuple((one, _title(page, effect.service, one)) for one in effect.actions),
        where=_place(page, effect),
        resources=tuple(map(short_name, names)),
        count=len(resources),
        policies=effect.policies,
        reason=_REASONS.get(effect.reason, effect.reason.replace("_", " ")),
    )


def _title(page: Page, service: str, action: str) -> str:
    need = page.snapshot.compiled.needs_over(service).get(action)
    return "" if need is None else need.action.title


def _place(page: Page, effect: Effect) -> str:
    """Where is it, in words?"""
    entry = page.snapshot.compiled.services.get(effect.service)
    title = entry.title if entry is not None else effect.service
    if effect.scope is None:
        kind = (effect.resource_type or "").replace("-", " ")
        return f"{title} itself" if kind == "service" else f"{title}: {kind}"
    return ", ".join([f"all of {title}", *_parts(effect.scope)])


def _parts(scope: Scope) -> Iterator[str]:
    for name in ("region", "instance", "project"):
        if value := getattr(scope, name):
            yield f"{name} {' or '.join(value)}"
    if scope.type is not None:
        yield " ".join([" or ".join(scope.type), " or ".join(scope.id or ())]).strip()
    if scope.within is not None:
        yield "in " + " or ".join("/".join(one) for one in scope.within)


def short_name(text: str) -> str:
    """How is a resource called where its service is said already?"""
    name = parse_resource_name(text)
    where = " · ".join(part for part in (name.region, name.instance) if part)
    return f"{name.id} ({where})" if where else name.id
