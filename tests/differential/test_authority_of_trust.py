"""The law of rules 9.4 and 22.10 through others: no accepted change lets anybody do, as a profile that trusts them or
a service that they may act as, what was not within its author's authority before.

There are two accounts. Those of the other account are trusted by it, by its groups, or by name; their own account does
not change. Who is trusted is asked of the reference, and being trusted counts as being able to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.differential import vocabulary as words
from tests.differential.accounts import draw_policy, draw_principal, draw_scope
from tests.differential.assuming import DEPARTMENT, PROFILES, UIDS, Pair, draw_pair, draw_profile
from tests.differential.changes import Changed, draw_changes
from tests.differential.draw import Draw, SeededDraw
from tests.differential.questions import draw_request
from tests.differential.test_authority_of_changes import AUTHOR, Attempt, is_accepted, was_grantable
from tests.differential.worlds import GeneratedWorld
from tests.reference.assuming import trust

from bailiwick.engine import CompiledAccount, compile_account, decide
from bailiwick.model.accounts import Account
from bailiwick.model.names import SERVICE_TYPE
from bailiwick.model.policies import Policy, Scope
from bailiwick.model.requests import Request, ResourceQuery
from bailiwick.model.services import IAM
from bailiwick.model.trusting import ACT_AS, AssumeQuestion, TrustReason

PARTS = 6
PAIRS = 400
REQUESTS = 8
SERVICE = "service:alpha"


def attempts(part: int) -> Iterator[tuple[SeededDraw, Pair, Attempt]]:
    """Which attempts belong to this part? The author administers something of the trusting account."""
    for seed in range(part * PAIRS, (part + 1) * PAIRS):
        draw = SeededDraw(f"trust {seed}")
        pair = draw_pair(draw)
        before = _with_holders(draw, pair, _with_author(draw, pair))
        pair = replace(pair, trusting=before, home=before if pair.home is pair.trusting else pair.home)
        after, changed = _draw_changes(draw, pair)
        if changed and all(kind != "Project" for kind, _ in changed):
            world = GeneratedWorld(pair.services, before)
            yield draw, pair, Attempt(f"trust {seed}", world, after, changed)


def _with_author(draw: Draw, pair: Pair) -> Account:
    account = pair.trusting
    policies = dict(account.policies)
    services = {**account.services, **pair.services}
    for number in range(1 + draw.below(3)):
        scope = Scope() if draw.chance(60) else draw_scope(draw, services)
        roles = (draw.pick(("Administrator", f"{IAM}/Administrator")),)
        policies[f"author-{number}"] = Policy(f"author-{number}", (AUTHOR,), roles, scope)
    owner = account.owner if account.owner != AUTHOR else "user:dan"
    # WHY the owner too: an account whose owner is disabled is none (checked when it is written).
    people = {
        name: replace(one, disabled=False) if name in (AUTHOR, owner) else one
        for name, one in account.principals.items()
    }
    return replace(account, policies=policies, principals=people, owner=owner, suspended=False)


def _with_holders(draw: Draw, pair: Pair, account: Account) -> Account:
    """The account with something for its profiles and a service, and somebody who may act as the service."""
    policies = dict(account.policies)
    services = {**account.services, **pair.services}
    for holder in (*PROFILES, SERVICE):
        for number in range(draw.below(3)):
            name = f"{holder.replace(':', '-')}-{number}"
            policy = draw_policy(draw, services, account.roles, name)
            policies[name] = replace(policy, subjects=(holder,), effect="allow", enabled=True)
    if draw.chance(40):
        policies["acts"] = _acts(draw, "acts")
    return replace(account, policies=policies)


def _acts(draw: Draw, name: str) -> Policy:
    scope = draw.pick((Scope(service=("alpha",)), Scope(), Scope(service=("beta",))))
    subject = draw.pick((*words.USERS, "group:g1", "group:members", *PROFILES))
    return Policy(
        name, (subject,), (f"{IAM}/Service Agent",), scope, effect="deny" if draw.chance(15) else "allow"
    )


def _draw_changes(draw: Draw, pair: Pair) -> tuple[Account, Changed]:
    """Which change: of a profile's trust, of a user, of who acts as a service, or any other, at times together?"""
    account, changed = pair.trusting, []
    if draw.chance(45):
        reference = draw.pick(PROFILES)
        profile = draw_profile(draw, reference, (pair.home.name, "other"))
        account = replace(account, principals={**account.principals, reference: profile})
        changed.append(("Profile", reference.removeprefix("profile:")))
    if draw.chance(25):
        account = replace(account, policies={**account.policies, "acts": _acts(draw, "acts")})
        changed.append(("Policy", "acts"))
    if draw.chance(30):
        reference = draw.pick(words.USERS)
        person = draw_principal(draw, reference)
        if draw.chance(60):
            person = replace(person, properties={**person.properties, "dept": DEPARTMENT})
        account = replace(account, principals={**account.principals, reference: person})
        changed.append(("User", reference.removeprefix("user:")))
    if not changed or draw.chance(30):
        account, more = draw_changes(draw, pair.services, account)
        changed += [one for one in more if one[0] != "Project"]
        account = replace(account, projects=pair.trusting.projects)
    return account, tuple(dict.fromkeys(changed))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_accepted_change_allows_through_others_what_its_author_could_not_grant(part: int) -> None:
    """Whatever somebody newly may, as themselves or through a profile or service, was the author's to grant."""
    met: Counter[str] = Counter()
    for draw, pair, attempt in attempts(part):
        if AUTHOR not in attempt.world.account.principals or not is_accepted(attempt):
            continue
        met["accepted"] += 1
        before, after = (
            compile_account(pair.services, one) for one in (attempt.world.account, attempt.after)
        )
        for home, caller in _callers(draw, pair, attempt):
            was = set(_reached(pair, attempt.world.account, before, home, caller))
            gained = set(_reached(pair, attempt.after, after, home, caller)) - was
            met["gained"] += bool(gained)
            for holder in sorted(gained):
                for request in _requests(draw, pair, attempt.after, holder):
                    _check(attempt, before, after, was, request, met)
    assert met["accepted"] > PAIRS // 20, met
    assert met["gained"] > PAIRS // 40, met
    assert met["newly"] > 0, met


