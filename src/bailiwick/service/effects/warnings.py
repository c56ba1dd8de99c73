"""Warnings: what a change hands out more widely than most mean to, as stable codes and plain words.

Implements docs/spec.md rule 25.8. Few, and only what is true: each follows from the documents, or from what was found.
Only what a change widens is warned about; what was so before stays unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bailiwick.engine.compile import CompiledAccount
from bailiwick.model.accounts import Account, Principal
from bailiwick.model.names import EVERYONE, MEMBERS
from bailiwick.model.policies import Guardrail, Policy, Scope
from bailiwick.model.services import IAM, Action
from bailiwick.model.trusting import ACT_AS, ASSUME
from bailiwick.service.compared import is_narrowed
from bailiwick.service.effects.comparing import Effect
from bailiwick.service.effects.reaching import Reached
from bailiwick.service.effects.touched import Touched
from bailiwick.service.kinds import PRINCIPAL_WORDS, find_value
from bailiwick.service.reading import Reader
from bailiwick.service.refusal_words import format_scope

MANY_PRINCIPALS = 1_000
MOST_NAMED = 3
GRANTING = ("iam.policy.create", "iam.role.assign")
ADMINISTERING = ("iam.policy.create", "iam.policy.update", "iam.policy.delete")
CHANGING = ("create", "write", "delete", "permissions")
CREDENTIAL = "iam.api-key.create"


@dataclass(frozen=True, slots=True)
class Caution:
    """One warning: a stable code, about which object, in words, and what one could do instead."""

    code: str
    kind: str
    name: str
    message: str
    help: str


Said = Iterator[tuple[str, str, str]]


@dataclass(frozen=True)
class Granted:
    """One policy that comes to allow more than it did, and what its roles hold there."""

    policy: Policy
    state: CompiledAccount
    reader: Reader
    reached: Reached

    @cached_property
    def services(self) -> tuple[str, ...]:
        """Over resources of which services does it hold?"""
        return self.policy.scope.service or tuple(name for name in self.state.services if name != IAM)

    @cached_property
    def actions(self) -> dict[tuple[str, str], Action]:
        """Which actions do its roles hold, by service and id?"""
        return {
            (service, ident): need.action
            for service in self.services
            for ident, need in self.state.needs_over(service).items()
            if any(
                self.state.roles.reach(role, service, need.action_service, need.action).allows
                for role in self.policy.roles
            )
        }

    def holds(self, *names: str) -> list[str]:
        """Which of these actions does it hold?"""
        held = {ident for _, ident in self.actions}
        return [name for name in names if name in held]


def find_cautions(
    touched: Touched, reader: Reader, reached: Sequence[Reached], lost: Iterable[Effect]
) -> list[Caution]:
    """What is there to warn about?"""
    found: list[Caution] = []
    of_objects = _OfObjects(touched, reader, {one.policy: one for one in reached})
    for kind, name in touched.keys:
        old, new = (
            find_value(state.account, kind, name) for state in (touched.states.before, touched.states.after)
        )
        for code, message, help in of_objects.said(kind, old, new):
            found.append(Caution(code, kind, name, message, help))
    return [*found, *_of_losses(lost)]


@dataclass(frozen=True)
class _OfObjects:
    """What is there to say about one object, as it was and as it would be?"""

    touched: Touched
    reader: Reader
    reached: Mapping[str, Reached]

    def said(self, kind: str, old: object, new: object) -> Said:
        """Code, message and help of each warning."""
        if isinstance(new, Policy) and new.enabled:
            yield from self._of_policy(old if isinstance(old, Policy) else None, new)
        elif isinstance(old, Guardrail) and old.enabled and old.node is None:
            yield from _of_guardrail(new)
        elif kind in PRINCIPAL_WORDS and isinstance(new, Principal):
            yield from _of_trust(old, new)
        elif isinstance(old, Account) and isinstance(new, Account):
            yield from _of_account(old, new)

    def _of_policy(self, old: Policy | None, new: Policy) -> Said:
        states = self.touched.states
        if new.effect == "allow" and not is_narrowed(old, new):
            grant = Granted(new, states.after, self.reader, self.reached[new.name])
            for rule in OF_GRANTS:
                yield from rule(grant)
        yield from _of_window(new, states.now)


def _public(grant: Granted) -> Said:
    if EVERYONE in grant.policy.subjects:
        yield (
            "public",
            "`group:everyone` is anybody at all, also who has not signed in",
            "name the groups that need it, or `group:members` for everybody in the account",
        )
    elif MEMBERS in grant.policy.subjects:
        yield (
            "all-members",
            "`group:members` is every user and service ID of the account, also those who come later",
            "name the groups that need it",
        )


def _wide_scope(grant: Granted) -> Said:
    scope = grant.policy.scope
    if scope == Scope():
        yield (
            "no-scope",
            "there is no scope: it holds in every service but `iam`, in every region and project",
            "name at least a service or a project",
        )
    elif scope.service is None:
        yield (
            "every-service",
            "no service is named: it holds in every service but `iam`, also in those that come later",
            "name the services",
        )
    stars = [name for name in ("region", "instance", "project", "id") if "*" in (getattr(scope, name) or ())]
    if stars:
        named = _listed([f"`{name}`" for name in stars])
        yield (
            "star",
            f"`*` for {named} matches all there are, also those that come later",
            "name those that are meant",
        )


def _hands_on(grant: Granted) -> Said:
    held = grant.holds(*GRANTING)
    if held:
        where = format_scope(grant.policy.scope)
        yield (
            "hands-on",
            f"whoever has it may grant access to others, and to themselves, over {where}",
            "give a role without `iam.policy.create`, such as Editor or Manager, if that is not meant",
        )


def _administers(grant: Granted) -> Said:
    changing = [
        ident
        for (service, ident), action in grant.actions.items()
        if service == IAM and action.access in CHANGING and ident not in GRANTING
    ]
    if changing:
        named = _named(changing)
        yield (
            "administers",
            f"it changes who and what is in the account itself: {named}",
            "give Viewer of `iam` to look only",
        )


def _becomes_another(grant: Granted) -> Said:
    held = grant.holds(ASSUME, ACT_AS, CREDENTIAL)
    if held:
        yield (
            "becomes-another",
            f"with {_listed([f'`{one}`' for one in held])} one acts as another, with the other's access",
            "narrow the scope to the profiles, services or owners that are meant",
        )


def _deletes(grant: Granted) -> Said:
    scope = grant.policy.scope
    narrowing = (scope.region, scope.instance, scope.project, scope.type, scope.id, scope.within)
    if any(part is not None for part in narrowing) or grant.policy.when is not None:
        return
    deleting = [
        ident for (service, ident), one in grant.actions.items() if one.access == "delete" and service != IAM
    ]
    if deleting:
        yield (
            "deletes-everywhere",
            f"it deletes in the whole account, whatever region or project: {_named(deleting)}",
            "name a project, or give a role that does not delete",
        )


def _without_end(grant: Granted) -> Said:
    if grant.policy.window.expires_at is not None or not grant.reader.may_list("Group"):
        return
    alone = [
        subject
        for subject in grant.policy.subjects
        if subject.startswith("user:") and not grant.state.parents.get(subject)
    ]
    if alone:
        yield (
            "no-end",
            f"it has no end, and in no group: {_named(alone)}; nothing takes it away later",
            "grant it to a group, or set `expires_at`",
        )


def _many(grant: Granted) -> Said:
    count = grant.reached.principals
    if count is not None and count.number > MANY_PRINCIPALS:
        yield (
            "many-principals",
            f"it reaches {count.number:,} principals",
            "name a smaller group, if not all of them need it",
        )


def _nobody(grant: Granted) -> Said:
    count = grant.reached.principals
    if count is not None and count.number == 0 and EVERYONE not in grant.policy.subjects:
        yield (
            "nobody",
            "it reaches nobody now: no subject has a member",
            "add members to the group, or name others",
        )


OF_GRANTS: tuple[Callable[[Granted], Said], ...] = (
    _public, _wide_scope, _hands_on, _administers, _becomes_another, _deletes, _without_end, _many, _nobody,
)  # fmt: skip


def _of_window(policy: Policy, now: float) -> Said:
    window = policy.window
    if window.expires_at is not None and window.expires_at <= now:
        yield "ended", "its window has ended: it never holds", "set a later `expires_at`, or delete it"
    elif window.starts_at is not None and window.starts_at > now:
        yield (
            "not-yet",
            "it begins later: what is said here is what holds now",
            "look again with the time in mind",
        )


def _of_guardrail(new: object) -> Said:
    if new is None:
        yield (
            "unguarded",
            "the guardrail is gone: what it forbade is up to the policies again",
            "disable nothing that others rely on",
        )
    elif isinstance(new, Guardrail) and not new.enabled:
        yield (
            "unguarded",
            "the guardrail no longer forbids anything",
            "leave it enabled, and except what must be possible",
        )


def _of_trust(old: object, new: Principal) -> Said:
    had = set(old.trust) if isinstance(old, Principal) else set()
    for entry in new.trust:
        account, colon, subject = entry.partition("/")
        if entry in had or new.disabled:
            continue
        if account.startswith("account:") and not subject and not colon:
            yield (
                "trusts-account",
                f"everybody who is stored in `{entry}` is trusted, also those who come later",
                "name the group or principal of that account",
            )
        elif entry == MEMBERS:
            yield (
                "trusts-members",
                "every user and service ID of the account is trusted, also those who come later",
                "name the groups that need it",
            )


def _of_account(old: Account, new: Account) -> Said:
    if old.owner != new.owner:
        yield (
            "owner-changes",
            f"the account's owner becomes `{new.owner}`, who then holds everything in it",
            "keep a way back: only the new owner can return it",
        )
    if new.suspended and not old.suspended:
        yield (
            "suspends",
            "nobody but the owner can do anything while the account is suspended",
            "disable the principals that are meant",
        )


def _of_losses(lost: Iterable[Effect]) -> Iterator[Caution]:
    """Who no longer administers policies somewhere? Only the account's owner could give it back. Each once."""
    told: set[str] = set()
    for effect in lost:
        held = [action for action in effect.actions if action in ADMINISTERING]
        if effect.scope is None or not held:
            continue
        for one in effect.principals[:MOST_NAMED]:
            if one not in told:
                told.add(one)
                message = f"`{one}` no longer administers policies over {format_scope(effect.scope)}"
                yield Caution(
                    "administrator-loses", "", one, message, "make sure that somebody else still does"
                )


def _named(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:MOST_NAMED]]
    more = len(names) - len(shown)
    return _listed([*shown, *([f"{more} more"] if more else [])])


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