def _check(
    attempt: Attempt,
    before: CompiledAccount,
    after: CompiledAccount,
    was: set[str],
    request: Request,
    met: Counter[str],
) -> None:
    if not decide(after, request).allowed:
        return
    if any(decide(before, replace(request, principal=one)).allowed for one in (*was, "anonymous")):
        return
    met["newly"] += 1
    assert was_grantable(attempt, request), f"{attempt.seed}: {attempt.changed}\n{request}"


def _callers(draw: Draw, pair: Pair, attempt: Attempt) -> Iterator[tuple[Account | None, str]]:
    """Who may have gained something: some of the account itself (None), some of the other one?"""
    yield from ((None, one) for one in draw.some(words.USERS, 2, 3))
    if pair.home is not pair.trusting:
        yield from ((pair.home, one) for one in draw.some((*words.USERS, "service-id:ci"), 2, 4))


def _reached(
    pair: Pair, account: Account, compiled: CompiledAccount, home: Account | None, caller: str
) -> Iterator[str]:
    """As which principals of the account may the caller come to act, itself included, however many steps away?"""
    found: set[str] = set() if home is not None else {caller}
    pending: list[tuple[Account, str]] = [(home or account, caller)]
    while pending:
        at, one = pending.pop()
        for profile in PROFILES:
            question = AssumeQuestion(
                one, account.name, profile.removeprefix("profile:"), words.NOW, {}, (), UIDS
            )
            trusts = trust(pair.services, at, account, question)[0] is TrustReason.TRUSTED
            if trusts and profile not in found:
                found.add(profile)
                pending.append((account, profile))
        if at is account and SERVICE not in found and _may_act(compiled, one):
            found.add(SERVICE)
            pending.append((account, SERVICE))
    yield from found


def _may_act(compiled: CompiledAccount, principal: str) -> bool:
    name = SERVICE.removeprefix("service:")
    query = ResourceQuery(name, ((SERVICE_TYPE, name),))
    return decide(compiled, Request(principal, ACT_AS, query, words.NOW)).allowed


def _requests(draw: Draw, pair: Pair, account: Account, holder: str) -> Iterator[Request]:
    """Which questions show what this profile or service may?"""
    near = {name: policy for name, policy in account.policies.items() if holder in policy.subjects}
    for _ in range(REQUESTS if near else 0):
        drawn = draw_request(draw, pair.services, replace(account, policies=near))
        yield replace(drawn, principal=holder, now=words.NOW, chain=(), restrictions=())
